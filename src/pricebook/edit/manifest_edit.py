"""Writing into the manifests what an account says: edits of the text, which leave everything else as it stands.

A price is changed where it stands, in a list or in a table (`edit.table_edit`); a field that differs is replaced,
added or taken out. What has no place of its own in the text is left, with the reason, and never guessed.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pricebook.catalog.model import Noun, Path, Scale
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_key
from pricebook.edit.dump import rates_data, spec_data
from pricebook.edit.rewrite import GONE, Further, Place, Unplaceable, places_of, rewritten
from pricebook.edit.table_edit import TableEdit
from pricebook.manifest.load import Loaded
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import read_rates
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import Source
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.text import as_written, editable
from pricebook.manifest.validation import validated
from pricebook.manifest.whereabouts import Spot
from pricebook.problem import quote

Change = tuple[str, Mapping[Path, Any]]
"""What is to be edited, in words, and the new values of a document by path (`edit.rewrite`)."""
_RATES: Path = ("spec", "rates")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a noun should say: the observed noun with the top-level fields that differ, and observed schedules by key
    of a card's rates."""

    ref: Ref
    observed: Noun
    fields: frozenset[str] = frozenset()
    rates: Mapping[str, str] = field(default_factory=dict)


class ManifestEdit:
    """The texts of a project's files while they are edited. `left` is what could not be, by noun, with the reason."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded, self._root = loaded, loaded.whereabouts.root
        self._scales: Mapping[str, Scale] = loaded.whereabouts.scales()
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}
        self.left: list[tuple[str, str]] = []

    def files(self) -> Iterator[tuple[str, str, str]]:
        """Every file that was edited: its name, its text as it is, and what it is to be. Tables come before the
        manifests that name their columns."""
        homes = {home.file for home in self._loaded.whereabouts.homes.values()}
        for file, before in sorted(self._before.items(), key=lambda item: (item[0] in homes, item[0])):
            after = as_written(self._after[file], before)
            if after != before:
                yield file, before, after

    def adopt(self, wish: Wish) -> None:
        """Make the manifests say what is wished for, as far as they can be edited."""
        said = spec_data(wish.observed, self._scales)
        changes: list[Change] = []
        for name in sorted(wish.fields):
            if self._overlaid(wish.ref, ("spec", name)):
                self._leave_to_overlay(wish.ref, name)
            else:
                changes.append((name, {("spec", name): said.get(name, GONE)}))
        self._edit(wish.ref, changes)
        if wish.rates:
            self._adopt_rates(wish)

    def _edit(self, ref: Ref, changes: Sequence[Change]) -> None:
        """Edit the noun's manifest. When that does not come out as meant it is tried by halves, so that no more is left
        than has to be."""
        if not changes:
            return
        home = self._loaded.whereabouts.homes[ref]
        try:
            values = {path: value for _, change in changes for path, value in change.items()}
            self._after[home.file] = rewritten(self._text(home.file), home.index, values)
        except Unplaceable:
            if len(changes) == 1:
                self._leave(ref, changes[0][0])
                return
            middle = len(changes) // 2
            self._edit(ref, changes[:middle])
            self._edit(ref, changes[middle:])

    def _adopt_rates(self, wish: Wish) -> None:
        """Each price where it stands: in the list, or in a table. A new one joins the table whose form it has."""
        home, book = self._loaded.whereabouts.homes[wish.ref], self._loaded.catalog.rates.get(wish.ref.name)
        present = {key: was for key in wish.rates if book is not None and (was := book.get(key)) is not None}
        spots = {key: Spot(wish.ref, (), key) for key in present}
        spans = self._loaded.whereabouts.spans(spots.values())
        files = {key: spans[spot].file for key, spot in spots.items()}
        tables = self._tables(wish) if len(present) < len(wish.rates) or set(files.values()) - {home.file} else {}
        if tables and self._overlaid(wish.ref, ("spec", "rates_from")):
            self._leave_to_overlay(wish.ref, "rates_from")
            tables = {}
        for file, (_, table) in tables.items():
            mine = {key: (present[key], wish.rates[key]) for key in present if files[key] == file}
            for key, done in table.change(mine).items() if mine else ():
                if not done:
                    self._leave(wish.ref, str(read_key(key)))
        listed: dict[str, str] = {}
        for key, schedule in wish.rates.items():
            fits = [table for _, table in tables.values() if key not in present and table.takes(key, schedule)]
            if fits:
                try:
                    fits[0].append(key, schedule)
                except Unplaceable:
                    self._leave(wish.ref, str(read_key(key)))
            elif key not in present or files[key] not in tables:
                listed[key] = schedule
        self._adopt_listed(wish, listed, present)
        for file, (index, table) in tables.items():
            columns: dict[Path, Any] = {("spec", "rates_from", index, *at): name for at, name in table.columns.items()}
            try:
                if columns:
                    self._after[home.file] = rewritten(self._text(home.file), home.index, columns)
                self._after[file] = table.text
            except Unplaceable:
                self._leave(wish.ref, f"rates_from[{index + 1}].columns")

    def _tables(self, wish: Wish) -> dict[str, tuple[int, TableEdit]]:
        """The card's tables by file, each with the position of its entry."""
        home = self._loaded.whereabouts.homes[wish.ref]
        found: dict[str, tuple[int, TableEdit]] = {}
        for index, entry in enumerate(self._spec(home.file, home.index).get("rates_from", ())):
            said, _ = validated(RatesFrom, entry)
            if said is not None:
                path = (self._root / home.file).parent / said.table
                file = os.path.relpath(path, self._root)
                source = Source(path, file, said, lambda _: home.at, self._facts(wish))
                found[file] = index, TableEdit(source, self._text(file))
        return found

    def _adopt_listed(self, wish: Wish, rates: Mapping[str, str], present: Mapping[str, str]) -> None:
        """Prices of the list in the manifest: changed where they stand, and new ones at its end."""
        if not rates:
            return
        card, home = wish.observed, self._loaded.whereabouts.homes[wish.ref]
        assert isinstance(card, RateCard)
        text = self._text(home.file)
        places = places_of(text, home.index)
        position = read_rates(self._spec(home.file, home.index).get("rates", ()), self._facts(wish)).position
        changes: list[Change] = []
        new: list[str] = []
        for key, schedule in rates.items():
            item: Path = (*_RATES, position.get(key, -1))
            if key not in present:
                new.append(key)
            elif self._overlaid(wish.ref, item):
                self._leave_to_overlay(wish.ref, str(read_key(key)))
            elif key not in position:
                if self._overlaid(wish.ref, ("spec", "rates_from")):
                    continue  # the table is the overlay's, which has been said
                self._leave(wish.ref, str(read_key(key)))
            else:
                (was,) = rates_data(RateBook({key: present[key]}), card, self._scales)
                (wanted,) = rates_data(RateBook({key: schedule}), card, self._scales)
                changes.append((str(read_key(key)), _prices(places, item, was, wanted)))
        self._edit(wish.ref, changes)
        if new:
            items = rates_data(RateBook({key: rates[key] for key in new}), card, self._scales)
            words = ", ".join(str(read_key(key)) for key in new[:3]) + (", ..." if len(new) > 3 else "")
            self._edit(wish.ref, [(words, {_RATES: Further(items)})])

    def _facts(self, wish: Wish) -> RateFacts:
        card = wish.observed
        assert isinstance(card, RateCard)
        return RateFacts(wish.ref.name, card, self._loaded.catalog.products, self._scales)

    def _overlaid(self, ref: Ref, path: Path) -> bool:
        """Whether the environment's overlay has a say in what stands there."""
        whereabouts = self._loaded.whereabouts
        home = whereabouts.homes[ref]
        return whereabouts.overlay is not None and whereabouts.overlay.covers(home.file, home.index, path)

    def _leave_to_overlay(self, ref: Ref, part: str) -> None:
        self.left.append((str(ref), f"{quote(part)} is said by an overlay of this environment: change it there"))

    def _leave(self, ref: Ref, part: str) -> None:
        self.left.append((str(ref), f"{quote(part)} has no place of its own in the text: edit it by hand"))

    def _spec(self, file: str, index: int) -> dict[str, Any]:
        documents, _ = read_documents(file, self._text(file))
        data: Any = next((each.data for each in documents if each.index == index), {})
        spec = data.get("spec") if isinstance(data, dict) else None
        return spec if isinstance(spec, dict) else {}

    def _text(self, file: str) -> str:
        if file not in self._after:
            self._before[file] = _read(self._root / file)
            self._after[file] = editable(self._before[file])
        return self._after[file]


def _read(path: FilePath) -> str:
    """What stands in a file, byte for byte."""
    return path.read_bytes().decode("utf-8")


def _prices(
    places: Mapping[Path, Place], item: Path, present: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[Path, Any]:
    """The smallest edit that makes a rate what is wanted: its price, the prices of its schedule, or all of it."""
    if {**present, "price": None} == {**wanted, "price": None} and (*item, "price") in places and "price" in wanted:
        return {(*item, "price"): wanted["price"]}
    was, now = present.get("schedule", ()), wanted.get("schedule", ())
    alike = {**present, "schedule": None} == {**wanted, "schedule": None} and len(was) == len(now) > 0
    if alike and all({**a, "price": None} == {**b, "price": None} for a, b in zip(was, now, strict=True)):
        paths = {
            (*item, "schedule", i, "price"): b["price"] for i, (a, b) in enumerate(zip(was, now, strict=True)) if a != b
        }
        if paths.keys() <= places.keys():
            return dict(paths)
    return {item: dict(wanted)}
