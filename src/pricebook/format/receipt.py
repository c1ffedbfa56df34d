"""What was really done: counted, with reasons for what was not, and the way on."""

from collections import Counter
from collections.abc import Iterator

from pricebook.format.escape import escape_terminal
from pricebook.format.markdown import BUDGET, Comment
from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.format.page import Page, Paint, wrapped
from pricebook.view.receipt import ReceiptView, StepView
from pricebook.view.words import counted

LISTED = 20
"""Steps of one outcome that are listed; all are counted."""
_AGAIN = "Run apply again: it looks first what is there, and goes on where this run ended."


def receipt_text(view: ReceiptView, page: Page) -> Iterator[str]:
    """`Applied: 3 objects created, 1 new version, 43 rates added. Read back and verified.`, or what is in the way."""
    width, paint = page.columns, page.paint
    style = "green" if view.complete else "alarm"
    yield from (paint(style, line) for line in wrapped(view.sentence, width))
    for outcome, title in (("failed", "Failed"), ("unknown", "Unknown: no answer came, it may be done or not")):
        yield from _listed(view.of(outcome), title, width, paint)
    blocked = view.of("blocked")
    if blocked:
        yield f"Not tried: {counted(len(blocked), 'step')}"
        for reason, count in Counter(r.detail for r in blocked).most_common(LISTED):
            line = f"{count:,} because: {escape_terminal(reason, 300)}"
            yield from (f"  {part}" for part in wrapped(line, width - 2))
    if view.unverified:
        yield paint("alarm", "Read back, but not as it was sent")
        for item in view.unverified[:LISTED]:
            yield from (f"  {part}" for part in wrapped(escape_terminal(item, 300), width - 2))
        if len(view.unverified) > LISTED:
            yield f"  and {len(view.unverified) - LISTED:,} more"
    if not view.complete:
        yield from wrapped(_AGAIN, width)


def receipt_markdown(view: ReceiptView, _: Page) -> str:
    """For the summary of a CI run."""
    comment = Comment(BUDGET)
    comment.add(f"### {escape_markdown(view.sentence, 600)}", "")
    where = f"{escape_markdown(view.namespace, 60)} · {escape_markdown(view.environment, 60)}"
    comment.add(f"{where} · plan `{view.plan}`", "")
    bad = view.of("failed", "blocked", "unknown")
    if bad:
        comment.add_list(
            ("| step | outcome | why |", "|:-----|:--------|:----|"),
            ([f"| {code_markdown(r.step)} | {r.outcome} | {escape_markdown(r.detail, 500)} |"] for r in bad),
            len(bad),
            lambda n: ("", f"and {n:,} more"),
            share=comment.left // 2,
            foot=("",),
        )
    comment.add_list(
        ("Read back, but not as it was sent:", "") if view.unverified else (),
        ([f"- {escape_markdown(item, 300)}"] for item in view.unverified),
        len(view.unverified),
        lambda n: (f"- and {n:,} more",),
        share=comment.left,
    )
    return comment.text


def _listed(results: list[StepView], title: str, width: int, paint: Paint) -> Iterator[str]:
    if not results:
        return
    yield paint("alarm", title)
    for result in results[:LISTED]:
        line = f"{escape_terminal(result.step)}: {escape_terminal(result.detail, 500)}"
        yield from (f"  {part}" for part in wrapped(line, width - 2))
    if len(results) > LISTED:
        yield f"  and {len(results) - LISTED:,} more"
