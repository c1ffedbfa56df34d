"""A package and a start date become the absolute terms of a contract.

"Use starting_at_offset on package terms to define starting_at relative to contract start date and duration to define
ending_before relative to the starting_at_offset. For terms with point-in-time dates without a duration, use
date_offset" (the vendor's page on packages). Month ends are `catalog.calendar`'s affair.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeVar

from pricebook.catalog.calendar import FOREVER, first_of_month, later
from pricebook.catalog.commit import Commit, Credit
from pricebook.catalog.package import Package
from pricebook.catalog.path import Label, labels, path_text
from pricebook.catalog.recurring import RecurringCredit
from pricebook.catalog.schedule import ChargeSchedule
from pricebook.catalog.term import Duration, RelativeDate, Term
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

T = TypeVar("T", bound=Term)
UNKNOWN = "when it is reached depends on when events arrive at the vendor, and its commit on a payment"
"""Why thresholds are noted only. "Each time the contract's usage hits this amount, a threshold charge will be
initiated" (API): no source says how often that is looked at, whether the amount or all spend by then is charged, or
from when on the commit can pay; with a payment gate it does so only once it is paid."""


def materialise(
    package: Package,
    starting_at: datetime,
    billing_anchor: datetime | None = None,
    ending_before: datetime | None = None,
) -> ContractTerms:
    """The terms of a contract on the package from `starting_at` on, until the package says, or `ending_before` if that
    is earlier: an end "will truncate any terms" (API, updateEndDate).

    `billing_anchor` is the contract's billing_anchor_date, for usage statements on a CUSTOM_DATE: a package cannot say
    one. Terms that would start after the contract's end are not there.
    """
    end = min(_after(starting_at, package.duration), ending_before or FOREVER)
    whole = Window(starting_at, end)
    statement = _statement(package, starting_at, billing_anchor)
    subscriptions = tuple(
        DatedSubscription(name, key, term, window, statement.anchor)
        for name, key, term in _named("subscriptions", package.subscriptions)
        if (window := _window(whole, term.starting_at_offset, term.duration)) is not None
    )
    return ContractTerms(
        starting_at,
        end,
        statement,
        package.net_payment_terms_days,
        consolidated=package.scheduled_charges_on_usage_invoices is not None,
        explicit=package.multiplier_override_prioritization == "EXPLICIT",
        subscriptions=subscriptions,
        overrides=tuple(_overrides(package, whole)),
        charges=tuple(_charges(package, whole)),
        grants=tuple(_grants(package, whole)),
        recurrences=tuple(_recurrences(package, whole, statement)),
        notes=tuple(notes_of(package, billing_anchor)),
    )


def _after(start: datetime, duration: RelativeDate | None) -> datetime:
    return later(start, duration.value, duration.unit) if duration is not None else FOREVER


def _window(whole: Window, offset: RelativeDate | None, duration: Duration | None) -> Window | None:
    """The time of a term within the contract; None when nothing of it lies there."""
    start = _after(whole.starting_at, offset) if offset is not None else whole.starting_at
    return _within(whole, start, _after(start, duration))


def _within(whole: Window, start: datetime, end: datetime) -> Window | None:
    window = Window(max(start, whole.starting_at), min(end, whole.ending_before))
    return window if window.starting_at < window.ending_before else None


def _named(section: str, terms: tuple[T, ...]) -> Iterator[tuple[str, str, T]]:
    """Each term with its path (`subscriptions[fee]`) and what it is called there: its key, where it has one."""
    for label, term in zip(labels(terms), terms, strict=True):
        yield path_text((section, label)), label.text, term


def _statement(package: Package, start: datetime, billing_anchor: datetime | None) -> Statement:
    """The cycle of usage statements, MONTHLY from the first of the month when the package says nothing.

    `day`: "If not provided, defaults to the first day of the month" (API). Quarters are the calendar's: "invoices are
    generated on the 1st day of the first month in the quarter" (docs.metronome.com, "How invoicing works for
    contracts"), and so are years [assumed]; weeks count from the first of the contract's first month [assumed].
    """
    schedule = package.usage_statement_schedule
    frequency = schedule.frequency if schedule is not None else "MONTHLY"
    day = schedule.day if schedule is not None else "FIRST_OF_MONTH"
    if day == "FIRST_OF_MONTH":
        month = {"QUARTERLY": start.month - (start.month - 1) % 3, "ANNUAL": 1}.get(frequency, start.month)
        anchor = first_of_month(start).replace(month=month)
    else:
        anchor = billing_anchor if day == "CUSTOM_DATE" and billing_anchor is not None else start
    offset = schedule.invoice_generation_starting_at_offset if schedule is not None else None
    return Statement(frequency, anchor, _after(start, offset) if offset is not None else start)


def _overrides(package: Package, whole: Window) -> Iterator[DatedOverride]:
    for index, (name, _, term) in enumerate(_named("overrides", package.overrides)):
        if term.starting_at is not None:
            window = _within(whole, term.starting_at, term.ending_before or FOREVER)
        else:
            window = _window(whole, term.starting_at_offset, term.duration)
        if window is not None:
            yield DatedOverride(name, term, window, index)


def _charges(package: Package, whole: Window) -> Iterator[DatedCharge]:
    """Scheduled charges, and what commits are paid with. A date after the contract's end is none of it."""
    for name, _, scheduled in _named("scheduled_charges", package.scheduled_charges):
        yield from _items(name, "scheduled", scheduled.product, scheduled.name or "", scheduled.schedule, whole)
    for name, key, commit in _named("commits", package.commits):
        schedule, label = commit.invoice_schedule, commit.name or ""
        if schedule is None or schedule.do_not_invoice:
            continue
        for charge in _items(name, "commit_purchase", commit.product, label, schedule, whole):
            yield charge if commit.type == "PREPAID" else charge.true_up(_id("commits", key, 1))


def _items(
    name: str,
    kind: Literal["scheduled", "commit_purchase"],
    product: str,
    label: str,
    schedule: ChargeSchedule,
    whole: Window,
) -> Iterator[DatedCharge]:
    for item in schedule.schedule_items:
        at = _after(whole.starting_at, item.date_offset)
        if at <= whole.ending_before and at < FOREVER:
            yield DatedCharge(
                name=name,
                kind=kind,
                product=product,
                label=label,
                at=at,
                unit_price=item.unit_price,
                quantity=item.quantity,
                unit=schedule.credit_type,
            )


def _id(section: str, key: str, number: int) -> str:
    """The id of a balance: `credits[welcome]`, `recurring_credits[sign-up] 3`."""
    return path_text((section, Label(key))) + (f" {number}" if number > 1 else "")


def _grants(package: Package, whole: Window) -> Iterator[Grant]:
    for _, key, commit in _named("commits", package.commits):
        yield from _dated("commits", key, commit, whole)
    for _, key, credit in _named("credits", package.credits):
        yield from _dated("credits", key, credit, whole)


def _dated(section: str, key: str, term: Commit | Credit, whole: Window) -> Iterator[Grant]:
    commit = term if isinstance(term, Commit) else None
    charged = commit.invoice_schedule if commit is not None else None
    free = charged is None or not any(item.total for item in charged.schedule_items)
    schedule = term.access_schedule
    for number, item in enumerate(schedule.schedule_items, 1):
        window = _window(whole, item.starting_at_offset, item.duration)
        if window is not None:
            id_, kind = _id(section, key, number), commit.type if commit is not None else "CREDIT"
            units = schedule.access_type == "QUANTITY"
            yield Grant(
                id=id_,
                list=section,
                key=key,
                term=term,
                kind=kind,
                amount=item.amount,
                unit=schedule.credit_type,
                window=window,
                free=free,
                counts_units=units,
            )


def _recurrences(package: Package, whole: Window, statement: Statement) -> Iterator[Recurrence]:
    """ "If not provided: The commits will be created on the usage invoice frequency. If provided: [...] Commits will be
    created aligned with the recurring commit's starting_at rather than the usage invoice dates" (SDK)."""
    for section in ("recurring_commits", "recurring_credits"):
        recurring: tuple[RecurringCredit, ...] = getattr(package, section)
        for name, key, term in _named(section, recurring):
            window = _window(whole, term.starting_at_offset, term.duration)
            if window is not None:
                own = term.recurrence_frequency
                anchor = window.starting_at if own is not None else statement.anchor
                yield Recurrence(
                    list=section,
                    name=name,
                    key=key,
                    term=term,
                    window=window,
                    frequency=own or statement.frequency,
                    anchor=anchor,
                )


def notes_of(package: Package, billing_anchor: datetime | None) -> Iterator[str]:
    """What of the package is not modelled, so that a bill does not look more complete than it is."""
    schedule = package.usage_statement_schedule
    if schedule is not None and schedule.day == "CUSTOM_DATE" and billing_anchor is None:
        yield "usage statements are on a CUSTOM_DATE, which a package cannot name: counted from the contract's start"
    spend, balance = package.spend_threshold_configuration, package.prepaid_balance_threshold_configuration
    if spend is not None and spend.is_enabled:
        missing = "what it charges at once stands here in the usage invoice, without its discount"
        yield f"the spend threshold is not modelled, because {UNKNOWN}: {missing}"
    if balance is not None and balance.is_enabled:
        missing = "its recharges, and what their commits pay for, are missing here"
        yield f"the prepaid balance threshold is not modelled, because {UNKNOWN}: {missing}"
    if package.spend_trackers:
        yield "spend trackers are not modelled; they count, and charge nothing themselves"
