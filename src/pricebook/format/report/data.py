"""What the page draws its lists from: rows of prices and objects, packed, so that a hundred thousand rows stay small.

Whatever is the same for many rows is said once and named by its number. Texts are as a person is to see them; the page
puts them into the document as text, never as markup.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.path import FieldPath, Label
from pricebook.format.escape import escape_all, escape_terminal
from pricebook.format.markdown_row import row_reach
from pricebook.format.shell.page import Numbered
from pricebook.view.field import FieldRow
from pricebook.view.object import ObjectView
from pricebook.view.plan import PlanView
from pricebook.view.price import Pers, Units, with_key
from pricebook.view.rate_row import FREE, RateRow, was_to
from pricebook.view.rate_terms import PricePeriod, before_and_after

LONG = 300
"""Characters of one piece of data."""


def report_data(view: PlanView) -> dict[str, Any]:
    """Prices by card, what they share, and all other objects."""
    kinds, timelines, hazards = Numbered(), Numbered(), Numbered()
    cards = [
        {"rows": _rows(item.rates.rows, item.live, view, kinds, timelines, hazards)}
        for item in view.objects
        if item.rates is not None
    ]
    return {
        "now": instant_text(next_hour(view.as_of)),
        "refused": list(view.refused),
        "cards": cards,
        "kinds": kinds.values,
        "courses": timelines.values,
        "hazards": hazards.values,
        "objects": [_object(item) for item in view.objects if item.rates is None],
    }


def shown(text: str) -> str:
    """Data as it is shown; still to be escaped where it becomes markup."""
    return escape_terminal(text, LONG)


def _rows(
    rows: Sequence[RateRow], live: int | None, view: PlanView, kinds: Numbered, timelines: Numbered, hazards: Numbered
) -> list[list[object]]:
    """[name, number of what changes, number of the hazards] of each row."""
    found: list[list[object]] = []
    for name, row in zip(escape_all([with_key(row.name, row.product) for row in rows], LONG), rows, strict=True):
        kind = kinds((row.product, row.billing_frequency, row[6:]), _kind, row, live, view.units, timelines)
        found.append([name, kind, hazards(row.hazards, list, row.hazards)])
    return found


def _kind(row: RateRow, live: int | None, units: Units, timelines: Numbered) -> list[object]:
    """What a row says besides its name: was, becomes, by how much, from when, what becomes of it, in numbers, the
    number of its timeline, whom it reaches of the live contracts on the card, its tiers with where they are cheaper,
    and the key of its product, by which it is found too."""
    pers, withheld = units.per(row.product, row.billing_frequency), units.withheld(row.product, row.billing_frequency)
    texts = (row.schedule, row.segments, units, pers, withheld)
    number = timelines(texts, _sides, *texts)
    per = f" {row.per}" if row.per else ""
    until = f" until {row.ending_before}" if row.ending_before else ""
    was = shown(f"{row.observed}{per}") if row.observed else ""
    now = shown(f"{row.desired}{per}{f' ({was_to(row.planned)})' if row.planned else ''}")
    since, reach = f"{row.starting_at}{until}", row_reach(row, live)
    tiers = [list(tier) for tier in row.tiers]
    moves = (row.change, since, _fate(row), row.relative_change)
    return [was, now, *moves, number, reach, tiers, list(row.curve), shown(row.product)]


def _sides(observed: str | None, segments: str, units: Units, pers: Pers, withheld: str) -> list[list[list[object]]]:
    sides = before_and_after(observed, segments, units, pers)
    return [[_stretch(one, withheld) for one in side] for side in sides]


def _fate(row: RateRow) -> str:
    if not row.observed:
        return "new"
    if row.change == FREE:
        return "up"
    if row.relative_change is not None:
        return "up" if row.relative_change > 0 else "down"
    return "ended" if row.change == "ended" else "other"


def _stretch(found: PricePeriod, withheld: str) -> list[object]:
    """From, until, its words, its amount, whether it is sold to everybody on the card, and its words for a chart."""
    words = found.words if found.terms.entitled else f"{found.words}, {withheld}"
    entitled = int(found.terms.entitled)
    return [found.starting_at, found.ending_before, shown(words), found.money, entitled, shown(found.text)]


def _object(item: ObjectView) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": item.action,
        "symbol": item.symbol,
        "ref": shown(item.ref),
        "sentence": shown(item.sentence),
        "place": shown(item.place),
        "notes": [shown(note) for note in item.notes],
        "hazards": [hazard.hazard.value for hazard in item.hazards],
        "terms": [_term(row) for row in (side_by_side(item.fields, item.terms) if item.terms else item.fields)],
    }
    if item.offer is not None:
        lines = sorted(item.offer.lines, key=lambda line: not line.differs)
        data["offer"] = [
            [shown(item.offer.before_name or ""), shown(item.offer.name)],
            [[shown(line.name), shown(line.before), shown(line.after), int(line.differs)] for line in lines],
        ]
    if item.previous:
        data["sides"] = [shown(item.previous), shown(item.ref)]
    return data


def _term(row: FieldRow) -> list[object]:
    """Path, was, becomes, by how much, mark (+, -, ~ changed, empty: the same), depth."""
    same = row.observed == row.desired
    mark = row.sign or ("" if same else "~")
    change = row.change if row.change not in ("added", "removed") else ""
    return [shown(row.path), shown(row.observed), shown(row.desired), change, mark, row.depth]


def side_by_side(changed: Sequence[FieldRow], terms: Sequence[FieldRow]) -> Iterator[FieldRow]:
    """Everything that two versions say, term by term: those in which something changes first, each as a whole."""
    blocks: dict[FieldPath, list[FieldRow]] = {_head(row.at): [] for row in terms}
    touched: set[FieldPath] = set()
    head: FieldPath = ()
    for row in changed:
        if not row.depth:
            head = _head(row.at)
            touched.add(row.at)
        blocks.setdefault(head, []).append(row)
    for row in terms:
        if not any(path in touched for path in _above(row.at)):
            blocks[_head(row.at)].append(replace(row, observed=row.desired, sign=""))
    differs = {head: any(row.sign or row.observed != row.desired for row in rows) for head, rows in blocks.items()}
    for head in sorted(blocks, key=lambda head: not differs[head]):
        yield from blocks[head]


def _head(path: FieldPath) -> FieldPath:
    """The term that a field belongs to: `recurring_credits[sign-up]`; of a field of the package itself the field."""
    term = next((index for index, step in enumerate(path) if isinstance(step, Label)), len(path))
    return path[: term + 1]


def _above(path: FieldPath) -> Iterator[FieldPath]:
    """The path and everything that it is a part of."""
    for end in range(len(path), 0, -1):
        yield path[:end]
