"""Alarms: which customers a threshold notification is about at an instant, and when each of them got there.

What is watched is of one customer. A notification that watches several things one by one (seats, groups of usage,
invoices, parts of balances that end) has a part of its own for each: they come and go by themselves. Words of the
vendor: docs.metronome.com, "Threshold notifications".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import NamedTuple

from pricebook.catalog.calendar import FOREVER, first_of_month
from pricebook.catalog.threshold_notification import (
    USAGE,
    BalanceFilter,
    FilterExclusion,
    NotificationFilter,
    ThresholdNotification,
)
from pricebook.preview.grant import granted
from pricebook.preview.invoice import InvoiceLine
from pricebook.preview.price import EXACT, ZERO, summed, totals
from pricebook.preview.terms import Grant
from pricebook.preview.watched import ContractState, Fields, WatchedContract, WatchedCustomer

UNWATCHED = frozenset(
    {"low_credit_balance_reached", "low_remaining_credit_percentage_reached", "low_remaining_days_in_plan_reached"}
)
"""Types about plans and credit grants, the vendor's old kind of contracts and credits: nothing here has any."""
DAY = timedelta(days=1)
Parts = Mapping[str, bool]
"""What is watched, by a name of each part (`user_id=u1`; empty for all of it), and whether it is in alarm."""


class Alarm(NamedTuple):
    """From `at` on a part of what a notification watches is beyond the threshold; `part` is empty for all of it."""

    at: datetime
    part: str


def unwatched(notification: ThresholdNotification, customer: WatchedCustomer) -> str:
    """Why nobody can tell whether a customer is in alarm; empty when it can be told."""
    if notification.alert_type in UNWATCHED:
        return "plans and credit grants are not billed here"
    if notification.alert_type == USAGE and not any(
        each.billable_metric == notification.billable_metric
        for contract in customer.contracts
        for each in contract.prices.tariff.products.values()
    ):
        return "no product is billed by its metric"
    about = {each.entity for each in _filters(notification)}
    if "Contract" in about and any(contract.custom_fields is None for contract in customer.contracts):
        return "it filters by custom fields of contracts, which are not known"
    return ""


def _filters(notification: ThresholdNotification) -> Iterator[NotificationFilter | BalanceFilter]:
    yield from notification.custom_field_filters
    for specifier in notification.alert_specifiers:
        yield from specifier.custom_field_filters
        for excluded in specifier.exclude:
            yield from excluded.custom_field_filters


class _Look(NamedTuple):
    """A customer at an instant, as a notification looks at it: the contracts that it is about, and the ids of balances
    that several of them have."""

    notification: ThresholdNotification
    states: list[ContractState]
    at: datetime
    shared: frozenset[str]


def in_alarm(notification: ThresholdNotification, customer: WatchedCustomer, at: datetime) -> Parts:
    """What the notification watches of a customer at an instant, as far as there is anything of it."""
    watch = next(watch for word, watch in _WATCHES if word in notification.alert_type)
    states = [one for one in customer.at(at) if _is_of(notification, one)]
    return watch(_Look(notification, states, at, customer.shared))


def _is_of(notification: ThresholdNotification, one: ContractState) -> bool:
    fields = one.contract.custom_fields or {}
    about = [each for each in notification.custom_field_filters if each.entity == "Contract"]
    return all(fields.get(each.key) == each.value for each in about)


def _spend(look: _Look) -> Parts:
    """ "usage-based spend prior to commit and credit drawdown for their current billing period"."""

    def beyond(lines: Iterable[InvoiceLine]) -> bool:
        spent = summed(line.amount for line in lines if line.unit == look.notification.credit_type)
        return spent >= look.notification.threshold

    if not look.notification.group_values:
        return {"": beyond(line for one in look.states for line in one.spent)}
    return {
        _named(group): beyond(line for one in look.states for line in one.spent_on(group)) for group in _groups(look)
    }


def _groups(look: _Look) -> Iterator[Fields]:
    """The groups of usage that are watched: those of one value, or of each that occurs."""
    used = [dict(each.values) for one in look.states for each in one.used]
    choices = [
        [each.value] if each.value is not None else sorted({values[each.key] for values in used if each.key in values})
        for each in look.notification.group_values
    ]
    for chosen in product(*choices):
        yield {each.key: value for each, value in zip(look.notification.group_values, chosen, strict=True)}


def _named(values: Fields) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _usage(look: _Look) -> Parts:
    """The usage of a metric since "the earliest start date [...] across all active invoices". Products that one metric
    counts for all have its whole usage: one of them says it."""
    metric = look.notification.billable_metric
    used = totals(
        ((index, each.product), each.quantity)
        for index, one in enumerate(look.states)
        for each in one.used
        if (counted := one.contract.prices.tariff.products.get(each.product)) is not None
        and counted.billable_metric == metric
    )
    return {"": max(used.values(), default=ZERO) >= look.notification.threshold}


def _invoice(look: _Look) -> Parts:
    """ "any of the customer's active invoices reaches or exceeds the configured threshold": the draft that runs, and
    what is issued at this instant."""
    wanted = {each.lower() for each in look.notification.invoice_types_filter}
    found: dict[str, bool] = {}
    for one in look.states:
        issued = [invoice for invoice in one.issued if invoice.issued_at == look.at]
        for invoice in (*issued, *([one.draft] if one.draft is not None else ())):
            if invoice.unit == look.notification.credit_type and (not wanted or invoice.kind in wanted):
                name = f"{invoice.kind} {invoice.issued_at:%Y-%m-%d}"
                found[name] = found.get(name, False) or invoice.total >= look.notification.threshold
    return found


def _month(look: _Look) -> Parts:
    """All invoices of a calendar month together, with the drafts that run [assumed]."""
    since = first_of_month(look.at.replace(minute=0, second=0, microsecond=0))
    totals = [
        invoice.total
        for one in look.states
        for invoice in (*one.issued, *([one.draft] if one.draft is not None else ()))
        if invoice.issued_at >= since and invoice.unit == look.notification.credit_type
    ]
    return {f"{since:%Y-%m}": summed(totals) >= look.notification.threshold}


def _balance(look: _Look) -> Parts:
    """ "sums up the remaining balances": nothing is left of those that ended. A customer who never had any is never in
    alarm [assumed]."""
    rests = totals(
        (name, max(left, ZERO) if grant.window.covers(look.at) else ZERO) for name, grant, left in _balances(look)
    )
    return {name: rest <= look.notification.threshold for name, rest in rests.items()}


def _percentage(look: _Look) -> Parts:
    """What is left "on all active" ones of what they granted."""
    active = [each for each in _balances(look) if each[1].window.covers(look.at) and each[1].amount > 0]
    wholes = totals((name, grant.amount) for name, grant, _ in active)
    rests = totals((name, max(left, ZERO)) for name, _, left in active)
    return {
        name: EXACT.multiply(rests[name], Decimal(100)) <= EXACT.multiply(whole, look.notification.threshold)
        for name, whole in wholes.items()
    }


def _days(look: _Look) -> Parts:
    """Each part of a commit or credit by itself, until it has ended."""
    return {
        grant.id: _ends_soon(grant, look.notification) <= look.at
        for _, grant, _ in _balances(look)
        if grant.window.covers(look.at) and grant.window.ending_before < FOREVER
    }


def _ends_soon(grant: Grant, notification: ThresholdNotification) -> datetime:
    """From when on it has so many days left, or fewer."""
    try:
        return grant.window.ending_before - DAY * int(notification.threshold)
    except OverflowError:
        return grant.window.starting_at


def _seat(look: _Look) -> Parts:
    """What belongs to each seat, of commits and credits alike; of one that has no balance any more nothing is watched
    [assumed]."""
    said = look.notification

    def counts(one: ContractState, grant: Grant) -> bool:
        key, seat = grant.seat or ("", "")
        wanted = said.seat_filter
        if wanted is None or key != wanted.seat_group_key or wanted.seat_group_value not in (None, seat):
            return False
        passes = _counts(said, grant) and _passes(said.custom_field_filters, one, grant) is not None
        return passes and grant.window.covers(look.at)

    balances = ((one, *each) for one in look.states for each in one.balances)
    lefts = totals((grant.seat, max(left, ZERO)) for one, grant, left in balances if counts(one, grant))
    return {"=".join(seat or ()): left <= said.threshold for seat, left in lefts.items()}


_WATCHES: tuple[tuple[str, Callable[[_Look], Parts]], ...] = (
    ("monthly_invoice_total", _month),
    ("invoice_total", _invoice),
    ("spend_threshold", _spend),
    ("usage_threshold", _usage),
    ("seat_balance", _seat),
    ("_days_", _days),
    ("_percentage_", _percentage),
    ("_balance_", _balance),
)
"""How each type is watched, by a part of its name: the first that fits counts."""
_KINDS = (
    ("credit_and_commit", ("CREDIT", "PREPAID", "POSTPAID")),
    ("credit", ("CREDIT",)),
    ("commit", ("PREPAID", "POSTPAID")),
)


def _balances(look: _Look) -> Iterator[tuple[str, Grant, Decimal]]:
    """The balances that are watched, each once, under the name of its part; what belongs to single seats is "not
    included in the threshold calculation"."""
    kinds = next(kinds for word, kinds in _KINDS if word in look.notification.alert_type)
    found: dict[str, tuple[ContractState, Grant, Decimal]] = {}
    for index, one in enumerate(look.states):
        for grant, left in one.balances:
            if grant.seat is None and grant.kind in kinds and _counts(look.notification, grant):
                found[grant.id if grant.id in look.shared else f"{index} {grant.id}"] = one, grant, left
    for one, grant, left in found.values():
        if look.notification.alert_specifiers:
            for specifier in look.notification.alert_specifiers:
                name = _passes(specifier.custom_field_filters, one, grant)
                if name is not None and not any(_excluded(each, one, grant) for each in specifier.exclude):
                    yield name, grant, left
                    break
        elif (name := _passes(look.notification.custom_field_filters, one, grant)) is not None:
            yield name, grant, left


def _counts(notification: ThresholdNotification, grant: Grant) -> bool:
    """Whether it is a balance of the pricing unit, or of units of a product where these are asked for."""
    if "_days_" in notification.alert_type:
        return True
    if notification.access_type == "QUANTITY":
        return grant.counts_units
    return not grant.counts_units and grant.unit == notification.credit_type


def _passes(filters: Iterable[NotificationFilter | BalanceFilter], one: ContractState, grant: Grant) -> str | None:
    """The name of the part that a balance is of; None where a filter leaves it out. A filter about credits says nothing
    of commits, and one about commits nothing of credits [assumed]."""
    own, name = one.contract.fields(grant), {}
    kind = "ContractCredit" if grant.kind == "CREDIT" else "Commit"
    for each in filters:
        if each.entity == "Contract":
            fields = one.contract.custom_fields or {}
        elif each.entity in (kind, "ContractCreditOrCommit"):
            fields = own
        else:
            continue
        if each.key not in fields or each.value not in (None, fields[each.key]):
            return None
        if each.value is None:
            name[each.key] = fields[each.key]
    return _named(name)


def _excluded(exclusion: FilterExclusion, one: ContractState, grant: Grant) -> bool:
    kind = "ContractCredit" if grant.kind == "CREDIT" else "Commit"
    about = [
        each for each in exclusion.custom_field_filters if each.entity in (kind, "ContractCreditOrCommit", "Contract")
    ]
    return bool(about) and _passes(about, one, grant) is not None


def alarms(
    notification: ThresholdNotification, customer: WatchedCustomer, since: datetime, until: datetime
) -> list[Alarm]:
    """When each part came to be in alarm, from `since` on and until then (inclusive); what is in alarm at first is so
    from `since` on.

    Between two instants at which something else happens usage only adds up, so the first moment within is found by
    halving; what happens between two usages of one customer is nothing.
    """
    if unwatched(notification, customer):
        return []
    found: list[Alarm] = []
    before: set[str] = set()
    times = sorted({each.at for contract in customer.contracts for each in contract.usage if since <= each.at <= until})
    cuts = _cuts(notification, customer, since, until)
    for start, end in pairwise((*cuts, until + DAY)):
        inner = [start, *(at for at in times if start < at < end)]
        first, last = (_beyond(notification, customer, at) for at in (inner[0], inner[-1]))
        found += [Alarm(start, part) for part in sorted(first - before)]
        for part in sorted(last - first):
            low, high = 0, len(inner) - 1
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if part in _beyond(notification, customer, inner[middle]) else (middle, high)
            found.append(Alarm(inner[high], part))
        before = last
    return sorted(found)


def _beyond(notification: ThresholdNotification, customer: WatchedCustomer, at: datetime) -> set[str]:
    return {part for part, beyond in in_alarm(notification, customer, at).items() if beyond}


def _cuts(
    notification: ThresholdNotification, customer: WatchedCustomer, since: datetime, until: datetime
) -> list[datetime]:
    """The instants at which something else than usage happens: statements and balances begin and end, fees are charged,
    quantities change, usage is taken back."""
    cuts = {since}
    for contract in customer.contracts:
        terms = contract.prices.terms
        cuts |= {contract.starting_at, terms.ending_before, *(period.starting_at for period in contract.periods(until))}
        cuts |= {change.at for change in contract.seats}
        cuts |= {each.at for each in contract.usage if each.quantity < 0}
        cuts |= {charge.at for charge in terms.charges}
        for grant in grants_of(contract, until):
            cuts |= {*grant.window, _ends_soon(grant, notification) if "_days_" in notification.alert_type else since}
        last = customer.at(until)
        cuts |= {invoice.issued_at for one in last for invoice in one.issued}
    return sorted(cut for cut in cuts if since <= cut <= until)


def grants_of(contract: WatchedContract, until: datetime) -> Iterator[Grant]:
    """Every balance that begins by then."""
    terms, scales = contract.prices.terms, contract.prices.tariff.scales
    yield from contract.opening.brought
    yield from granted(terms, contract.subscribed, until, scales)
