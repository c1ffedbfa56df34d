"""What is pending besides a branch's own plan, in short: nobody is asked about it here, but it goes first."""

from collections.abc import Iterator

from pricebook.format.escape import code_markdown, cut, escape_markdown, escape_terminal, padded, width_of
from pricebook.format.page import Paint, wrapped
from pricebook.view.object import ObjectView
from pricebook.view.plan import BesidesView
from pricebook.view.words import counted

OBJECTS = 10
"""Objects that are named; all are counted."""


def draw_besides(besides: BesidesView, width: int, paint: Paint) -> Iterator[str]:
    """The lines for a terminal."""
    yield ""
    name, commit = escape_terminal(besides.ref, 80), besides.commit[:12]
    if besides.plan.empty:
        yield from wrapped(f"Nothing is pending besides: the store has all of {name} ({commit}).", width)
        return
    yield from (
        paint("bold", line) for line in wrapped(f"Pending besides, in {name} ({commit}), not applied yet", width)
    )
    shown = besides.plan.objects[:OBJECTS]
    column = max(width_of(escape_terminal(item.ref, width // 2)) for item in shown)
    for item in shown:
        head = f"  {item.symbol} {padded(escape_terminal(item.ref, width // 2), column)}  "
        yield head + cut(escape_terminal(item.sentence, 300), max(width - width_of(head), 20))
    if more := len(besides.plan.objects) - len(shown):
        yield f"  and {counted(more, 'more object')}"
    yield from (f"  {line}" for line in wrapped(besides.plan.summary, width - 2))


def besides_markdown(besides: BesidesView) -> list[str]:
    """The lines for a comment."""
    name = f"{code_markdown(besides.ref, 120)} ({besides.commit[:12]})"
    if besides.plan.empty:
        return [f"Nothing is pending besides: the store has all of {name}.", ""]
    return [
        "<details>",
        f"<summary>Pending besides, in {escape_markdown(besides.ref, 120)} and not applied yet:"
        f" {escape_markdown(besides.plan.summary, 400)}</summary>",
        "",
        *(_line(item) for item in besides.plan.objects[:OBJECTS]),
        *([f"- and {len(besides.plan.objects) - OBJECTS:,} more"] if len(besides.plan.objects) > OBJECTS else []),
        "",
        f"What is above starts from the store as it will be then. Planned against {name}.",
        "",
        "</details>",
        "",
    ]


def _line(item: ObjectView) -> str:
    return f"- {code_markdown(item.ref, 120)} {escape_markdown(item.sentence, 300)}"
