"""The journal as an audit log: plain lines, and rows for a spreadsheet."""

from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Page, sheet, wrapped
from pricebook.view.history import Deed, HistoryView
from pricebook.view.words import counted, shortened

HEAD = (
    *("run", "started_at", "ended_at", "result", "environment", "plan", "actor", "owner", "commit", "branch"),
    *("approved", "object", "name", "what", "outcome", "at", "detail"),
)
OBJECTS = 12
"""Objects of a run that are listed; all are counted."""
_LONGEST = 200
"""Characters of what an object is called."""


def history_csv(view: HistoryView, _: Page) -> Iterator[str]:
    """A row for each object of each run, for a spreadsheet."""
    return sheet((HEAD, *_rows(view)))


def _rows(view: HistoryView) -> Iterator[tuple[object, ...]]:
    for each in view.runs:
        run = (each.number, each.started_at, each.ended_at, each.result, each.environment, each.plan)
        whence = (each.actor, each.owner, each.commit, each.branch, each.approved)
        for deed in each.deeds or (
            Deed(ref="", name="", what=each.summary, outcome=each.result, detail="", at=each.started_at, rows=()),
        ):
            yield (
                *run,
                *whence,
                deed.ref,
                deed.name,
                "; ".join((deed.what, *deed.rows)),
                deed.outcome,
                deed.at,
                deed.detail,
            )


def _called(deed: Deed) -> str:
    """What people call it first."""
    return f"{shortened(deed.name)} ({deed.ref})" if deed.name else deed.ref


def history_text(view: HistoryView, page: Page) -> Iterator[str]:
    """The lines of the log, newest first."""
    width, paint, listed = page.columns, page.paint, len(view.runs)
    for index, each in enumerate(view.runs):
        yield from [""] if index else []
        style = {"done": "green", "incomplete": "alarm"}.get(each.result, "yellow")
        who = each.actor or each.owner
        yield cut(f"{each.started_at}  {paint(style, each.result)}  {escape_terminal(who)}", width + 20 * paint.on)
        commit = escape_terminal(each.commit[:19] if each.commit.endswith("+edited") else each.commit[:12])
        source = " on ".join(filter(None, (commit, escape_terminal(each.branch))))
        approved = "approved" if each.approved == each.plan else "" if not each.approved else "another one was approved"
        plan, owner = escape_terminal(each.plan), escape_terminal(each.owner)
        parts = (f"plan {plan}", approved, source and f"from {source}", owner)
        yield from (f"  {paint('dim', line)}" for line in wrapped(" · ".join(filter(None, parts)), width - 2))
        named = [(deed, escape_terminal(_called(deed), _LONGEST)) for deed in each.deeds[:OBJECTS]]
        column = max((size for _, name in named if (size := width_of(name)) <= width // 2), default=0)
        for deed, name in named:
            outcome = "" if deed.outcome == "done" else f"{deed.outcome}: "
            words = escape_terminal(f"{outcome}{deed.what}{f' ({deed.detail})' if deed.detail else ''}", 300)
            if width_of(name) <= column:
                yield f"    {padded(name, column)}   {cut(words, max(width - column - 7, 20))}"
            else:  # what somebody may have to type is whole
                yield from (f"    {line}" for line in wrapped(name, width - 4))
                yield f"      {cut(words, width - 6)}"
            for row in deed.rows:
                first, *more = wrapped(escape_terminal(row, 600), width - 8, width - 6)
                yield from (f"      {first}", *(f"        {line}" for line in more))
        if len(each.deeds) > OBJECTS:
            yield f"    and {counted(len(each.deeds) - OBJECTS, 'more object')}"
        yield from (f"  {line}" for line in wrapped(f"In all: {each.summary}.", width - 2)) if each.summary else ()
    if not listed:
        yield "The journal knows of no apply of this."
    elif listed < view.total:
        yield ""
        yield f"{counted(view.total - listed, 'earlier run')} (--last N shows more)"
