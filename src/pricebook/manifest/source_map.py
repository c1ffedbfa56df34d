"""Where things of a loaded catalogue stand: found again in the files when somebody has something to say about them.

Nothing is kept but the file and document of each noun, and the line of each row of a table: rates come by the hundred
thousand, and hardly ever is a place asked for. What has changed since it was read has the place of its noun.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Path
from pricebook.manifest.field_path import value_at
from pricebook.manifest.locate import NodePath, located
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.syntax import Document, Node, origin_of, read_documents
from pricebook.manifest.table_source import TableSource, cell_spans
from pricebook.manifest.tables import price_places
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Rejected
from pricebook.span import Span

if TYPE_CHECKING:  # the module is heavy, and few projects have any
    from pricebook.manifest.overlay import Overlay


class Location(NamedTuple):
    """A place that is asked for: below a noun's spec, or of one rate of a card.

    Of a rate the path may begin with the instant (as text) from which the price holds that is meant.
    """

    ref: Ref
    path: Path = ()
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where a noun is declared: the file relative to the project's root, the document's index, the noun's start, and
    its path in the document, of several nouns under one header."""

    file: str
    index: int
    at: Span
    base: Path = ()
    origins: Mapping[Path, Node] = field(default_factory=dict)
    """The nodes that stand elsewhere, by their paths below the noun's manifest."""
    derived: bool = False
    """Whether the noun is not what its text says, but made from a pattern or from another one."""

    def node(self, path: NodePath) -> Node:
        """Where what stands at a path below the noun's manifest is written."""
        return origin_of((self.file, self.index, self.base), self.origins, path)

    def spec_of(self, documents: Iterable[Document]) -> Any:
        """The noun's spec, as the documents of the file say it; None where it is no longer there."""
        data = next((each.data for each in documents if each.index == self.index), None)
        return value_at(data, (*self.base, "spec"))[1]


class RowIndex(NamedTuple):
    """Where a table's rates stand: those of a card's rate book from position `first` on, each on the line and with its
    price in the cell given for it."""

    first: int
    lines: Sequence[int]
    cells: Sequence[int]
    source: TableSource


@dataclass
class SourceMap:
    """The files of a loaded catalogue. `row_indexes` has the cards whose tables' rows each are a whole rate."""

    root: FilePath
    catalog: Catalog
    declarations: Mapping[Ref, Declaration]
    row_indexes: Mapping[str, Sequence[RowIndex]] = field(default_factory=dict)
    overlay: "Overlay | None" = None
    """What was said otherwise than in the files, where anything was."""
    related: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    """By card the rates that are said by others, each with the path below the spec that says by how much."""
    _texts: dict[str, str] = field(default_factory=dict)

    def at(self, ref: Ref, path: NodePath) -> Span | None:
        """Where a path of a noun's whole manifest stands; None for a noun that is not declared."""
        declared = self.declarations.get(ref)
        if declared is None:
            return None
        node = declared.node(path)
        return located(self._text, [node]).get(node, declared.at)

    def span(self, ref: Ref, *path: str | int) -> Span | None:
        """Where a path of a noun's spec stands; None for a noun that is not declared."""
        location = Location(ref, path)
        return self.spans([location]).get(location)

    def spans(self, locations: Iterable[Location]) -> dict[Location, Span]:
        """Where the locations stand, of the nouns that are declared."""
        found: dict[Location, Span] = {}
        nodes: dict[Location, Node] = {}
        rates: dict[Ref, list[Location]] = defaultdict(list)
        for location in set(locations):
            declared = self.declarations.get(location.ref)
            if declared is None:
                continue
            found[location] = declared.at
            if location.rate is not None:
                rates[location.ref].append(location)
            else:
                path: NodePath = ("spec", *location.path) if location.path else ("metadata", "name")
                nodes[location] = declared.node(path)
        for ref, asked in rates.items():
            declared = self.declarations[ref]
            written, in_tables = self._rates(ref, declared, asked)
            found |= in_tables
            nodes |= {at: declared.node(path) for at, path in written.items()}
        spans = located(self._text, nodes.values())
        return found | {location: spans[node] for location, node in nodes.items() if node in spans}

    def _text(self, file: str) -> str | None:
        if file not in self._texts:
            try:
                self._texts[file] = read_text(self.root / file, file, limit=MAX_YAML)
            except Rejected:  # gone since it was read
                return None
        return self._texts[file]

    def _rates(
        self, ref: Ref, declared: Declaration, locations: list[Location]
    ) -> tuple[dict[Location, NodePath], dict[Location, Span]]:
        """The paths of the rates that stand in the card's manifest, and the places of those in its tables."""
        spec = self._spec(ref, declared)
        card = self.catalog.cards.get(ref.name)
        if card is None or not isinstance(spec, dict):
            return {}, {}
        facts = RateFacts(ref.name, card, self.catalog.products, self.catalog.scales)
        rates = spec.get("rates", ())
        if rates:
            # The model of a rate is for prices that manifests spell out, and few findings are about those.
            from pricebook.manifest.rates import read_rates

            position = read_rates(rates, facts).position
        else:
            position = {}
        written: dict[Location, NodePath] = {}
        elsewhere: list[Location] = []
        related = self.related.get(ref.name, {})
        for location in locations:
            index = position.get(location.rate or "")
            if location.rate in related:
                written[location] = ("spec", *related[location.rate or ""])
            elif index is None:
                elsewhere.append(location)
            else:
                written[location] = ("spec", "rates", index, *_within(rates[index], location.path))
        return written, self._in_tables(declared, spec, facts, elsewhere) if elsewhere else {}

    def _in_tables(
        self, declared: Declaration, spec: dict[str, Any], facts: RateFacts, locations: list[Location]
    ) -> dict[Location, Span]:
        found: dict[Location, Span] = {}
        exact: set[Location] = set()
        wanted = {location.rate or "" for location in locations}
        if facts.name in self.row_indexes:
            standing = self._on_shelves(facts.name, wanted)
            return {location: standing[location.rate or ""] for location in locations if location.rate in standing}
        for said in _tables(spec):
            for source in TableSource.beside(self.root, declared.file, said, facts, lambda _: declared.at):
                places = price_places(source, wanted)
                any_of = {key: at for (key, _), at in reversed(places.items())}
                for location in locations:
                    key, start = location.rate or "", str(location.path[0] if location.path else None)
                    if (key, start) in places or (key in any_of and location not in exact):
                        found[location] = places.get((key, start)) or any_of[key]
                        exact |= {location} if (key, start) in places else set()
        return found

    def tables(self, ref: Ref) -> tuple[RatesFrom, ...]:
        """What a card that is declared says of its tables."""
        spec = self._spec(ref, self.declarations[ref])
        return tuple(_tables(spec)) if isinstance(spec, dict) else ()

    def _on_shelves(self, card: str, wanted: Collection[str]) -> dict[str, Span]:
        keys = [key for key, _ in self.catalog.rates[card].items()]
        found: dict[str, Span] = {}
        positions = list(compress(count(), map(wanted.__contains__, keys)))
        for rows in self.row_indexes[card]:
            inside = [at for at in positions if rows.first <= at < rows.first + len(rows.lines)]
            cells = {keys[at]: (rows.lines[at - rows.first], rows.cells[at - rows.first]) for at in inside}
            spans = cell_spans(rows.source, cells.values()) if cells else {}
            found |= {key: spans[cell] for key, cell in cells.items()}
        return found

    def _spec(self, ref: Ref, declared: Declaration) -> object:
        text = self._text(declared.file)
        spec = declared.spec_of(read_documents(declared.file, text)[0] if text is not None else ())
        return spec if self.overlay is None else self.overlay.patched(ref, spec)


def _tables(spec: dict[str, Any]) -> Iterator[RatesFrom]:
    """The entries of `rates_from` that hold."""
    return (said for entry in spec.get("rates_from", ()) if (said := validated(RatesFrom, entry)[0]) is not None)


def _within(rate: Any, path: Path) -> Path:
    """Below a rate of a manifest: the price, of a schedule that of the entry that begins when the path says."""
    schedule = rate.get("schedule") if isinstance(rate, dict) else None
    if not isinstance(schedule, tuple):
        return ("price",) if isinstance(rate, dict) and "price" in rate else ()
    for index, entry in enumerate(schedule):
        if path and isinstance(entry, dict) and str(path[0])[:10] == str(entry.get("starting_at"))[:10]:
            return ("schedule", index, "price") if "price" in entry else ("schedule", index)
    return ("schedule",)
