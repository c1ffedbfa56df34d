"""What an impact comes to, in a sentence: money a month, for how many customers, and what of it is not known.

The rule that it keeps: what was not known is said, and that nothing changes is said only when all was known.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.instant import instant_words
from pricebook.catalog.money import plain, ratio
from pricebook.catalog.unit import Unit, number
from pricebook.preview.impact import Cause, CustomerRow, Impact, Sides
from pricebook.preview.price import EXACT, summed
from pricebook.preview.terms import Window
from pricebook.usage.assessment import Assessment
from pricebook.view.impact import CUSTOMER_BILL, PLACES
from pricebook.view.price import Units, change_text, percentage, rounded
from pricebook.view.words import counted

YEAR = 12
"""Months."""


def monthly(yearly: Decimal) -> Decimal:
    """A month of it."""
    return EXACT.divide(yearly, Decimal(YEAR))


def signed(amount: Decimal, unit: Unit) -> str:
    """An amount of money with its sign."""
    return ("+" if amount > 0 else "") + rounded(amount, unit)


def verdict(assessment: Assessment, units: Units, limit: Decimal) -> str:
    """`+$1,240.00 a month (+0.8 %); 3 of 311 customers pay more than 20 % more.`, and what of it is not known: that
    nothing changes is said only when all was known."""
    found = assessment.impact
    if not found.contracts:
        return "No contract is billed: nothing is known of what the plan does to bills."
    parts = [_change(found, units, unit) for unit, sides in sorted(found.yearly.items()) if sides.change]
    known = assessment.complete
    coverage = assessment.coverage
    on = f" on {_share(coverage)} of usage" if coverage < 1 else ""
    if parts:
        head = "; ".join(parts) + on + (_apart(found, units) if len(parts) == 1 else "")
    elif any(sides.change for sides in found.billed.values()):
        head = f"The same a month in the long run, but not in the time that is billed{on}"
    else:
        head = "No bill changes in total" if known else f"Nothing changes in what is known of bills{on}"
    above = found.above[limit]
    who = [(found.up, f"{found.up:,} pay more"), (found.down, f"{found.down:,} pay less")]
    who.append((above, f"{above:,} of {counted(found.people, 'customer')} pay more than {percentage(limit)} more"))
    # What is zero of those who are known may be more.
    said = [words for count, words in who if known or count]
    tail = "".join(f" Not known: {'; '.join(gaps)}." for gaps in [list(_gaps(assessment))] if gaps)
    return f"{head}{'; ' if said else ''}{', '.join(said)}.{tail}"


def _gaps(assessment: Assessment) -> Iterator[str]:
    """What is not known, with how much of it there is."""
    found, census = assessment.impact, assessment.census
    if assessment.unlisted:
        yield assessment.unlisted
    for words, count in sorted(found.unknown.items()):
        yield f"{words} of {counted(count, 'contract')}"
    if census.outside and not assessment.moved_to:
        yield f"whose {counted(census.outside, 'event')} are ({counted(census.strangers, 'customer id')})"
    if unread := census.unreadable:
        yield f"{counted(unread, 'event')} of {census.read:,}, which cannot be read"
    if assessment.uncounted:
        named = ", ".join(sorted(assessment.uncounted)[:3]) + (" and others" if len(assessment.uncounted) > 3 else "")
        yield f"the usage of {named}"


def _share(coverage: Decimal) -> str:
    """Down: what is not all never looks like it."""
    return f"{number((coverage * 100).quantize(Decimal('0.1'), ROUND_FLOOR))} %"


def _change(found: Impact, units: Units, unit: str) -> str:
    """`+$100.00 a month (+50.0 %)`, and where fees change that are not billed each month what that is a year."""
    sides, due = found.yearly[unit], found.due.get(unit)
    said = change_text(relative) if (relative := ratio(*sides)) is not None else ""
    if due is not None:
        year = f"{signed(sides.change, units[unit])} a year, next billed {instant_words(due)}"
        said = "; ".join(filter(None, (year, said)))
    return f"{signed(monthly(sides.change), units[unit])} a month{f' ({said})' if said else ''}"


def _apart(found: Impact, units: Units) -> str:
    """What the change is made of, where it is not prices alone: `: -$25.32 by changed prices, +$1,396.11 for what was
    not charged before`."""
    ((unit, whole),) = ((unit, sides.change) for unit, sides in found.yearly.items() if sides.change)
    apart = {cause: found.causes.get((cause, unit), Sides()).change for cause in (Cause.NEW, Cause.ENDED)}
    if not any(apart.values()):
        return ""
    words = {Cause.NEW: "for what was not charged before", Cause.ENDED: "for what is no longer charged"}
    parts = [(EXACT.subtract(whole, summed(apart.values())), "by changed prices")]
    parts += [(change, words[cause]) for cause, change in apart.items()]
    said = [f"{signed(monthly(amount), units[unit])} {word}" for amount, word in parts if amount]
    return f": {', '.join(said)}"


def customer_bill(scales: Mapping[str, Scale], row: CustomerRow, window: Window) -> dict[str, Any]:
    """What one customer pays, by the names of `view.impact.CUSTOMER_BILL`, in their order."""
    scale, yearly = Units(scales)[row.unit].scale, row.yearly

    def sums(sides: Sides) -> list[Decimal]:
        return [_short(value.scaleb(-scale, EXACT)) for value in (*sides, sides.change)]

    head = (row.customer, row.unit, row.contracts, instant_words(window.starting_at))
    amounts = (*sums(yearly.over(YEAR)), yearly.relative, *sums(yearly), *sums(row.billed))
    due = instant_words(row.due) if row.due is not None else None
    return dict(zip(CUSTOMER_BILL, (*head, *amounts, due), strict=True))


def _short(value: Decimal) -> Decimal:
    """As many places as are kept, and no zero behind them."""
    return Decimal(plain(EXACT.quantize(value, Decimal(1).scaleb(-PLACES))))
