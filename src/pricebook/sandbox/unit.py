"""Pricing units, which the API also calls credit types. Every account has USD, under the vendor's own id."""

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Call, Json, archiving, id_answer, listed

KIND = "credit_type"
USD_ID = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
USD = {"name": "USD (cents)", "id": USD_ID}


def unit(work: AccountTransaction, id_: str | None, *, live: bool = True) -> Json:
    """Name and id of a unit, USD by default. Raises Refused (400) when there is none, or a `live` one is archived."""
    if id_ is None or id_ == USD_ID:
        return dict(USD)
    record = work.live(KIND, id_, 400) if live else work.get(KIND, id_, 400)
    return {"name": record.body["name"], "id": id_}


def list_units(call: Call) -> Json:
    """`credit-types/list`. USD is the first of the first page."""
    page = listed(call, KIND, _show, "archived_at IS NULL")
    if not call.query.get("next_page"):
        page["data"].insert(0, {**USD, "is_currency": True})
    return page


def create(call: Call) -> Json:
    """`credit-types/create`: a custom pricing unit."""
    if not call.body["name"].strip():
        raise Refused(400, "name must not be empty")
    return id_answer(call.work.add(KIND, {"name": call.body["name"]}))


def archive(call: Call) -> Json:
    """`credit-types/archive`, for good."""
    if call.body["id"] == USD_ID:
        raise Refused(400, "USD cannot be archived")
    return archiving(KIND, "id")(call)


def _show(_: AccountTransaction, record: Record, __: dict[str, str]) -> Json:
    return {"name": record.body["name"], "id": record.id, "is_currency": False}
