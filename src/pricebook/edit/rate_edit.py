"""One rate of a manifest's list, made to say other prices: the smallest edits of its text that do it.

An amount is replaced where it stands, in the form in which it stands: with its currency, or as a number. A price that
begins later follows the one that holds until then, as a further entry of the schedule. What the text says of anything
else stays; where that will not do `Unplaceable` is raised, and the rate is written anew as a whole.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.instant import day_text, instant_text, parse_instant
from pricebook.catalog.money import parse_money, plain, read_number, to_major_unit
from pricebook.catalog.rate import amounts_in, with_amounts
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Segment, Timeline
from pricebook.catalog.violation import Path
from pricebook.edit.dump import BARE
from pricebook.edit.rewrite import GONE, CopiedItem, Renamed, Unplaceable, Written
from pricebook.manifest.locate import Extent
from pricebook.manifest.syntax import Token

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+")


def amount_like(written: str, amount: Decimal, digits: int) -> str:
    """An amount in its API unit, as the one that is written there: with its currency, and then with as many decimal
    places, or as a number `digits` below the major unit. Raises Unplaceable where no amount is written."""
    if parse_money(written) is None:
        if read_number(written) is None:
            raise Unplaceable(written)
        return plain(amount)
    _, _, places = written.partition(".")
    shown = _NUMBER.search("." + places) if places else None
    wanted = len(shown[0]) - 1 if shown is not None else 0
    whole, _, given = plain(to_major_unit(amount, digits)).partition(".")
    return _NUMBER.sub(f"{whole}.{given.ljust(wanted, '0')}" if wanted or given else whole, written, count=1)


def starts_of(rate: Any) -> list[str]:
    """When the prices begin that a rate of a list says, in their order. Raises Unplaceable."""
    return [_instant(entry.get("starting_at")) for entry in rate.get("schedule", (rate,))]


class RateEdit:
    """Edits of a document's text, in which `places` says where everything stands."""

    def __init__(self, text: str, places: Mapping[Path, Extent], scales: Mapping[str, Scale]) -> None:
        self._text, self._places, self._scales = text, places, scales

    def edits(self, path: Path, rate: Any, observed: Timeline, wanted: Timeline) -> dict[Path, Any]:
        """What to rewrite so that the rate at a path says what is wanted, where it says what is observed. Raises
        Unplaceable."""
        entries = rate.get("schedule", (rate,))
        paths = [(*path, "schedule", i) for i in range(len(entries))] if "schedule" in rate else [path]
        starts = starts_of(rate)
        followers: dict[int, list[Segment]] = {}
        for segment in wanted:
            if segment.starting_at not in starts:
                before = [start for start in starts if start < segment.starting_at]
                if not before:
                    raise Unplaceable(path)
                followers.setdefault(starts.index(max(before)), []).append(segment)
        found: dict[Path, Any] = {}
        for index, (at, entry) in enumerate(zip(paths, entries, strict=True)):
            was, now = _segment_at(observed, starts[index]), _segment_at(wanted, starts[index])
            amounts = self._amounts(at, entry, was, now)
            later = [(segment, self._amounts(at, entry, was, segment)) for segment in followers.get(index, ())]
            if later and "schedule" not in rate:
                return self._made_schedule(path, rate, amounts, later)
            found |= amounts
            if later:
                found |= self._followed(at, entry, later)
        return found

    def _amounts(self, path: Path, entry: Any, was: Segment, now: Segment) -> dict[Path, Any]:
        """The amounts of an entry that differ."""
        if amountless(was.terms) != amountless(now.terms):
            raise Unplaceable(path)
        digits, before = self._scales.get(now.terms.unit, BARE).scale, amounts_in(was.terms.fields)
        differing = {at: it for at, it in amounts_in(now.terms.fields).items() if it != before[at]}
        if not differing.keys() <= amounts_in(entry).keys():
            raise Unplaceable(path)
        return {
            (*path, *at): self._quoted((*path, *at), self._like((*path, *at), Decimal(amount), digits))
            for at, amount in differing.items()
        }

    def _like(self, path: Path, amount: Decimal, digits: int) -> str:
        return amount_like(self._raw(path).strip("'\""), amount, digits)

    def _followed(self, path: Path, entry: Any, later: Sequence[tuple[Segment, Mapping[Path, Any]]]) -> dict[Path, Any]:
        """An entry of a schedule with others behind it, which end when it ended."""
        copies: list[Mapping[Path, Any]] = []
        starts = [self._quoted((*path, "starting_at"), day_text(s.starting_at)) for s, _ in later]
        ends = "ending_before" in entry
        for start, until, (_, amounts) in zip(starts, (*starts[1:], None), later, strict=True):
            copy = {at[len(path) :]: value for at, value in amounts.items()} | {("starting_at",): start}
            copies.append(copy | {("ending_before",): until} if ends and until is not None else copy)
        found: dict[Path, Any] = {path: CopiedItem(copies)}
        return found | {(*path, "ending_before"): starts[0]} if ends else found

    def _made_schedule(
        self,
        path: Path,
        rate: Any,
        amounts: Mapping[Path, Any],
        later: Sequence[tuple[Segment, Mapping[Path, Any]]],
    ) -> dict[Path, Any]:
        """A rate with one price, turned into a schedule."""
        moved = {at[len(path)] for changed in (amounts, *(changed for _, changed in later)) for at in changed}
        fields = [name for name in rate if name in moved]
        if not fields:
            raise Unplaceable(path)
        end = self._raw((*path, "ending_before")) if "ending_before" in rate else None
        prices = [(self._raw((*path, "starting_at")), amounts)]
        prices += [(day_text(segment.starting_at), changed) for segment, changed in later]
        items = []
        for number, (start, changed) in enumerate(prices, 1):
            last = f", ending_before: {end}" if end is not None and number == len(prices) else ""
            said = "".join(f", {field}: {self._with(path, field, changed)}" for field in fields)
            items.append(Written(f"{{starting_at: {start}{said}{last}}}"))
        names = [*fields, "starting_at", *(["ending_before"] if end is not None else [])]
        first, *others = sorted(((*path, name) for name in names), key=lambda at: self._place(at).start)
        return {first: Renamed("schedule", items), **dict.fromkeys(others, GONE)}

    def _with(self, path: Path, field: Any, changed: Mapping[Path, Any]) -> str:
        """What stands under a field, with other amounts in it."""
        amounts = {at: new for at, new in changed.items() if at[len(path)] == field}
        base, text = self._place((*path, field)).start, self._raw((*path, field))
        if "\n" in text:
            raise Unplaceable((*path, field))
        for at, new in sorted(amounts.items(), key=lambda item: self._place(item[0]).start, reverse=True):
            place = self._place(at)
            text = text[: place.start - base] + new.text + text[place.end - base :]
        return text

    def _place(self, path: Path) -> Extent:
        found = self._places.get(path)
        if found is None or found.token is Token.ALIAS:
            raise Unplaceable(path)
        return found

    def _raw(self, path: Path) -> str:
        place = self._place(path)
        return self._text[place.start : place.end]

    def _quoted(self, path: Path, new: str) -> Written:
        """A scalar in the quotes of the one that stands there."""
        style = self._place(path).style
        return Written(f"{style}{new}{style}" if style in ("'", '"') else new)


def _segment_at(timeline: Timeline, start: str) -> Segment:
    held = next((segment for segment in timeline if segment.covers(start)), None)
    if held is None:
        raise Unplaceable(start)
    return held


def amountless(terms: Terms) -> dict[str, Any]:
    """What terms say besides their amounts."""
    return with_amounts(terms.fields, lambda *_: None)


def _instant(text: object) -> str:
    """An instant as text that sorts as time does. Raises Unplaceable."""
    try:
        return instant_text(parse_instant(str(text)))
    except ValueError:
        raise Unplaceable(text) from None
