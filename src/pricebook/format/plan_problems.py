"""What stands in the way of a plan, as problems with a place: the hazards that apply refuses, and the findings.

Formats that mark lines of manifests (SARIF, annotations, JUnit) are drawn from these alone. What a plan is allowed to
do is for a reviewer to read, and no mark.
"""

from collections.abc import Iterator

from pricebook.format.besides import besides_sentence
from pricebook.format.junit import Case, problem_words
from pricebook.plan.hazard import Hazard
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.object import HazardCount, ObjectView
from pricebook.view.plan import HAZARD_WORDS, PlanView
from pricebook.view.words import counted


def concerns(view: PlanView) -> Iterator[Problem]:
    """One for each refused hazard of each object, with the hazard's name as its code, then the findings."""
    for item in view.objects:
        yield from _refused(item)
    yield from view.findings


def told(view: PlanView) -> Iterator[tuple[str, str]]:
    """What a plan says besides: its title and one sentence. First the plan itself, then what bills do, and what is
    pending besides a branch's plan."""
    yield "plan", view.verdict
    if view.impact is not None:
        yield "bills", view.impact.headline
    if view.besides is not None:
        yield "besides", besides_sentence(view.besides)


def object_cases(view: PlanView) -> Iterator[Case]:
    """A case for each object of the plan, which fails when it bears a refused hazard; one that passes when there is
    none. What bills do and what is pending besides are cases that pass."""
    for item in view.objects:
        at = place_of(item)
        file, line = (at.file, at.line) if at is not None else ("", 0)
        failures = tuple(map(problem_words, _refused(item)))
        yield Case(item.kind, f"{item.action} {item.ref}", failures, "", file, line, item.sentence)
    if view.empty:
        yield Case("plan", "nothing to change", output=view.verdict)
    if view.impact is not None:
        output = "\n".join((view.impact.headline, *view.impact.sentences, *view.impact.caveats))
        yield Case("bills", "what the plan does to bills", output=output)
    if view.besides is not None:
        yield Case("besides", view.besides.ref, output=besides_sentence(view.besides))


def place_of(item: ObjectView) -> Span | None:
    """Where the manifest says so, None when that is not known."""
    file, _, line = item.place.rpartition(":")
    return Span(file, int(line)) if file and line.isdecimal() else None


def _refused(item: ObjectView) -> Iterator[Problem]:
    return (_of_hazard(item, borne) for borne in item.hazards if borne.refused)


def _of_hazard(item: ObjectView, borne: HazardCount) -> Problem:
    what, words = item.ref, HAZARD_WORDS[borne.hazard]
    if item.rates is not None:
        what = f"{counted(borne.count, 'price')} of {item.ref}"
        worst = item.rates.suspects[0] if item.rates.suspects and borne.hazard is Hazard.MAGNITUDE else None
        if worst is not None:
            words = f"{words} {worst.row.key}: {worst.row.price}"
    hint = f"when it is meant, apply with --allow {borne.hazard.value}"
    return Problem(borne.hazard.value, f"{what}: {words}", place_of(item), hint, subject=item.ref)
