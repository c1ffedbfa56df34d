"""A drift report as plain lines for a terminal or a log. Lines fit the width; data is inert."""

from collections.abc import Iterator, Sequence

from pricebook.catalog.instant import moment_words
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.nothing import draw_notes
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.format.problem_text import draw_problems
from pricebook.view.drift import TITLES, DriftItem, DriftView

_STYLES = {"drifted": "alarm", "both": "alarm", "unclear": "yellow", "pending": "cyan", "accepted": "dim"}
_BODY, _GAP = 6, 3


def draw_drift(view: DriftView, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of a report."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    at = moment_words(view.as_of)
    yield paint("dim", cut(escape_terminal(f"{view.namespace} · {view.environment} · as of {at}"), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section, title in TITLES.items():
        items = [item for item in view.items if item.section == section]
        yield from draw_section(title, _STYLES[section], items, ("git", "account"), width, paint)
    yield from draw_unverified(view.unverified, width, paint)
    if view.findings:
        yield ""
        yield from draw_problems(view.findings, width, colour)
    notes = list(draw_notes(view.leftovers, dict(view.unmanaged), width, paint))
    yield from ["", *notes] if notes else []


def draw_section(
    title: str, style: str, items: Sequence[DriftItem], sides: tuple[str, str], width: int, paint: Paint
) -> Iterator[str]:
    """A section with its objects, when it has any. `sides` are what the two that are compared are called."""
    if items:
        yield ""
        yield paint(style, title)
        for item in items:
            yield from _item(item, sides, width, paint)


def draw_unverified(unverified: Sequence[tuple[str, str]], width: int, paint: Paint) -> Iterator[str]:
    """What could not be compared, and why."""
    if unverified:
        yield ""
        yield paint("yellow", "Could not be verified")
        for subject, words in unverified:
            line = f"{escape_terminal(subject)}: {escape_terminal(words, 300)}"
            yield from (f"  {part}" for part in wrapped(line, width - 2))


def _item(item: DriftItem, sides: tuple[str, str], width: int, paint: Paint) -> Iterator[str]:
    ref = cut(escape_terminal(item.ref), width // 2)
    place = f"   {escape_terminal(item.place)}" if item.place else ""
    lines = list(wrapped(escape_terminal(item.sentence, 400), width - _BODY, width - 4 - width_of(ref) - _GAP))
    fits = 4 + width_of(ref) + _GAP + width_of(lines[0]) + width_of(place) <= width
    yield f"  {paint('bold', padded(ref, 0))}{' ' * _GAP}{lines[0]}" + (paint("dim", place) if place and fits else "")
    yield from (" " * _BODY + line for line in lines[1:])
    room = width - _BODY
    one, other = (escape_terminal(side, 40) for side in sides)
    names = [escape_terminal(row.name) for row in item.rows]
    column = min(max(map(width_of, names), default=0), room // 2)
    for row, name in zip(item.rows, names, strict=True):
        words = f"{one} {escape_terminal(row.git)}, {other} {escape_terminal(row.account)}"
        words += f"   {escape_terminal(row.when)}" if row.when else ""
        if column + _GAP + width_of(words) <= room:
            line = f"{padded(cut(name, column), column)}{' ' * _GAP}{words}"
            yield " " * _BODY + (line if row.money else paint("dim", line))
        else:
            yield " " * _BODY + cut(name, room)
            yield from (" " * (_BODY + 4) + part for part in wrapped(words, room - 4))
    if 0 < item.listed < item.total:
        yield " " * _BODY + f"and {item.total - item.listed:,} more (--rows all shows every one)"
