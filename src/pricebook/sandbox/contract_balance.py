"""Balances where they are read beside something else: in a contract, and by seat."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pricebook.preview.price import EXACT, ZERO
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.balance import balances
from pricebook.sandbox.call import Body, Call, Paging, Show, paged
from pricebook.sandbox.contract import got, own_contract
from pricebook.sandbox.ledger import AccountBalance, ledger
from pricebook.sandbox.unit import unit_id
from pricebook.sandbox.wire import known, stamp_at

PAGES = Paging(default=25, cursor="cursor")


def got_with_balances(show: Show) -> Callable[[Call], Body]:
    """`contracts/get`, as one of its versions shows a contract, with balances and ledgers where these are asked for."""

    def get(call: Call) -> Body:
        answer, body = got(call, show), call.body
        if not (body.get("include_balance") or body.get("include_ledgers")):
            return answer
        found = {one.said["id"]: one for one in balances(call.work, body["customer_id"])}
        data = answer["data"]
        for state in (data, data.get("initial", {}), data.get("current", {})):
            for term in (*state.get("commits", ()), *state.get("credits", ())):
                if body.get("include_balance"):
                    term["balance"] = found[term["id"]].now(call.work.at)
                if body.get("include_ledgers"):
                    term["ledger"] = ledger(found[term["id"]], call.work.at)
        return answer

    return get


def list_seats(call: Call) -> Body:
    """`seatBalances/list`: what each seat of a contract has of its own, by pricing unit."""
    record, body, work = own_contract(call), call.body, call.work
    seats: dict[str, list[AccountBalance]] = {}
    for one in balances(work, body["customer_id"]):
        seat = next((part.grant.seat for part in one.segments if part.grant.seat is not None), None)
        wanted = one.contract == record.id and (not body.get("seat_ids") or (seat and seat[1] in body["seat_ids"]))
        if seat is not None and wanted and _of_subscription(record.body, one, body.get("subscription_ids")):
            seats.setdefault(seat[1], []).append(one)
    page = paged(call, sorted(seats), PAGES)
    shown = [_seat(work, id_, seats[id_], body) for id_ in page["data"]]
    left = max(0, len(seats) - len(shown)) if page["cursor"] else 0
    return {
        "data": shown,
        "pagination": {
            "seats_included": len(shown),
            "seats_available_for_next_page": left,
            "next_page": page["cursor"],
        },
    }


def _of_subscription(contract: Body, one: AccountBalance, wanted: list[str] | None) -> bool:
    if not wanted:
        return True
    keys = {part.grant.key for part in one.segments}
    terms = (*contract.get("recurring_commits", ()), *contract.get("recurring_credits", ()))
    return any(term["id"] in keys and term["subscription_config"]["subscription_id"] in wanted for term in terms)


def _seat(work: AccountTransaction, id_: str, found: list[AccountBalance], body: Body) -> Body:
    totals: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    listed: dict[str, list[Any]] = {"commits": [], "credits": []}
    for one in found:
        entries = [{name: entry[name] for name in ("amount", "timestamp", "type")} for entry in ledger(one, work.at)]
        for part in one.segments:
            if not part.grant.window.covers(work.at):
                continue
            unit = unit_id(part.grant.unit)
            access = "QUANTITY" if part.grant.counts_units else "SPEND"
            left, granted = totals.get((unit, access), (ZERO, ZERO))
            totals[unit, access] = EXACT.add(left, part.left()), EXACT.add(granted, part.grant.amount)
            listed[one.section].append(
                {
                    "id": one.said["id"],
                    "balance": part.left(),
                    "access_type": access,
                    "credit_type_id": unit,
                    "start_date": stamp_at(part.grant.window.starting_at),
                    "end_date": stamp_at(part.grant.window.ending_before),
                    **({"ledger_entries": entries} if body.get("include_ledgers") else {}),
                }
            )
    lists = listed if body.get("include_credits_and_commits") else {}
    return known(
        seat_id=id_,
        balances=[
            {"credit_type_id": unit, "access_type": access, "balance": left, "starting_balance": granted}
            for (unit, access), (left, granted) in totals.items()
        ],
        **lists,
    )
