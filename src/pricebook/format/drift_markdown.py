"""A drift report as Markdown, for the issue that a nightly check opens: always shorter than GitHub takes."""

from collections.abc import Sequence

from pricebook.catalog.instant import moment_words
from pricebook.format.budget import Sheet, size
from pricebook.format.escape import code_markdown, escape_markdown
from pricebook.format.markdown import BUDGET, marker
from pricebook.view.drift import TITLES, DriftItem, DriftView

_SHARE = 24_000
"""Bytes of one section."""


def drift_markdown(view: DriftView) -> str:
    """The report."""
    foot = [marker(f"drift/{view.namespace}/{view.environment}")]
    sheet = Sheet(BUDGET - size(foot))
    where = f"{escape_markdown(view.namespace, 60)} · {escape_markdown(view.environment, 60)}"
    sheet.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{where} · as of {moment_words(view.as_of)}")
    for section, title in TITLES.items():
        items = [item for item in view.items if item.section == section]
        share = _SHARE if section != "pending" else _SHARE // 2
        add_section(sheet, title, items, ("git", "account"), "drift", share)
    add_unverified(sheet, view.unverified)
    for finding in view.findings:
        sheet.add("", f"{finding.severity}: {escape_markdown(finding.message, 400)} ({escape_markdown(finding.hint)})")
    alone = [f"{count:,} {escape_markdown(kind)}" for kind, count in view.unmanaged]
    if alone:
        sheet.add("", f"Not ours and untouched: {', '.join(alone)}.")
    if view.leftovers:
        sheet.add("", f"Ours, and in no manifest: {', '.join(code_markdown(ref, 100) for ref in view.leftovers[:20])}")
    return sheet.text + "\n".join(foot) + "\n"


def add_section(
    sheet: Sheet, title: str, items: Sequence[DriftItem], sides: tuple[str, str], command: str, share: int
) -> None:
    """A table of the differences of a section, when it has any, in so many bytes. `sides` are what is compared."""
    lines = [line for item in items for line in _lines(item)]
    head = ("", f"#### {title}", "", f"| what | {' | '.join(escape_markdown(side, 60) for side in sides)} | when |")
    sheet.add_list(
        (*head, "|:-----|:----|:--------|:-----|") if items else (),
        ([line] for line in lines),
        len(lines),
        lambda n: ("", f"and {n:,} more lines (`pricebook {command} --rows all` tells them)"),
        share=share,
    )


def add_unverified(sheet: Sheet, unverified: Sequence[tuple[str, str]]) -> None:
    """What could not be compared, and why."""
    if unverified:
        sheet.add("", "#### Could not be verified", "")
        for subject, words in unverified:
            sheet.add(f"- {code_markdown(subject, 200)}: {escape_markdown(words, 400)}")


def _lines(item: DriftItem) -> list[str]:
    """A line for the object, then one for each of its rows."""
    place = f" {code_markdown(item.place, 200)}" if item.place else ""
    lines = [f"| **{escape_markdown(item.ref, 120)}** {escape_markdown(item.sentence, 400)}{place} | | | |"]
    for row in item.rows:
        cells = (escape_markdown(row.name, 200), escape_markdown(row.git, 300), escape_markdown(row.account, 300))
        lines.append(f"| &nbsp;&nbsp;{' | '.join(cells)} | {escape_markdown(row.when)} |")
    if item.listed < item.total:
        lines.append(f"| &nbsp;&nbsp;and {item.total - item.listed:,} more | | | |")
    return lines
