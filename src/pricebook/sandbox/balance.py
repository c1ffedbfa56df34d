"""Commits and credits with their balances: those of a customer, and those of its contracts.

A balance is what the bill engine left of it: its ledger has what every invoice took, drafts too.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import uuid4

from pricebook.account.refusal import Refused
from pricebook.catalog.amount import USD_ID
from pricebook.catalog.instant import instant_text
from pricebook.preview.price import EXACT, ZERO
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.bill import BALANCES, BilledContract, bills, customer_balances
from pricebook.sandbox.call import Body, Call, Paging, check_instants, id_answer, paged
from pricebook.sandbox.contract import stamped
from pricebook.sandbox.dated import Dater
from pricebook.sandbox.invoice import status
from pricebook.sandbox.ledger import PREFIX, AccountBalance, BalancePart, ledger
from pricebook.sandbox.unit import unit
from pricebook.sandbox.wire import known

PAGES = Paging(default=25)


def get_net_balance(call: Call) -> Body:
    """`getNetBalance`: of all that fit one of the filters."""
    body, work = call.body, call.work
    asked, drafts = body.get("credit_type_id", USD_ID), body.get("invoice_inclusion_mode") != "FINALIZED"
    total = ZERO
    for balance in balances(work, body["customer_id"]):
        schedule = balance.said["access_schedule"]
        kind = PREFIX[balance.segments[0].grant.kind] if balance.segments else ""
        access = body.get("access_type", "SPEND")
        fits = schedule.get("credit_type", {}).get("id", USD_ID) == asked
        if fits and schedule.get("access_type", "SPEND") == access and _filtered(work, balance, kind, body):
            total = EXACT.add(total, balance.now(work.at, drafts=drafts))
    return {"data": {"balance": total, "credit_type_id": unit(work, asked, live=False)["id"]}}


def end_commit(call: Call) -> Body:
    """`customerCommits/updateEndDate`: of access, of invoices, or of both."""
    record = own(call.work, call.body["customer_id"], "commits", call.body["commit_id"])
    body = dict(record.body)
    if "access_ending_before" in call.body:
        body["access_schedule"] = _ended(body["access_schedule"], call.body["access_ending_before"])
    if "invoices_ending_before" in call.body and "invoice_schedule" in body:
        end, schedule = call.body["invoices_ending_before"], body["invoice_schedule"]
        kept = [item for item in schedule["schedule_items"] if item["timestamp"] < end]
        body["invoice_schedule"] = schedule | {"schedule_items": kept}
    call.work.put(record, body)
    return id_answer(record.id)


def end_credit(call: Call) -> Body:
    """`customerCredits/updateEndDate`."""
    record = own(call.work, call.body["customer_id"], "credits", call.body["credit_id"])
    ended = _ended(record.body["access_schedule"], call.body["access_ending_before"])
    call.work.put(record, record.body | {"access_schedule": ended})
    return id_answer(record.id)


def add_entry(call: Call) -> None:
    """`addManualBalanceLedgerEntry`: more or less of one part of a commit or credit. Raises Refused (404)."""
    work, body = call.work, call.body
    key, customer = body.get("uniqueness_key"), body["customer_id"]
    work.check_key("ledger_entry", key)
    if "per_group_amounts" in body:
        raise Refused(501, "the sandbox keeps no per_group_amounts of a balance")
    found = next((one for one in balances(work, customer) if one.said["id"] == body["id"]), None)
    items = found.said["access_schedule"]["schedule_items"] if found is not None else ()
    if found is None or body["segment_id"] not in [item["id"] for item in items]:
        raise Refused(404, f"the customer has no commit or credit {body['id']} with a part {body['segment_id']}")
    record = work.get("contract", found.contract) if found.contract is not None else None
    kept = (
        next((t for t in record.body.get(found.section, ()) if t["id"] == body["id"]), None) if record else found.said
    )
    if kept is None:
        raise Refused(501, "the sandbox keeps no entries of what a recurring commit or credit has made")
    names = ("amount", "reason", "segment_id")
    entry = {**{name: body[name] for name in names}, "timestamp": body.get("timestamp", work.now)}
    made = {**kept, "manual_entries": [*kept.get("manual_entries", ()), entry]}
    if record is not None:
        terms = [made if term["id"] == made["id"] else term for term in record.body[found.section]]
        work.put(record, record.body | {found.section: terms})
    else:
        own_record = own(work, customer, found.section, made["id"])
        work.put(own_record, {name: value for name, value in made.items() if name != "id"})
    work.add("ledger_entry", {}, uniqueness_key=key)


def own(work: AccountTransaction, customer: str, section: str, id_: str) -> Record:
    """A commit or credit of the customer itself. Raises Refused (404)."""
    record = work.get(BALANCES[section], id_)
    if record.parent != customer:
        raise Refused(404, f"there is no {BALANCES[section]} {id_} of the customer {customer}")
    return record


def balances(work: AccountTransaction, customer: str, *, contracts: bool = True) -> list[AccountBalance]:
    """Every commit and credit of a customer, and of its contracts: those of recurring ones by period."""
    work.get("customer", customer)
    billed = bills(work, customer)
    segments = _segments(billed, work.at)
    found = [
        AccountBalance(said, name, None, segments.get(said["id"], []))
        for name, said in customer_balances(work, customer)
    ]
    for one in billed if contracts else ():
        for name in BALANCES:
            for said in one.contract.body.get(name, ()):
                found.append(AccountBalance(said, name, one.contract.id, segments.get(said["id"], [])))
        found += _recurring(work, one, segments)
    return found


def _segments(billed: list[BilledContract], now: datetime) -> dict[str, list[BalancePart]]:
    """The segments of every balance by its id, with what invoices took of them."""
    found: dict[str, dict[str, BalancePart]] = {}
    for one in billed:
        grants = {closing.grant.id: closing.grant for closing in one.bill.balances}
        for grant in grants.values():
            id_ = one.segment_id(grant)
            found.setdefault(one.balance_id(grant), {}).setdefault(id_, BalancePart(id_, grant))
        for invoice_id, invoice in one.invoices:
            final = status(invoice, now) == "FINALIZED"
            for line in invoice.lines:
                if line.balance in grants:
                    grant = grants[line.balance]
                    segment = found[one.balance_id(grant)][one.segment_id(grant)]
                    before, after = line.why.left or (line.drawn, ZERO)  # in units, where these are counted
                    segment.taken.append((invoice_id, invoice.issued_at, EXACT.subtract(before, after), final))
                elif line.kind == "true_up" and line.why.term in found:
                    for segment in found[line.why.term].values():
                        segment.trued_up = (invoice_id, invoice.issued_at, line.amount)
    return {id_: list(parts.values()) for id_, parts in found.items()}


def _recurring(
    work: AccountTransaction, billed: BilledContract, segments: dict[str, list[BalancePart]]
) -> Iterator[AccountBalance]:
    """The commits and credits that recurring ones have made so far."""
    for closing in billed.bill.balances:
        grant = closing.grant
        if not grant.list.startswith("recurring_") or grant.window.starting_at > work.at:
            continue
        id_, section = billed.balance_id(grant), grant.list.removeprefix("recurring_")
        term = next(each for each in billed.contract.body[grant.list] if each["id"] == grant.key)
        names = ("applicable_product_ids", "applicable_product_tags", "specifiers", "name", "description", "priority")
        access = term["access_amount"]
        item = {
            "id": billed.segment_id(grant),
            "amount": grant.amount,
            "starting_at": instant_text(grant.window.starting_at),
            "ending_before": instant_text(grant.window.ending_before),
        }
        schedule = known(
            schedule_items=[item],
            access_type=access.get("access_type"),
            credit_type=unit(work, access["credit_type_id"], live=False) if not grant.counts_units else None,
        )
        said = {name: term[name] for name in (*names, "rate_type", "rollover_fraction") if name in term}
        said |= {"id": id_, "type": grant.kind, "product": term["product"], "access_schedule": schedule}
        said |= {"contract": {"id": billed.contract.id}, "created_by": CREATED_BY}
        said |= {"created_at": item["starting_at"], f"recurring_{section.removesuffix('s')}_id": grant.key}
        yield AccountBalance(said, section, billed.contract.id, segments[id_])


def show(work: AccountTransaction, balance: AccountBalance, body: Body) -> Body:
    """A commit or credit as lists show it, with its balance and ledger where these are asked for."""
    id_ = balance.said["id"]
    made: Body = stamped(balance.said) | {"custom_fields": work.fields(BALANCES[balance.section], [id_])[id_]}
    for name in ("invoice_schedule", "archived_at") if balance.section == "credits" else ():
        made.pop(name, None)
    if body.get("include_balance"):
        made["balance"] = balance.now(work.at)
    if body.get("include_ledgers"):
        made["ledger"] = ledger(balance, work.at)
    return made


def listed(call: Call, sections: Collection[str], id_name: str, contracts: str) -> Body:
    """`customerBalances/list`, `customerCommits/list` or `customerCredits/list`: the customer's own, and those of its
    contracts where the body says so under `contracts`; one alone where it has its id under `id_name`."""
    body, work = call.body, call.work
    found = []
    for balance in balances(work, body["customer_id"], contracts=body.get(contracts, False)):
        schedule = balance.said["access_schedule"]
        items = schedule["schedule_items"]
        fits = (
            balance.section in sections
            and body.get(id_name) in (None, balance.said["id"])
            and body.get("access_type") in (None, schedule.get("access_type", "SPEND"))
            and (body.get("include_archived", False) or "archived_at" not in balance.said)
            and any(_within(item, body) for item in items)
            and not (body.get("exclude_zero_balances") and not balance.now(work.at))
        )
        if fits:
            found.append(show(work, balance, body))
    return paged(call, found, PAGES)


def _within(item: Body, body: Body) -> bool:
    """Whether a part of an access schedule is of the time that is asked for."""
    covering: str | None = body.get("covering_date")
    after, before = str(body.get("starting_at", "")), str(body.get("effective_before", "~"))
    start, end = str(item["starting_at"]), str(item["ending_before"])
    covered = covering is None or start <= covering < end
    return covered and start < before and end > after


def _filtered(work: AccountTransaction, balance: AccountBalance, kind: str, body: Body) -> bool:
    """Whether it fits one of the filters, of which each has all its conditions; without any it does."""
    id_ = balance.said["id"]
    fields = work.fields(BALANCES[balance.section], [id_])[id_]
    filters: list[Body] = body.get("filters") or [{}]
    return any(
        all(
            (
                id_ in one.get("ids", [id_]),
                kind in one.get("balance_types", [kind]),
                one.get("custom_fields", {}).items() <= fields.items(),
            )
        )
        for one in filters
    )


def created(call: Call, section: str) -> Body:
    """`customerCommits/create` or `customerCredits/create`. Raises Refused, 409 for a uniqueness key that was used."""
    work, body = call.work, dict(call.body)
    customer, key = body.pop("customer_id"), body.pop("uniqueness_key", None)
    work.live("customer", customer)
    work.check_key(BALANCES[section], key)
    check_instants(body)
    for name in ("applicable_contract_ids", "invoice_contract_id"):
        named = body.get(name, [])
        for id_ in [named] if isinstance(named, str) else named:
            if work.get("contract", id_, 400).parent != customer:
                raise Refused(400, f"{name}: the contract {id_} is another customer's")
    beside = {name: body.pop(name) for name in ("applicable_contract_ids", "invoice_contract_id") if name in body}
    id_ = str(uuid4())
    work.add(BALANCES[section], {}, parent=customer, uniqueness_key=key, id_=id_)
    term = Dater(work, id_, work.now).balance(section, body)
    if "invoice_contract_id" in beside:
        beside["invoice_contract"] = {"id": beside["invoice_contract_id"]}
    work.put(work.get(BALANCES[section], id_), term | beside)
    return id_answer(id_)


def _ended(schedule: Body, end: str) -> Body:
    """An access schedule that ends earlier, or later where it was the last part."""
    check_instants({"ending_before": end})
    items = [item for item in schedule["schedule_items"] if item["starting_at"] < end]
    if not items:
        raise Refused(400, "access would end before it starts")
    last = max(item["ending_before"] for item in items)
    cut = [item["ending_before"] == last or end < item["ending_before"] for item in items]
    made = [item | {"ending_before": end} if ends else item for item, ends in zip(items, cut, strict=True)]
    return schedule | {"schedule_items": made}
