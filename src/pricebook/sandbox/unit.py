"""Pricing units, which the API also calls credit types: the vendor's currencies, in every account, and custom units."""

from collections.abc import Mapping
from uuid import NAMESPACE_DNS, uuid5

from pricebook.account.refusal import Refused
from pricebook.catalog.amount import USD, USD_ID
from pricebook.catalog.money import CURRENCIES
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Body, Call, archiving, id_answer, paged

KIND = "credit_type"
FIAT: Mapping[str, str] = {USD_ID: "USD (cents)"} | {
    str(uuid5(NAMESPACE_DNS, code)): code for code in CURRENCIES if code != "USD"
}
"""The currencies by id: USD's is the vendor's own, the others' are the sandbox's."""


def unit(work: AccountTransaction, id_: str | None, *, live: bool = True) -> Body:
    """Name and id of a unit, USD by default. Raises Refused (400) when there is none, or a `live` one is archived."""
    id_ = id_ or USD_ID
    if id_ in FIAT:
        return {"name": FIAT[id_], "id": id_}
    record = work.live(KIND, id_, 400) if live else work.get(KIND, id_, 400)
    return {"name": record.body["name"], "id": id_}


def unit_id(name: str) -> str:
    """The id of a unit of a catalogue that has ids for names (`sandbox.catalogue`)."""
    return USD_ID if name == USD else name


def list_units(call: Call) -> Body:
    """`credit-types/list`: the currencies, USD first, then what was made."""
    fiat = [{"name": name, "id": id_, "is_currency": True} for id_, name in FIAT.items()]
    made = call.work.page(KIND, 0, -1, "archived_at IS NULL")
    return paged(call, [*fiat, *({"name": one.body["name"], "id": one.id, "is_currency": False} for one in made)])


def create(call: Call) -> Body:
    """`credit-types/create`: a custom pricing unit."""
    if not call.body["name"].strip():
        raise Refused(400, "name must not be empty")
    return id_answer(call.work.add(KIND, {"name": call.body["name"]}))


def archive(call: Call) -> Body:
    """`credit-types/archive`, for good."""
    if call.body["id"] in FIAT:
        raise Refused(400, f"{FIAT[call.body['id']]} is a currency, and cannot be archived")
    return archiving(KIND, "id")(call)
