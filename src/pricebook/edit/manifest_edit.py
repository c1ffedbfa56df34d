"""Making manifests say what they should: edits of the text, which leave everything else as it stands.

A price is changed where it stands, in a list (`edit.rate_edit`) or in a table (`edit.table_edit`); a field that differs
is replaced, added or taken out. What has no place of its own in the text is left, with the reason, and never guessed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.instant import day_text
from pricebook.catalog.model import Noun
from pricebook.catalog.path import path_text
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import Segment, Timeline, joined, read_key, read_schedule, schedule_text
from pricebook.catalog.violation import Path
from pricebook.edit.dump import rates_data, spec_data
from pricebook.edit.rate_edit import RateEdit, starts_of
from pricebook.edit.rewrite import GONE, CopiedItem, Further, Unplaceable, rewritten
from pricebook.edit.table_edit import TableEdit
from pricebook.manifest.load import Loaded
from pricebook.manifest.locate import extents
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import read_rates
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.source_map import Declaration
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.text import as_written, editable
from pricebook.manifest.validation import validated
from pricebook.problem import quote

TextChange = tuple[str, Mapping[Path, Any]]
"""What is to be edited, in words, and the new values of a document by path (`edit.rewrite`)."""
_RATES: Path = ("spec", "rates")


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What a noun should say: the noun with the top-level fields that differ, and schedules by key of a card's
    rates."""

    ref: Ref
    noun: Noun
    fields: frozenset[str] = frozenset()
    rates: Mapping[str, str] = field(default_factory=dict)


class ManifestEdit:
    """The texts of a project's files while they are edited. `left` is what could not be, by noun, with the reason."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded, self._root = loaded, loaded.source_map.root
        self._scales: Mapping[str, Scale] = loaded.catalog.scales
        self._before: dict[str, str | None] = {}
        self._after: dict[str, str] = {}
        self._like: dict[str, str] = {}
        self.left: list[tuple[str, str]] = []

    def files(
        self, also: Iterable[str] = (), finish: Callable[[str], str] = str
    ) -> Iterator[tuple[str, str | None, str]]:
        """Every file that was edited: its name, its text as it is (None: it is new), and what it is to be. Tables come
        before the manifests that name their columns. `also` are further files, all finished by a function."""
        for file in also:
            self._after[file] = finish(self._text(file))
        declarations = {declared.file for declared in self._loaded.source_map.declarations.values()}
        for file, before in sorted(self._before.items(), key=lambda item: (item[0] in declarations, item[0])):
            after = as_written(self._after[file], self._like[file] if before is None else before)
            if after != before:
                yield file, before, after

    def make(self, request: EditRequest) -> None:
        """Make the manifests say what is asked for, as far as they can be edited."""
        said = spec_data(request.noun, self._scales)
        changes: list[TextChange] = []
        derived = self._loaded.source_map.declarations[request.ref].derived
        for name in sorted(request.fields):
            if derived:
                reason = f"{quote(name)} is made from a pattern or a base: change it there"
                self.left.append((str(request.ref), reason))
            elif self._overlaid(request.ref, ("spec", name)):
                self._leave_to_overlay(request.ref, name)
            else:
                changes.append((name, {("spec", name): said.get(name, GONE)}))
        self._edit(request.ref, changes)
        if request.rates:
            self._make_rates(request)

    def put(self, ref: Ref, values: Mapping[Path, Any]) -> None:
        """Say other values at paths of the noun's manifest."""
        said = {path: value for path, value in values.items() if not self._overlaid(ref, path)}
        self._edit(ref, [(path_text(path[1:]), {path: value}) for path, value in said.items()])
        for path in values.keys() - said.keys():
            self._leave_to_overlay(ref, path_text(path[1:]))

    def _edit(self, ref: Ref, changes: Sequence[TextChange]) -> None:
        """Edit the noun's manifest; what does not come out as meant is left."""
        for part in self._failed(ref, changes):
            self._leave(ref, part)

    def _failed(self, ref: Ref, changes: Sequence[TextChange]) -> list[str]:
        """Edit the noun's manifest; which changes could not be made. When the edit does not come out as meant it is
        tried by halves, so that no more fails than has to."""
        if not changes:
            return []
        declared = self._loaded.source_map.declarations[ref]
        try:
            values = {(*declared.base, *path): value for _, change in changes for path, value in change.items()}
            self._after[declared.file] = rewritten(self._text(declared.file), declared.index, values)
        except Unplaceable:
            if len(changes) == 1:
                return [changes[0][0]]
            middle = len(changes) // 2
            return self._failed(ref, changes[:middle]) + self._failed(ref, changes[middle:])
        return []

    def _make_rates(self, request: EditRequest) -> None:
        """Each price where it stands: in the list, in a table, or some of its periods here and some there. A new one
        joins the table whose form it has."""
        declared, book = (
            self._loaded.source_map.declarations[request.ref],
            self._loaded.catalog.rates.get(request.ref.name),
        )
        present = {key: was for key in request.rates if book is not None and (was := book.get(key)) is not None}
        spec = self._spec(declared)
        position = read_rates(spec.get("rates", ()), self._facts(request)).position
        tables = self._tables(request, spec)
        overlaid = bool(tables) and self._overlaid(request.ref, ("spec", "rates_from"))
        rows = {} if overlaid else {file: table.rows(present) for file, (_, table) in tables.items()}
        if overlaid and not present.keys() <= position.keys():
            self._leave_to_overlay(request.ref, "rates_from")
        listed: dict[str, tuple[str, str]] = {}
        for key, was in present.items():
            held = {file: found[key] for file, found in rows.items() if key in found}
            if key in position:
                held[declared.file] = dict.fromkeys(_starts(spec["rates"][position[key]], was), 0)
            if key in self._loaded.source_map.related.get(request.ref.name, {}):
                self.left.append((str(request.ref), f"{quote(read_key(key))} is said by a relation: change it there"))
                continue
            if not held:
                if not overlaid:
                    self._leave(request.ref, str(read_key(key)))
                continue
            for file, (before, after) in _parts(held, was, request.rates[key]).items():
                if file == declared.file:
                    listed[key] = schedule_text(before), schedule_text(after)
                    continue
                try:
                    tables[file][1].change(key, before, after, held[file])
                except Unplaceable:
                    self._leave(request.ref, str(read_key(key)))
        self._make_listed(request, listed, position, spec)
        new = {key: text for key, text in request.rates.items() if key not in present}
        self._add(request, new, {} if overlaid else tables)
        for file, (index, table) in sorted(
            tables.items(), key=lambda item: (item[1][0], item[1][1].named), reverse=True
        ):
            self._make_table(request, file, index, table)

    def _make_listed(
        self,
        request: EditRequest,
        rates: Mapping[str, tuple[str, str]],
        position: Mapping[str, int],
        spec: dict[str, Any],
    ) -> None:
        """Prices of the list in the manifest, changed where they stand. One that does not say afterwards what it should
        is written anew as a whole."""
        if not rates:
            return
        declared, card = self._loaded.source_map.declarations[request.ref], request.noun
        assert isinstance(card, RateCard)
        text = self._text(declared.file)
        base, places = declared.base, extents(text, declared.index)
        below = {path[len(base) :]: place for path, place in places.items() if path[: len(base)] == base}
        editor = RateEdit(text, below, self._scales)
        changes: list[TextChange] = []
        asked: dict[str, tuple[str, str]] = {}
        for key, (was, now) in rates.items():
            item: Path = (*_RATES, position[key])
            if self._overlaid(request.ref, item):
                self._leave_to_overlay(request.ref, str(read_key(key)))
                continue
            asked[key] = was, now
            with suppress(Unplaceable):
                edits = editor.edits(item, spec["rates"][position[key]], read_schedule(was), read_schedule(now))
                changes += [(str(read_key(key)), edits)] if edits else []
        self._failed(request.ref, changes)
        said = read_rates(self._spec(declared).get("rates", ()), self._facts(request)).entries
        whole: list[TextChange] = []
        for key, (_, now) in asked.items():
            if said.get(key) != now:
                (wanted,) = rates_data(RateBook({key: now}), card, self._scales)
                whole.append((str(read_key(key)), {(*_RATES, position[key]): wanted}))
        self._edit(request.ref, whole)

    def _add(self, request: EditRequest, rates: Mapping[str, str], tables: Mapping[str, tuple[int, TableEdit]]) -> None:
        """Prices that are new: in a table whose form they have, or at the end of the list."""
        card = request.noun
        new: list[str] = []
        for key, schedule in rates.items():
            fits = next((table for _, table in tables.values() if table.takes(key, schedule)), None)
            try:
                fits.append(key, schedule) if fits is not None else new.append(key)
            except Unplaceable:
                self._leave(request.ref, str(read_key(key)))
        if new:
            assert isinstance(card, RateCard)
            items = rates_data(RateBook({key: rates[key] for key in new}), card, self._scales)
            words = ", ".join(str(read_key(key)) for key in new[:3]) + (", ..." if len(new) > 3 else "")
            self._edit(request.ref, [(words, {_RATES: Further(items)})])

    def _make_table(self, request: EditRequest, file: str, index: int, table: TableEdit) -> None:
        """The text of a table, and of those beside it, with what the card says of them."""
        entry: Path = ("spec", "rates_from", index)
        columns: dict[Path, Any] = {(*entry, *at): name for at, name in table.columns.items()}
        if columns and self._failed(request.ref, [("", columns)]):
            self._leave(request.ref, f"rates_from[{index + 1}].columns")
            return
        self._after[file] = table.text
        for start in sorted(table.later, reverse=True):
            day = day_text(start)
            name = FilePath(file).with_name(f"{FilePath(file).stem}-{day[:10]}{FilePath(file).suffix}")
            said = FilePath(table.spec.table or "").with_name(name.name)
            since: Path = ("from",) if table.is_edition else ("defaults", "starting_at")
            values: dict[Path, Any] = {("table",): str(said), since: day}
            if (self._root / name).exists():
                self.left.append(
                    (str(request.ref), f"{quote(str(name))} exists already: remove it, or choose another day")
                )
            elif self._failed(request.ref, [("", {(*entry, *table.named): CopiedItem([values])})]):
                reason = f"name {name} under rates_from by hand, with starting_at {day}: its entry cannot be copied"
                self.left.append((str(request.ref), reason))
            else:
                self._before[str(name)], self._like[str(name)] = None, self._before[file] or ""
                self._after[str(name)] = table.beside(start)

    def _tables(self, request: EditRequest, spec: Mapping[str, Any]) -> dict[str, tuple[int, TableEdit]]:
        """The card's tables by file, each with the position of its entry."""
        declared = self._loaded.source_map.declarations[request.ref]
        found: dict[str, tuple[int, TableEdit]] = {}
        often: Counter[str] = Counter()
        for index, entry in enumerate(spec.get("rates_from", ())):
            entry_spec, _ = validated(RatesFrom, entry)
            if entry_spec is not None:
                facts = self._facts(request)
                for source in TableSource.beside(self._root, declared.file, entry_spec, facts, lambda _: declared.at):
                    if source.is_csv:
                        often[source.shown] += 1
                        found[source.shown] = index, TableEdit(source, self._text(source.shown))
        # A table of several entries says several prices in one cell.
        return {file: table for file, table in found.items() if often[file] == 1}

    def _facts(self, request: EditRequest) -> RateFacts:
        card = request.noun
        assert isinstance(card, RateCard)
        return RateFacts(request.ref.name, card, self._loaded.catalog.products, self._scales)

    def _overlaid(self, ref: Ref, path: Path) -> bool:
        """Whether the environment's overlay has a say in what stands there."""
        overlay = self._loaded.source_map.overlay
        return overlay is not None and overlay.covers(ref, path)

    def _leave_to_overlay(self, ref: Ref, part: str) -> None:
        self.left.append((str(ref), f"{quote(part)} is said by an overlay of this environment: change it there"))

    def _leave(self, ref: Ref, part: str) -> None:
        self.left.append((str(ref), f"{quote(part)} has no place of its own in the text: edit it by hand"))

    def _spec(self, declared: Declaration) -> dict[str, Any]:
        spec = declared.spec_of(read_documents(declared.file, self._text(declared.file))[0])
        return spec if isinstance(spec, dict) else {}

    def _text(self, file: str) -> str:
        if file not in self._after:
            text = (self._root / file).read_bytes().decode("utf-8")
            self._before[file], self._after[file] = text, editable(text)
        return self._after[file]


def _starts(rate: Any, schedule: str) -> list[str]:
    """When the prices of a rate of the list begin; where the text cannot tell, those of its schedule."""
    try:
        return starts_of(rate)
    except Unplaceable:
        return [segment.starting_at for segment in read_schedule(schedule)]


def _parts(held: Mapping[str, Mapping[str, int]], was: str, now: str) -> dict[str, tuple[Timeline, Timeline]]:
    """What each file that holds some periods of a price says of it, and what it should say, where that differs: a
    period stands where it stood, and a new one where the one before it does."""
    owner = {start: file for file, starts in held.items() for start in starts}
    if len(held) == 1:
        return {file: (read_schedule(was), read_schedule(now)) for file in held}
    found: dict[str, tuple[Timeline, Timeline]] = {}
    before, after = _owned(owner, read_schedule(was)), _owned(owner, read_schedule(now))
    for file in held:
        parts = before.get(file, ()), after.get(file, ())
        if parts[0] != parts[1]:
            found[file] = parts
    return found


def _owned(owner: Mapping[str, str], timeline: Timeline) -> dict[str, Timeline]:
    """The periods of a timeline by the file that they stand in, each without the end that the start of the next one
    says."""
    found: dict[str, list[Segment]] = {}
    cut = list(_cut(timeline, sorted(owner)))
    for segment, after in zip(cut, (*cut[1:], None), strict=True):
        start = max((s for s in owner if s <= segment.starting_at), default=min(owner))
        adjoining = after is not None and segment.ending_before == after.starting_at
        found.setdefault(owner[start], []).append(segment._replace(ending_before=None) if adjoining else segment)
    return {file: read_schedule(text) for file, parts in found.items() if isinstance(text := joined(parts), str)}


def _cut(timeline: Timeline, starts: Sequence[str]) -> Iterator[Segment]:
    """The timeline with a period for each of the starts that it covers: two that say the same stand in two places."""
    for start, end, terms in timeline:
        inside = [at for at in starts if start < at and (end is None or at < end)]
        for begin, until in zip((start, *inside), (*inside, end), strict=True):
            yield Segment(begin, until, terms)
