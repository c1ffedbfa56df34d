"""The rates of a card: those of its manifest, and those of the tables that it names, as one rate book.

A rate in two sources is one schedule when their periods differ, and a problem with both places when they overlap.
"""

from collections.abc import Mapping

from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import joined, read_key, read_schedule
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.envelope import Envelope
from pricebook.manifest.loading import Loading
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import SHOWN
from pricebook.manifest.source_map import RowIndex
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.tables import ReadTable, places, read_table
from pricebook.manifest.text import is_below
from pricebook.manifest.validation import LIST_HINT, validated
from pricebook.problem import Problem, Related, quote
from pricebook.span import Span


def read_card(loading: Loading, envelope: Envelope, card: RateCard) -> RateBook:
    """The rates of a card, from its manifest and its tables."""
    facts = facts_of(loading, envelope.ref.name, card)
    entries: dict[str, str] = {}
    position: dict[str, int] = {}
    if "rates" in envelope.spec:
        # The model of a rate is for prices that manifests spell out: rows of tables are read without it.
        from pricebook.manifest.rates import read_rates

        written = read_rates(envelope.spec["rates"], facts)
        entries, position = written.entries, written.position
        loading.reject(written.violations, envelope, ("rates",))
        if written.related:
            loading.related_rates[envelope.ref.name] = written.related
        if written.unlisted:
            message = f"{written.unlisted:,} more bad rates of this card are not listed"
            loading.reject([Violation("more", message)], envelope, ("rates",), written.unlisted)
    sources = envelope.spec.get("rates_from", ())
    if not isinstance(sources, tuple):
        loading.reject([Violation("type", "rates_from is not a list", ("rates_from",), LIST_HINT)], envelope)
        return RateBook(entries)
    counts, row_indexes = None, []
    for index, source in enumerate(sources):
        path: Path = ("rates_from", index)
        spec, violations = validated(RatesFrom, source)
        loading.reject(violations, envelope, path)
        if spec is not None:
            span_at = loading.span_at(envelope, *path)
            for one in TableSource.beside(loading.scope.root, envelope.document.file, spec, facts, span_at):
                table = _read_beside(loading, envelope, entries, position, one)
                row_indexes.append(RowIndex(len(entries), table.lines, table.cells, one))
                if entries:
                    entries.update(table.entries)
                    counts = None
                else:
                    entries, counts = table.entries, table.counts or None
    if len(entries) == len(position) + sum(len(rows.lines) for rows in row_indexes):  # each rate is one row
        loading.row_indexes[envelope.ref.name] = tuple(row_indexes)
    return RateBook(entries, counts)


def facts_of(loading: Loading, name: str, card: RateCard) -> RateFacts:
    """What the rates of a card may say."""
    products = {ref.name: noun for ref, noun in loading.nouns.items() if isinstance(noun, Product)}
    broken = frozenset(ref.name for ref in loading.envelopes if ref.kind is Kind.PRODUCT) - products.keys()
    return RateFacts(name, card, products, loading.scales, broken | (loading.unread - products.keys()))


def _read_beside(
    loading: Loading, envelope: Envelope, entries: Mapping[str, str], position: Mapping[str, int], source: TableSource
) -> ReadTable:
    """A table whose rates are to be added to those that the card has. A rate in two sources is one schedule when their
    periods differ: the later one takes over when it starts. Otherwise it is a problem with both places."""
    if not is_below(source.path, loading.scope.root):
        # Manifests may come from somebody who is not trusted with this machine's files.
        message = f"table {quote(source.spec.table)} is outside the project"
        at = source.span_at(source.named)
        loading.problems.append(Problem("outside", message, at, "keep tables below pricebook.yaml"))
        return ReadTable()
    table = read_table(source)
    loading.problems += table.problems
    twice = sorted(key for key in table.entries.keys() & entries.keys() if not _continue(entries, table.entries, key))
    spans = places(source, twice[:SHOWN]) if twice else {}
    for key in twice[:SHOWN]:
        path = ("spec", "rates", position[key]) if key in position else ("spec", "rates_from")
        related = (Related("first", loading.placer.span(envelope.document, path)),)
        message = f"the same rate stands twice: {read_key(key)}"
        loading.problems.append(Problem("duplicate-rate", message, spans.get(key), related=related))
    if len(twice) > SHOWN:
        more = len(twice) - SHOWN
        message = f"{more:,} more rates of this table stand elsewhere too"
        loading.problems.append(Problem("more", message, Span(source.shown), more=more))
    return table


def _continue(entries: Mapping[str, str], table: dict[str, str], key: str) -> bool:
    """Join the schedules that two sources give a rate, in `table`; False when they overlap."""
    schedule = joined([*read_schedule(entries[key]), *read_schedule(table[key])])
    if isinstance(schedule, str):
        table[key] = schedule
    return isinstance(schedule, str)
