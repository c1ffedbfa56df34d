"""Edits of contracts: `v2/contracts/edit` and the older ones, of terms, settings, quantities and seats.

What is asked is done as a whole or not at all, and kept as an edit of the contract. A balance or a charge that is
edited is so on every invoice that it stands on, the final ones too: invoices are worked out when they are read.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from pricebook.account.contract import check_end
from pricebook.account.refusal import Refused
from pricebook.catalog.calendar import FOREVER, cycle
from pricebook.catalog.instant import instant_text
from pricebook.catalog.threshold import THRESHOLDS
from pricebook.sandbox import billing_provider
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.bill import BALANCES
from pricebook.sandbox.call import Body, Call, check_instants, id_answer
from pricebook.sandbox.contract import as_ruled, check_kept, own_contract, put
from pricebook.sandbox.dated import Dater, priced_item
from pricebook.sandbox.package import check_subscriptions
from pricebook.sandbox.seat import subscribed
from pricebook.sandbox.term import LISTS, check_product, product_shown
from pricebook.sandbox.wire import known, stamp

KIND = "edit"
_PLAIN = (
    *("name", "description", "priority", "rate_type", "rollover_fraction", "netsuite_sales_order_id", "specifiers"),
    *("applicable_product_ids", "applicable_product_tags", "applicable_contract_ids"),
)
"""What an update says of a term as it is then; null takes it away."""
_SETTINGS = {
    "update_contract_name": "name",
    "update_net_payment_terms_days": "net_payment_terms_days",
    "update_contract_end_date": "ending_before",
}


def edit(call: Call) -> Body:
    """`v2/contracts/edit`. Raises Refused: 409 for a uniqueness key that was used, 404 for a term that is not there."""
    record, body, work = own_contract(call), call.body, call.work
    check_kept(body)
    check_instants(body)
    if record.archived_at is not None:
        raise Refused(400, f"the contract {record.id} is archived")
    kept = _added(
        work, record, {name.removeprefix("add_"): value for name, value in body.items() if name[:4] == "add_"}
    )
    for asked, name in _SETTINGS.items():
        if asked in body:
            kept[name] = body[asked]
    if "update_contract_end_date" in body:
        end = body["update_contract_end_date"]
        check_end(as_ruled(record), datetime.fromisoformat(end) if end is not None else None)
    for name in ("commits", "credits", "scheduled_charges"):
        for one in body.get(f"archive_{name}", ()):
            kept = _with(kept, name, one["id"], lambda term: term | {"archived_at": work.now})
    for one in body.get("remove_overrides", ()):
        found = _with(kept, "overrides", one["id"], lambda term: term)
        kept["overrides"] = [term for term in found["overrides"] if term["id"] != one["id"]]
    gone = body.get("archive_spend_trackers", ())
    if gone:
        kept["spend_trackers"] = [one for one in kept.get("spend_trackers", ()) if one["alias"] not in gone]
    for name, updated in _UPDATES.items():
        for one in body.get(f"update_{name}", ()):
            id_ = next(one[key] for key in _IDS if key in one)
            kept = _with(kept, name, id_, partial(updated, work, one))
    for name in THRESHOLDS:
        if f"update_{name}" in body:
            if name not in kept:
                raise Refused(404, f"the contract has no {name}")
            kept[name] = _merged(kept[name], body[f"update_{name}"])
    put(work, record, {name: value for name, value in kept.items() if value is not None})
    return {"data": {"id": record.id, "edit": {"id": _remember(call, record)}}}


def amend(call: Call) -> Body:
    """`contracts/amend`, the older way to add terms."""
    record, body = own_contract(call), dict(call.body)
    check_kept(body)
    check_instants(body)
    for name in ("netsuite_sales_order_id", "salesforce_opportunity_id"):
        body.pop(name, None)
    kept = _added(call.work, record, {name: body[name] for name in LISTS if name in body})
    put(call.work, record, kept)
    call.work.set_fields("contract", record.id, body.get("custom_fields", {}))
    _remember(call, record)
    return id_answer(record.id)


def history(call: Call) -> Body:
    """`v2/contracts/getEditHistory`: when each edit was made, and what it says of the contract itself."""
    record = own_contract(call)
    found = call.work.page(KIND, 0, -1, "parent = ?", record.id)
    return {
        "data": [
            known(
                id=one.id,
                timestamp=stamp(one.created_at),
                uniqueness_key=one.uniqueness_key,
                update_contract_name=one.body.get("update_contract_name"),
                update_contract_end_date=stamp(one.body.get("update_contract_end_date")),
            )
            for one in found
        ]
    }


def _added(work: AccountTransaction, record: Record, body: Body) -> Body:
    """What the contract is with more terms. Raises Refused (400)."""
    kept = dict(record.body)
    lists = {name: body[name] for name in LISTS if name in body}
    if "subscriptions" in lists:
        check_subscriptions(work, record.body.get("rate_card_id"), lists)
    for name, terms in Dater(work, record.id, record.body["starting_at"]).own(lists).items():
        kept[name] = [*kept.get(name, ()), *terms]
    for name in THRESHOLDS:
        if name in body:
            kept[name] = body[name]
    if "spend_trackers" in body:
        kept["spend_trackers"] = [*kept.get("spend_trackers", ()), *body["spend_trackers"]]
    if "billing_provider_configuration_update" in body:
        asked = body["billing_provider_configuration_update"]
        found = billing_provider.find(work, record.parent or "", asked["billing_provider_configuration"])
        at = _effective(record.body, asked["schedule"]["effective_at"], work.at)
        steps = [step for step in kept.get("billing_provider_schedule", ()) if step["effective_at"] < at]
        if steps:
            steps[-1] = {**steps[-1], "effective_until": at}
        kept["billing_provider_schedule"] = [*steps, {"effective_at": at, "configuration": found}]
    return kept


def _effective(body: Body, asked: str, now: datetime) -> str:
    """The start of the statement period that runs, or of the next one."""
    schedule, start = body["usage_statement_schedule"], datetime.fromisoformat(body["starting_at"])
    anchor = datetime.fromisoformat(schedule["billing_anchor_date"])
    for period in cycle(anchor, schedule["frequency"], start, FOREVER):
        if period.ending_before > now:
            return instant_text(period.starting_at if asked == "START_OF_CURRENT_PERIOD" else period.ending_before)
    return body["starting_at"]  # type: ignore[no-any-return]


def _with(kept: Body, name: str, id_: str, change: Callable[[Body], Body]) -> Body:
    """The contract with another term in place of one. Raises Refused (404)."""
    terms = kept.get(name, [])
    if all(term["id"] != id_ for term in terms):
        raise Refused(404, f"{name}: the contract has none with the id {id_}")
    return kept | {name: [change(term) if term["id"] == id_ else term for term in terms]}


def _balance(work: AccountTransaction, said: Body, term: Body) -> Body:
    """A commit or credit, or a charge, with what an update says."""
    made = {**term, **{name: said[name] for name in _PLAIN if name in said}}
    if "product_id" in said:
        check_product(work, said["product_id"], "FIXED", "product_id")
        made["product"] = product_shown(work, said["product_id"])
    if "access_schedule" in said:
        made["access_schedule"] = _schedule(made["access_schedule"], said["access_schedule"], dict)
    if "invoice_schedule" in said:
        name = "schedule" if "schedule" in made else "invoice_schedule"
        made[name] = _schedule(made.get(name, {"schedule_items": []}), said["invoice_schedule"], priced_item)
    return {name: value for name, value in made.items() if value is not None}


def _schedule(schedule: Body, said: Body, whole: Callable[[Body], Body]) -> Body:
    """A schedule with items added, removed and changed. Raises Refused (404)."""
    items = {item["id"]: item for item in schedule["schedule_items"]}
    for one in (*said.get("remove_schedule_items", ()), *said.get("update_schedule_items", ())):
        if one["id"] not in items:
            raise Refused(404, f"the schedule has no item {one['id']}")
    for one in said.get("remove_schedule_items", ()):
        del items[one["id"]]
    for one in said.get("update_schedule_items", ()):
        item = items[one["id"]] | one
        if "amount" in one and "unit_price" in item:  # of a charge, the amount is said anew
            item |= {"unit_price": one["amount"], "quantity": Decimal(1)}
        items[one["id"]] = whole(item)
    for one in said.get("add_schedule_items", ()):
        id_ = str(uuid4())
        items[id_] = whole({"id": id_, **one})
    return schedule | {"schedule_items": list(items.values())}


def _recurring(work: AccountTransaction, said: Body, term: Body) -> Body:
    """A recurring commit or credit that ends otherwise, or is rounded otherwise. Raises Refused (501)."""
    amounts = [name for name in ("access_amount", "invoice_amount") if name in said]
    if amounts:
        raise Refused(501, f"the sandbox changes no {amounts[0]} of what has begun: end it, and add another one")
    names = ("ending_before", "proration_rounding", "rate_type")
    made: Body = {**term, **{name: said[name] for name in names if name in said}}
    return {name: value for name, value in made.items() if value is not None}


_UPDATES: dict[str, Callable[[AccountTransaction, Body, Body], Body]] = {
    "commits": _balance,
    "credits": _balance,
    "scheduled_charges": _balance,
    "recurring_commits": _recurring,
    "recurring_credits": _recurring,
    "subscriptions": subscribed,
}
_IDS = (
    *("commit_id", "credit_id", "scheduled_charge_id", "recurring_commit_id", "recurring_credit_id"),
    "subscription_id",
)


def edit_balance(call: Call, section: str, id_name: str) -> Body:
    """`v2/contracts/commits/edit` or `v2/contracts/credits/edit`, of one of a contract or of the customer itself."""
    work, customer, body, id_ = call.work, call.body["customer_id"], dict(call.body), call.body[id_name]
    check_instants(body)
    record = work.get(BALANCES[section], id_)
    if record.parent == customer:
        made = _balance(work, body, {"id": id_, **record.body})
        work.put(record, {name: value for name, value in made.items() if name != "id"})
        return id_answer(id_)
    contract = work.get("contract", record.parent or "")
    if contract.parent != customer:
        raise Refused(404, f"there is no {record.kind} {id_} of the customer {customer}")
    put(work, contract, _with(contract.body, section, id_, partial(_balance, work, body)))
    return id_answer(id_)


def _merged(kept: Any, said: Any) -> Any:
    """Data with what an update says of it; null takes a field away."""
    if not isinstance(kept, dict) or not isinstance(said, dict):
        return said
    made = {**kept, **{name: _merged(kept.get(name), value) for name, value in said.items()}}
    return {name: value for name, value in made.items() if value is not None}


def _remember(call: Call, record: Record) -> str:
    """Keep the edit, in the contract's history. Raises Refused, 409 for a uniqueness key that was used."""
    key = call.body.get("uniqueness_key")
    call.work.check_key(KIND, key)
    return call.work.add(KIND, call.body, parent=record.id, uniqueness_key=key)
