"""Subscriptions of a contract by time: their quantities, whose the seats are, and what both cost.

A step of `seat_schedule` says from when on how many there are, and which of them have names.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial

from pricebook.account.refusal import Refused
from pricebook.metronome.wire.contract import read_terms
from pricebook.preview.match import Subject
from pricebook.preview.price import ZERO, portions
from pricebook.preview.tariff import Prices, Tariff
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Body, Call
from pricebook.sandbox.catalogue import UNIT_NAMES, Catalogue
from pricebook.sandbox.contract import own_contract, quantity_schedule
from pricebook.sandbox.unit import unit_id
from pricebook.sandbox.wire import known, stamp


def seats_history(call: Call) -> Body:
    """`getSubscriptionSeatsHistory`: whose the seats are, from when until when."""
    term, body = _subscription(call), call.body
    steps = term["seat_schedule"]
    found = [
        {
            "assigned_seat_ids": step["seats"],
            "total_quantity": step["quantity"],
            "starting_at": stamp(step["starting_at"]),
            "ending_before": stamp(time.get("ending_before")),
        }
        for step, time in zip(steps, quantity_schedule(steps), strict=True)
        if time["starting_at"] <= (body.get("covering_date") or "~") < time.get("ending_before", "~~")
        or body.get("covering_date") is None
    ]
    return {"data": found, "next_page": None}


def quantity_history(call: Call) -> Body:
    """`getSubscriptionQuantityHistory`: every quantity, and what it costs at the price that held when it began."""
    term, record = _subscription(call), own_contract(call)
    card = record.body.get("rate_card_id")
    prices = Prices(Tariff(Catalogue(call.work).with_card(card), card), read_terms(record.body, UNIT_NAMES))
    rate = term["subscription_rate"]
    product = prices.tariff.products[rate["product"]["id"]]
    subject = Subject(rate["product"]["id"], product, rate["billing_frequency"])
    history_ = []
    for step in term["seat_schedule"]:
        price = prices.price(subject, datetime.fromisoformat(step["starting_at"]))
        curve = price.steps if price is not None and price.steps is not None else ()
        data = [
            {"quantity": part.quantity, "unit_price": part.price, "total": part.amount}
            for part in (portions(curve, ZERO, step["quantity"]) if curve else ())
        ]
        history_.append({"starting_at": stamp(step["starting_at"]), "data": data})
    fiat = unit_id(prices.tariff.fiat)
    return {"data": {"subscription_id": term["id"], "fiat_credit_type_id": fiat, "history": history_}}


def subscribed(work: AccountTransaction, said: Body, term: Body) -> Body:
    """A subscription with another end or name, other quantities, other seats. Raises Refused (400)."""
    made: Body = {**term, **{name: said[name] for name in ("ending_before", "name") if name in said}}
    if "proration_rounding" in said:
        proration = {name: value for name, value in term["proration"].items() if name != "rounding"}
        made["proration"] = proration | known(rounding=said["proration_rounding"])
    mode = said.get("quantity_management_mode_update")
    if mode is not None:
        made |= {"quantity_management_mode": mode["quantity_management_mode"], "seat_config": mode["seat_config"]}
    seats, steps = said.get("seat_updates", {}), term["seat_schedule"]
    if said.get("quantity_updates") and made.get("quantity_management_mode") == "SEAT_BASED":
        raise Refused(400, "quantity_updates: the quantity of a SEAT_BASED subscription is that of its seats")
    if seats and made.get("quantity_management_mode") != "SEAT_BASED":
        raise Refused(400, "seat_updates: the subscription is not SEAT_BASED")
    for one in said.get("quantity_updates", ()):
        if ("quantity" in one) == ("quantity_delta" in one):
            raise Refused(400, "quantity_updates: an update has quantity, or quantity_delta")
        steps = _stepped(steps, one["starting_at"], partial(_counted, one=one))
    for one in seats.get("add_seat_ids", ()):
        steps = _stepped(steps, one["starting_at"], partial(_seated, ids=one["seat_ids"]))
    for one in seats.get("remove_seat_ids", ()):
        steps = _stepped(steps, one["starting_at"], partial(_unseated, ids=one["seat_ids"]))
    for name, sign in (("add_unassigned_seats", 1), ("remove_unassigned_seats", -1)):
        for one in seats.get(name, ()):
            more = {"quantity_delta": sign * one["quantity"]}
            steps = _stepped(steps, one["starting_at"], partial(_counted, one=more))
    if any(step["quantity"] < len(step["seats"]) for step in steps):
        raise Refused(400, f"the subscription {term['id']} would have fewer seats than are assigned, or than none")
    made["seat_schedule"] = steps
    return {name: value for name, value in made.items() if value is not None}


def _counted(step: Body, one: Body) -> Body:
    """With another quantity, or with so many more."""
    quantity = one["quantity"] if "quantity" in one else step["quantity"] + one["quantity_delta"]
    return {**step, "quantity": quantity}


def _seated(step: Body, ids: list[str]) -> Body:
    """With more seats: nobody's are given first, and what is missing of them is added ("Assigns seats; unassigned ones
    are used first", [assumed])."""
    new = [id_ for id_ in dict.fromkeys(ids) if id_ not in step["seats"]]
    free = step["quantity"] - len(step["seats"])
    return {**step, "seats": [*step["seats"], *new], "quantity": step["quantity"] + max(Decimal(len(new)) - free, 0)}


def _unseated(step: Body, ids: list[str]) -> Body:
    left = [id_ for id_ in step["seats"] if id_ not in ids]
    return {**step, "seats": left, "quantity": step["quantity"] - (len(step["seats"]) - len(left))}


def _stepped(steps: list[Body], at: str, change: Callable[[Body], Body]) -> list[Body]:
    """The steps with a change from an instant on, which is the subscription's start at the earliest."""
    at = max(at, steps[0]["starting_at"])
    before = [step for step in steps if step["starting_at"] < at]
    later = [step for step in steps if step["starting_at"] >= at]
    if not later or later[0]["starting_at"] != at:
        later.insert(0, {**before[-1], "starting_at": at})
    return [*before, *map(change, later)]


def _subscription(call: Call) -> Body:
    record = own_contract(call)
    found = next((t for t in record.body.get("subscriptions", ()) if t["id"] == call.body["subscription_id"]), None)
    if found is None:
        raise Refused(404, f"the contract has no subscription {call.body['subscription_id']}")
    return found  # type: ignore[no-any-return]
