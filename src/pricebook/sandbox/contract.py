"""Contracts: a customer on a package, or on a rate card. A contract on a package can say nothing of its own.

Contracts with terms of their own are not kept here: such a request is answered with 501.
"""

from datetime import datetime

from pricebook.account.alias import holder_at
from pricebook.account.contract import Offer, Request, check_end, terms_of
from pricebook.account.refusal import Refused
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind
from pricebook.plan.contract import Contract
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Call, Json, Paging, Show, check_hours, id_answer, period_condition, shown
from pricebook.sandbox.call import listed as page_of
from pricebook.sandbox.customer import KIND as CUSTOMER
from pricebook.sandbox.package import KIND as PACKAGE
from pricebook.sandbox.rate_card import KIND as CARD
from pricebook.sandbox.wire import known, stamp

KIND = "contract"
PAGES = Paging(20, 20, "cursor")
"""Limit and cursor stand in the body ("Range: 1-20. Default: 20", SDK 4.12)."""
_ASKED = (
    *("customer_id", "starting_at", "package_id", "package_alias", "rate_card_id", "rate_card_alias"),
    *("uniqueness_key", "transition", "custom_fields"),
)
_OWN = ("name", "ending_before", "net_payment_terms_days", "netsuite_sales_order_id", "salesforce_opportunity_id")
"""What a contract on a rate card may say besides."""


class ServedAccount:
    """What `account.contract` asks of an account, of the one that is served."""

    def __init__(self, work: AccountTransaction) -> None:
        self._work = work

    def holder(self, kind: Kind, alias: str, instant: str) -> str | None:
        return holder_at(self._work, kind, alias, instant)

    def offer(self, package: str) -> Offer:
        body = self._work.live(PACKAGE, package).body
        return Offer(package, body.get("duration"), body.get("rate_card_id"), body.get("rate_card_alias"))

    def check_card(self, card: str) -> None:
        self._work.live(CARD, card)

    def contract(self, id_: str) -> Contract:
        return _contract(self._work.get(KIND, id_))

    def contract_with(self, uniqueness_key: str) -> str | None:
        return self._work.with_key(KIND, uniqueness_key)


def create(call: Call) -> Json:
    """`contracts/create`. Raises Refused: 400 for terms beside a package, 409 for a uniqueness key that was used."""
    body, work = call.body, call.work
    check_hours(body, "starting_at", "ending_before")
    work.live(CUSTOMER, body["customer_id"])
    more = sorted(body.keys() - set(_ASKED))
    own = "package_id" not in body and "package_alias" not in body
    if own and (unknown := [name for name in more if name not in _OWN]):
        names = ", ".join(unknown)
        raise Refused(501, f"the sandbox keeps no terms of a contract's own ({names}): use a package")
    key, transition = body.get("uniqueness_key"), body.get("transition")
    request = Request(
        customer=body["customer_id"],
        starting_at=datetime.fromisoformat(body["starting_at"]),
        package=body.get("package_id"),
        package_alias=body.get("package_alias"),
        card=body.get("rate_card_id"),
        card_alias=body.get("rate_card_alias"),
        uniqueness_key=key,
        transition=transition,
        more=more,
    )
    terms = terms_of(ServedAccount(work), request)
    link = terms.offer.package if terms.offer is not None else None
    kept = {name: body[name] for name in _OWN if name in body}
    if link is not None:
        package = work.get(PACKAGE, link).body
        kept |= known(name=package.get("contract_name"), net_payment_terms_days=package.get("net_payment_terms_days"))
    if terms.ending_before is not None:
        kept["ending_before"] = instant_text(terms.ending_before)
    if transition is not None:
        kept["transition"] = {"type": transition["type"], "from_contract_id": transition["from_contract_id"]}
    kept |= known(starting_at=body["starting_at"], package_id=link, rate_card_id=terms.card)
    if terms.ends is not None:
        record = work.get(KIND, terms.ends[0])
        work.put(record, record.body | {"ending_before": instant_text(terms.ends[1])})
    fields = body.get("custom_fields")
    return id_answer(work.add(KIND, kept, parent=body["customer_id"], link=link, uniqueness_key=key, fields=fields))


def got(call: Call, show: Show) -> Json:
    """`contracts/get`, as one of its versions shows a contract."""
    return {"data": shown(call.work, [_own(call)], show)[0]}


def listed(call: Call, show: Show) -> Json:
    """`contracts/list`: the contracts of a customer, oldest first."""
    work, customer = call.work, call.body["customer_id"]
    work.get(CUSTOMER, customer)
    condition, parameters = period_condition(call.body)
    return page_of(call, KIND, show, f"parent = ?{condition}", customer, *parameters, paging=PAGES)


def update_end_date(call: Call) -> Json:
    """`contracts/updateEndDate`: another end, or none when `ending_before` is not given."""
    check_hours(call.body, "ending_before")
    record = _own(call)
    end = call.body.get("ending_before")
    check_end(_contract(record), datetime.fromisoformat(end) if end is not None else None)
    kept = {name: value for name, value in record.body.items() if name != "ending_before"}
    call.work.put(record, kept | ({"ending_before": end} if end is not None else {}))
    return id_answer(record.id)


def archive(call: Call) -> Json:
    """`contracts/archive`, for good."""
    record = _own(call)
    call.work.archive(record)
    return id_answer(record.id)


def _contract(record: Record) -> Contract:
    """A contract as the rules see it."""
    instant, end = datetime.fromisoformat, record.body.get("ending_before")
    return Contract(
        record.id,
        record.parent or "",
        None,
        None,
        instant(record.body["starting_at"]),
        instant(end) if end is not None else None,
        instant(record.archived_at) if record.archived_at is not None else None,
    )


def _own(call: Call) -> Record:
    """The contract of the customer that both are named. Raises Refused (404)."""
    call.work.get(CUSTOMER, call.body["customer_id"])
    record = call.work.get(KIND, call.body["contract_id"])
    if record.parent != call.body["customer_id"]:
        raise Refused(404, f"there is no contract {record.id} of the customer {call.body['customer_id']}")
    return record


def _state(record: Record) -> Json:
    body = record.body
    names = ("name", "rate_card_id", "net_payment_terms_days", "netsuite_sales_order_id", "salesforce_opportunity_id")
    start = stamp(body["starting_at"])
    return {
        **{name: body[name] for name in names if name in body},
        **known(starting_at=start, ending_before=stamp(body.get("ending_before"))),
        "commits": [],
        "overrides": [],
        "scheduled_charges": [],
        "transitions": [body["transition"] | {"to_contract_id": record.id}] if "transition" in body else [],
        "created_at": stamp(record.created_at),
        "created_by": CREATED_BY,
        "usage_statement_schedule": {"frequency": "MONTHLY", "billing_anchor_date": start},
    }


def _head(record: Record, fields: dict[str, str]) -> Json:
    return known(
        id=record.id,
        customer_id=record.parent,
        custom_fields=fields,
        package_id=record.body.get("package_id"),
        uniqueness_key=record.uniqueness_key,
        archived_at=stamp(record.archived_at),
    )


def show(_: AccountTransaction, record: Record, fields: dict[str, str]) -> Json:
    """A contract as version 2 reads it back."""
    return _head(record, fields) | _state(record) | {"usage_filter": []}


def show_v1(_: AccountTransaction, record: Record, fields: dict[str, str]) -> Json:
    """A contract as version 1 reads it back: the initial one, its amendments, the current one."""
    state = _state(record)
    return _head(record, fields) | {"initial": state, "amendments": [], "current": state}
