"""How an impact becomes what a reviewer sees: one sentence, a few tables, and what the numbers do not cover.

Amounts are shown to the least unit that is paid (the cent), half up; what is summed is exact. Text is as it came:
whoever draws it escapes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Scale
from pricebook.catalog.money import ratio
from pricebook.preview.impact import ROUNDING, BillMove, Cause, Impact, Sides
from pricebook.preview.price import EXACT, summed
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
)
from pricebook.view.price import Unit, Units, change_text, percentage, rounded
from pricebook.view.words import counted

NOTABLE = Decimal("0.2")
"""Customers who pay more than this fraction more are counted in the first sentence, unless a limit is set."""
_ROWS = 10
_FULL = (Decimal("0.05"), Decimal("0.2"), Decimal("0.5"))
_HALF, _MOST = Decimal("0.5"), Decimal("0.95")


def impact_view(scales: Mapping[str, Scale], assessment: Assessment, notable: Decimal | None = None) -> ImpactView:
    """The view of an impact. `notable` is the project's limit for one customer's increase, None where there is none."""
    found, units = assessment.impact, Units(scales)
    limit = NOTABLE if notable is None else notable
    tables = [
        _totals(found, units),
        _causes(found, units),
        _spread(found, units),
        _moves(found, units),
        *_lines(found, units),
        _products(found, units),
        _packages(found, units),
    ]
    up, down, same = _directions(found)

    def sums(of: Sides, unit: str) -> dict[str, Any]:
        scale = units[unit].scale
        before, after, change = (value.scaleb(-scale, EXACT) for value in (of.before, of.after, of.change))
        return {"unit": unit, "before": before, "after": after, "change": change, "relative_change": of.relative}

    def whole(by_unit: Mapping[str, Sides]) -> tuple[Sums, ...]:
        return tuple(Sums(**sums(each, unit)) for unit, each in sorted(by_unit.items()))

    return ImpactView(
        verdict=_headline(found, units, limit),
        starting_at=instant_words(found.window.starting_at),
        ending_before=instant_words(found.window.ending_before),
        months=found.months,
        usage_starting_at=instant_words(assessment.used.starting_at),
        assume_migrated=assessment.assume_migrated,
        moved_to=str(assessment.moved_to) if assessment.moved_to else None,
        contracts=found.contracts,
        skipped=dict(sorted(found.skipped.items())),
        customers=Customers(found.people, up, down, same, len(found.above(limit))),
        limit=limit,
        totals=whole(found.totals),
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
            len(found.earlier.customers), whole(found.earlier.paid), whole(found.earlier.totals)
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
        uncounted=dict(sorted(assessment.uncounted.items())),
        notes=dict(sorted(found.notes.items())),
        sentences=tuple(_sentences(assessment)),
        tables=tuple(table for table in tables if table.rows),
        caveats=(*_earlier(found, units), *_caveats(assessment)),
    )


def _headline(found: Impact, units: Units, limit: Decimal) -> str:
    """`+$1,240.00 a month (+0.8 %); 3 of 311 customers pay more than 20 % more.`"""
    if not found.contracts:
        return "No contract is billed: nothing is known of what the plan does to bills."
    moved = {unit: sides for unit, sides in sorted(found.totals.items()) if sides.change}
    parts = [f"{_signed(_monthly(s.change, found), units[unit])} a month{_relative(s)}" for unit, s in moved.items()]
    head = "; ".join(parts) if parts else "No bill changes in total"
    if len(moved) == 1:
        head += _apart(found, units, *moved)
    up, down, _ = _directions(found)
    above = len(found.above(limit))
    who = f"{above:,} of {counted(found.people, 'customer')} pay more than {percentage(limit)} more"
    return f"{head}; {up:,} pay more, {down:,} pay less, {who}."


def _apart(found: Impact, units: Units, unit: str) -> str:
    """What the change is made of, where it is not prices alone: `: -$25.32 by changed prices, +$1,396.11 for what was
    not charged before`."""
    whole = found.totals[unit].change
    apart = {cause: found.causes.get((cause, unit), Sides()).change for cause in (Cause.NEW, Cause.ENDED)}
    if not any(apart.values()):
        return ""
    words = {Cause.NEW: "for what was not charged before", Cause.ENDED: "for what is no longer charged"}
    parts = [(EXACT.subtract(whole, summed(apart.values())), "by changed prices")]
    parts += [(change, words[cause]) for cause, change in apart.items()]
    said = [f"{_signed(_monthly(amount, found), units[unit])} {word}" for amount, word in parts if amount]
    return f": {', '.join(said)}"


def _sentences(assessment: Assessment) -> Iterator[str]:
    found, used = assessment.impact, assessment.used
    since, until, then = map(instant_words, (*used, found.window.starting_at))
    yield (
        f"The usage from {since} to {until}, billed for {counted(found.contracts, 'contract')} as if it came "
        f"from {then} on, when every change holds."
    )
    if assessment.moved_to:
        yield f"Before, contracts stay as they are; after, they are on {assessment.moved_to} from their move on."
    elif assessment.assume_migrated:
        yield "Under what is desired every contract is taken to be on the newest version of its package."
    else:
        yield "Contracts stay on the package versions that they are on."


def _totals(found: Impact, units: Units) -> ImpactTable:
    rows = tuple(
        (_named("all customers", unit, found), *_amounts(_each_month(sides, found), units[unit]))
        for unit, sides in sorted(found.totals.items())
    )
    return ImpactTable("In all, a month", ("", "before", "after", "change", ""), rows)


_CAUSES = {
    Cause.PRICE: "charged before and after: what prices do",
    Cause.NEW: "not charged before: it had no price",
    Cause.ENDED: "no longer charged: its price ends",
    Cause.BALANCE: "paid by credits and commits",
    Cause.ROUNDING: "rounding to the cent",
}


def _causes(found: Impact, units: Units) -> ImpactTable:
    """What the change is made of; it adds up to the totals."""
    rows = tuple(
        (_named(words, unit, found), *_amounts(_each_month(sides, found), units[unit], ratios=cause is Cause.PRICE))
        for cause, words in _CAUSES.items()
        for unit in sorted(found.totals)
        if (sides := found.causes.get((cause, unit))) is not None and any(sides)
    )
    return ImpactTable("What the change is made of, a month", ("", "before", "after", "change", ""), rows)


def _named(words: str, unit: str, found: Impact) -> str:
    """With the unit where there are several."""
    return words if len(found.totals) == 1 else f"{words} ({unit})"


def _each_month(sides: Sides, found: Impact) -> Sides:
    return Sides(*(_monthly(side, found) for side in sides))


def _spread(found: Impact, units: Units) -> ImpactTable:
    changes = sorted(change for sides in found.customers.values() if (change := sides.relative) is not None)
    if not changes or not any(changes):
        return ImpactTable("Customers", (), ())
    up, down, same = _directions(found)
    rows = [("pay more", f"{up:,}"), ("pay less", f"{down:,}"), ("pay the same", f"{same:,}")]
    rows += [(f"pay more than {percentage(limit)} more", f"{len(found.above(limit)):,}") for limit in _FULL]
    for name, place in (("median change", _HALF), ("95 of 100 see at most", _MOST)):
        rows.append((name, change_text(_at(place, changes))))
    if len(found.totals) == 1:
        (unit,) = found.totals
        paid = sorted(_monthly(sides.change, found) for sides in found.customers.values())
        rows.append(("95 of 100 pay at most, a month", f"{_signed(_at(_MOST, paid), units[unit])} more"))
    return ImpactTable("Customers", ("", ""), tuple(rows))


def _at(place: Decimal, ordered: Sequence[Decimal]) -> Decimal:
    """The value below which that part of them lies."""
    return ordered[min(int(place * len(ordered)), len(ordered) - 1)]


def _moves(found: Impact, units: Units) -> ImpactTable:
    rows = tuple((move.contract.customer, _on(move), *_amounts(move.sides, units[move.unit])) for move in found.largest)
    heads = ("customer", "on", "before", "after", "change", "")
    return ImpactTable(f"The {counted(len(rows), 'largest move')}{_over(found)}", heads, rows, texts=2)


def _lines(found: Impact, units: Units) -> Iterator[ImpactTable]:
    """What the largest moves consist of."""
    for move in found.largest:
        told = [one for one in move.lines if one[0] != ROUNDING]
        rows = tuple((name, *_amounts(sides, units[move.unit])) for name, sides in told[:_ROWS])
        left = len(told) - len(rows)
        title = f"{move.contract.customer}{_over(found)}"
        yield ImpactTable(title, ("", "before", "after", "change", ""), rows, more=_more(left, "line"), detail=True)


def _products(found: Impact, units: Units) -> ImpactTable:
    moved = [(key, sides) for key, sides in found.products.items() if sides.change]
    moved.sort(key=lambda entry: (-abs(entry[1].change), entry[0]))
    rows = tuple(
        (name, *_amounts(sides, units[unit], ratios=name != ROUNDING)) for (name, unit), sides in moved[:_ROWS]
    )
    more = _more(len(moved) - len(rows), "product")
    return ImpactTable(f"By product{_over(found)}", ("", "before", "after", "change", ""), rows, more=more)


def _packages(found: Impact, units: Units) -> ImpactTable:
    listed = sorted(found.packages.items(), key=lambda entry: (-abs(entry[1][1].change), entry[0]))
    rows = tuple(
        (name, f"{count:,}", *_amounts(sides, units[unit])) for (name, unit), (count, sides) in listed[: 2 * _ROWS]
    )
    heads = ("", "contracts", "before", "after", "change", "")
    return ImpactTable(f"By package version{_over(found)}", heads, rows, more=_more(len(listed) - len(rows), "version"))


def _caveats(assessment: Assessment) -> Iterator[str]:
    """What the numbers do not cover, in the order of what it may cost."""
    found, census = assessment.impact, assessment.census
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
        f"{len(earlier.customers):,} of {counted(found.people, 'customer')} draw from balances that were granted "
        "before; what is left of those only the vendor knows"
    )
    for unit, sides in sorted(earlier.paid.items()):
        before, after = (rounded(side, units[unit]) for side in _each_month(sides, found))
        empty = earlier.totals[unit]
        change = f"{_signed(_monthly(empty.change, found), units[unit])} a month{_relative(empty)}"
        yield (
            f"as if nothing were used of them yet, they pay {before} a month before and {after} after; "
            f"if nothing is left of them, the bills of all customers change by {change}"
        )


def _on(move: BillMove) -> str:
    return str(move.contract.package or move.contract.card or "")


def _directions(found: Impact) -> tuple[int, int, int]:
    changes = [sides.change for sides in found.customers.values()]
    up, down = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    return up, down, len(changes) - up - down


def _monthly(amount: Decimal, found: Impact) -> Decimal:
    return EXACT.divide(amount, Decimal(found.months))


def _amounts(sides: Sides, unit: Unit, *, ratios: bool = True) -> tuple[str, str, str, str]:
    least = Decimal(1).scaleb(unit.scale - unit.places)  # of less, a percentage says nothing
    relative = ratio(*sides) if ratios and sides.change and abs(sides.before) >= least else None
    return (
        rounded(sides.before, unit),
        rounded(sides.after, unit),
        _signed(sides.change, unit),
        change_text(relative) if relative is not None else "",
    )


def _signed(amount: Decimal, unit: Unit) -> str:
    return ("+" if amount > 0 else "") + rounded(amount, unit)


def _relative(sides: Sides) -> str:
    change = ratio(*sides)
    return f" ({change_text(change)})" if change is not None else ""


def _over(found: Impact) -> str:
    return f", over {found.months} months" if found.months > 1 else ", a month"


def _more(count: int, noun: str) -> str:
    return f"and {counted(count, f'more {noun}')}" if count > 0 else ""
