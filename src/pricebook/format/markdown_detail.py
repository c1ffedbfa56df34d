"""The folded details of a comment, as far as its budget goes: products, objects, and rows of prices."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pricebook.format.markdown import Comment
from pricebook.format.markdown_row import HEAD, KEY, NONE, PRICE, all_listed, cells_row, price_row
from pricebook.format.markup import code_markdown, escape_html, escape_markdown
from pricebook.view.field import FieldRow
from pricebook.view.object import ObjectView
from pricebook.view.plan import PlanView
from pricebook.view.price import Units, change_text, change_words
from pricebook.view.rate_row import FREE, RateRow
from pricebook.view.rate_shape import ProductShape, RateShape, times
from pricebook.view.words import counted

_COLUMNS = 5
"""Products of a matrix."""
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
            cells = found.setdefault(_values(row, units), {})
            per = units.per(row.product, row.billing_frequency)[1].words
            cells.setdefault((row.product, per), []).append(row)
    lines = {values: rows for values, rows in found.items() if len(rows) > 1}
    many = Counter(key for rows in lines.values() for key in rows)

    def place(key: tuple[str, str]) -> tuple[int, tuple[str, str]]:
        return units.called(key[0]).place, key

    columns = sorted(sorted(many, key=lambda key: (-many[key], place(key)))[:_COLUMNS], key=place)
    if len(columns) < 2:
        return
    titles = [
        ", ".join(filter(None, (escape_markdown(units.called(product).name, KEY), escape_markdown(per))))
        for product, per in columns
    ]
    ref = f"<code>{escape_html(item.ref, 80)}</code>"
    head = f"<details><summary>{ref} as a matrix: {counted(len(lines), 'row')}</summary>"
    comment.add_list(
        (head, "", cells_row("", *titles), cells_row(":--", *["--:"] * len(columns))),
        (
            [cells_row(escape_markdown(" · ".join(values), KEY), *(_cell(rows.get(key, ())) for key in columns))]
            for values, rows in lines.items()
        ),
        len(lines),
        lambda n: ("", f"and {counted(n, 'more row')}: the HTML report has every one"),
        share=_MATRIX,
        foot=_END,
    )


def _values(row: RateRow, units: Units) -> tuple[str, ...]:
    """The values that tell a price apart, in the order in which its product declares them."""
    groups = units.called(row.product).groups
    names = sorted(row.pricing_group_values, key=lambda name: groups.index(name) if name in groups else len(groups))
    return tuple(row.pricing_group_values[name] for name in names)


def _cell(rows: Sequence[RateRow]) -> str:
    """`$2.50 → $2.00`, `$1.25 (new)`; of a price that moves more than once each move."""
    told = []
    for row in rows:
        now = escape_markdown(row.desired, PRICE)
        told.append(f"{escape_markdown(row.observed, PRICE)} → {now}" if row.observed else f"{now} (new)")
    return "<br>".join(told) or NONE


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
        words = f"{item.kind.replace('-', ' ')} {item.done[0].removeprefix('is ')}"
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
