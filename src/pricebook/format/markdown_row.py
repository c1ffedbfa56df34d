"""The rows of a comment: of its table (what, from, to, by how much, from when, who is reached), and folded ones."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import takewhile

from pricebook.format.escape import code_markdown, escape_html, escape_markdown
from pricebook.format.markdown import Comment
from pricebook.view.field import FieldRow, OfferView, offer_matrix
from pricebook.view.object import ObjectView, reach_words
from pricebook.view.plan import PlanView
from pricebook.view.price import WITHHELD, Units, change_text, change_words
from pricebook.view.rate_row import FREE, RateRow, was_to
from pricebook.view.rate_shape import ProductShape, RateShape, times
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
_PRICE, _TERM = 200, 500
_FIELDS = 8
"""Changed terms of one package that have a row; the details have all of them."""
_COLUMNS = 5
"""Products of a matrix."""
_BESIDE = 4
"""Packages that stand side by side in one table."""
_NONE = "–"


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
    was = escape_markdown(row.observed, _PRICE) if row.observed else _NONE
    now = escape_markdown(row.desired, _PRICE)
    if row.tiers:
        was, now = "in tiers", "in tiers: see below"
    if row.planned:
        now += f" ({escape_markdown(was_to(row.planned), _PRICE)})"
    until = f" until {row.ending_before}" if row.ending_before else ""
    who = row_reach(row, live)
    return _row(priced(row), was, now, change_words(row.change), f"{row.starting_at}{until}", who)


def priced(row: RateRow) -> str:
    """`**Team seat**, per seat a month`."""
    name = f"**{escape_markdown(row.name, KEY)}**"
    return f"{name}, {escape_markdown(row.per, KEY)}" if row.per else name


def tier_table(row: RateRow) -> Iterator[str]:
    """Both sides of a price in tiers, whole, what differs in bold; then where it is cheaper and where dearer."""
    yield f"| {priced(row)} | until then | after |"
    yield "|:--|--:|--:|"
    for tier in row.tiers:
        now = escape_markdown(tier.desired, _PRICE)
        shown = f"**{now}**" if tier.observed != tier.desired else now
        yield f"| {tier.quantity} | {escape_markdown(tier.observed, _PRICE)} | {shown} |"
    yield ""
    yield from (f"- {change_words(escape_markdown(words.replace(' -> ', ' → '), _PRICE))}" for words in row.curve)
    yield ""


def object_rows(item: ObjectView) -> Iterator[str]:
    """The rows of an object that is no list of rates; none when no money moves."""
    ref = code_markdown(item.ref, KEY)
    match item.action:
        case "version" | "create" if item.offer is not None and item.offer.before is not None:
            whom = _version_reach(item) if item.action == "version" else "contracts made from then on"
            since = item.since or "when applied"
            name = f"**{escape_markdown(item.offer.name, KEY)}**"
            for line in item.offer.changed[:_FIELDS]:
                sides = [escape_markdown(text, _TERM) or _NONE for text in (line.before, line.after)]
                how = "added" if not line.before else "removed" if not line.after else "changes"
                yield _row(f"{name}: {escape_markdown(line.name, KEY)}", *sides, how, since, whom)
            if not item.offer.changed:
                yield _row(name, _NONE, "new version, same terms", "", since, whom)
        case "version":
            whom = _version_reach(item)
            since = item.since or "when applied"
            told = list(_terms(item.fields))
            for field, amounts in told[:_FIELDS]:
                yield _row(f"{ref} {code_markdown(field.path, KEY)}", *_sides(field, amounts), since, whom)
            if len(told) > _FIELDS:
                yield _row(f"{ref} {counted(len(told) - _FIELDS, 'more term')}", _NONE, "see details", "", since, whom)
            if not told:
                yield _row(ref, _NONE, "new version, same terms", "", since, whom)
        case "create" if item.kind == "package":
            ref = f"**{escape_markdown(item.offer.name, KEY)}**" if item.offer is not None else ref
            yield _row(ref, _NONE, "new package", "new", item.since or "when applied", "contracts made from then on")
        case "repoint" if item.since:
            yield _row(
                ref,
                _NONE,
                "; ".join(escape_markdown(note, KEY) for note in item.notes[:3]),
                "",
                item.since,
                "new contracts",
            )
        case "archive":
            yield _row(ref, "live", "archived for good", "", "when applied", "nobody can be sold it any more")
        case _:
            return


def offer_tables(offers: Sequence[OfferView]) -> Iterator[list[str]]:
    """New packages side by side, a few in each table: fees, grants, discounts and length, a row for each part."""
    for index in range(0, len(offers), _BESIDE):
        head, *rows = offer_matrix(offers[index : index + _BESIDE])
        yield [
            _row(*(f"**{escape_markdown(cell, KEY)}**" if cell else "" for cell in head)),
            _row(*[":--"] * len(head)),
            *(_row(*(escape_markdown(cell, _TERM) or _NONE for cell in row)) for row in rows),
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
    stay = "stays" if item.contracts == 1 else "stay"
    return f"contracts made from then on; {counted(item.contracts, 'contract')} made before {stay} as they are"


def _terms(fields: Sequence[FieldRow]) -> Iterator[tuple[FieldRow, str]]:
    """The changed terms that move money; of one that comes or goes as a whole also the amounts in it."""
    for index, field in enumerate(fields):
        if not field.cosmetic and not field.depth:
            inside = takewhile(lambda row: row.depth, fields[index + 1 :])
            yield field, ", ".join(row.desired or row.observed for row in inside if row.unit is not None)


def _sides(field: FieldRow, amounts: str) -> tuple[str, str, str]:
    if field.sign == "+":
        return _NONE, escape_markdown(field.desired or amounts, _PRICE) or "there", "added"
    if field.sign == "-":
        return escape_markdown(field.observed or amounts, _PRICE) or "there", _NONE, "removed"
    return escape_markdown(field.observed, _PRICE), escape_markdown(field.desired, _PRICE), change_words(field.change)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


_PRODUCTS, _OBJECTS, _MATRIX = 6_000, 20_000, 14_000
"""Shares of the budget."""
_END = ("", "</details>", "")
_VALUE = 200


def add_details(comment: Comment, view: PlanView) -> None:
    """Add what is left of the plan, as far as the budget goes: shapes, objects, then rows of prices."""
    cards = [(item, item.rates) for item in view.objects if item.rates is not None]
    for _, shape in cards:
        if not all_listed(shape):
            _add_products(comment, shape)
    _add_objects(comment, [item for item in view.objects if item.rates is None])
    for item, shape in cards:
        if not all_listed(shape):
            _add_matrix(comment, item, shape, view.units)
            _add_prices(comment, item, shape)


def _median(shape: ProductShape) -> str:
    return change_words(change_text(shape.median_change)) if shape.median_change is not None else "–"


def _add_products(comment: Comment, shape: RateShape) -> None:
    total = len(shape.products) + shape.more_products
    if total < 2:
        return
    items = [
        [
            f"| {escape_markdown(each.name, KEY)} | {each.counts.total:,} | {each.counts.down:,} | "
            f"{each.counts.up:,} | {each.counts.charged:,} | {each.counts.new:,} | {each.counts.ended:,} | "
            f"{_median(each)} |"
        ]
        for each in shape.products
    ]
    head = f"<details><summary>By product: {counted(total, 'product')}</summary>"
    columns = (
        "| product | prices | down | up | free until now | new | ended | median |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|",
    )
    comment.add_list(
        (head, "", *columns),
        items,
        total,
        lambda n: ("", f"and {counted(n, 'more product')}"),
        share=_PRODUCTS,
        foot=_END,
    )


def _add_matrix(comment: Comment, item: ObjectView, shape: RateShape, units: Units) -> None:
    """Prices that are told apart by the same values, product beside product, as a price list has them."""
    found: dict[tuple[str, ...], dict[tuple[str, str], list[RateRow]]] = {}
    for row in shape.rows:
        if row.pricing_group_values and not row.tiers:
            cells = found.setdefault(tuple(row.pricing_group_values.values()), {})
            cells.setdefault((row.product, row.per), []).append(row)
    lines = {values: rows for values, rows in found.items() if len(rows) > 1}
    columns = [key for key, _ in Counter(key for rows in lines.values() for key in rows).most_common(_COLUMNS)]
    columns.sort(key=lambda key: (units.called(key[0]).place, key))
    if len(columns) < 2:
        return
    first = {key: next(rows[key][0] for rows in lines.values() if key in rows) for key in columns}
    titles = [
        ", ".join(filter(None, (escape_markdown(first[key].name.partition(" · ")[0], KEY), escape_markdown(key[1]))))
        for key in columns
    ]
    ref = f"<code>{escape_html(item.ref, 80)}</code>"
    head = f"<details><summary>{ref} as a matrix: {counted(len(lines), 'row')}</summary>"
    comment.add_list(
        (head, "", _row("", *titles), _row(":--", *["--:"] * len(columns))),
        (
            [_row(escape_markdown(" · ".join(values), KEY), *(_cell(rows.get(key, ())) for key in columns))]
            for values, rows in lines.items()
        ),
        len(lines),
        lambda n: ("", f"and {counted(n, 'more row')}: the HTML report has every one"),
        share=_MATRIX,
        foot=_END,
    )


def _cell(rows: Sequence[RateRow]) -> str:
    """`$2.50 → $2.00`, `$1.25 (new)`; of a price that moves more than once each move."""
    told = []
    for row in rows:
        now = escape_markdown(row.desired, _PRICE)
        told.append(f"{escape_markdown(row.observed, _PRICE)} → {now}" if row.observed else f"{now} (new)")
    return "<br>".join(told) or _NONE


def _add_prices(comment: Comment, item: ObjectView, shape: RateShape) -> None:
    """Rows of prices, the furthest moves first, then what ends, then what is new."""
    if not shape.rows:
        return
    ref = f"<code>{escape_html(item.ref, 80)}</code>"
    head = f"<details><summary>Prices of {ref}: {counted(shape.rows_total, 'change')}</summary>"
    comment.add_list(
        (head, "", *HEAD),
        ([price_row(row, item.live)] for row in sorted(shape.rows, key=_weight)),
        shape.rows_total,
        lambda n: ("", f"and {counted(n, 'more change')}: `pricebook plan --rows all`, or the HTML report"),
        share=comment.left,
        foot=_END,
    )


def _weight(row: RateRow) -> tuple[int, Decimal]:
    if row.change == FREE:
        return 0, Decimal("-Infinity")
    if row.relative_change is not None:
        return 0, -times(row.relative_change)
    return (3 if not row.observed else 2 if row.change == "ended" else 1), Decimal(0)


def _add_objects(comment: Comment, items: Sequence[ObjectView]) -> None:
    if not items:
        return
    counts: dict[str, int] = {}
    for item in items:
        words = f"{item.kind.replace('-', ' ')} {_DONE.get(item.action, item.action)}"
        counts[words] = counts.get(words, 0) + 1
    told = ", ".join(f"{n:,} × {words}" for words, n in list(counts.items())[:12])
    comment.add_list(
        (f"<details><summary>Objects: {told}</summary>", ""),
        (list(_object(item)) for item in items),
        len(items),
        lambda n: ("", f"and {counted(n, 'more object')}: `pricebook plan --rows all`, or the HTML report"),
        share=_OBJECTS,
        foot=_END,
    )


_DONE = {
    "create": "created",
    "revise": "revised",
    "version": "gets a new version",
    "repoint": "gets its aliases",
    "adopt": "adopted",
    "rename": "renamed",
    "release": "let go",
    "archive": "archived",
}
_FOLDED_FIELDS = 60


def _object(item: ObjectView) -> Iterator[str]:
    place = f" ({code_markdown(item.place)})" if item.place else ""
    yield f"- {code_markdown(item.ref, KEY)}: {escape_markdown(item.sentence, 300)}{place}"
    if item.notes:
        yield f"  - {' · '.join(escape_markdown(note, 300) for note in item.notes[:6])}"
    for field in item.fields[:_FOLDED_FIELDS]:
        yield f"{'    ' if field.depth else '  '}- {code_markdown(field.path, KEY)}{_field_words(field)}"
    if len(item.fields) > _FOLDED_FIELDS:
        yield f"  - and {counted(len(item.fields) - _FOLDED_FIELDS, 'more field')}"
    if item.hazards:
        yield f"  - {' '.join(f'`{hazard.hazard.value}`' for hazard in item.hazards)}"


def _field_words(field: FieldRow) -> str:
    if field.sign:
        value = escape_markdown(field.desired or field.observed, _VALUE)
        return f" {value}" if value else f" {field.change}"
    change = f" ({change_words(field.change)})" if field.change else ""
    return f" {escape_markdown(field.observed, _VALUE)} → {escape_markdown(field.desired, _VALUE)}{change}"
