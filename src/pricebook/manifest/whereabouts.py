"""Where things of a loaded catalogue stand: found again in the files when somebody has something to say about them.

Nothing is kept but the file and document of each noun, and the line of each row of a table: rates come by the hundred
thousand, and hardly ever is a place asked for. What has changed since it was read has the place of its noun.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Path, Scale
from pricebook.catalog.reference import Ref
from pricebook.manifest.locate import NodePath, locate, locate_all
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import read_rates
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import Source
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.tables import price_places
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.manifest.validation import validated
from pricebook.problem import Rejected
from pricebook.span import Span

if TYPE_CHECKING:
    from pricebook.manifest.overlay import Overlay


class Spot(NamedTuple):
    """A place that is asked for: below a noun's spec, or of one rate of a card.

    Of a rate the path may begin with the instant (as text) from which the price holds that is meant.
    """

    ref: Ref
    path: Path = ()
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Where a noun is declared: the file relative to the project's root, the document's index, and its start."""

    file: str
    index: int
    at: Span


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a table's rates stand: those of a card's rate book from position `first` on, each on the line given for it,
    their prices in the column given for all."""

    first: int
    lines: Sequence[int]
    column: int
    shown: str


@dataclass
class Whereabouts:
    """The files of a loaded catalogue. `shelves` has the cards whose tables' rows each are a whole rate."""

    root: FilePath
    catalog: Catalog
    homes: Mapping[Ref, Home]
    shelves: Mapping[str, Sequence[Shelf]] = field(default_factory=dict)
    overlay: "Overlay | None" = None
    """What was said otherwise than in the files, where anything was."""
    _texts: dict[str, str] = field(default_factory=dict)

    def at(self, ref: Ref, path: NodePath) -> Span | None:
        """Where a path of a noun's whole manifest stands; None for a noun that is not declared."""
        home = self.homes.get(ref)
        if home is None:
            return None
        text = self._text(home.file)
        return locate(home.file, text, home.index, [path])[path] if text is not None else home.at

    def spans(self, spots: Iterable[Spot]) -> dict[Spot, Span]:
        """Where the spots stand, of the nouns that are declared."""
        found: dict[Spot, Span] = {}
        plain: list[tuple[Spot, str, int, NodePath]] = []
        rates: dict[Ref, list[Spot]] = defaultdict(list)
        for spot in set(spots):
            home = self.homes.get(spot.ref)
            if home is None:
                continue
            found[spot] = home.at
            if spot.rate is not None:
                rates[spot.ref].append(spot)
            else:
                path: NodePath = ("spec", *spot.path) if spot.path else ("metadata", "name")
                plain.append((spot, home.file, home.index, path))
        for ref, asked in rates.items():
            home = self.homes[ref]
            written, in_tables = self._rates(ref, home, asked)
            found |= in_tables
            plain += [(spot, home.file, home.index, path) for spot, path in written.items()]
        return found | self._located(plain)

    def _source(self, file: str, index: int, path: NodePath) -> tuple[str, int, NodePath]:
        return self.overlay.source(file, index, path) if self.overlay is not None else (file, index, path)

    def _located(self, wanted: Iterable[tuple[Spot, str, int, NodePath]]) -> dict[Spot, Span]:
        """The places of nodes of manifests, or of the patches that stand there now."""
        found: dict[Spot, Span] = {}
        files: dict[str, list[tuple[Spot, tuple[int, NodePath]]]] = defaultdict(list)
        for spot, declared_in, number, below in wanted:
            file, index, path = self._source(declared_in, number, below)
            files[file].append((spot, (index, path)))
        for file, nodes in files.items():
            text = self._text(file)
            if text is not None:
                paths: dict[int, list[NodePath]] = defaultdict(list)
                for _, (index, path) in nodes:
                    paths[index].append(path)
                places = locate_all(file, text, paths)
                found |= {spot: places[at] for spot, at in nodes}
        return found

    def _text(self, file: str) -> str | None:
        if file not in self._texts:
            try:
                self._texts[file] = read_text(self.root / file, file, limit=MAX_YAML)
            except Rejected:  # gone since it was read
                return None
        return self._texts[file]

    def _rates(self, ref: Ref, home: Home, spots: list[Spot]) -> tuple[dict[Spot, NodePath], dict[Spot, Span]]:
        """The paths of the rates that stand in the card's manifest, and the places of those in its tables."""
        spec = self._spec(ref, home)
        card = self.catalog.cards.get(ref.name)
        if card is None or not isinstance(spec, dict):
            return {}, {}
        facts = RateFacts(ref.name, card, self.catalog.products, self.scales())
        rates = spec.get("rates", ())
        position = read_rates(rates, facts).position
        written: dict[Spot, NodePath] = {}
        elsewhere: list[Spot] = []
        for spot in spots:
            index = position.get(spot.rate or "")
            if index is None:
                elsewhere.append(spot)
            else:
                written[spot] = ("spec", "rates", index, *_within(rates[index], spot.path))
        return written, self._in_tables(home, spec, facts, elsewhere) if elsewhere else {}

    def _in_tables(self, home: Home, spec: dict[str, Any], facts: RateFacts, spots: list[Spot]) -> dict[Spot, Span]:
        found: dict[Spot, Span] = {}
        wanted = {spot.rate or "" for spot in spots}
        if facts.name in self.shelves:
            standing = self._on_shelves(facts.name, wanted)
            return {spot: standing[spot.rate or ""] for spot in spots if spot.rate in standing}
        for entry in spec.get("rates_from", ()):
            said, _ = validated(RatesFrom, entry)
            if said is None:
                continue
            source = Source.beside(self.root, home.file, said, facts, lambda _: home.at)
            places = price_places(source, wanted)
            any_of = {key: at for (key, _), at in reversed(places.items())}
            for spot in spots:
                start = spot.path[0] if spot.path else None
                at = places.get((spot.rate or "", str(start))) or any_of.get(spot.rate or "")
                if at is not None:
                    found[spot] = at
        return found

    def _on_shelves(self, card: str, wanted: Collection[str]) -> dict[str, Span]:
        keys = [key for key, _ in self.catalog.rates[card].items()]
        return {
            keys[at]: Span(shelf.shown, shelf.lines[at - shelf.first], shelf.column)
            for at in compress(count(), map(wanted.__contains__, keys))
            for shelf in self.shelves[card]
            if shelf.first <= at < shelf.first + len(shelf.lines)
        }

    def _spec(self, ref: Ref, home: Home) -> object:
        text = self._text(home.file)
        for document in read_documents(home.file, text)[0] if text is not None else ():
            if document.index == home.index and isinstance(document.data, dict):
                spec = document.data.get("spec")
                return spec if self.overlay is None else self.overlay.patched(ref, spec)
        return None

    def scales(self) -> Mapping[str, Scale]:
        """How amounts of each pricing unit read."""
        return self.catalog.scales


def _within(rate: Any, path: Path) -> Path:
    """Below a rate of a manifest: the price, of a schedule that of the entry that begins when the path says."""
    schedule = rate.get("schedule") if isinstance(rate, dict) else None
    if not isinstance(schedule, tuple):
        return ("price",) if isinstance(rate, dict) and "price" in rate else ()
    for index, entry in enumerate(schedule):
        if path and isinstance(entry, dict) and str(path[0])[:10] == str(entry.get("starting_at"))[:10]:
            return ("schedule", index, "price") if "price" in entry else ("schedule", index)
    return ("schedule",)
