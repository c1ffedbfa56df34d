"""How an impact becomes what a reviewer sees: one sentence, a few tables, and what the numbers do not cover.

Amounts are shown to the least unit that is paid (the cent), half up; what is summed is exact. Text is as it came:
whoever draws it escapes it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.instant import instant_words
from pricebook.catalog.money import ratio
from pricebook.catalog.unit import Unit
from pricebook.preview.impact import ROUNDING, BillMove, Cause, Impact, Sides
from pricebook.preview.price import EXACT
from pricebook.usage.assessment import Assessment
from pricebook.view.billing import events_view, lost_words
from pricebook.view.impact import (
    CauseSums,
    ContractSums,
    Customers,
    EarlierBalances,
    ImpactTable,
    ImpactView,
    LineSums,
    PackageSums,
    ProductSums,
    Sums,
    YearlySums,
)
from pricebook.view.impact_verdict import YEAR, monthly, signed, verdict
from pricebook.view.noise import noise_caveats, noise_of, noise_table
from pricebook.view.price import Units, change_text, percentage, rounded
from pricebook.view.words import counted

NOTABLE = Decimal("0.2")
"""Customers who pay more than this fraction more are counted in the first sentence, unless a limit is set."""
_ROWS = 10
_FULL = (Decimal("0.05"), Decimal("0.2"), Decimal("0.5"))
_HALF, _MOST = Decimal("0.5"), Decimal("0.95")


def limits_of(notable: Decimal | None) -> tuple[Decimal, ...]:
    """The increases above which customers have to be counted for a view."""
    return tuple(sorted({*_FULL, NOTABLE if notable is None else notable}))


def impact_view(scales: Mapping[str, Scale], assessment: Assessment, notable: Decimal | None = None) -> ImpactView:
    """The view of an impact that was counted for `limits_of(notable)`. `notable` is the project's limit for one
    customer's increase, None where there is none."""
    found, units = assessment.impact, Units(scales)
    limit = NOTABLE if notable is None else notable
    tables = [
        _totals(found, units),
        _billed(found, units),
        _causes(found, units),
        _spread(found, units),
        _moves(found, units),
        *_lines(found, units, assessment.names),
        _products(found, units, assessment.names),
        _packages(found, units),
        noise_table(assessment),
    ]

    # Exact and in the unit's own scale: a program may add them up.
    def sums(of: Sides, unit: str, parts: int = YEAR) -> dict[str, Any]:
        scale = units[unit].scale
        exact = (value.scaleb(-scale, EXACT) for value in (*of.over(parts), of.over(parts).change))
        before, after, change = exact
        return {"unit": unit, "before": before, "after": after, "change": change, "relative_change": of.relative}

    def whole(by_unit: Mapping[str, Sides], parts: int = YEAR) -> tuple[Sums, ...]:
        return tuple(Sums(**sums(each, unit, parts)) for unit, each in sorted(by_unit.items()))

    return ImpactView(
        verdict=verdict(assessment, units, limit),
        starting_at=instant_words(found.window.starting_at),
        ending_before=instant_words(found.window.ending_before),
        months=found.months,
        usage_starting_at=instant_words(assessment.used.starting_at),
        assume_migrated=assessment.assume_migrated,
        moved_to=str(assessment.moved_to) if assessment.moved_to else None,
        contracts=found.contracts,
        skipped=dict(sorted(found.skipped.items())),
        customers=Customers(found.people, found.up, found.down, found.same, found.above[limit]),
        limit=limit,
        totals=whole(found.yearly),
        yearly=tuple(
            YearlySums(
                next_billed=instant_words(found.due[unit]) if unit in found.due else None, **sums(each, unit, parts=1)
            )
            for unit, each in sorted(found.yearly.items())
        ),
        billed=whole(found.billed, parts=1),
        products=tuple(
            ProductSums(product=name, **sums(each, unit)) for (name, unit), each in sorted(found.products.items())
        ),
        causes=tuple(
            CauseSums(cause=cause, **sums(each, unit)) for (cause, unit), each in sorted(found.causes.items())
        ),
        packages=tuple(
            PackageSums(on=name, contracts=count, **sums(each, unit))
            for (name, unit), (count, each) in sorted(found.packages.items())
        ),
        earlier_balances=EarlierBalances(
            found.earlier.customers, whole(found.earlier.paid), whole(found.earlier.totals)
        ),
        largest=tuple(
            ContractSums(
                contract=move.contract.id,
                customer=move.contract.customer,
                on=_on(move),
                lines=tuple(LineSums(line=name, **sums(each, move.unit)) for name, each in move.lines),
                **sums(move.sides, move.unit),
            )
            for move in found.largest
        ),
        events=events_view(assessment.census),
        complete=assessment.complete,
        unknown=dict(sorted(found.unknown.items())),
        uncounted=dict(sorted(assessment.uncounted.items())),
        notes=dict(sorted(found.notes.items())),
        notifications=noise_of(assessment),
        sentences=tuple(_sentences(assessment)),
        tables=tuple(table for table in tables if table.rows),
        caveats=(*_earlier(found, units), *_caveats(assessment), *noise_caveats(assessment)),
    )


def _sentences(assessment: Assessment) -> Iterator[str]:
    found, used = assessment.impact, assessment.used
    since, until, then = map(instant_words, (*used, found.window.starting_at))
    yield (
        f"The usage from {since} to {until}, billed for {counted(found.contracts, 'contract')} as if it came "
        f"from {then} on, when every change holds; fees that are not billed each month count with their share of one."
    )
    if assessment.moved_to:
        yield f"Before, contracts stay as they are; after, they are on {assessment.moved_to} from their move on."
    elif assessment.assume_migrated:
        yield "Under what is desired every contract is taken to be on the newest version of its package."
    else:
        yield "Contracts stay on the package versions that they are on."


def _totals(found: Impact, units: Units) -> ImpactTable:
    rows = []
    for unit, sides in sorted(found.yearly.items()):
        rows.append((_named("all customers, a month", unit, found), *_amounts(sides.over(YEAR), units[unit])))
        if unit in found.due:
            rows.append((_named("all customers, a year", unit, found), *_amounts(sides, units[unit])))
    return ImpactTable("In all", ("", "before", "after", "change", ""), tuple(rows))


def _billed(found: Impact, units: Units) -> ImpactTable:
    """What the invoices say, where that is not what all comes to a month: a fee of a year is on one of twelve."""
    start, end = map(instant_words, found.window)
    shown = {
        unit: sides
        for unit, sides in found.billed.items()
        if sides.times(Decimal(YEAR)).over(found.months) != found.yearly[unit]
    }
    rows = tuple((_named("all customers", unit, found), *_amounts(sides, units[unit])) for unit, sides in shown.items())
    title = f"On the invoices after {start} and up to {end}"
    return ImpactTable(title, ("", "before", "after", "change", ""), rows)


_CAUSES = {
    Cause.PRICE: "charged before and after: what prices do",
    Cause.NEW: "not charged before: it had no price",
    Cause.ENDED: "no longer charged: its price ends",
    Cause.CREDITS: "paid by credits",
    Cause.COMMITS: "paid by commits",
    Cause.ROUNDING: "rounding to the cent",
}


def _causes(found: Impact, units: Units) -> ImpactTable:
    """What the change is made of; it adds up to the totals."""
    rows = tuple(
        (_named(words, unit, found), *_amounts(sides.over(YEAR), units[unit], ratios=cause is Cause.PRICE))
        for cause, words in _CAUSES.items()
        for unit in sorted(found.yearly)
        if (sides := found.causes.get((cause, unit))) is not None and any(sides)
    )
    return ImpactTable("What the change is made of, a month", ("", "before", "after", "change", ""), rows)


def _named(words: str, unit: str, found: Impact) -> str:
    """With the unit where there are several."""
    return words if len(found.yearly) == 1 else f"{words} ({unit})"


def _spread(found: Impact, units: Units) -> ImpactTable:
    changes = found.relative
    if not any(changes):
        return ImpactTable("Customers", (), ())
    counts = (("pay more", found.up), ("pay less", found.down), ("pay the same", found.same))
    rows = [(words, f"{count:,}") for words, count in counts]
    rows += [(f"pay more than {percentage(limit)} more", f"{found.above[limit]:,}") for limit in _FULL]
    for name, place in (("median change", _HALF), ("95 of 100 see at most", _MOST)):
        rows.append((name, change_text(_at(place, changes))))
    if len(found.yearly) == 1:
        ((unit, paid),) = found.paid.items()
        most = monthly(_at(_MOST, paid))
        rows.append(("95 of 100 pay at most, a month", f"{signed(most, units[unit])} more"))
    return ImpactTable("Customers", ("", ""), tuple(rows))


def _at(place: Decimal, counts: Counter[Decimal]) -> Decimal:
    """The percentile by the nearest rank: the least value that at least that part of all does not exceed."""
    rank, so_far, last = place * counts.total(), 0, Decimal(0)
    for last in sorted(counts):
        so_far += counts[last]
        if so_far >= rank:
            break
    return last


def _moves(found: Impact, units: Units) -> ImpactTable:
    rows = tuple(
        (move.contract.customer, _on(move), *_amounts(move.sides.over(YEAR), units[move.unit]))
        for move in found.largest
    )
    heads = ("customer", "on", "before", "after", "change", "")
    return ImpactTable(f"The {counted(len(rows), 'largest move')}, a month", heads, rows, texts=2)


def _lines(found: Impact, units: Units, names: Mapping[str, str]) -> Iterator[ImpactTable]:
    """What the largest moves consist of."""
    for move in found.largest:
        told = [one for one in move.lines if one[0] != ROUNDING]
        rows = tuple(
            (names.get(name, name), *_amounts(sides.over(YEAR), units[move.unit])) for name, sides in told[:_ROWS]
        )
        left = len(told) - len(rows)
        title = f"{move.contract.customer}, a month"
        yield ImpactTable(title, ("", "before", "after", "change", ""), rows, more=_more(left, "line"), detail=True)


def _products(found: Impact, units: Units, names: Mapping[str, str]) -> ImpactTable:
    moved = [(key, sides) for key, sides in found.products.items() if sides.change]
    moved.sort(key=lambda entry: (-abs(entry[1].change), entry[0]))
    rows = tuple(
        (names.get(name, name), *_amounts(sides.over(YEAR), units[unit], ratios=name != ROUNDING))
        for (name, unit), sides in moved[:_ROWS]
    )
    more = _more(len(moved) - len(rows), "product")
    return ImpactTable("By product, a month", ("", "before", "after", "change", ""), rows, more=more)


def _packages(found: Impact, units: Units) -> ImpactTable:
    listed = sorted(found.packages.items(), key=lambda entry: (-abs(entry[1][1].change), entry[0]))
    rows = tuple(
        (name, f"{count:,}", *_amounts(sides.over(YEAR), units[unit]))
        for (name, unit), (count, sides) in listed[: 2 * _ROWS]
    )
    heads = ("", "contracts", "before", "after", "change", "")
    return ImpactTable("By package version, a month", heads, rows, more=_more(len(listed) - len(rows), "version"))


def _caveats(assessment: Assessment) -> Iterator[str]:
    """What the numbers do not cover, in the order of what it may cost."""
    found, census = assessment.impact, assessment.census
    if assessment.unlisted:
        yield f"not listed, and not billed: {assessment.unlisted}"
    for words, count in sorted(found.unknown.items()):
        yield f"not known, and not billed: {words} of {counted(count, 'contract')}"
    for reason, count in sorted(found.skipped.items()):
        yield f"{counted(count, 'contract')} {'is' if count == 1 else 'are'} not billed: {reason}"
    yield from lost_words(census, assessment.uncounted)
    listed = sorted(found.notes.items(), key=lambda entry: (-entry[1], entry[0]))
    for note, count in listed[:_ROWS]:
        yield f"{note} ({counted(count, 'contract')})"
    if len(listed) > _ROWS:
        yield f"and {counted(len(listed) - _ROWS, 'more note')} on what is not billed"


def _earlier(found: Impact, units: Units) -> Iterator[str]:
    """What it can matter that nobody knows what is left of balances that were granted before."""
    earlier = found.earlier
    if not earlier.customers:
        return
    yield (
        f"{earlier.customers:,} of {counted(found.people, 'customer')} draw from balances that were granted "
        "before; what is left of those only the vendor knows"
    )
    for unit, sides in sorted(earlier.paid.items()):
        before, after = (rounded(side, units[unit]) for side in sides.over(YEAR))
        empty = earlier.totals[unit]
        relative = f" ({change_text(change)})" if (change := ratio(*empty)) is not None else ""
        yield (
            f"as if nothing were used of them yet, they pay {before} a month before and {after} after; if nothing is "
            f"left of them, the bills of all customers change by {signed(monthly(empty.change), units[unit])} a month"
            f"{relative}"
        )


def _on(move: BillMove) -> str:
    return str(move.contract.package or move.contract.card or "")


def _amounts(sides: Sides, unit: Unit, *, ratios: bool = True) -> tuple[str, str, str, str]:
    least = Decimal(1).scaleb(unit.scale - unit.places)  # of less, a percentage says nothing
    relative = ratio(*sides) if ratios and sides.change and abs(sides.before) >= least else None
    return (
        rounded(sides.before, unit),
        rounded(sides.after, unit),
        signed(sides.change, unit),
        change_text(relative) if relative is not None else "",
    )


def _more(count: int, noun: str) -> str:
    return f"and {counted(count, f'more {noun}')}" if count > 0 else ""
