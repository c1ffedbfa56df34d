"""Rates as tables: where a card has many that a row can say, they stand in a CSV beside it.

A row says product, billing frequency, group values, price and period; whatever else a rate says keeps it out of a
table (`manifest.rates_from`). A list that was published anew at a few dates is a table for each of its editions; of any
other a price has all its rows in one table, from the earliest on. The rule it keeps: what is dumped loads as the same
rates.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from itertools import count
from typing import Any, NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.instant import day_text
from pricebook.catalog.money import plain, to_major_unit
from pricebook.catalog.naming import name_of
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.terms import is_fraction
from pricebook.catalog.timeline import RateKey, Timeline, read_key, read_schedule
from pricebook.edit.dump import times_of

MANY = 21
"""With so many rows of one form a card has a table of them."""
EDITIONS = 12
"""So many editions one list may have: one that is published anew more often has dates in its rows."""
RENEWED = 10
"""At the beginning of an edition one price in so many is another one, or it is no new list."""
_ROW = frozenset(("entitled", "price", "rate_type", "credit_type"))


@dataclass(frozen=True, slots=True)
class Dumped:
    """A table beside a card, or one for each edition: texts by the names of their files, and the entry of `rates_from`
    that reads them."""

    files: Mapping[str, str]
    entry: Mapping[str, Any]


class Form(NamedTuple):
    """What all the rows of one table have in common: the type of rate, the pricing unit, the pricing group keys."""

    rate_type: str
    unit: str
    groups: tuple[str, ...]


def tables_of(
    name: str,
    rates: Rates,
    card: RateCard,
    scales: Mapping[str, Scale],
    standing: Callable[[str], str | None] = lambda _: None,
) -> tuple[list[Dumped], RateBook]:
    """The tables of a card of that name, and the rates that are in none of them. `standing` has the text of a file that
    bears a name already: such a name is taken, unless it is the same text."""
    rest: dict[str, str] = {}
    found: dict[Form, list[tuple[RateKey, Timeline]]] = {}
    texts: dict[Form, dict[str, str]] = {}
    for text, schedule in sorted(rates.items()):
        key, timeline = read_key(text), read_schedule(schedule)
        form = form_of(key, timeline)
        if form is None:
            rest[text] = schedule
            continue
        found.setdefault(form, []).append((key, timeline))
        texts.setdefault(form, {})[text] = schedule
    tables: list[Dumped] = []
    for form, entries in sorted(found.items()):
        if sum(len(timeline) for _, timeline in entries) < MANY:
            rest |= texts[form]
        else:
            taken = {file for table in tables for file in table.files}
            made = (_table(file, form, entries, card, scales) for file in _files(name, form, first=not tables))
            fits = (
                table
                for table in made
                if not taken & table.files.keys()
                and all(standing(file) in (None, text) for file, text in table.files.items())
            )
            tables.append(next(fits))
    return tables, RateBook(rest)


def form_of(key: RateKey, timeline: Timeline) -> Form | None:
    """The form of a price whose every period is a row; None when a row cannot say one of them."""
    if any(not _is_cell(text) for pair in key.pricing_group_values for text in pair):
        return None
    kinds: set[tuple[str, str]] = set()
    for segment in timeline:
        terms = segment.terms
        if not terms.fields.keys() <= _ROW or terms.rate_type not in ("FLAT", "PERCENTAGE"):
            return None
        kinds.add((terms.rate_type, "" if terms.is_fraction else terms.unit))
    if len(kinds) != 1:
        return None
    return Form(*kinds.pop(), tuple(name for name, _ in key.pricing_group_values))


def amount_text(price: Decimal, form: Form, card: RateCard, scales: Mapping[str, Scale]) -> str:
    """A price as a cell: in the currency's major unit for what is in the card's currency, else as it is counted."""
    return plain(to_major_unit(price, scales[form.unit].scale if _currency(form, card, scales) else 0))


def _currency(form: Form, card: RateCard, scales: Mapping[str, Scale]) -> str | None:
    """The currency that the table says; None where its numbers are in the pricing unit as it is counted."""
    return scales[form.unit].currency if form.unit == card.fiat_credit_type and form.unit in scales else None


def _is_cell(text: str) -> bool:
    """Whether the text is one line of a cell, and never taken for another."""
    return bool(text) and text.isprintable() and text == text.strip()


def _files(card: str, form: Form, *, first: bool) -> Iterator[str]:
    """Names of a table's file, the best one first: the first table bears the card's name alone; a further one also what
    makes it another."""
    if first:
        yield f"{card}.csv"
    percent = "percentages" if is_fraction(form.rate_type) else ""
    said = name_of(" ".join((*form.groups, percent or form.unit)))
    yield f"{card}-{said}.csv"
    yield from (f"{card}-{said}-{number}.csv" for number in count(2))


def _table(
    name: str,
    form: Form,
    entries: list[tuple[RateKey, Timeline]],
    card: RateCard,
    scales: Mapping[str, Scale],
) -> Dumped:
    currency = _currency(form, card, scales)
    editions = _editions(entries)
    rows: list[dict[str, str]] = []
    for key, timeline in entries:
        for times, segment in zip(times_of(timeline), timeline, strict=True):
            rows.append(
                {
                    "product": key.product,
                    "billing_frequency": key.billing_frequency or "",
                    **{f" {group}": value for group, value in key.pricing_group_values},
                    "price": amount_text(segment.terms.price or Decimal(0), form, card, scales),
                    "starting_at": day_text(segment.starting_at),
                    "ending_before": times.get("ending_before", ""),
                    "entitled": "true" if segment.terms.entitled else "false",
                }
            )
    shared = _shared(rows)
    columns = _columns(form, currency, shared, rows)
    entry = _entry(name, form, card, currency, columns, shared)
    if not editions:
        return Dumped({name: _text(columns, rows)}, entry)
    columns = {field: column for field, column in columns.items() if field not in ("starting_at", "ending_before")}
    named = {field: column for field, column in entry["columns"].items() if field in {*columns, "pricing_group_values"}}
    files: dict[str, str] = {}
    listed = []
    segments = [segment for _, timeline in entries for segment in timeline]
    for start in editions:
        day = day_text(start)
        file = f"{name.removesuffix('.csv')}-{day.replace(':', '')}.csv"
        files[file] = _text(columns, [row for row, one in zip(rows, segments, strict=True) if one.covers(start)])
        listed.append({"from": day, "table": file})
    rest = {field: value for field, value in entry.items() if field != "table"}
    return Dumped(files, {"editions": listed, **rest, "columns": named})


def _text(columns: Mapping[str, str], rows: Iterable[Mapping[str, str]]) -> str:
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns.values())
    writer.writerows([row[field] for field in columns] for row in rows)
    return stream.getvalue()


def _editions(entries: Iterable[tuple[RateKey, Timeline]]) -> list[str]:
    """The dates at which a list was published anew; none where its prices change one by one."""
    timelines = [timeline for _, timeline in entries]
    starts = sorted({segment.starting_at for timeline in timelines for segment in timeline})
    ends = {segment.ending_before for timeline in timelines for segment in timeline} - {None}
    if not 2 <= len(starts) <= EDITIONS or not ends <= {*starts[1:]}:
        return []
    for start in starts:
        held = sum(any(segment.covers(start) for segment in timeline) for timeline in timelines)
        moved = sum(
            any(start in (segment.starting_at, segment.ending_before) for segment in timeline) for timeline in timelines
        )
        if not held or moved * RENEWED < held:
            return []
    return starts


def _shared(rows: list[dict[str, str]]) -> dict[str, str]:
    """What all rows say alike and need no column for, among what a default can say."""
    alike = {}
    for field in ("billing_frequency", "entitled"):
        values = {row[field] for row in rows}
        if len(values) == 1:
            alike[field] = values.pop()
    return alike


def _columns(form: Form, currency: str | None, shared: Mapping[str, str], rows: list[dict[str, str]]) -> dict[str, str]:
    """Field -> column, in their order. A group key stands under its own name where no other column has it."""
    price = (currency or form.unit or "fraction").lower()
    columns = {"product": "product"}
    if "billing_frequency" not in shared:
        columns["billing_frequency"] = "billing_frequency"
    fixed = {"product", "billing_frequency", price, "starting_at", "ending_before", "entitled"}
    for group in form.groups:
        column = group
        while column in fixed:
            column += "_value"
        fixed.add(column)
        columns[f" {group}"] = column
    columns |= {"price": price, "starting_at": "starting_at"}
    if any(row["ending_before"] for row in rows):
        columns["ending_before"] = "ending_before"
    if "entitled" not in shared:
        columns["entitled"] = "entitled"
    return columns


def _entry(
    name: str,
    form: Form,
    card: RateCard,
    currency: str | None,
    columns: Mapping[str, str],
    shared: Mapping[str, str],
) -> dict[str, Any]:
    groups = {group: columns[f" {group}"] for group in form.groups}
    named: dict[str, Any] = {}
    for field, column in columns.items():
        if not field.startswith(" "):
            named[field] = column
        elif "pricing_group_values" not in named:
            alike = all(group == column for group, column in groups.items())
            named["pricing_group_values"] = list(groups) if alike else groups
    defaults: dict[str, Any] = {"rate_type": form.rate_type} if form.rate_type != "FLAT" else {}
    if shared.get("entitled") == "false":
        defaults["entitled"] = False
    if shared.get("billing_frequency"):
        defaults["billing_frequency"] = shared["billing_frequency"]
    if currency is not None:
        defaults["currency"] = currency
    elif form.unit and form.unit != card.fiat_credit_type:
        defaults["credit_type"] = form.unit
    entry = {"table": name, "columns": named}
    return {**entry, "defaults": defaults} if defaults else entry
