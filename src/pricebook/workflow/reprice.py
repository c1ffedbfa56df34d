"""Reprice: other prices from a day on, written into the manifests and tables for review. The store is never touched."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import unified_diff
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key, read_schedule, terms_at, terms_from
from pricebook.edit.repricing import Edit, RoundedAway, Scaling, copy_item, edited, reprice_rate
from pricebook.edit.rewrite import Unplaceable, places_of
from pricebook.edit.table_text import cell, with_cells
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import read_rates
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import Source
from pricebook.manifest.syntax import read_documents
from pricebook.manifest.tables import price_places
from pricebook.manifest.text import MAX_YAML, as_written, editable, read_text
from pricebook.manifest.validation import validated
from pricebook.policy.fact import Facts, money_words
from pricebook.policy.view import SELECTED, now_text, selected
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.writing import FileChange, write_all

MAX_TABLE = 1 << 30


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: which prices, from when, and how they change."""

    scaling: Scaling
    day: datetime
    where: str | None = None
    currency: str | None = None
    card: str | None = None


@dataclass
class Repricing:
    """What would be written: the files with their new texts, and each price that changes, in words."""

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """File -> its text now (empty: it is new), and then."""
    prices: list[tuple[str, str, str]] = field(default_factory=list)
    """Which price, what it was on the day, what it is then."""
    skipped: int = 0
    """Prices that were chosen and are no amount: percentages, custom rates."""

    def diff(self) -> str:
        """The unified diff of all files."""
        parts: list[str] = []
        for file, (before, after) in sorted(self.files.items()):
            old = before.splitlines(keepends=True)
            parts += unified_diff(
                old, after.splitlines(keepends=True), f"a/{file}" if before else "/dev/null", f"b/{file}"
            )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in parts)


def reprice(project: Project, wish: Wish) -> Repricing:
    """What has to be written. Raises Rejected when a price cannot be placed, or would be rounded to nothing."""
    loaded = load(project)
    facts = Facts(loaded.catalog, wish.day)
    made, problems = Repricing(), []
    for name, card in sorted(facts.cards.items()):
        if wish.card in (None, name):
            chosen = _chosen(card.rates.items(), name, facts, wish, made)
            if chosen:
                problems += _Card(project, loaded, name, wish, made).write(chosen)
    if problems:
        raise Rejected(problems)
    return made


def write(project: Project, made: Repricing) -> None:
    """Write the files; all of them, or none when what was written does not load any more. Raises Rejected."""
    for file, (before, _) in made.files.items():
        if not before and (project.root / file).exists():
            raise reject("exists", f"{quote(file)} exists already", Span(file), "remove it, or choose another day")
    tables_first = sorted(made.files.items(), key=lambda item: (not item[0].endswith(".csv"), item[0]))
    write_all(
        project.root,
        [FileChange(file, was or None, new) for file, (was, new) in tables_first],
        partial(_check, project),
    )


def _check(project: Project) -> None:
    """Whether what was written loads. Raises Rejected."""
    load(project)


def _chosen(rates: Iterable[tuple[str, str]], card: str, facts: Facts, wish: Wish, made: Repricing) -> dict[str, int]:
    """Key -> digits between the pricing unit's API unit and its major unit, of each price that is chosen."""
    day = instant_text(wish.day)
    ask = _asker(wish.where)
    chosen: dict[str, int] = {}
    for key, schedule in rates:
        terms = terms_from(read_schedule(schedule), day)
        if terms is None:
            continue
        scale = facts.scales.get(terms.unit)
        if wish.currency is not None and (scale is None or scale.currency != wish.currency):
            continue
        if not any(ask({**names, "now": now_text(facts)}) for names in selected(card, key, terms, facts)):
            continue
        if terms.is_fraction or terms.rate_type == "CUSTOM":
            made.skipped += 1
            continue
        chosen[key] = scale.scale if scale is not None else 0
    return chosen


def _asker(where: str | None) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a price is chosen. Raises Rejected for an expression that cannot be asked."""
    if where is None:
        return lambda _: True
    from pricebook.policy.cel import CelError, Expressions, MissingCel

    try:
        engine = Expressions(SELECTED, {})
        asked = engine.compile(where)
    except MissingCel:
        hint = "install it: pip install 'pricebook[rules]'"
        raise reject("missing-extra", "--where needs a library that is not installed", hint=hint) from None
    except CelError as error:
        raise reject("expression", f"--where: {error}", hint=f"names: {', '.join(engine.defaults)}") from None

    def ask(names: Mapping[str, Any]) -> bool:
        try:
            return asked(names)
        except CelError as error:
            raise reject("expression", f"--where, of {names['product']}: {error}") from None

    return ask


class _Card:
    """One card: its manifest and its tables."""

    def __init__(self, project: Project, loaded: Loaded, name: str, wish: Wish, made: Repricing) -> None:
        self.project, self.loaded, self.name, self.wish, self.made = project, loaded, name, wish, made
        self.home = loaded.whereabouts.homes[Ref(Kind.RATE_CARD, name)]
        self.day = instant_text(wish.day)
        self.problems: list[Problem] = []

    def write(self, chosen: Mapping[str, int]) -> list[Problem]:
        """Add the edits to what is made; what is wrong with them."""
        file = self.home.file
        text = self._text(file)
        documents, _ = read_documents(file, text)
        spec: Any = next(d.data for d in documents if d.index == self.home.index)["spec"]  # type: ignore[index]
        places = places_of(text, self.home.index)
        catalog = self.loaded.catalog
        facts = RateFacts(self.name, catalog.cards[self.name], catalog.products, self.loaded.whereabouts.scales())
        position = read_rates(spec.get("rates", ()), facts).position
        edits: list[Edit] = []
        for key, scale in chosen.items():
            index = position.get(key)
            if index is not None:
                at = ("spec", "rates", index)
                rate = spec["rates"][index]
                edit = lambda at=at, rate=rate, scale=scale: reprice_rate(  # noqa: E731
                    text, places, at, rate, self.day, self.wish.scaling, scale
                )
                edits += self._tried(key, edit)
        rest = {key: scale for key, scale in chosen.items() if key not in position}
        for index, entry in enumerate(spec.get("rates_from", ())):
            if rest:
                edits += self._table(index, entry, rest, facts, text, places)
        self._say(chosen)
        if edits:
            self._put(file, edited(text, edits))
        return self.problems

    def _tried(self, key: str, edit: Callable[[], list[Edit]]) -> list[Edit]:
        try:
            return edit()
        except RoundedAway as error:
            message = f"{read_key(key)}: {error} would be rounded to nothing"
            self.problems.append(Problem("rounded-away", message, self.home.at, "choose a smaller --round, or none"))
        except Unplaceable:
            message = f"{read_key(key)} stands behind an alias, or over several lines"
            hint = "write it out on one line, or change it by hand"
            self.problems.append(Problem("not-updatable", message, self.home.at, hint))
        return []

    def _table(
        self, index: int, entry: Any, chosen: Mapping[str, int], facts: RateFacts, text: str, places: Any
    ) -> list[Edit]:
        said, _ = validated(RatesFrom, entry)
        if said is None:
            return []
        folder = (self.project.root / self.home.file).parent
        path = folder / said.table
        shown = os.path.relpath(path, self.project.root)
        found = price_places(Source(path, shown, said, lambda _: self.home.at, facts), chosen)
        lines = self._text(shown, MAX_TABLE).splitlines(keepends=True) if found else []
        further: list[str] = []
        inserted: dict[int, list[str]] = {}
        for (key, start), span in sorted(found.items(), key=lambda item: item[1].line):
            if self._superseded(key, start):
                continue
            scale = chosen[key] if said.defaults.currency is None else 0
            row, ending = _split(lines[span.line - 1])
            try:
                price = self.wish.scaling.text(cell(row, said.delimiter, span.column - 1).strip(), scale)
                new = with_cells(row, said.delimiter, {span.column - 1: price})
                if start >= self.day:
                    lines[span.line - 1] = new + ending
                elif said.columns.starting_at is None:
                    further.append(new + ending)
                else:
                    self._follow(said, lines, span.line, new, ending, inserted)
            except (RoundedAway, Unplaceable, IndexError) as error:
                kind, reason = ("rounded-away", "would be rounded to nothing")
                if not isinstance(error, RoundedAway):
                    kind, reason = ("not-updatable", "cannot be found in its line")
                hint = "choose a smaller --round, or change it by hand"
                self.problems.append(Problem(kind, f"the price of {read_key(key)} {reason}", span, hint))
        whole = "".join(line + "".join(inserted.get(n, ())) for n, line in enumerate(lines, 1))
        if found and whole != self._text(shown, MAX_TABLE):
            self._put(shown, whole)
        if not further:
            return []
        return self._beside(index, said, shown, lines[0], further, text, places)

    def _superseded(self, key: str, start: str) -> bool:
        """Whether another price, of this source or another, has taken over by the day."""
        schedule = self.loaded.catalog.rates[self.name].get(key) or "[]"
        return any(start < segment.starting_at <= self.day for segment in read_schedule(schedule))

    def _follow(
        self, said: RatesFrom, lines: list[str], line: int, new: str, ending: str, inserted: dict[int, list[str]]
    ) -> None:
        """The new price in a row of its own behind the one that holds until then."""
        header = [name.strip() for name in _split(lines[0])[0].split(said.delimiter)]
        start = header.index(said.columns.starting_at or "")
        after = with_cells(new, said.delimiter, {start: self.day[:10]})
        inserted.setdefault(line, []).append(after + (ending or "\n"))
        row, end = _split(lines[line - 1])
        if said.columns.ending_before is not None:
            place = header.index(said.columns.ending_before)
            if cell(row, said.delimiter, place).strip():
                lines[line - 1] = with_cells(row, said.delimiter, {place: self.day[:10]}) + end
        elif not end:
            lines[line - 1] = row + "\n"

    def _beside(
        self, index: int, said: RatesFrom, shown: str, header: str, rows: list[str], text: str, places: Any
    ) -> list[Edit]:
        """A table whose rows all begin at once: the new prices stand in a table of their own, which the card names."""
        table = FilePath(said.table)
        name = table.with_name(f"{table.stem}-{self.day[:10]}{table.suffix}")
        self._put(
            os.path.relpath((self.project.root / shown).with_name(name.name), self.project.root),
            header + "".join(rows),
            shown,
        )
        values: dict[tuple[str | int, ...], str] = {("table",): str(name), ("defaults", "starting_at"): self.day[:10]}
        try:
            return [copy_item(text, places, ("spec", "rates_from", index), values)]
        except Unplaceable:
            hint = f"name {name} under rates_from by hand, with starting_at {self.day[:10]}"
            message = "the entry of rates_from cannot be copied where it stands"
            self.problems.append(Problem("not-updatable", message, self.home.at, hint))
            return []

    def _say(self, chosen: Mapping[str, int]) -> None:
        scales = self.loaded.whereabouts.scales()
        for key in sorted(chosen):
            schedule = self.loaded.catalog.rates[self.name].get(key) or "[]"
            terms = terms_at(read_schedule(schedule), self.day)
            if terms is None or terms.flat is None:
                self.made.prices.append((f"{self.name} · {read_key(key)}", "", ""))
                continue
            amount, unit = terms.flat, terms.unit
            scale = scales.get(unit)
            digits = scale.scale if scale is not None else 0
            try:
                new = self.wish.scaling.of(amount.scaleb(-digits)).scaleb(digits)
            except RoundedAway:
                new = Decimal(0)
            words = (money_words(amount, unit, scale), money_words(new, unit, scale))
            self.made.prices.append((f"{self.name} · {read_key(key)}", *words))

    def _text(self, file: str, limit: int = MAX_YAML) -> str:
        """The text of a file, as far as it is edited, in the form in which texts are."""
        if file in self.made.files:
            return editable(self.made.files[file][1])
        read_text(self.project.root / file, file, limit=limit)  # what is no text is refused
        return editable(self._raw(file))

    def _put(self, file: str, after: str, like: str = "") -> None:
        """What a file is to say; a new one has the form of the file that it is `like`."""
        before = self.made.files[file][0] if file in self.made.files else self._raw(file)
        self.made.files[file] = (before, as_written(after, before or self._raw(like)))

    def _raw(self, file: str) -> str:
        """A file's text as it stands; nothing for one that is not there."""
        path = self.project.root / file
        return path.read_bytes().decode("utf-8") if path.is_file() else ""


def _split(line: str) -> tuple[str, str]:
    """A line without its end, and the end."""
    bare = line.rstrip("\r\n")
    return bare, line[len(bare) :]
