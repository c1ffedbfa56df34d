"""The rows of a comment's table: what, from, to, by how much, from when, who is reached."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.view.field import FieldRow, OfferView, offer_matrix
from pricebook.view.object import ObjectView, reach_words
from pricebook.view.price import WITHHELD, change_words
from pricebook.view.rate_row import OTHER_UNIT, RateRow, was_to
from pricebook.view.rate_shape import RateShape
from pricebook.view.words import counted

HEAD = (
    "| what | from | to | change | from when | who is reached |",
    "|:-----|-----:|----:|-------:|:----------|:---------------|",
)
FEW = 20
"""A card's rows are all in the table when there are at most so many."""
KEY = 120
"""Characters of a name."""
_MOVES = 5
"""Rises, and falls, that are listed beside those that are tenfold."""
PRICE, _TERM = 200, 500
_FIELDS = 8
"""Changed terms of one package that have a row; the details have all of them."""
_BESIDE = 4
"""Packages that stand side by side in one table."""
NONE = "–"


def card_rows(item: ObjectView, shape: RateShape) -> Iterator[str]:
    """The rows of one card: all when they are there and few, else what stands out and a sample of the rest."""
    if all_listed(shape):
        yield from (price_row(row, item.live) for row in shape.rows)
        return
    listed: set[tuple[str, str]] = set()
    n = shape.tenfold_total
    worst = f", the worst {len(shape.tenfold)}" if n > len(shape.tenfold) else ""
    tenfold = [suspect.row for suspect in shape.tenfold]
    groups: tuple[tuple[str, Sequence[RateRow]], ...] = (
        (f"{n:,} tenfold or more{worst}", tenfold),
        ("largest rises", shape.largest_rises),
        ("largest falls", shape.largest_falls),
        (f"{shape.counts.ended:,} {'ends' if shape.counts.ended == 1 else 'end'}, for example", shape.ended),
        (f"{shape.counts.new:,} {'is' if shape.counts.new == 1 else 'are'} new, for example", shape.started),
    )
    for title, rows in groups:
        fresh = [row for row in rows if (row.key, row.starting_at) not in listed]
        fresh = fresh if rows is tenfold else fresh[:_MOVES]
        listed |= {(row.key, row.starting_at) for row in fresh}
        if fresh:
            yield f"| **{title}** | | | | | |"
            yield from (price_row(row, item.live) for row in fresh)


def all_listed(shape: RateShape) -> bool:
    """Whether every row of a card is in the table."""
    return shape.rows_total <= min(len(shape.rows), FEW)


def price_row(row: RateRow, live: int | None) -> str:
    """One price, by the name that people know, with what it is for."""
    was = escape_markdown(row.observed, PRICE) if row.observed else NONE
    now = escape_markdown(row.desired, PRICE)
    if row.tiers:
        was, now = "in tiers", "in tiers: see below"
    if row.planned:
        now += f" ({escape_markdown(was_to(row.planned), PRICE)})"
    until = f" until {row.ending_before}" if row.ending_before else ""
    who = row_reach(row, live)
    return cells_row(priced(row), was, now, change_words(row.change), f"{row.starting_at}{until}", who)


def priced(row: RateRow) -> str:
    """`**Team seat**, per seat a month`."""
    name = f"**{escape_markdown(row.name, KEY)}**"
    return f"{name}, {escape_markdown(row.per, KEY)}" if row.per else name


def tier_table(row: RateRow) -> Iterator[str]:
    """Both sides of a price in tiers, whole, what differs in bold; then where it is cheaper and where dearer."""
    yield f"| {priced(row)} | until then | after |"
    yield "|:--|--:|--:|"
    for tier in row.tiers:
        now = escape_markdown(tier.desired, PRICE)
        shown = f"**{now}**" if tier.observed != tier.desired else now
        yield f"| {tier.quantity} | {escape_markdown(tier.observed, PRICE)} | {shown} |"
    yield ""
    yield from (f"- {change_words(escape_markdown(words.replace(' -> ', ' → '), PRICE))}" for words in row.curve)
    yield ""


def object_rows(item: ObjectView) -> Iterator[str]:
    """The rows of an object that is no list of rates; none when no money moves."""
    ref, since = code_markdown(item.ref, KEY), item.since or "when applied"
    match item.action:
        case "version" | "create" if item.offer is not None and item.offer.before is not None:
            whom = _version_reach(item) if item.action == "version" else "contracts made from then on"
            name = f"**{escape_markdown(item.offer.name, KEY)}**"
            for line in item.offer.changed[:_FIELDS]:
                sides = [escape_markdown(text, _TERM) or NONE for text in (line.before, line.after)]
                how = "added" if not line.before else "removed" if not line.after else "changes"
                yield cells_row(f"{name}: {escape_markdown(line.name, KEY)}", *sides, how, since, whom)
            if not item.offer.changed:
                yield cells_row(name, NONE, "new version, same terms", "", since, whom)
        case "version":
            whom = _version_reach(item)
            told = list(_terms(item.fields))
            for field, amounts in told[:_FIELDS]:
                yield cells_row(f"{ref} {code_markdown(field.path, KEY)}", *_sides(field, amounts), since, whom)
            if len(told) > _FIELDS:
                more = f"{ref} {counted(len(told) - _FIELDS, 'more term')}"
                yield cells_row(more, NONE, "see details", "", since, whom)
            if not told:
                yield cells_row(ref, NONE, "new version, same terms", "", since, whom)
        case "create" if item.kind == "package":
            ref = f"**{escape_markdown(item.offer.name, KEY)}**" if item.offer is not None else ref
            yield cells_row(ref, NONE, "new package", "new", since, "contracts made from then on")
        case "repoint" if item.since:
            notes = "; ".join(escape_markdown(note, KEY) for note in item.notes[:3])
            yield cells_row(ref, NONE, notes, "", since, "new contracts")
        case "revise" if item.per_change:
            name, *sides = (escape_markdown(text, KEY) for text in item.per_change)
            yield cells_row(
                f"**{name}**: every price that stays", *sides, OTHER_UNIT, "when applied", "whoever buys it"
            )
        case "archive":
            yield cells_row(ref, "live", "archived for good", "", "when applied", "nobody can be sold it any more")


def offer_tables(offers: Sequence[OfferView]) -> Iterator[list[str]]:
    """New packages side by side, a few in each table: fees, grants, discounts and length, a row for each part."""
    for index in range(0, len(offers), _BESIDE):
        head, *rows = offer_matrix(offers[index : index + _BESIDE])
        yield [
            cells_row(*(f"**{escape_markdown(cell, KEY)}**" if cell else "" for cell in head)),
            cells_row(*[":--"] * len(head)),
            *(cells_row(*(escape_markdown(cell, _TERM) or NONE for cell in row)) for row in rows),
            "",
        ]


def row_reach(row: RateRow, live: int | None) -> str:
    """Whom a price reaches, of the live contracts on its card."""
    if not row.observed:
        packaged, unsold = WITHHELD
        if row.desired.endswith(packaged):
            return "contracts on a package that sells it"
        return "nobody until a package enables it" if row.desired.endswith(unsold) else "whoever uses it from then on"
    if live == 0:  # said once, of the card
        return "nobody"
    words = reach_words(row.contracts, live)
    return words if row.contracts != 0 else f"nobody: {words}"


def _version_reach(item: ObjectView) -> str:
    if item.contracts is None:
        return "contracts made from then on"
    if not item.contracts:
        return "contracts made from then on; none was made before"
    stay = "stays as it is" if item.contracts == 1 else "stay as they are"
    return f"contracts made from then on; {counted(item.contracts, 'contract')} made before {stay}"


def _terms(fields: Sequence[FieldRow]) -> Iterator[tuple[FieldRow, str]]:
    """The changed terms that move money; of one that comes or goes as a whole also the amounts in it."""
    for index, field in enumerate(fields):
        if not field.cosmetic and not field.depth:
            inside = takewhile(lambda row: row.depth, fields[index + 1 :])
            yield field, ", ".join(row.desired or row.observed for row in inside if row.unit is not None)


def _sides(field: FieldRow, amounts: str) -> tuple[str, str, str]:
    if field.sign == "+":
        return NONE, escape_markdown(field.desired or amounts, PRICE) or "there", "added"
    if field.sign == "-":
        return escape_markdown(field.observed or amounts, PRICE) or "there", NONE, "removed"
    return escape_markdown(field.observed, PRICE), escape_markdown(field.desired, PRICE), change_words(field.change)


def cells_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
