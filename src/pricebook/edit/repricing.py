"""Writing other prices into a manifest, from a day on: edits of the text, which leave the rest as it stands.

An edit is (start, end, new text). A price that begins on that day or later is replaced where it stands. A price that
holds already keeps its place, and the new one follows it: as a further entry of its schedule, or a further row.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pricebook.catalog.instant import parse_instant
from pricebook.catalog.model import Path
from pricebook.catalog.money import EXACT, parse_money, plain, read_number
from pricebook.edit.rewrite import Place, Unplaceable
from pricebook.manifest.syntax import Token

Edit = tuple[int, int, str]
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+")


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a price changes: times a factor, then rounded (half up) to a multiple of a step of the major unit."""

    factor: Decimal
    step: Decimal | None

    def of(self, major: Decimal) -> Decimal:
        """The new price. Raises RoundedAway for one that would become nothing."""
        new = EXACT.multiply(major, self.factor)
        if self.step is not None:
            new = EXACT.multiply((new / self.step).quantize(Decimal(1), ROUND_HALF_UP), self.step)
        if major and not new:
            raise RoundedAway(major)
        return new

    def text(self, raw: str, scale: int) -> str:
        """The new price, written as the old one was: with its currency, or as a number that is `scale` digits below the
        major unit. Raises RoundedAway, and Unplaceable for what is no price."""
        money = parse_money(raw)
        if money is None:
            number = read_number(raw)
            if number is None:
                raise Unplaceable(raw)
            return plain(self.of(number.scaleb(-scale, EXACT)).scaleb(scale, EXACT))
        new = plain(self.of(money.amount))
        _, _, places = raw.partition(".")
        written = _NUMBER.search("." + places) if places else None
        wanted = len(written[0]) - 1 if written is not None else 0
        whole, _, given = new.partition(".")
        number_text = f"{whole}.{given.ljust(wanted, '0')}" if wanted or given else whole
        return _NUMBER.sub(number_text, raw, count=1)


class RoundedAway(Exception):  # noqa: N818 - named for what would happen
    """The step is larger than the price: it would be rounded to nothing."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after all the edits, which must not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def reprice_rate(
    text: str, places: Mapping[Path, Place], path: Path, rate: Any, day: str, scaling: Scaling, scale: int
) -> list[Edit]:
    """The edits of a rate of a manifest. Raises Unplaceable, RoundedAway."""
    schedule = rate.get("schedule")
    if schedule is None:
        return _whole(text, places, path, rate, day, scaling, scale)
    starts = [_instant(entry.get("starting_at", "")) for entry in schedule]
    edits: list[Edit] = []
    for index, start in enumerate(starts):
        if start >= day:
            edits += _amounts(text, places, (*path, "schedule", index), schedule[index], scaling, scale)
    before = [start for start in starts if start < day]
    if before and day not in starts:
        index = starts.index(max(before))
        entry, at = schedule[index], (*path, "schedule", index)
        end = entry.get("ending_before")
        if end is None or _instant(end) > day:
            changes = _amounts(text, places, at, entry, scaling, scale)
            changes.append(_value(places, (*at, "starting_at"), day[:10]))
            edits.append(_copied(text, places, at, changes))
            if end is not None:
                edits.append(_value(places, (*at, "ending_before"), day[:10]))
    return edits


def copy_item(text: str, places: Mapping[Path, Place], path: Path, values: Mapping[Path, str]) -> Edit:
    """A copy of a list's item behind it, with other scalars at some paths below it. Raises Unplaceable."""
    return _copied(text, places, path, [_value(places, (*path, *below), new) for below, new in values.items()])


def _whole(
    text: str, places: Mapping[Path, Place], path: Path, rate: Any, day: str, scaling: Scaling, scale: int
) -> list[Edit]:
    """A rate with one price: replaced, or turned into a schedule of two."""
    changes = _amounts(text, places, path, rate, scaling, scale)
    start, end = rate.get("starting_at", ""), rate.get("ending_before")
    if _instant(start) >= day or (end is not None and _instant(end) <= day):
        return changes if _instant(start) >= day else []
    field = "price" if "price" in rate else "tiers"
    amount = _place(places, (*path, field))
    old = text[amount.start : amount.end]
    if "\n" in old:
        raise Unplaceable((*path, field))
    new = edited(old, [(s - amount.start, e - amount.start, t) for s, e, t in changes])
    until = f", ending_before: {_raw(text, places, (*path, 'ending_before'))}" if end is not None else ""
    began = _raw(text, places, (*path, "starting_at"))
    entries = (f"{{starting_at: {began}, {field}: {old}}}", f"{{starting_at: {day[:10]}, {field}: {new}{until}}}")
    mapping = _place(places, path)
    gone = ["starting_at", *(["ending_before"] if end is not None else [])]
    spots = sorted(_entry(text, places, (*path, name)) for name in [field, *gone])
    (first, stop), *others = spots
    if mapping.flow:
        schedule = f"schedule: [{', '.join(entries)}]"
        return [(first, stop, schedule), *(_without_flow(text, at, to) for at, to in others)]
    margin = " " * (first - (text.rfind("\n", 0, first) + 1))
    schedule = "schedule:" + "".join(f"\n{margin}  - {entry}" for entry in entries)
    return [(first, stop, schedule), *(_without_line(text, at, to) for at, to in others)]


def _amounts(
    text: str, places: Mapping[Path, Place], path: Path, holder: Any, scaling: Scaling, scale: int
) -> list[Edit]:
    """The price of a rate or entry, or those of its tiers, replaced."""
    paths: list[Path] = [(*path, "price")] if "price" in holder else []
    paths += [(*path, "tiers", index, "price") for index in range(len(holder.get("tiers", ())))]
    if not paths:
        raise Unplaceable(path)
    return [_value(places, at, scaling.text(_scalar(text, places, at), scale)) for at in paths]


def _place(places: Mapping[Path, Place], path: Path) -> Place:
    found = places.get(path)
    if found is None or found.token is Token.ALIAS:
        raise Unplaceable(path)
    return found


def _raw(text: str, places: Mapping[Path, Place], path: Path) -> str:
    place = _place(places, path)
    return text[place.start : place.end]


def _scalar(text: str, places: Mapping[Path, Place], path: Path) -> str:
    return _raw(text, places, path).strip("'\"")


def _value(places: Mapping[Path, Place], path: Path, new: str) -> Edit:
    place = _place(places, path)
    quote = place.style if place.style in ("'", '"') else ""
    return place.start, place.end, f"{quote}{new}{quote}"


def _instant(text: object) -> str:
    """An instant as text that sorts as time does. Raises Unplaceable."""
    try:
        return parse_instant(str(text)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Unplaceable(str(text)) from None


def _copied(text: str, places: Mapping[Path, Place], path: Path, changes: list[Edit]) -> Edit:
    """An item of a list, again behind it, with changes."""
    item, parent = _place(places, path), _place(places, path[:-1])
    block = edited(text[item.start : item.end], [(s - item.start, e - item.start, new) for s, e, new in changes])
    if parent.flow:
        return item.end, item.end, f", {block}"
    line = text.rfind("\n", 0, item.start) + 1
    lead = text[line : item.start]
    if lead.strip() != "-":
        raise Unplaceable(path)
    end = text.find("\n", item.end)
    at = end if end >= 0 else len(text)
    return at, at, f"\n{lead}{block}"


def _entry(text: str, places: Mapping[Path, Place], path: Path) -> tuple[int, int]:
    """Where an entry of a mapping begins, with its key, and where its value ends."""
    place = _place(places, path)
    key = re.search(rf"""["']?{re.escape(str(path[-1]))}["']?\s*:\s*\Z""", text[: place.start])
    if key is None:
        raise Unplaceable(path)
    return key.start(), place.end


def _without_flow(text: str, start: int, end: int) -> Edit:
    """An entry that is not the first of a flow mapping, taken out with the comma before it."""
    comma = text.rfind(",", 0, start)
    return (comma if comma >= 0 and not text[comma + 1 : start].strip() else start), end, ""


def _without_line(text: str, start: int, end: int) -> Edit:
    """An entry of a block mapping, taken out with its line; a comment behind it keeps a line of its own."""
    line, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    stop = stop if stop >= 0 else len(text)
    rest = text[end:stop].strip()
    if rest.startswith("#"):
        return start, stop, rest
    return line, min(stop + 1, len(text)), ""
