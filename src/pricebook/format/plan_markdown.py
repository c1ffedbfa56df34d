"""A plan as a comment on a pull request: the verdict, the table, what could go wrong, then everything else folded.

Always shorter than GitHub takes, whatever the plan's size: each section spends from a budget, and says how much it
leaves out. Numbers are those of the view, so they are the JSON plan's. What a reviewer must be able to answer from the
comment alone stands in docs/review.md. The last line is a hidden marker, by which the comment is found again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from pricebook.format.impact import add_headline, add_impact
from pricebook.format.markdown import BUDGET, PROBLEM_HEAD, Comment, leftover_lines, marker, problem_row, size
from pricebook.format.markdown_detail import add_details
from pricebook.format.markdown_row import (
    HEAD,
    all_listed,
    card_rows,
    object_rows,
    offer_tables,
    tier_table,
)
from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.format.page import Page
from pricebook.problem import Problem
from pricebook.view.object import ObjectView
from pricebook.view.plan import BesidesView, HazardView, PlanView, as_of_words
from pricebook.view.price import change_words
from pricebook.view.rate_shape import RateShape
from pricebook.view.words import counted

ROWS = 60
"""Rows of the table."""
OPEN = 8
"""Findings that are not folded, notes never among them."""
PENDING = 10
"""Objects that are named of what is pending besides; all are counted."""
NAMED = 5
"""Leftovers that are named."""
_TABLE, _CARDS, _OFFERS, _FINDINGS, _FOLDED = 28_000, 4_000, 10_000, 10_000, 6_000
"""Shares of the budget."""
_SEVERITIES = {"error": 0, "warning": 1, "note": 2}


def plan_markdown(view: PlanView, _: Page) -> str:
    """The comment."""
    view = view.details()
    foot = [*_foot(view), marker(f"{view.namespace}/{view.environment}")]
    comment = Comment(BUDGET - size(foot))
    comment.add(f"### {escape_markdown(view.verdict, 1000)}", "")
    if view.decision.has_news:
        flags = view.decision.flags
        parts = re.split(f"({'|'.join(map(re.escape, flags))})", view.decision.rest) if flags else [view.decision.rest]
        rest = "".join(code_markdown(part) if part in flags else escape_markdown(part, 2000) for part in parts)
        comment.add(f"**{view.decision.head}**{rest}", "")
    comment.add(_target(view), "")
    if view.impact is not None:
        add_headline(comment, view.impact)
    _add_table(comment, view)
    _add_hazards(comment, view.hazards)
    _add_findings(comment, [finding for finding in view.findings if not finding.waived])
    _add_waived(comment, [finding for finding in view.findings if finding.waived])
    if view.besides is not None:
        comment.add(*_besides(view.besides))
    if view.impact is not None:
        add_impact(comment, view.impact)
    add_details(comment, view)
    return comment.text + "\n".join(foot) + "\n"


def _target(view: PlanView) -> str:
    where = f"{escape_markdown(view.namespace, 60)} · {escape_markdown(view.environment, 60)}"
    return f"{where} · as of {as_of_words(view.as_of)} · plan `{view.id}`"


def _add_table(comment: Comment, view: PlanView) -> None:
    cards = [(item, item.rates) for item in view.objects if item.rates is not None]
    if cards:
        comment.add_list(
            (),
            ([f"- {code_markdown(item.ref)}: {_shape_words(item, shape)}"] for item, shape in cards),
            len(cards),
            lambda n: (f"- and {n:,} more rate cards",),
            share=_CARDS,
            foot=("",),
        )
    rows = [*_rows(view)]
    tiered = [row for _, shape in cards if all_listed(shape) for row in shape.rows if row.tiers]
    if rows:
        comment.add_list(
            HEAD,
            ([row] for row in rows),
            len(rows),
            lambda n: ("", f"and {counted(n, 'more row')}: see the details, or `pricebook plan --rows all`"),
            share=_TABLE,
            most=ROWS,
            foot=("",),
        )
    fresh = [o.offer for o in view.objects if o.offer is not None and o.offer.before is None]
    fresh.sort(key=lambda offer: offer.place)
    if fresh:
        tables = list(offer_tables(fresh))
        comment.add_list(
            (),
            tables,
            len(tables),
            lambda n: (f"and {counted(n, 'more table')} of packages: see `pricebook plan`", ""),
            share=_OFFERS,
        )
    if tiered:
        comment.add_list(
            (),
            (list(tier_table(row)) for row in tiered),
            len(tiered),
            lambda n: (f"and the tiers of {counted(n, 'more price')}: see `pricebook plan --rows all`", ""),
            share=_CARDS,
        )


def _rows(view: PlanView) -> Iterator[str]:
    """The rows of the table: what is refused first, then prices, then the rest, each in the plan's order."""

    def rank(item: ObjectView) -> tuple[bool, bool]:
        return item.rates is None, not any(hazard.refused for hazard in item.hazards)

    for item in sorted(view.objects, key=rank):
        yield from object_rows(item) if item.rates is None else card_rows(item, item.rates)


def _shape_words(item: ObjectView, shape: RateShape) -> str:
    """The card's sentence, then directions and the middle when the table cannot hold all of it."""
    if all_listed(shape):
        return escape_markdown(item.sentence, 300)
    return f"{escape_markdown(item.sentence, 300)} ({change_words(', '.join(shape.directions))})"


def _add_hazards(comment: Comment, hazards: Sequence[HazardView]) -> None:
    if hazards:
        comment.add("| hazard | how often | what it means | passes |", "|:-------|----------:|:--------------|:------|")
        for hazard in sorted(hazards, key=lambda hazard: not hazard.refused):
            comment.add(f"| `{hazard.hazard.value}` | {hazard.count:,} | {hazard.meaning} | {hazard.passes} |")
        comment.add("")


def _add_findings(comment: Comment, findings: Sequence[Problem]) -> None:
    """Errors and warnings, the first of them open; what is left, and notes, are folded."""
    if not findings:
        return
    ordered = sorted(findings, key=lambda finding: _SEVERITIES[finding.severity])
    counts = [(sum(1 + f.more for f in findings if f.severity == severity), severity) for severity in _SEVERITIES]
    told = ", ".join(counted(n, severity) for n, severity in counts if n)
    comment.add(f"**Findings: {told}**", "")
    head = ("| finding | what it says | where |", PROBLEM_HEAD[1])
    grave = [finding for finding in ordered if finding.severity != "note"][:OPEN]
    shown = 0
    if grave:
        rows = ([problem_row(finding)] for finding in grave)
        shown = comment.add_list(head, rows, len(grave), lambda _: (), share=_FINDINGS, foot=("",))
    _fold(comment, "more finding", head, [problem_row(finding) for finding in ordered[shown:]])


def _add_waived(comment: Comment, findings: Sequence[Problem]) -> None:
    head = ("| finding | what it says | why it is accepted |", PROBLEM_HEAD[1])
    _fold(comment, "waived finding", head, [problem_row(finding, finding.waived) for finding in findings])


def _fold(comment: Comment, noun: str, head: Sequence[str], rows: Sequence[str]) -> None:
    if rows:
        comment.add_list(
            (f"<details><summary>{counted(len(rows), noun)}</summary>", "", *head),
            ([row] for row in rows),
            len(rows),
            lambda n: ("", f"and {n:,} more, not listed here"),
            share=_FOLDED,
            foot=("", "</details>", ""),
        )


def _besides(besides: BesidesView) -> list[str]:
    objects, name = besides.plan.objects, f"{code_markdown(besides.ref, 120)} ({besides.commit[:12]})"
    if besides.plan.empty:
        return [f"Nothing is pending besides: the store has all of {name}.", ""]
    return [
        "<details>",
        f"<summary>Pending besides, in {escape_markdown(besides.ref, 120)} and not applied yet:"
        f" {escape_markdown(besides.plan.summary, 400)}</summary>",
        "",
        *(f"- {code_markdown(item.ref, 120)} {escape_markdown(item.sentence, 300)}" for item in objects[:PENDING]),
        *([f"- and {len(objects) - PENDING:,} more"] if len(objects) > PENDING else []),
        "",
        f"What is above starts from the store as it will be then. Planned against {name}.",
        "",
        "</details>",
        "",
    ]


def _foot(view: PlanView) -> Iterator[str]:
    """What is bounded and always there: how much work it is, and what is left alone."""
    if not view.empty:
        yield view.summary
        yield ""
    for line in _left_alone(view):
        yield line
        yield ""


def _left_alone(view: PlanView) -> Iterable[str]:
    yield from leftover_lines(view.leftovers)
    if view.unmanaged:
        kinds = [
            counted(n, escape_markdown(kind, 40).replace("-", " ")) for kind, n in [*view.unmanaged.items()][:NAMED]
        ]
        yield f"Not ours and untouched: {', '.join(kinds)}."
    if view.adopted:
        listed = [*view.adopted.items()][:NAMED]
        named = ", ".join(f"{code_markdown(ref, 60)} is {code_markdown(id_, 60)}" for ref, id_ in listed)
        more = f" and {len(view.adopted) - NAMED:,} more" if len(view.adopted) > NAMED else ""
        yield f"By `metadata.adopt` alone, as packages bear no marks: {named}{more}."
