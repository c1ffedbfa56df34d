"""A migration plan as lines for a terminal."""

from collections.abc import Iterator

from pricebook.catalog.instant import instant_words, moment_words
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.finding import draw_findings
from pricebook.format.impact_text import draw_impact
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.view.impact import ImpactView
from pricebook.view.migration import GUARD_WORDS, MigrationView, closing
from pricebook.view.words import counted

FIELDS = 40
"""Fields of one version that are drawn."""


def draw_migration(
    view: MigrationView, width: int = 100, colour: bool = False, bills: ImpactView | None = None
) -> Iterator[str]:
    """The lines of a plan, and of what it does to bills where that is known."""
    width, paint, plan = max(width, MIN_WIDTH), Paint(colour), view.plan
    moment = instant_words(plan.as_of) if plan.as_of.minute == 0 else moment_words(plan.as_of)
    yield paint("dim", cut(escape_terminal(f"{plan.namespace} · {plan.environment} · as of {moment}"), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.title, 400), width))
    if view.waves:
        yield ""
        column = max(width_of(counted(wave.contracts, "contract")) for wave in view.waves)
        for wave in view.waves:
            first, last = wave.days
            days = first if first == last else f"{first} to {last}"
            versions = ", ".join(f"@{version}: {count:,}" for version, count in wave.versions.items())
            yield cut(
                f"  wave {wave.number}   {days}   {counted(wave.contracts, 'contract'):>{column}}   {versions}", width
            )
    for source, rows in view.differences.items():
        yield ""
        yield cut(escape_terminal(f"  What changes for those on {source}"), width)
        if rows is None:
            yield "    not known: the store does not show both versions"
            continue
        if not rows:
            yield "    nothing that moves money"
        names = max((width_of(escape_terminal(row.path)) for row in rows), default=0)
        for row in rows[:FIELDS]:
            name = padded(cut(escape_terminal(row.path), width // 2), min(names, width // 2))
            text = f"{row.sign} {row.desired or row.observed}" if row.sign else f"{row.observed} -> {row.desired}"
            yield cut(f"    {name}   {escape_terminal(f'{text}   {row.change}'.rstrip(), 300)}", width)
        if len(rows) > FIELDS:
            yield f"    and {counted(len(rows) - FIELDS, 'more field')}"
    if view.differences:
        said = "Terms begin anew with a new contract: periods, credits and offsets count from its start."
        yield from (f"    {line}" for line in wrapped(said, width - 4))
    if view.rows:
        yield ""
        for move in view.rows:
            new = f"   {escape_terminal(move.successor)} is there" if move.successor else ""
            who = f"{escape_terminal(move.customer)}   {escape_terminal(move.contract)}"
            yield f"    {who}   @{move.version} -> @{plan.target.version}   {instant_words(move.at)}{new}"
    if plan.left:
        yield ""
        yield "  Contracts that stay"
        column = max(width_of(escape_terminal(reason)) for reason in plan.left)
        for reason, count in plan.left.items():
            yield cut(f"    {padded(escape_terminal(reason), column)}   {count:,}", width)
    if plan.direction == "forward" and plan.moves:
        yield ""
        style = "alarm" if plan.verdict in ("exceeded", "unverified") else ""
        yield f"  Guard: {paint(style, GUARD_WORDS[plan.verdict])}"
    if bills is not None:
        yield ""
        yield from draw_impact(bills, width, paint)
    if plan.findings:
        yield ""
        yield from draw_findings(plan.findings, width, paint, notes=True)
    yield ""
    yield from wrapped(closing(view), width)
