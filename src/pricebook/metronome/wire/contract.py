"""Contracts, as version 2 of the API shows them: their own terms, with dates, as what is billed.

The terms are those of a package with dates in place of offsets. So they are read and judged by the models of a package,
whose dates are dummies, and what is dated (`preview.terms`) is made of both.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.commit import Commit, Credit
from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.instant import parse_instant
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind
from pricebook.catalog.threshold import THRESHOLDS
from pricebook.catalog.traverse import rewritten
from pricebook.catalog.usage import SeatChange
from pricebook.metronome.kind import Json
from pricebook.metronome.wire.noun import read_noun
from pricebook.preview.materialise import notes_of
from pricebook.preview.price import summed
from pricebook.preview.terms import (
    ContractTerms,
    DatedCharge,
    DatedOverride,
    DatedSubscription,
    Grant,
    Recurrence,
    Statement,
    Window,
)

_LISTS = keyed_lists(Package)
_SETTINGS = (
    "multiplier_override_prioritization",
    "scheduled_charges_on_usage_invoices",
    "net_payment_terms_days",
    *THRESHOLDS,
    "spend_trackers",
)
_DUMMY: Mapping[str, tuple[str, Json]] = {
    "starting_at": ("starting_at_offset", {"value": 0, "unit": "DAYS"}),
    "ending_before": ("duration", {"value": 1, "unit": "YEARS"}),
    "timestamp": ("date_offset", {"value": 0, "unit": "DAYS"}),
}


def undated(data: Json) -> dict[str, Any]:
    """The terms of a contract, of an answer or of a request, as those of a package with dummies for their dates."""
    made = {name: data[name] for name in _SETTINGS if data.get(name) is not None}
    made |= {name: _undated(live_terms(data, name)) for name in _LISTS if data.get(name)}
    for name in ("rate_card_id", "rate_card_alias"):
        made |= {name: data[name]} if data.get(name) else {}
    for override in made.get("overrides", ()):
        product = override.pop("product_id", None) or (override.pop("product", None) or {}).get("id")
        tags = override.pop("applicable_product_tags", None)
        if not override.get("override_specifiers"):
            specifier = {"product_id": product, "product_tags": tags}
            override["override_specifiers"] = [{name: value for name, value in specifier.items() if value}]
    for each in made.get("subscriptions", ()):
        each.get("billing_cycle_config", {}).pop("anchor_date", None)
    for term in made.get("subscriptions", ()):
        term["proration"] = term.get("proration") or {"is_prorated": False}
        steps = term.pop("seat_schedule", ()) or term.pop("quantity_schedule", ())
        if steps and term.get("quantity_management_mode", "QUANTITY_ONLY") == "QUANTITY_ONLY":
            term.setdefault("initial_quantity", steps[0]["quantity"])
    return made


def live_terms(data: Json, name: str) -> list[Any]:
    """The terms of a list that were not archived."""
    return [term for term in data.get(name) or () if not term.get("archived_at")]


def _undated(value: Any) -> Any:
    if isinstance(value, list):
        return [_undated(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    made: dict[str, Any] = {}
    for name, part in value.items():
        if name in _DUMMY and part is not None:
            made.update((_DUMMY[name],))
        else:
            made[name] = part if name in ("custom_fields", "custom_rate") else _undated(part)
    return made


def read_terms(data: Json, names: Mapping[str, str]) -> ContractTerms:
    """The terms of one contract; references are ids, but for what has a name. Raises ValueError."""
    package = _package(data, names)
    whole = _whole(data)
    schedule = data["usage_statement_schedule"]
    statement = Statement(schedule["frequency"], parse_instant(schedule["billing_anchor_date"]), whole.starting_at)
    days = data.get("net_payment_terms_days")
    return ContractTerms(
        *whole,
        statement,
        int(days) if days is not None else None,
        consolidated=package.scheduled_charges_on_usage_invoices is not None,
        explicit=package.multiplier_override_prioritization == "EXPLICIT",
        subscriptions=tuple(
            DatedSubscription(said["id"], said["id"], term, window, _anchor(said, statement))
            for said, term in _each(data, "subscriptions", package)
            if (window := _window(said, whole)) is not None
        ),
        overrides=tuple(
            DatedOverride(said["id"], term, window, index)
            for index, (said, term) in enumerate(_each(data, "overrides", package))
            if (window := _window(said, whole)) is not None
        ),
        charges=tuple(_charges(data, package, whole)),
        grants=tuple(
            grant
            for name in ("commits", "credits")
            for said, term in _each(data, name, package)
            for grant in grants_of(said, name, term, whole)
        ),
        recurrences=tuple(_recurrences(data, package, whole, statement)),
        notes=tuple(notes_of(package, statement.anchor)),
    )


def _package(data: Json, names: Mapping[str, str]) -> Package:
    noun = read_noun(Kind.PACKAGE, {"name": "contract", "rate_card_id": "card", **undated(data)})
    package = rewritten(noun, lambda kind, id_: names.get(id_, id_))
    assert isinstance(package, Package)
    return package


def seat_changes(data: Json) -> Iterator[SeatChange]:
    """The quantities of every subscription by time. Names of seats are there where the data has a `seat_schedule`."""
    for term in data.get("subscriptions") or ():
        for step in term.get("seat_schedule") or term["quantity_schedule"]:
            names = tuple(step.get("seats", ()))
            yield SeatChange(term["id"], parse_instant(step["starting_at"]), Decimal(step["quantity"]), names)


def dated_balances(
    section: str, said: Json, whole: Window, names: Mapping[str, str]
) -> tuple[tuple[Grant, ...], tuple[DatedCharge, ...]]:
    """What a commit or credit that belongs to a customer grants within a time, and what is paid for it then. Raises
    ValueError."""
    package = _package({section: [said]}, names)
    (term,) = getattr(package, section)
    return tuple(grants_of(said, section, term, whole)), tuple(_charges({section: [said]}, package, whole))


def grants_of(said: Json, section: str, term: Commit | Credit, whole: Window) -> Iterator[Grant]:
    """The balances of one commit or credit, as far as a contract can use them. Where the data has `manual_entries` (of
    its ledger), they are part of it."""
    items = (said.get("invoice_schedule") or {}).get("schedule_items") or ()
    kind = term.type if isinstance(term, Commit) else "CREDIT"
    units, unit = term.access_schedule.access_type == "QUANTITY", term.access_schedule.credit_type
    free = not any(item["amount"] for item in items)
    for item in said["access_schedule"]["schedule_items"]:
        window = _window(item, whole)
        if window is not None:
            entries = [one["amount"] for one in said.get("manual_entries", ()) if one["segment_id"] == item["id"]]
            amount = summed([Decimal(item["amount"]), *entries])
            yield Grant(
                id=item["id"],
                list=section,
                key=said["id"],
                term=term,
                kind=kind,
                amount=amount,
                unit=unit,
                window=window,
                free=free,
                counts_units=units,
            )


def _charges(data: Json, package: Package, whole: Window) -> Iterator[DatedCharge]:
    """Scheduled charges, and what commits are paid with; a POSTPAID one's date is that of its true-up."""
    for said, scheduled in _each(data, "scheduled_charges", package):
        schedule, unit = said["schedule"], scheduled.schedule.credit_type
        for at, price, count in _items(schedule, whole):
            yield DatedCharge(
                name=said["id"],
                kind="scheduled",
                product=scheduled.product,
                label=scheduled.name or "",
                at=at,
                unit_price=price,
                quantity=count,
                unit=unit,
            )
    for said, commit in _each(data, "commits", package):
        if commit.invoice_schedule is None or commit.invoice_schedule.do_not_invoice:
            continue
        name, unit = commit.name or "", commit.invoice_schedule.credit_type
        # A true-up bills what was not drawn from the commit's first balance.
        first = said["access_schedule"]["schedule_items"][0]["id"]
        for at, price, count in _items(said["invoice_schedule"], whole):
            charge = DatedCharge(
                name=said["id"],
                kind="commit_purchase",
                product=commit.product,
                label=name,
                at=at,
                unit_price=price,
                quantity=count,
                unit=unit,
            )
            yield charge if commit.type == "PREPAID" else charge.true_up(first)


def _items(schedule: Json, whole: Window) -> Iterator[tuple[datetime, Decimal, Decimal]]:
    for item in schedule.get("schedule_items") or ():
        at = parse_instant(item["timestamp"])
        if at <= whole.ending_before:
            yield at, Decimal(item["unit_price"]), Decimal(item["quantity"])


def _recurrences(data: Json, package: Package, whole: Window, statement: Statement) -> Iterator[Recurrence]:
    for name in ("recurring_commits", "recurring_credits"):
        for said, term in _each(data, name, package):
            window = _window(said, whole)
            if window is not None:
                own = term.recurrence_frequency
                anchor = parse_instant(said["anchor_date"]) if own is not None else statement.anchor
                yield Recurrence(
                    list=name,
                    name=f"{name}[{said['id']}]",
                    key=said["id"],
                    term=term,
                    window=window,
                    frequency=own or statement.frequency,
                    anchor=anchor,
                )


def _each(data: Json, name: str, package: Package) -> Iterable[tuple[Json, Any]]:
    return zip(live_terms(data, name), getattr(package, name), strict=True)


def _whole(data: Json) -> Window:
    end = data.get("ending_before")
    return Window(parse_instant(data["starting_at"]), parse_instant(end) if end is not None else FOREVER)


def _anchor(said: Json, statement: Statement) -> datetime:
    """What a subscription's cycle is counted from: an anchor of its own, or that of usage."""
    own = (said.get("billing_cycle_config") or {}).get("anchor_date")
    return parse_instant(own) if own else statement.anchor


def _window(said: Json, whole: Window) -> Window | None:
    """The time of a term within the contract; None when nothing of it lies there."""
    window = _whole(said)
    start, end = max(window.starting_at, whole.starting_at), min(window.ending_before, whole.ending_before)
    return Window(start, end) if start < end else None
