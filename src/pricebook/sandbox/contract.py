"""Contracts: a customer on a package, or with terms of its own on a rate card. One on a package says nothing of its
own, and takes the package's terms with dates.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from pricebook.account.alias import holder_at
from pricebook.account.contract import ContractRequest, Offer, check_end, terms_of
from pricebook.account.refusal import Refused
from pricebook.catalog.calendar import FOREVER, cycle
from pricebook.catalog.instant import instant_text
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind
from pricebook.catalog.threshold import THRESHOLDS
from pricebook.metronome.wire.contract import read_terms
from pricebook.plan.contract import Contract
from pricebook.preview.materialise import materialise
from pricebook.sandbox import billing_provider
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, Paging, Show, check_instants, id_answer, period_condition, shown
from pricebook.sandbox.call import listed as page_of
from pricebook.sandbox.customer import KIND as CUSTOMER
from pricebook.sandbox.dated import ENTITIES, Dater
from pricebook.sandbox.package import KIND as PACKAGE
from pricebook.sandbox.package import check_subscriptions
from pricebook.sandbox.rate_card import KIND as CARD
from pricebook.sandbox.rule import refusing
from pricebook.sandbox.term import shown_proration
from pricebook.sandbox.wire import known, stamp, stamp_at

KIND = "contract"
EARLIEST = "2000-01-01T00:00:00Z"
"""A bound on hostile input: every period since then is billed whenever invoices are read."""
PAGES = Paging(20, 20, "cursor")
"""Limit and cursor stand in the body ("Range: 1-20. Default: 20", SDK 4.12)."""
_ASKED = (
    *("customer_id", "starting_at", "package_id", "package_alias", "rate_card_id", "rate_card_alias"),
    *("uniqueness_key", "transition", "custom_fields"),
)
_OWN = (
    *("name", "ending_before", "net_payment_terms_days", "netsuite_sales_order_id", "salesforce_opportunity_id"),
    *("multiplier_override_prioritization", "scheduled_charges_on_usage_invoices", "priority", "spend_trackers"),
    *THRESHOLDS,
)
"""What a contract says besides its terms, or takes from its package."""
_UNKEPT = (
    *("discounts", "professional_services", "reseller_royalties", "hierarchy_configuration"),
    "revenue_system_configuration",
)
_HIDDEN = (
    *("seat_schedule", "package_id", "transition", "invoice_from", "billing_provider_schedule"),
    *("invoice_contract_id", "payment_gate_config", "manual_entries"),
)
"""What is kept and has no field of this name in answers."""


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
        return as_ruled(self._work.get(KIND, id_))

    def contract_with(self, uniqueness_key: str) -> str | None:
        return self._work.with_key(KIND, uniqueness_key)


def create(call: Call) -> Body:
    """`contracts/create`. Raises Refused: 400 for terms beside a package, 409 for a uniqueness key that was used."""
    body, work = call.body, call.work
    check_instants(body)
    work.live(CUSTOMER, body["customer_id"])
    check_kept(body)
    if body["starting_at"] < EARLIEST:
        raise Refused(400, f"the sandbox bills contracts from {EARLIEST} on, not from {body['starting_at']}")
    key, transition = body.get("uniqueness_key"), body.get("transition")
    request = ContractRequest(
        customer=body["customer_id"],
        starting_at=datetime.fromisoformat(body["starting_at"]),
        package=body.get("package_id"),
        package_alias=body.get("package_alias"),
        card=body.get("rate_card_id"),
        card_alias=body.get("rate_card_alias"),
        uniqueness_key=key,
        transition=transition,
        more=sorted(body.keys() - set(_ASKED)),
    )
    terms = terms_of(ServedAccount(work), request)
    # On a package its terms are copied, as they are at this moment: what becomes of the package later changes nothing.
    link = terms.offer.package if terms.offer is not None else None
    said = work.get(PACKAGE, link).body if link is not None else body
    kept = {name: said[name] for name in _OWN if name in said and (link is None or name != "name")}
    kept |= known(name=said.get("contract_name")) if link is not None else {}
    if terms.ending_before is not None:
        kept["ending_before"] = instant_text(terms.ending_before)
    if transition is not None:
        kept["transition"] = {"type": transition["type"], "from_contract_id": transition["from_contract_id"]}
    kept |= known(starting_at=body["starting_at"], package_id=link, rate_card_id=terms.card)
    kept |= _statement(said.get("usage_statement_schedule"), request.starting_at)
    # A contract that takes the place of another one ends it in the same transaction: no hour is billed twice.
    if terms.ends is not None:
        record = work.get(KIND, terms.ends[0])
        work.put(record, record.body | {"ending_before": instant_text(terms.ends[1])})
    provider = known(billing_provider=said.get("billing_provider"), delivery_method=said.get("delivery_method"))
    wanted = body.get("billing_provider_configuration") or provider
    if wanted:
        found = billing_provider.find(work, body["customer_id"], wanted)
        kept["billing_provider_schedule"] = [{"effective_at": body["starting_at"], "configuration": found}]
    if link is None:
        check_subscriptions(work, terms.card, body)
    id_, fields = str(uuid4()), body.get("custom_fields")
    work.add(KIND, {}, parent=body["customer_id"], link=link, uniqueness_key=key, id_=id_, fields=fields)
    dater = Dater(work, id_, body["starting_at"])
    put(work, work.get(KIND, id_), kept | (dater.of_package(said) if link is not None else dater.own(body)))
    return id_answer(id_)


def check_kept(body: Body) -> None:
    """Nothing is asked for that the sandbox does not keep. Raises Refused (501)."""
    unkept = [name for name in body if name.removeprefix("add_").removesuffix("_update") in _UNKEPT]
    if unkept:
        raise Refused(501, f"the sandbox keeps no {', '.join(unkept)} of a contract")


def put(work: AccountTransaction, record: Record, body: Body) -> None:
    """Keep what a contract is now, if its terms are such as a contract can have. Raises Refused (400)."""
    with refusing(Package):
        read_terms(body, {})
    work.put(record, body)


def _statement(schedule: Body | None, start: datetime) -> Body:
    """When usage is invoiced: by the schedule of a package, or of a contract, which may name its anchor."""
    said = dict(schedule or {})
    anchor, first = said.pop("billing_anchor_date", None), said.pop("invoice_generation_starting_at", None)
    package = Package.model_validate({"name": "contract", **({"usage_statement_schedule": said} if said else {})})
    found = materialise(package, start, datetime.fromisoformat(anchor) if anchor is not None else None).statement
    shown = {"frequency": found.frequency, "billing_anchor_date": instant_text(found.anchor)}
    return {"usage_statement_schedule": shown, "invoice_from": first or instant_text(found.first)}


def got(call: Call, show: Show) -> Body:
    """`contracts/get`, as one of its versions shows a contract."""
    return {"data": shown(call.work, [own_contract(call)], show)[0]}


def listed(call: Call, show: Show) -> Body:
    """`contracts/list`: the contracts of a customer, oldest first."""
    work, customer = call.work, call.body["customer_id"]
    work.get(CUSTOMER, customer)
    condition, parameters = period_condition(call.body)
    return page_of(call, KIND, show, f"parent = ?{condition}", customer, *parameters, paging=PAGES)


def update_end_date(call: Call) -> Body:
    """`contracts/updateEndDate`: another end, or none when `ending_before` is not given."""
    check_instants(call.body)
    record = own_contract(call)
    end = call.body.get("ending_before")
    check_end(as_ruled(record), datetime.fromisoformat(end) if end is not None else None)
    kept = {name: value for name, value in record.body.items() if name != "ending_before"}
    put(call.work, record, kept | ({"ending_before": end} if end is not None else {}))
    return id_answer(record.id)


def archive(call: Call) -> Body:
    """`contracts/archive`, for good."""
    record = own_contract(call)
    call.work.archive(record)
    return id_answer(record.id)


def as_ruled(record: Record) -> Contract:
    """A contract as the rules see it."""
    instant, end = datetime.fromisoformat, record.body.get("ending_before")
    return Contract(
        id=record.id,
        customer=record.parent or "",
        package=None,
        card=None,
        starting_at=instant(record.body["starting_at"]),
        ending_before=instant(end) if end is not None else None,
        archived_at=instant(record.archived_at) if record.archived_at is not None else None,
    )


def own_contract(call: Call) -> Record:
    """The contract of the customer that both are named. Raises Refused (404)."""
    call.work.get(CUSTOMER, call.body["customer_id"])
    record = call.work.get(KIND, call.body["contract_id"])
    if record.parent != call.body["customer_id"]:
        raise Refused(404, f"there is no contract {record.id} of the customer {call.body['customer_id']}")
    return record


def stamped(value: Any) -> Any:
    """Kept data as an answer shows it: instants as the vendor writes them, and nothing for which it has no field."""
    if isinstance(value, list):
        return [stamped(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: stamp(part) if name in _INSTANTS and isinstance(part, str) else stamped(part)
        for name, part in value.items()
        if name not in _HIDDEN
    }


_INSTANTS = (
    *("starting_at", "ending_before", "timestamp", "created_at", "archived_at", "billing_anchor_date", "anchor_date"),
    *("effective_at", "effective_until"),
)


def _state(work: AccountTransaction, record: Record) -> Body:
    """What both versions say alike."""
    state = {"commits": [], "overrides": [], "scheduled_charges": [], **stamped(record.body)}
    for name, entity in ENTITIES.items():
        fields = work.fields(entity, [term["id"] for term in state.get(name, ())])
        if name in state:
            state[name] = [{**term, "custom_fields": fields[term["id"]]} for term in state[name]]
    schedule = record.body.get("billing_provider_schedule", ())
    if schedule:
        state["customer_billing_provider_configuration"] = schedule[-1]["configuration"]
        state["billing_provider_configuration_schedule"] = [
            stamped({name: value for name, value in step.items() if name != "configuration"})
            | {"billing_provider_configuration": step["configuration"]}
            for step in schedule
        ]
    transition = record.body.get("transition")
    state["transitions"] = [transition | {"to_contract_id": record.id}] if transition is not None else []
    return state | {"created_at": stamp(record.created_at), "created_by": CREATED_BY}


def _head(record: Record, fields: dict[str, str]) -> Body:
    return known(
        id=record.id,
        customer_id=record.parent,
        custom_fields=fields,
        package_id=record.body.get("package_id"),
        uniqueness_key=record.uniqueness_key,
        archived_at=stamp(record.archived_at),
    )


def show(work: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A contract as version 2 reads it back."""
    state = _state(work, record)
    for credit in state.get("credits", ()):
        for name in ("rate_type", "rollover_fraction"):
            credit.pop(name, None)
    if "subscriptions" in state:
        kept = record.body["subscriptions"]
        state["subscriptions"] = [
            {
                **term,
                "quantity_schedule": stamped(quantity_schedule(one["seat_schedule"])),
                "billing_periods": _periods(record.body, one, work.at),
                "proration": shown_proration(one["proration"]),
                **_cycle_config(one, state),
            }
            for term, one in zip(state["subscriptions"], kept, strict=True)
        ]
    return _head(record, fields) | state | {"usage_filter": []}


def show_v1(work: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A contract as version 1 reads it back: the initial one, its amendments, the current one, without
    subscriptions."""
    left = ("subscriptions", "multiplier_override_prioritization", "priority")
    state = {name: value for name, value in _state(work, record).items() if name not in left}
    return _head(record, fields) | {"initial": state, "amendments": [], "current": state}


def _cycle_config(term: Body, state: Body) -> Body:
    """Where a subscription's invoices stand, with the anchor that it has without one of its own: that of usage."""
    config = term.get("billing_cycle_config")
    if config is None:
        return {}
    own = {"invoice_placement": "ON_USAGE_INVOICE", **stamped(config)}
    return {"billing_cycle_config": {"anchor_date": state["usage_statement_schedule"]["billing_anchor_date"], **own}}


def quantity_schedule(steps: list[Body]) -> list[Body]:
    """What quantity holds from when until when."""
    ends = [*(step["starting_at"] for step in steps[1:]), None]
    return [
        known(quantity=step["quantity"], starting_at=step["starting_at"], ending_before=end)
        for step, end in zip(steps, ends, strict=True)
    ]


def _periods(body: Body, term: Body, now: datetime) -> Body:
    """The billing period of a subscription that runs, and those before and after it."""
    start, end = datetime.fromisoformat(term["starting_at"]), term.get("ending_before") or body.get("ending_before")
    until = datetime.fromisoformat(end) if end is not None else FOREVER
    anchor = datetime.fromisoformat(body["usage_statement_schedule"]["billing_anchor_date"])
    found: dict[str, Any] = {}
    for period in cycle(anchor, term["subscription_rate"]["billing_frequency"], start, until):
        name = "previous" if period.ending_before <= now else "current" if period.starting_at <= now else "next"
        found[name] = {
            "starting_at": stamp_at(period.starting_at),
            "ending_before": stamp_at(period.ending_before),
        }
        if name == "next":
            break
    return found
