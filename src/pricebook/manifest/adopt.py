"""Writing into the manifests what an account says: edits of the text, which leave everything else as it stands.

A price is changed where it stands, in a list or in a table (`manifest.table_edit`); a field that differs is replaced,
added or taken out. What has no place of its own in the text is left, with the reason, and never guessed.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.model import Noun, Path, Scale
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_key
from pricebook.manifest.dump import rates_data, spec_data
from pricebook.manifest.layout import inline
from pricebook.manifest.load import Loaded
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.rewrite import Unplaceable, places_of, rewritten
from pricebook.manifest.row import Source
from pricebook.manifest.syntax import Token, read_documents
from pricebook.manifest.table_edit import TableEdit
from pricebook.manifest.validation import validated
from pricebook.manifest.whereabouts import Spot
from pricebook.problem import quote

_SIMPLE = re.compile(r"[\w .,$€£<>/()+-]+")
"""A text that means itself in any quotes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a noun should say: the observed noun with the top-level fields that differ, and observed schedules by key
    of a card's rates."""

    ref: Ref
    observed: Noun
    fields: frozenset[str] = frozenset()
    rates: Mapping[str, str] = field(default_factory=dict)


class Adoption:
    """The texts of a project's files while they are edited."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded, self._root = loaded, loaded.whereabouts.root
        self._scales: dict[str, Scale] = loaded.whereabouts.scales()
        self.before: dict[str, str] = {}
        self.after: dict[str, str] = {}
        self.left: list[tuple[str, str]] = []

    def adopt(self, wish: Wish) -> None:
        """Make the manifests say what is wished for, as far as they can be edited."""
        home = self._loaded.whereabouts.homes[wish.ref]
        said = spec_data(wish.observed, self._scales)
        for name in sorted(wish.fields):
            if self._overlaid(wish.ref, ("spec", name)):
                self._leave_to_overlay(wish.ref, name)
                continue
            try:
                text = self._text(home.file)
                self.after[home.file] = (
                    _with(text, home.index, ("spec", name), said[name])
                    if name in said
                    else _without(text, home.index, ("spec", name))
                )
            except Unplaceable:
                self._leave(wish.ref, name)
        if wish.rates:
            self._adopt_rates(wish)

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
        for key, schedule in wish.rates.items():
            try:
                fits = [table for _, table in tables.values() if key not in present and table.takes(key, schedule)]
                if fits:
                    fits[0].append(key, schedule)
                elif key not in present or files[key] not in tables:
                    self._adopt_rate(wish, key, schedule, present.get(key))
            except Unplaceable:
                self._leave(wish.ref, str(read_key(key)))
        for file, (index, table) in tables.items():
            self.after[file] = table.text
            columns: dict[Path, Any] = {("spec", "rates_from", index, *at): name for at, name in table.columns.items()}
            if columns:
                self.after[home.file] = rewritten(self._text(home.file), home.index, columns)

    def _tables(self, wish: Wish) -> dict[str, tuple[int, TableEdit]]:
        """The card's tables by file, each with the position of its entry."""
        home, card = self._loaded.whereabouts.homes[wish.ref], wish.observed
        assert isinstance(card, RateCard)
        facts = RateFacts(wish.ref.name, card, self._loaded.catalog.products, self._scales)
        found: dict[str, tuple[int, TableEdit]] = {}
        for index, entry in enumerate(self._spec(home.file, home.index).get("rates_from", ())):
            said, _ = validated(RatesFrom, entry)
            if said is not None:
                path = (self._root / home.file).parent / said.table
                file = os.path.relpath(path, self._root)
                source = Source(path, file, said, lambda _: home.at, facts)
                found[file] = index, TableEdit(source, self._text(file))
        return found

    def _adopt_rate(self, wish: Wish, key: str, schedule: str, desired: str | None) -> None:
        """A price of the list in the manifest."""
        card, home = wish.observed, self._loaded.whereabouts.homes[wish.ref]
        assert isinstance(card, RateCard)
        (wanted,) = rates_data(RateBook({key: schedule}), card, self._scales)
        if desired is None:
            self._append_rate(home.file, home.index, wanted)
            return
        (present,) = rates_data(RateBook({key: desired}), card, self._scales)
        item = self._item(home.file, home.index, wanted)
        if self._overlaid(wish.ref, item):
            self._leave_to_overlay(wish.ref, str(read_key(key)))
            return
        text = self._text(home.file)
        self.after[home.file] = rewritten(text, home.index, _prices(text, home.index, item, present, wanted))

    def _item(self, file: str, index: int, wanted: Mapping[str, Any]) -> Path:
        """Where the rate of the same product, frequency and group values stands."""
        names = ("product", "billing_frequency", "pricing_group_values")
        for position, item in enumerate(self._spec(file, index).get("rates", ())):
            if isinstance(item, dict) and all(_same(item.get(name), wanted.get(name)) for name in names):
                return ("spec", "rates", position)
        raise Unplaceable(file)

    def _append_rate(self, file: str, index: int, wanted: Mapping[str, Any]) -> None:
        text, places = self._text(file), places_of(self._text(file), index)
        path: Path = ("spec", "rates")
        listed = places.get(path)
        if listed is None:
            self.after[file] = rewritten(text, index, {path: [wanted]})
            return
        if listed.token is not Token.SEQUENCE:
            raise Unplaceable(path)
        if listed.flow:
            at = text.rindex("]", listed.start, listed.end)
            comma = ", " if text[listed.start + 1 : at].strip() else ""
            self.after[file] = f"{text[:at]}{comma}{inline(wanted)}{text[at:]}"
            return
        line = text.find("\n", listed.end)
        at = line if line >= 0 else len(text)
        self.after[file] = f"{text[:at]}\n{' ' * listed.column}- {inline(wanted)}{text[at:]}"

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
        if file not in self.after:
            # As it stands, byte for byte: line ends are kept.
            self.before[file] = self.after[file] = _read(self._root / file)
        return self.after[file]


def _read(path: FilePath) -> str:
    return path.read_bytes().decode("utf-8")


def _prices(
    text: str, index: int, item: Path, present: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[Path, Any]:
    """The smallest edit that makes a rate what is wanted: its price, the prices of its schedule, or all of it."""
    places = places_of(text, index)
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


def _with(text: str, index: int, path: Path, value: object) -> str:
    """The text with a value at a path. A text keeps the quotes that stand there while it needs no others."""
    found = places_of(text, index).get(path)
    if found is None or found.token is not Token.SCALAR or not isinstance(value, str):
        return rewritten(text, index, {path: value})
    quote_ = found.style if found.style in ("'", '"') and _SIMPLE.fullmatch(value) else ""
    end = "\n" if found.style in ("|", ">") else ""
    return text[: found.start] + (f"{quote_}{value}{quote_}" if quote_ else inline(value)) + end + text[found.end :]


def _without(text: str, index: int, path: Path) -> str:
    """The text without an entry of a block mapping that has lines of its own."""
    places = places_of(text, index)
    found, parent = places.get(path), places.get(path[:-1])
    if found is None or parent is None or parent.flow:
        raise Unplaceable(path)
    start = found.start
    while True:
        start = text.rfind("\n", 0, start)
        if text[start + 1 :].lstrip(" ").startswith((f"{path[-1]}:", f'"{path[-1]}":', f"'{path[-1]}':")):
            break
        if start < 0:
            raise Unplaceable(path)
    end = text.find("\n", found.end)
    return text[: start + 1] + (text[end + 1 :] if end >= 0 else "")


def _same(written: object, wanted: object) -> bool:
    """Whether a value as written is the one that is meant, in either case of letters for a frequency."""
    if isinstance(written, str) and isinstance(wanted, str):
        return written == wanted or (written.upper() == wanted and wanted.isupper())
    return encode(written or None) == encode(wanted or None)
