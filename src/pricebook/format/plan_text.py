"""A plan as plain lines for a terminal, a log or a pull request: what changes, by how much, for whom, from when.

Lines fit the width. Whoever calls decides about colour; without it the lines hold no control character at all,
whatever the data was.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Page, Paint, wrapped
from pricebook.format.problem import draw_findings
from pricebook.view.decision import Decision
from pricebook.view.leftover import LEFT, WAYS_OUT, LeftoverView
from pricebook.view.plan import BesidesView, DigestView, HazardView, PlanView, as_of_words
from pricebook.view.words import counted

PENDING = 10
"""Objects that are named of what is pending besides; all are counted."""
_MEANING = 32


def plan_text(view: PlanView, page: Page) -> Iterator[str]:
    """The lines of a plan."""
    width, paint = page.columns, page.paint
    notes = chain(
        draw_notes(view.leftovers, view.unmanaged, width, paint), draw_adopted(view.adopted or {}, width, paint)
    )
    if view.empty:
        yield from wrapped(escape_terminal(view.verdict, 400), width)
        if view.decision.has_news:
            yield from (paint(style_of(view.decision), line) for line in wrapped(view.decision.sentence, width))
        yield from _impact(view, width, paint)
        yield from draw_findings(view.findings, width, paint)
        yield from notes
        yield from _besides(view.besides, width, paint) if view.besides is not None else ()
        return
    target = f"{view.namespace} · {view.environment} · as of {as_of_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(target), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    yield from (paint(style_of(view.decision), line) for line in wrapped(view.decision.sentence, width))
    yield ""
    from pricebook.format.object_text import draw_objects  # brings the view of every object, and most plans have none

    yield from draw_objects(view, width, paint)
    yield ""
    yield from _impact(view, width, paint)
    yield from _hazards(view, width, paint)
    yield from _findings(view, width, paint)
    yield from notes
    yield from (paint("bold", line) for line in wrapped(view.summary, width))
    yield from _besides(view.besides, width, paint) if view.besides is not None else ()


def style_of(decision: Decision) -> str:
    """The colour of an answer to whether it is applied."""
    return {"applied": "green", "approval": "yellow", "nothing": ""}.get(decision.state, "alarm")


def digest_text(view: DigestView, _: Page) -> str:
    """The digest and nothing else."""
    return view.digest


def _hazards(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    accepted = [hazard for hazard in view.hazards if not hazard.refused]
    if accepted:
        yield "Hazards"
        yield from _hazard_lines(accepted, width, paint)
    if refused := [hazard for hazard in view.hazards if hazard.refused]:
        yield paint("alarm", "Refused unless allowed")
        yield from _hazard_lines(refused, width, paint)
    if view.hazards:
        yield ""


def _impact(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    if view.impact is not None:
        from pricebook.format.impact import draw_impact  # few plans were asked for it

        yield from draw_impact(view.impact, width, paint)
        yield ""


def _besides(besides: BesidesView, width: int, paint: Paint) -> Iterator[str]:
    """What is pending besides a branch's own plan, in short: nobody is asked about it here, but it goes first."""
    yield ""
    name, commit = escape_terminal(besides.ref, 80), besides.commit[:12]
    if besides.plan.empty:
        yield from wrapped(f"Nothing is pending besides: the store has all of {name} ({commit}).", width)
        return
    yield from (
        paint("bold", line) for line in wrapped(f"Pending besides, in {name} ({commit}), not applied yet", width)
    )
    shown = besides.plan.objects[:PENDING]
    column = max(width_of(escape_terminal(item.ref, width // 2)) for item in shown)
    for item in shown:
        head = f"  {item.symbol} {padded(escape_terminal(item.ref, width // 2), column)}  "
        yield head + cut(escape_terminal(item.sentence, 300), max(width - width_of(head), 20))
    if more := len(besides.plan.objects) - len(shown):
        yield f"  and {counted(more, 'more object')}"
    yield from (f"  {line}" for line in wrapped(besides.plan.summary, width - 2))


def _findings(view: PlanView, width: int, paint: Paint) -> Iterator[str]:
    lines = list(draw_findings(view.findings, width, paint))
    yield from lines
    yield from [""] if lines else []


def _hazard_lines(hazards: Sequence[HazardView], width: int, paint: Paint) -> Iterator[str]:
    name = max(len(hazard.hazard.value) for hazard in hazards)
    count = max(len(f"{hazard.count:,}") for hazard in hazards)
    flags = max(len(hazard.flag) + 2 if hazard.refused else 0 for hazard in hazards)
    left = max(width - name - count - flags - 6, 0)
    for hazard in hazards:
        flag = f"  {hazard.flag}" if hazard.refused else ""
        label = paint("alarm" if hazard.refused else "yellow", hazard.hazard.value.ljust(name))
        words = cut(hazard.meaning, left)
        yield f"  {label}  {hazard.count:>{count},}  {words.ljust(min(left, _MEANING)) if flag else words}{flag}"


NAMED = 5
"""Of what is in a list within a sentence; all are counted."""


def draw_adopted(adopted: Mapping[str, str], width: int, paint: Paint) -> Iterator[str]:
    """What no step is there for: the account cannot mark a package."""
    if adopted:
        named = ", ".join(
            cut(f"{escape_terminal(ref)} is {escape_terminal(id_)}", 110) for ref, id_ in [*adopted.items()][:NAMED]
        )
        more = f" and {len(adopted) - NAMED:,} more" if len(adopted) > NAMED else ""
        text = f"By metadata.adopt alone, as packages bear no marks: {named}{more}."
        yield from (paint("dim", line) for line in wrapped(text, width))


def draw_notes(
    leftovers: Sequence[LeftoverView], unmanaged: Mapping[str, int], width: int, paint: Paint
) -> Iterator[str]:
    """What is left alone: objects of ours that no manifest declares, and objects of other owners by kind."""
    if leftovers:
        yield paint("yellow", "In no manifest any more, and left as they are")
        for each in leftovers[:LEFT]:
            name = f"{cut(escape_terminal(each.name), 60)} ({cut(escape_terminal(each.ref), 60)})" if each.name else ""
            text = f"{name or cut(escape_terminal(each.ref), 60)}: {escape_terminal(each.sentence, 300)}"
            yield from (f"  {line}" for line in wrapped(text, width - 2))
        if len(leftovers) > LEFT:
            yield f"  and {len(leftovers) - LEFT:,} more"
        yield from (paint("dim", f"  {line}") for line in wrapped(WAYS_OUT, width - 2))
    if unmanaged:
        kinds = ", ".join(counted(n, escape_terminal(kind).replace("-", " ")) for kind, n in unmanaged.items())
        yield from (paint("dim", line) for line in wrapped(f"Not ours and untouched: {kinds}.", width))
