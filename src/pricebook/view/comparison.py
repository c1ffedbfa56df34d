"""`ComparisonView`: our list against another one as a reader sees it, the one value that every format is drawn from.

Text is as it came: whoever draws it escapes it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from pricebook.catalog.instant import instant_text
from pricebook.catalog.move import Move
from pricebook.catalog.unit import Unit
from pricebook.problem import Problem
from pricebook.view.drift import FEW, Unverified
from pricebook.view.plain import hidden
from pricebook.view.price import Units, major, percentage, rounded
from pricebook.view.rate_row import RateRow, move_row
from pricebook.view.rows import RowChoice
from pricebook.view.words import counted
from pricebook.workflow.compare import ListComparison, ListDifference
from pricebook.workflow.margin import Margins, ProductMargin, UsageMargin

NO_PRICE = "no price"
TITLES = {
    "below": "Below what it costs",
    "dearer": "Dearer than theirs",
    "cheaper": "Cheaper than theirs",
    "mixed": "Dearer for some quantities, cheaper for others",
    "other": "Of another kind, so nobody can say which is more",
    "missing": "They price it, we do not",
    "extra": "We price it, they do not",
    "changed": "Theirs is another one than last time",
    "pinned": "Meant, and pinned",
}


class ComparedRow(NamedTuple):
    """One price: ours and theirs in words, and what there is to say of the two. Of what changed, `ours` is theirs of
    today and `theirs` that of last time. Amounts are in the unit's major unit, None where there is not one number;
    `relative` is 0.2 where ours is a fifth more."""

    name: str
    ours: str
    theirs: str
    words: str
    money: bool
    section: str
    product: str
    billing_frequency: str | None
    pricing_group_values: dict[str, str]
    our_price: Decimal | None
    their_price: Decimal | None
    unit: str
    relative: Decimal | None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name

    @staticmethod
    def drawn() -> tuple[str, ...]:
        """The fields that documents do not have."""
        return ("money",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedItem:
    """What is told of one sort: a key of TITLES, with `listed` of its `total` prices."""

    section: str
    total: int
    rows: tuple[ComparedRow, ...]
    ref: str = hidden()
    sentence: str = hidden()
    place: str = hidden()
    listed: int = hidden()


class MarginRow(NamedTuple):
    """The prices of a product that both lists have, how many are below cost, and the least and the greatest share of a
    price that is left. Of the usage, in the unit's major unit: what is charged and what it costs where both are known,
    which share of it is left, and what is charged or costs where the other is not; None where no usage was given."""

    product: str
    name: str
    prices: int
    below: int
    least: Decimal | None
    greatest: Decimal | None
    charged: Decimal | None
    cost: Decimal | None
    margin: Decimal | None
    uncosted: Decimal | None
    unpriced: Decimal | None
    words: tuple[str, ...]

    @staticmethod
    def drawn() -> tuple[str, ...]:
        """The fields that documents do not have."""
        return ("words",)


class ListedPrice(NamedTuple):
    """A price of theirs, with its terms as in a rate card; amounts are in the pricing unit's API unit."""

    product: str
    billing_frequency: str | None
    pricing_group_values: dict[str, str]
    terms: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """Our list against another one. `differs` decides the exit code; `counts` are prices by section, `same` those that
    do not differ, `beside` ours of products that they do not price. `listed` is their list, for `--since` next time;
    `margins` stand in it when the list is a cost, the last one of all products when there is usage."""

    answer: ClassVar[str] = "comparison"
    namespace: str
    rate_card: str
    list_name: str
    as_of: datetime
    differs: bool
    verdict: str
    counts: Mapping[str, int]
    same: int
    beside: int
    items: tuple[ComparedItem, ...]
    margins: tuple[MarginRow, ...]
    unverified: tuple[Unverified, ...]
    findings: tuple[Problem, ...]
    listed: tuple[ListedPrice, ...]

    @property
    def target(self) -> str:
        """What it is about."""
        return f"{self.rate_card} against {self.list_name}"

    @property
    def titles(self) -> Mapping[str, str]:
        """Of the sections."""
        return TITLES

    def sides(self, section: str) -> tuple[str, str]:
        """What the two are called that are compared in a section."""
        return ("now", "before") if section == "changed" else ("ours", "theirs")


def comparison_view(
    namespace: str, found: ListComparison, margins: Margins | None, units: Units, fiat: str, choice: RowChoice
) -> ComparisonView:
    """The view of a comparison; `fiat` is the unit of our card."""
    counts = dict.fromkeys(TITLES, 0)
    told: dict[str, list[ListDifference]] = {section: [] for section in TITLES}
    for one in found.differences:
        counts[_title(one)] += 1
    for one in found.shown:
        told[_title(one)].append(one)
    instant = instant_text(found.at)
    items = [_item(section, each, str(found.ref), choice, units, instant) for section, each in told.items() if each]
    rows = tuple(_margins(margins, units, fiat)) if margins is not None else ()
    return ComparisonView(
        namespace=namespace,
        rate_card=found.ref.name,
        list_name=found.name,
        as_of=found.at,
        differs=found.open,
        verdict=_verdict(found, counts, margins, units[fiat]),
        counts=counts,
        same=found.same,
        beside=found.beside,
        items=tuple(items),
        margins=rows,
        unverified=tuple(_unverified(margins)) if margins is not None else (),
        findings=found.findings,
        listed=tuple(
            ListedPrice(key.product, key.billing_frequency, dict(key.pricing_group_values), terms.fields)
            for key, terms in found.theirs.items()
        ),
    )


def _title(one: ListDifference) -> str:
    return "pinned" if one.pinned else one.section


def _item(
    section: str, found: list[ListDifference], ref: str, choice: RowChoice, units: Units, instant: str
) -> ComparedItem:
    chosen = [one for one in found if choice.fits(str(one.key))][: choice.most(FEW)]
    rows = tuple(_row(one, units, instant) for one in chosen)
    return ComparedItem(
        section=section,
        total=len(found),
        rows=rows,
        ref=ref,
        sentence=counted(len(found), "price"),
        place="",
        listed=len(rows),
    )


def _row(one: ListDifference, units: Units, instant: str) -> ComparedRow:
    """Theirs stands where a plan has what was observed, and ours where it has what is desired."""
    row, unit = _drawn(one, units, instant), one.ours or one.theirs
    assert unit is not None, "one of the two is there"
    there = f"{row.observed} {row.per}".rstrip() if row.observed else NO_PRICE
    here = f"{row.desired} {row.per}".rstrip()
    if one.ours is None:
        there, here = here, NO_PRICE
    scale = units[unit.unit]
    prices = [terms.price if terms is not None else None for terms in (one.ours, one.theirs)]
    ours, theirs = (major(each, scale) if each is not None else None for each in prices)
    both = one.ours is not None and one.theirs is not None
    words = ", ".join(filter(None, (row.change if both else "", *row.curve, one.pinned)))
    about = (row.name, here, there, words, True, one.section, *one.key[:2], dict(one.key.pricing_group_values))
    return ComparedRow(*about, ours, theirs, unit.unit, row.relative_change if both else None)


def _drawn(one: ListDifference, units: Units, instant: str) -> RateRow:
    desired = one.ours or one.theirs
    assert desired is not None, "one of the two is there"
    observed = one.theirs if one.ours is not None else None
    return move_row(one.key, Move.of(instant, None, observed, observed, desired), units)


def _margins(margins: Margins, units: Units, fiat: str) -> Iterator[MarginRow]:
    unit, every = units[fiat], ProductMargin(usage=margins.usage)
    for product, found in sorted(margins.products.items()):
        every.prices, every.below = every.prices + found.prices, every.below + found.below
        yield _margin(product, units.called(product).name, found, unit, used=margins.usage is not None)
    if margins.usage is not None:
        yield _margin("", "all usage", every, unit, used=True)


def _margin(product: str, name: str, found: ProductMargin, unit: Unit, *, used: bool) -> MarginRow:
    below, usage = f"{found.below:,}" if found.below else "", found.usage
    shares = dict.fromkeys(share_words(share) for share in (found.least, found.greatest) if share is not None)
    return MarginRow(
        product=product,
        name=name,
        prices=found.prices,
        below=found.below,
        least=found.least,
        greatest=found.greatest,
        charged=major(usage.charged, unit) if usage else None,
        cost=major(usage.cost, unit) if usage else None,
        margin=usage.share if usage else None,
        uncosted=major(usage.uncosted, unit) if usage else None,
        unpriced=major(usage.unpriced, unit) if usage else None,
        words=(*_usage_words(usage, unit), below) if used else (f"{found.prices:,}", below, " to ".join(shares)),
    )


def _usage_words(usage: UsageMargin | None, unit: Unit) -> tuple[str, ...]:
    """What is charged, what it costs, what is left, and what is charged or costs where the other is not known."""
    if usage is None:
        return ("",) * 5
    share = share_words(usage.share) if usage.share is not None else ""
    unknown = (rounded(amount, unit) if amount else "" for amount in (usage.uncosted, usage.unpriced))
    return rounded(usage.charged, unit), rounded(usage.cost, unit), share, *unknown


def share_words(share: Decimal) -> str:
    """A share to a tenth of a percent."""
    return percentage(share.quantize(Decimal("0.001")))


def _unverified(margins: Margins) -> Iterator[Unverified]:
    for product, why in sorted(margins.uncounted.items()):
        yield Unverified(product, f"its usage cannot be counted: {why}")
    census = margins.census
    if census is not None and (lost := census.unreadable):
        yield Unverified("usage", f"{counted(lost, 'event')} could not be read")
    if census is not None and census.unmatched:
        yield Unverified("usage", f"{counted(census.unmatched, 'event')} no metric of these products counts")


def _verdict(found: ListComparison, counts: Mapping[str, int], margins: Margins | None, unit: Unit) -> str:
    """What it comes to, for somebody who reads one line."""
    both = len(found.ours.keys() & found.theirs.keys())
    sentences = []
    if found.spec.cost:
        least = found.spec.least_margin
        words = f"leave less than {percentage(least)} above" if least else "are below"
        below = f"{counts['below']:,} of {counted(both, 'price')} {words} what they cost"
        sentences.append(f"{below}." if counts["below"] else f"No price of {both:,} is below what it costs.")
    else:
        parts = [f"{name} in {counts[name]:,}" for name in ("dearer", "cheaper", "mixed") if counts[name]]
        ours = f"is {', '.join(parts)}" if parts else "is the same in all"
        sentences.append(f"Of {counted(both, 'price')} in both lists ours {ours}." if both else "No price is in both.")
    for name, one, many in (
        ("other", "price is of another kind", "prices are of another kind"),
        ("missing", "price of theirs is none of ours", "prices of theirs are none of ours"),
        ("extra", "price of ours is none of theirs", "prices of ours are none of theirs"),
        ("changed", "price of theirs changed since last time", "prices of theirs changed since last time"),
        ("pinned", "difference is pinned", "differences are pinned"),
    ):
        if counts[name]:
            sentences.append(f"{counted(counts[name], one, many)}.")
    if found.beside:
        many = counted(found.beside, "price of ours is", "prices of ours are")
        sentences.append(f"{many} of products that they do not price at all.")
    if margins is not None and (usage := margins.usage) is not None:
        left = f"{share_words(usage.share)} is left" if usage.share is not None else "nothing is charged"
        paid = f"{rounded(usage.charged, unit)} charged at list prices, {rounded(usage.cost, unit)} of cost"
        sentences.append(f"Over the usage {left}: {paid}.")
        if usage.unpriced:
            sentences.append(f"Nobody pays for {rounded(usage.unpriced, unit)} of cost: we have no price for it.")
        if usage.uncosted:
            sentences.append(f"What {rounded(usage.uncosted, unit)} of it costs is not known.")
    return " ".join(sentences)


def margin_heads(rows: Iterable[MarginRow]) -> tuple[str, ...]:
    """What the words of margins are."""
    if any(row.charged is not None for row in rows):
        return ("charged", "cost", "is left", "cost unknown", "cost unpriced", "prices below")
    return ("prices", "below", "is left of a price")
