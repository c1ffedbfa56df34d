"""Contracts: a customer on a package, or on a rate card. A contract on a package can say nothing of its own.

Contracts with terms of their own are not kept here: such a request is answered with 501.
"""

from datetime import datetime

from pricebook.catalog.calendar import later
from pricebook.catalog.instant import instant_text
from pricebook.plan.contract import Contract, handed_over
from pricebook.sandbox import alias
from pricebook.sandbox.account import CREATED_BY, Held, Work
from pricebook.sandbox.call import Call, Json, check_hours, id_answer
from pricebook.sandbox.custom_field import fields_of, set_fields
from pricebook.sandbox.customer import KIND as CUSTOMER
from pricebook.sandbox.package import KIND as PACKAGE
from pricebook.sandbox.package import card_of
from pricebook.sandbox.rate_card import KIND as CARD
from pricebook.sandbox.wire import Refused, stamp

KIND = "contract"
_ON_PACKAGE = {
    "customer_id",
    "starting_at",
    "package_id",
    "package_alias",
    "uniqueness_key",
    "transition",
    "custom_fields",
}
_ON_CARD = _ON_PACKAGE | {
    "rate_card_id",
    "rate_card_alias",
    "name",
    "ending_before",
    "net_payment_terms_days",
    "netsuite_sales_order_id",
    "salesforce_opportunity_id",
}


def create(call: Call) -> Json:
    """`contracts/create`. Raises Refused: 400 for terms beside a package, 409 for a uniqueness key that was used."""
    body, work = call.body, call.work
    check_hours(body, "starting_at", "ending_before")
    work.live(CUSTOMER, body["customer_id"])
    package_id = _package(work, body)
    kept = _on_package(work, work.live(PACKAGE, package_id), body) if package_id is not None else _on_card(work, body)
    kept["starting_at"] = body["starting_at"]
    transition = body.get("transition")
    if transition is not None:
        _hand_over(work, body, transition)
        kept["transition"] = {"type": transition["type"], "from_contract_id": transition["from_contract_id"]}
    key = body.get("uniqueness_key")
    id_ = work.add(KIND, kept, parent=body["customer_id"], link=package_id, uniqueness_key=key)
    set_fields(work, KIND, id_, body.get("custom_fields", {}))
    return id_answer(id_)


def get(call: Call) -> Json:
    """`v1/contracts/get`: the initial contract, its amendments, the current one."""
    return {"data": _shown_v1(call.work, _own(call))}


def get_v2(call: Call) -> Json:
    """`v2/contracts/get`."""
    return {"data": _shown(call.work, _own(call))}


def list_contracts(call: Call) -> Json:
    """`v1/contracts/list`: the contracts of a customer."""
    return {"data": [_shown_v1(call.work, held) for held in _found(call)]}


def list_v2(call: Call) -> Json:
    """`v2/contracts/list`."""
    return {"data": [_shown(call.work, held) for held in _found(call)]}


def update_end_date(call: Call) -> Json:
    """`contracts/updateEndDate`: another end, or none when `ending_before` is not given."""
    check_hours(call.body, "ending_before")
    held = _own(call)
    if held.archived_at is not None:
        raise Refused(400, f"the contract {held.id} is archived")
    kept = {name: value for name, value in held.body.items() if name != "ending_before"}
    end = call.body.get("ending_before")
    if end is not None and end < kept["starting_at"]:
        raise Refused(400, f"ending_before must not be before the contract starts, at {kept['starting_at']}")
    call.work.put(held, kept | ({"ending_before": end} if end is not None else {}))
    return id_answer(held.id)


def archive(call: Call) -> Json:
    """`contracts/archive`, for good."""
    held = _own(call)
    call.work.archive(held)
    return id_answer(held.id)


def _package(work: Work, body: Json) -> str | None:
    if "package_alias" not in body:
        found: str | None = body.get("package_id")
        return found
    if "package_id" in body:
        raise Refused(400, "package_alias and package_id are mutually exclusive")
    held = alias.find(work, PACKAGE, body["package_alias"], body["starting_at"])
    if held is None:
        raise Refused(400, f"no package has the alias {body['package_alias']!r} at {body['starting_at']}")
    return held


def _on_package(work: Work, package: Held, body: Json) -> Json:
    more = sorted(body.keys() - _ON_PACKAGE)
    if more:
        raise Refused(400, f"{', '.join(more)} cannot be given together with a package")
    kept: Json = {"package_id": package.id}
    card_id = card_of(work, package.body, body["starting_at"])
    if card_id is None and "rate_card_alias" in package.body:
        name = package.body["rate_card_alias"]
        raise Refused(400, f"no rate card has the alias {name!r} of the package at {body['starting_at']}")
    kept |= {"rate_card_id": card_id} if card_id is not None else {}
    kept |= {"name": package.body["contract_name"]} if "contract_name" in package.body else {}
    kept |= {name: package.body[name] for name in ("net_payment_terms_days",) if name in package.body}
    duration = package.body.get("duration")
    if duration is not None:
        end = later(datetime.fromisoformat(body["starting_at"]), int(duration["value"]), duration["unit"])
        kept["ending_before"] = instant_text(end)
    return kept


def _on_card(work: Work, body: Json) -> Json:
    more = sorted(body.keys() - _ON_CARD)
    if more:
        raise Refused(501, f"the sandbox keeps no terms of a contract's own ({', '.join(more)}): use a package")
    names = ("name", "ending_before", "net_payment_terms_days", "netsuite_sales_order_id", "salesforce_opportunity_id")
    kept = {name: body[name] for name in names if name in body}
    if "rate_card_id" in body and "rate_card_alias" in body:
        raise Refused(400, "rate_card_alias and rate_card_id are mutually exclusive")
    if "rate_card_id" in body:
        kept["rate_card_id"] = work.live(CARD, body["rate_card_id"]).id
    elif "rate_card_alias" in body:
        card_id = alias.find(work, CARD, body["rate_card_alias"], body["starting_at"])
        if card_id is None:
            raise Refused(400, f"no rate card has the alias {body['rate_card_alias']!r} at {body['starting_at']}")
        kept["rate_card_id"] = card_id
    return kept


def _hand_over(work: Work, body: Json, transition: Json) -> None:
    """End the contract that the new one supersedes. Raises Refused when it cannot follow on it."""
    held = work.get(KIND, transition["from_contract_id"])
    if held.parent != body["customer_id"]:
        raise Refused(404, f"there is no contract {held.id} of the customer {body['customer_id']}")
    instant, end = datetime.fromisoformat, held.body.get("ending_before")
    earlier = Contract(
        held.id,
        body["customer_id"],
        None,
        None,
        instant(held.body["starting_at"]),
        instant(end) if end is not None else None,
        instant(held.archived_at) if held.archived_at is not None else None,
    )
    try:
        ending = handed_over(transition["type"].upper(), instant(body["starting_at"]), earlier)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    if ending is not None and ending != earlier.ending_before:
        work.put(held, held.body | {"ending_before": instant_text(ending)})


def _own(call: Call) -> Held:
    """The contract of the customer that both are named. Raises Refused (404)."""
    call.work.get(CUSTOMER, call.body["customer_id"])
    held = call.work.get(KIND, call.body["contract_id"])
    if held.parent != call.body["customer_id"]:
        raise Refused(404, f"there is no contract {held.id} of the customer {call.body['customer_id']}")
    return held


def _found(call: Call) -> list[Held]:
    body = call.body
    call.work.get(CUSTOMER, body["customer_id"])
    if "covering_date" in body and "starting_at" in body:
        raise Refused(400, "starting_at cannot be provided together with covering_date")
    found = call.work.page(KIND, 0, -1, "parent = ?", body["customer_id"])
    if not body.get("include_archived"):
        found = [held for held in found if held.archived_at is None]
    if "starting_at" in body:
        found = [held for held in found if held.body["starting_at"] >= body["starting_at"]]
    if "covering_date" in body:
        date = body["covering_date"]
        found = [h for h in found if h.body["starting_at"] <= date and h.body.get("ending_before", "~") > date]
    return found


def _state(held: Held) -> Json:
    body = held.body
    names = ("name", "rate_card_id", "net_payment_terms_days", "netsuite_sales_order_id", "salesforce_opportunity_id")
    return (
        {name: body[name] for name in names if name in body}
        | {"starting_at": stamp(body["starting_at"])}
        | ({"ending_before": stamp(body["ending_before"])} if "ending_before" in body else {})
        | {
            "commits": [],
            "overrides": [],
            "scheduled_charges": [],
            "transitions": [
                {
                    "type": body["transition"]["type"],
                    "from_contract_id": body["transition"]["from_contract_id"],
                    "to_contract_id": held.id,
                }
            ]
            if "transition" in body
            else [],
            "created_at": stamp(held.created_at),
            "created_by": CREATED_BY,
            "usage_statement_schedule": {
                "frequency": "MONTHLY",
                "billing_anchor_date": stamp(body["starting_at"]),
            },
        }
    )


def _head(work: Work, held: Held) -> Json:
    return (
        {"id": held.id, "customer_id": held.parent, "custom_fields": fields_of(work, KIND, [held.id])[held.id]}
        | ({"package_id": held.body["package_id"]} if "package_id" in held.body else {})
        | ({"uniqueness_key": held.uniqueness_key} if held.uniqueness_key is not None else {})
        | ({"archived_at": stamp(held.archived_at)} if held.archived_at is not None else {})
    )


def _shown(work: Work, held: Held) -> Json:
    return _head(work, held) | _state(held) | {"usage_filter": []}


def _shown_v1(work: Work, held: Held) -> Json:
    state = _state(held)
    return _head(work, held) | {"initial": state, "amendments": [], "current": state}
