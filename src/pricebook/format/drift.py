"""Drift, and two environments against each other: as plain lines, and as Markdown for an issue or a comment."""

from collections.abc import Iterator, Sequence

from pricebook.catalog.instant import moment_words
from pricebook.format.escape import code_markdown, cut, escape_markdown, escape_terminal, padded, width_of
from pricebook.format.markdown import BUDGET, Comment, marker, size
from pricebook.format.page import Page, Paint, wrapped
from pricebook.format.plan_text import draw_notes
from pricebook.format.problem import draw_problems
from pricebook.view.drift import TITLES, DriftItem, DriftView, Unverified
from pricebook.view.parity import SECTIONS, ParityView

_STYLES = {"drifted": "alarm", "both": "alarm", "unclear": "yellow", "pending": "cyan", "accepted": "dim"}
_BODY, _GAP = 6, 3
_SHARE = 24_000
"""Bytes of one section in Markdown."""


def drift_text(view: DriftView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    width, paint = page.columns, page.paint
    at = moment_words(view.as_of)
    yield paint("dim", cut(escape_terminal(f"{view.namespace} · {view.environment} · as of {at}"), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section, title in TITLES.items():
        items = [item for item in view.items if item.section == section]
        yield from draw_section(title, _STYLES[section], items, ("git", "account"), width, paint)
    yield from draw_unverified(view.unverified, width, paint)
    if view.findings:
        yield ""
        yield from draw_problems(view.findings, width, page.colour)
    notes = list(draw_notes(view.leftovers, view.unmanaged, width, paint))
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


def draw_unverified(unverified: Sequence[Unverified], width: int, paint: Paint) -> Iterator[str]:
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
    names = [escape_terminal(row[0]) for row in item.rows]
    column = min(max(map(width_of, names), default=0), room // 2)
    for (_, here, there, when, money), name in zip(item.rows, names, strict=True):
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
    foot = [marker(f"drift/{view.namespace}/{view.environment}")]
    comment = Comment(BUDGET - size(foot))
    where = f"{escape_markdown(view.namespace, 60)} · {escape_markdown(view.environment, 60)}"
    comment.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{where} · as of {moment_words(view.as_of)}")
    for section, title in TITLES.items():
        items = [item for item in view.items if item.section == section]
        share = _SHARE if section != "pending" else _SHARE // 2
        add_section(comment, title, items, ("git", "account"), "drift", share)
    add_unverified(comment, view.unverified)
    for finding in view.findings:
        comment.add(
            "", f"{finding.severity}: {escape_markdown(finding.message, 400)} ({escape_markdown(finding.hint)})"
        )
    alone = [f"{count:,} {escape_markdown(kind)}" for kind, count in view.unmanaged.items()]
    if alone:
        comment.add("", f"Not ours and untouched: {', '.join(alone)}.")
    if view.leftovers:
        comment.add(
            "", f"Ours, and in no manifest: {', '.join(code_markdown(ref, 100) for ref in view.leftovers[:20])}"
        )
    return comment.text + "\n".join(foot) + "\n"


def add_section(
    comment: Comment, title: str, items: Sequence[DriftItem], sides: tuple[str, str], command: str, share: int
) -> None:
    """A table of the differences of a section, when it has any, in so many bytes. `sides` are what is compared."""
    lines = [line for item in items for line in _lines(item)]
    head = ("", f"#### {title}", "", f"| what | {' | '.join(escape_markdown(side, 60) for side in sides)} | when |")
    comment.add_list(
        (*head, "|:-----|:----|:--------|:-----|") if items else (),
        ([line] for line in lines),
        len(lines),
        lambda n: ("", f"and {n:,} more lines (`pricebook {command} --rows all` tells them)"),
        share=share,
    )


def add_unverified(comment: Comment, unverified: Sequence[Unverified]) -> None:
    """What could not be compared, and why."""
    if unverified:
        comment.add("", "#### Could not be verified", "")
        for subject, words in unverified:
            comment.add(f"- {code_markdown(subject, 200)}: {escape_markdown(words, 400)}")


def _lines(item: DriftItem) -> list[str]:
    """A line for the object, then one for each of its rows."""
    place = f" {code_markdown(item.place, 200)}" if item.place else ""
    lines = [f"| **{escape_markdown(item.ref, 120)}** {escape_markdown(item.sentence, 400)}{place} | | | |"]
    for name, here, there, when, _ in item.rows:
        cells = (escape_markdown(name, 200), escape_markdown(here, 300), escape_markdown(there, 300))
        lines.append(f"| &nbsp;&nbsp;{' | '.join(cells)} | {escape_markdown(when)} |")
    if item.listed < item.total:
        lines.append(f"| &nbsp;&nbsp;and {item.total - item.listed:,} more | | | |")
    return lines


_PARITY_STYLES = {"differs": "alarm", "missing": "yellow", "only_there": "yellow", "intended": "dim"}
_PARITY_SHARE = 20_000
"""Bytes of one section in Markdown."""


def parity_text(view: ParityView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    width, paint = page.columns, page.paint
    line = f"{view.namespace} · {view.one} against {view.other} · as of {moment_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(line), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_terminal(view.titles[section], 200)
        yield from draw_section(title, _PARITY_STYLES[section], items, (view.one, view.other), width, paint)
    yield from draw_unverified(view.unverified, width, paint)


def parity_markdown(view: ParityView, _: Page) -> str:
    """The report for a comment or an issue: always shorter than GitHub takes."""
    foot = [marker(f"diff/{view.namespace}/{view.one}/{view.other}")]
    comment = Comment(BUDGET - size(foot))
    names = " · ".join(escape_markdown(name, 60) for name in (view.namespace, f"{view.one} against {view.other}"))
    comment.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{names} · as of {moment_words(view.as_of)}")
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_markdown(view.titles[section], 200)
        share = _PARITY_SHARE if section != "intended" else _PARITY_SHARE // 2
        add_section(comment, title, items, (view.one, view.other), "diff", share)
    add_unverified(comment, view.unverified)
    return comment.text + "\n".join(foot) + "\n"
