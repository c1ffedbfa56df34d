"""Drift, two environments, and two lists: as plain lines, and as Markdown for an issue or a comment."""

from collections.abc import Iterator, Mapping

from pricebook.catalog.instant import moment_words
from pricebook.format.escape import code_markdown, cut, escape_markdown, escape_terminal, padded, width_of
from pricebook.format.markdown import BUDGET, Comment, finding_line, leftover_lines, marker, size
from pricebook.format.page import Page, Paint, wrapped
from pricebook.format.plan_text import draw_notes
from pricebook.format.problem import draw_problems
from pricebook.view.comparison import ComparedItem, ComparedRow, ComparisonView
from pricebook.view.drift import TITLES, DriftItem, DriftRow, DriftView, ParityRow
from pricebook.view.parity import ParityView

_STYLES = {
    "drifted": "alarm",
    "both": "alarm",
    "unclear": "yellow",
    "pending": "cyan",
    "accepted": "dim",
    "differs": "alarm",
    "below": "alarm",
    "changed": "cyan",
    "pinned": "dim",
    "missing": "yellow",
    "only_there": "yellow",
    "intended": "dim",
}
_BODY, _GAP = 6, 3
_SIDES = ("git", "account")
_SHARE, _PARITY_SHARE = 24_000, 20_000
"""Bytes of one section in Markdown, twice those of one that nobody has to look into."""
_KNOWN = ("pending", "intended", "pinned")


def drift_text(view: DriftView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    yield from report_lines(view, view.environment, TITLES, _SIDES, page)
    if view.findings:
        yield ""
        yield from draw_problems(view.findings, page.columns, page.colour)
    notes = list(draw_notes(view.leftovers, view.unmanaged, page.columns, page.paint))
    yield from ["", *notes] if notes else []


def parity_text(view: ParityView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    return report_lines(view, f"{view.one} against {view.other}", view.titles, (view.one, view.other), page)


def report_lines(
    view: DriftView | ParityView | ComparisonView,
    target: str,
    titles: Mapping[str, str],
    sides: tuple[str, str],
    page: Page,
) -> Iterator[str]:
    """The verdict, each section that has objects, and what could not be compared. `sides` are what the two that are
    compared are called."""
    width, paint = page.columns, page.paint
    line = f"{view.namespace} · {target} · as of {moment_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(line), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section, title in titles.items():
        items = [item for item in view.items if item.section == section]
        if items:
            yield ""
            yield paint(_STYLES.get(section, "yellow"), escape_terminal(title, 200))
        for item in items:
            yield from _item(item, _sides(item, sides), width, paint)
    if view.unverified:
        yield ""
        yield paint("yellow", "Could not be verified")
    for subject, words in view.unverified:
        line = f"{escape_terminal(subject)}: {escape_terminal(words, 300)}"
        yield from (f"  {part}" for part in wrapped(line, width - 2))


def _sides(item: DriftItem | ComparedItem, sides: tuple[str, str]) -> tuple[str, str]:
    return item.sides if isinstance(item, ComparedItem) else sides


def _item(item: DriftItem | ComparedItem, sides: tuple[str, str], width: int, paint: Paint) -> Iterator[str]:
    ref = cut(escape_terminal(item.ref), width // 2)
    place = f"   {escape_terminal(item.place)}" if item.place else ""
    lines = list(wrapped(escape_terminal(item.sentence, 400), width - _BODY, width - 4 - width_of(ref) - _GAP))
    fits = 4 + width_of(ref) + _GAP + width_of(lines[0]) + width_of(place) <= width
    yield f"  {paint('bold', padded(ref, 0))}{' ' * _GAP}{lines[0]}" + (paint("dim", place) if place and fits else "")
    yield from (" " * _BODY + line for line in lines[1:])
    room = width - _BODY
    one, other = (escape_terminal(side, 40) for side in sides)
    names = [escape_terminal(_named(row)) for row in item.rows]
    column = min(max(map(width_of, names), default=0), room // 2)
    for (_, here, there, when, money, *_), name in zip(item.rows, names, strict=True):
        words = f"{one} {escape_terminal(here)}, {other} {escape_terminal(there)}"
        words += f"   {escape_terminal(when)}" if when else ""
        if column + _GAP + width_of(words) <= room:
            line = f"{padded(cut(name, column), column)}{' ' * _GAP}{words}"
            yield " " * _BODY + (line if money else paint("dim", line))
        else:
            yield " " * _BODY + cut(name, room)
            yield from (" " * (_BODY + 4) + part for part in wrapped(words, room - 4))
    if 0 < item.listed < item.total:
        yield " " * _BODY + f"and {item.total - item.listed:,} more (--rows all shows every one)"


def _named(row: DriftRow | ParityRow | ComparedRow) -> str:
    """What people call it first."""
    return row[0] if isinstance(row, ComparedRow) else row.told


def drift_markdown(view: DriftView, _: Page) -> str:
    """The report: always shorter than GitHub takes."""
    foot = marker(f"drift/{view.namespace}/{view.environment}")
    comment = report_comment(view, foot, view.environment, TITLES, _SIDES, "drift", _SHARE)
    for finding in view.findings:
        comment.add("", finding_line(finding))
    alone = [f"{count:,} {escape_markdown(kind)}" for kind, count in view.unmanaged.items()]
    if alone:
        comment.add("", f"Not ours and untouched: {', '.join(alone)}.")
    for block in leftover_lines(view.leftovers):
        comment.add("", block)
    return f"{comment.text}{foot}\n"


def parity_markdown(view: ParityView, _: Page) -> str:
    """The report for a comment or an issue: always shorter than GitHub takes."""
    foot = marker(f"diff/{view.namespace}/{view.one}/{view.other}")
    titles = {section: escape_markdown(title, 200) for section, title in view.titles.items()}
    target, sides = f"{view.one} against {view.other}", (view.one, view.other)
    return f"{report_comment(view, foot, target, titles, sides, 'diff', _PARITY_SHARE).text}{foot}\n"


def report_comment(
    view: DriftView | ParityView | ComparisonView,
    foot: str,
    target: str,
    titles: Mapping[str, str],
    sides: tuple[str, str],
    command: str,
    share: int,
    last: str = "when",
) -> Comment:
    """The verdict, a table of each section that has objects, and what could not be compared, with room for the foot.
    `last` is what the last column of the tables is called."""
    comment = Comment(BUDGET - size([foot]))
    names = " · ".join(escape_markdown(name, 60) for name in (view.namespace, target))
    comment.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{names} · as of {moment_words(view.as_of)}")
    for section, title in titles.items():
        items = [item for item in view.items if item.section == section]
        lines = [line for item in items for line in _lines(item)]
        named = " | ".join(escape_markdown(side, 60) for item in items[:1] for side in _sides(item, sides))
        columns = f"| what | {named} | {last} |"
        comment.add_list(
            ("", f"#### {title}", "", columns, "|:-----|:----|:--------|:-----|") if lines else (),
            ([line] for line in lines),
            len(lines),
            lambda n: ("", f"and {n:,} more lines (`pricebook {command} --rows all` tells them)"),
            share=share if section not in _KNOWN else share // 2,
        )
    if view.unverified:
        comment.add("", "#### Could not be verified", "")
    for subject, words in view.unverified:
        comment.add(f"- {code_markdown(subject, 200)}: {escape_markdown(words, 400)}")
    return comment


def _lines(item: DriftItem | ComparedItem) -> list[str]:
    """A line for the object, then one for each of its rows."""
    place = f" {code_markdown(item.place, 200)}" if item.place else ""
    lines = [f"| **{escape_markdown(item.ref, 120)}** {escape_markdown(item.sentence, 400)}{place} | | | |"]
    for row in item.rows:
        _, here, there, when, *_ = row
        cells = (escape_markdown(_named(row), 200), escape_markdown(here, 300), escape_markdown(there, 300))
        lines.append(f"| &nbsp;&nbsp;{' | '.join(cells)} | {escape_markdown(when)} |")
    if item.listed < item.total:
        lines.append(f"| &nbsp;&nbsp;and {item.total - item.listed:,} more | | | |")
    return lines
