"""Drift, two environments, and two lists: as plain lines, and as Markdown for an issue or a comment."""

from collections.abc import Iterator

from pricebook.catalog.instant import moment_words
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.markdown import BUDGET, Comment, finding_line, leftover_lines, marker, size
from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.format.page import Page, Paint, wrapped
from pricebook.format.plan_text import draw_notes
from pricebook.format.problem import draw_problems
from pricebook.view.comparison import ComparedItem, ComparisonView
from pricebook.view.drift import DriftItem, DriftView
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
_SHARE, _PARITY_SHARE = 24_000, 20_000
"""Bytes of one section in Markdown, twice those of one that nobody has to look into."""
_KNOWN = ("pending", "intended", "pinned")
Report = DriftView | ParityView | ComparisonView
"""Of two that are compared."""


def drift_text(view: DriftView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    yield from report_lines(view, page)
    if view.findings:
        yield ""
        yield from draw_problems(view.findings, page.columns, page.colour)
    notes = list(draw_notes(view.leftovers, view.unmanaged, page.columns, page.paint))
    yield from ["", *notes] if notes else []


def report_lines(view: Report, page: Page) -> Iterator[str]:
    """The verdict, each section that has objects, and what could not be compared. The lines fit the width; data is
    inert."""
    width, paint = page.columns, page.paint
    line = f"{view.namespace} · {view.target} · as of {moment_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(line), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section, title in view.titles.items():
        items = [item for item in view.items if item.section == section]
        if items:
            yield ""
            yield paint(_STYLES.get(section, "yellow"), escape_terminal(title, 200))
        for item in items:
            yield from _item(item, view.sides(section), width, paint)
    if view.unverified:
        yield ""
        yield paint("yellow", "Could not be verified")
    for subject, words in view.unverified:
        line = f"{escape_terminal(subject)}: {escape_terminal(words, 300)}"
        yield from (f"  {part}" for part in wrapped(line, width - 2))


def _item(item: DriftItem | ComparedItem, sides: tuple[str, str], width: int, paint: Paint) -> Iterator[str]:
    ref = cut(escape_terminal(item.ref), width // 2)
    place = f"   {escape_terminal(item.place)}" if item.place else ""
    lines = list(wrapped(escape_terminal(item.sentence, 400), width - _BODY, width - 4 - width_of(ref) - _GAP))
    fits = 4 + width_of(ref) + _GAP + width_of(lines[0]) + width_of(place) <= width
    yield f"  {paint('bold', padded(ref, 0))}{' ' * _GAP}{lines[0]}" + (paint("dim", place) if place and fits else "")
    yield from (" " * _BODY + line for line in lines[1:])
    room = width - _BODY
    one, other = (escape_terminal(side, 40) for side in sides)
    names = [escape_terminal(row.title) for row in item.rows]
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


def drift_markdown(view: DriftView, _: Page) -> str:
    """The report: always shorter than GitHub takes."""
    foot = marker(f"drift/{view.namespace}/{view.environment}")
    comment = report_comment(view, foot, "drift", _SHARE)
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
    return f"{report_comment(view, foot, 'diff', _PARITY_SHARE).text}{foot}\n"


def report_comment(view: Report, foot: str, command: str, share: int, last: str = "when") -> Comment:
    """The verdict, a table of each section that has objects, and what could not be compared, with room for the foot.
    `last` is what the last column of the tables is called."""
    comment = Comment(BUDGET - size([foot]))
    names = " · ".join(escape_markdown(name, 60) for name in (view.namespace, view.target))
    comment.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{names} · as of {moment_words(view.as_of)}")
    for section, title in view.titles.items():
        lines = [line for item in view.items if item.section == section for line in _lines(item)]
        named = " | ".join(escape_markdown(side, 60) for side in view.sides(section))
        columns = f"| what | {named} | {last} |"
        comment.add_list(
            ("", f"#### {escape_markdown(title, 200)}", "", columns, "|:-----|:----|:--------|:-----|")
            if lines
            else (),
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
        cells = (escape_markdown(row.title, 200), escape_markdown(here, 300), escape_markdown(there, 300))
        lines.append(f"| &nbsp;&nbsp;{' | '.join(cells)} | {escape_markdown(when)} |")
    if item.listed < item.total:
        lines.append(f"| &nbsp;&nbsp;and {item.total - item.listed:,} more | | | |")
    return lines
