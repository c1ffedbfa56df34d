"""`PlanView`: a plan as a reviewer sees it, the one value that every format is drawn from.

Prices are formatted here, once, so that no two formats can say different numbers. Text is as it came: whoever draws it
escapes it. Built from the plan alone, without a store.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pricebook.catalog.instant import instant_text, instant_words, moment_words, next_hour
from pricebook.catalog.reference import Kind
from pricebook.plan.hazard import REFUSED, Hazard
from pricebook.plan.step import Plan
from pricebook.policy.judge import hazard_id
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.check import Case, Checks, problem_cases, problem_words
from pricebook.view.decision import Decision, FixedView, decide
from pricebook.view.leftover import LeftoverView, leftover_verdict, leftover_views
from pricebook.view.plain import hidden, optional
from pricebook.view.price import Units
from pricebook.view.rows import PriceCounts, RowChoice
from pricebook.view.words import counted, tally, tally_words
from pricebook.workflow.policy import Obstacle

if TYPE_CHECKING:  # both are heavy, and most plans have no steps
    from pricebook.view.impact import ImpactView
    from pricebook.view.object import HazardCount, ObjectView

HAZARD_WORDS = {
    Hazard.PRICE_UP: "somebody pays more",
    Hazard.PRICE_DOWN: "somebody pays less",
    Hazard.RETROACTIVE: "re-prices usage already metered",
    Hazard.REACHES_LIVE_CONTRACTS: "changes what customers under contract pay",
    Hazard.ENTITLEMENT_LOST: "customers can no longer use it",
    Hazard.CREDIT_CUT: "a credit or commit shrinks",
    Hazard.ALIAS_MOVES: "new contracts by this alias get something else",
    Hazard.ARCHIVES: "cannot be undone",
    Hazard.FOREIGN_EDIT: "overwrites an edit in the store",
    Hazard.NEVER_INVOICED: "a subscription is never billed",
    Hazard.MAGNITUDE: "tenfold or more: a wrong unit?",
}


@dataclass(frozen=True, slots=True)
class HazardView:
    """A hazard of the plan: how many changes bear it, whether apply refuses it, and the flag that would allow it, or
    whether it needs an approval."""

    hazard: Hazard
    count: int
    meaning: str
    refused: bool
    flag: str
    approval: bool = False

    @property
    def passes(self) -> str:
        """Whether apply lets it pass."""
        return f"with `{self.flag}`" if self.refused else "when it is approved" if self.approval else "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan for reading. `verdict` says what it comes to, `decision` whether it is applied as it is, and `refused`
    names the hazards and rules that stand against it. `counts` are how much work it is, and prices by what becomes of
    them. `details` makes the same view with all terms, and every price unless some were chosen, for formats that fold
    what is long. `id` is its digest (`plan.digest`). `whole`: nothing was to be left out. `price_total` counts the
    prices that are desired. `unmanaged` counts other owners' objects by kind; `leftovers` are ours that no manifest
    declares. `findings` are what rules say, the waived ones included. `adopted` are the packages that are ours by an id
    in their manifest, with that id. `besides` is there for a branch that was planned against its base."""

    answer: ClassVar[str] = "plan"
    id: str
    namespace: str
    environment: str
    as_of: datetime
    empty: bool
    verdict: str
    decision: Decision
    summary: str
    counts: Mapping[str, int]
    objects: "tuple[ObjectView, ...]"
    hazards: tuple[HazardView, ...]
    refused: tuple[str, ...]
    leftovers: tuple[LeftoverView, ...]
    unmanaged: Mapping[str, int]
    findings: tuple[Problem, ...]
    adopted: Mapping[str, str] | None = optional()
    besides: "BesidesView | None" = optional()
    fixed: FixedView | None = optional()
    impact: "ImpactView | None" = optional()
    whole: bool = hidden()
    price_total: int = hidden()
    units: Units = hidden()
    details: "Callable[[], PlanView]" = hidden()

    @property
    def checks(self) -> Checks:
        """For CI systems."""
        title = f"plan {self.namespace}/{self.environment}"
        cases = (*_cases(self), *problem_cases("finding", self.findings))
        meanings = {hazard.value: words for hazard, words in HAZARD_WORDS.items()}
        problems = (*(problem for item in self.objects for problem in _refused(item)), *self.findings)
        return Checks(title, cases, problems, meanings, tuple(_sentences(self)))


class BesidesView(NamedTuple):
    """What is pending besides a branch's own plan: what `ref` has and the store has not."""

    ref: str
    commit: str
    plan: PlanView

    @property
    def sentence(self) -> str:
        """One sentence."""
        name = f"{self.ref} ({self.commit[:12]})"
        if self.plan.empty:
            return f"Nothing is pending besides: the store has all of {name}."
        return f"Pending besides, in {name}, not applied yet: {self.plan.summary}"


@dataclass(frozen=True, slots=True)
class DigestView:
    """The digest of what a plan means."""

    answer: ClassVar[str] = "digest"
    digest: str


def plan_view(
    plan: Plan,
    choice: RowChoice,
    refused: Iterable[str] | None = None,
    impact: "ImpactView | None" = None,
    *,
    obstacles: Sequence[Obstacle] = (),
    stale: bool = False,
    terms: bool = False,
    nothing: str = "",
) -> PlanView:
    """The view of a plan, with what it does to bills when that was asked for. `terms`: with all terms of new package
    versions, not only those that change. `nothing` is what to say where there is nothing to do.

    `refused` are the hazards that apply would refuse now; None stands for those that are refused when no policy says
    otherwise and nothing is allowed. `obstacles` are the rules whose findings the policy does not let pass; `stale`:
    what was approved is another plan.
    """
    units = Units(plan.units, plan.products, instant_text(next_hour(plan.as_of)))
    refusing = frozenset(REFUSED if refused is None else map(Hazard, refused))

    def details() -> PlanView:
        every = RowChoice(every=True) if choice.automatic else choice
        return plan_view(plan, every, refusing, impact, obstacles=obstacles, stale=stale, terms=True, nothing=nothing)

    objects: tuple[ObjectView, ...] = ()
    prices, fixed = PriceCounts(), None
    if plan.steps:
        # What draws objects and fees is heavy, and most plans have none.
        from pricebook.view.work import fixed_view, work_of, work_words

        objects, prices = work_of(plan, choice, units, refusing, terms=terms)
        fixed = fixed_view(plan.fixed, units) if plan.fixed is not None else None
        words = work_words(objects, prices, fixed)
        verdict = " ".join(filter(None, (words, leftover_verdict(plan.leftovers, units))))
    else:
        verdict = nothing or _nothing_words(plan, units)
    found: Counter[Hazard] = Counter()
    for item in objects:
        found.update({borne.hazard: borne.count for borne in item.hazards})
    hazard_views = tuple(
        HazardView(
            hazard,
            count,
            HAZARD_WORDS[hazard] if hazard is not Hazard.MAGNITUDE else _far(count, prices.charged),
            hazard in refusing,
            f"--allow {hazard.value}",
            any(one.approval and one.rule == hazard_id(hazard) for one in obstacles),
        )
        for hazard, count in sorted(found.items())
    )
    refused_now = [(one.hazard, one.count) for one in hazard_views if one.refused]
    decision = decide(refused_now, obstacles, stale=stale, steps=bool(plan.steps), left=bool(plan.leftovers))
    work = tally(plan.steps)
    adopted = ((f"{ref}@1", id_) for ref, id_ in plan.adopted.items() if ref.kind is Kind.PACKAGE)
    return PlanView(
        id=plan.digest,
        namespace=plan.namespace,
        environment=plan.environment,
        as_of=plan.as_of,
        empty=not objects,
        verdict=verdict,
        decision=decision,
        summary=_summary(plan, work) if objects else "",
        counts={
            **work,
            **{f"prices_{name}": count for name, count in asdict(prices).items()},
            "kept": plan.kept,
            "leftovers": len(plan.leftovers),
            "unmanaged": sum(plan.unmanaged.values()),
        },
        objects=objects,
        hazards=hazard_views,
        refused=(*(hazard.value for hazard, _ in refused_now), *decision.rules),
        leftovers=leftover_views(plan.leftovers, units),
        unmanaged=dict(sorted(plan.unmanaged.items())),
        findings=plan.findings,
        adopted=dict(sorted(adopted)) or None,
        besides=_besides(plan, refusing),
        fixed=fixed,
        impact=impact,
        whole=choice.every,
        price_total=plan.prices,
        units=units,
        details=details,
    )


def _far(count: int, charged: int) -> str:
    """What MAGNITUDE means where so many of the prices were free until now."""
    free = "free until now, and not any more"
    return free if count <= charged else HAZARD_WORDS[Hazard.MAGNITUDE] + (f" Or {free}" if charged else "")


def _besides(plan: Plan, refusing: frozenset[Hazard]) -> BesidesView | None:
    """Of what is pending besides, objects and counts; no price is listed."""
    if plan.besides is None:
        return None
    ref, commit, pending = plan.besides
    return BesidesView(ref, commit, plan_view(pending, RowChoice(first=0), refusing))


def _nothing_words(plan: Plan, units: Units) -> str:
    """What it comes to when nothing is to be done, for somebody who reads one line."""
    if plan.besides is not None and not plan.leftovers:
        return "This branch changes nothing in the store."
    there = counted(plan.kept, "object") + (f", {counted(plan.prices, 'price')}" if plan.prices else "")
    if plan.leftovers:
        return f"{leftover_verdict(plan.leftovers, units)} What manifests declare is as they say ({there})."
    return f"Nothing to change: the store says what the manifests say ({there})."


def as_of_words(as_of: datetime) -> str:
    """When a plan is for, for people."""
    return instant_words(as_of) if as_of.minute == 0 else moment_words(as_of)


def _summary(plan: Plan, work: Mapping[str, int]) -> str:
    """The last line: `Plan: 1 new version, 1 alias moved, 2 rates added. Nothing is edited in place.`"""
    edited = "" if work["fields"] or work["reordered"] else " Nothing is edited in place."
    kept = f" {counted(plan.kept, 'object')} as desired already." if plan.kept else ""
    return f"Plan: {tally_words(work)}.{edited}{kept}"


def _sentences(view: PlanView) -> Iterator[tuple[str, str]]:
    """The verdict, then what bills do, and what is pending besides a branch's plan."""
    yield "plan", f"{view.verdict} {view.decision.sentence}"
    if view.impact is not None:
        yield "bills", view.impact.verdict
    if view.besides is not None:
        yield "besides", view.besides.sentence


def _cases(view: PlanView) -> Iterator[Case]:
    """A case for each object of the plan, which fails when it bears a refused hazard; one that passes when there is
    none. What bills do and what is pending besides are cases that pass."""
    for item in view.objects:
        at = _place(item)
        file, line = (at.file, at.line) if at is not None else ("", 0)
        failures = tuple(map(problem_words, _refused(item)))
        yield Case(
            group=item.kind,
            name=f"{item.action} {item.ref}",
            failures=failures,
            skipped="",
            file=file,
            line=line,
            output=item.sentence,
        )
    if view.empty:
        words = "left as it is, in no manifest any more" if view.leftovers else "nothing to change"
        yield Case(group="plan", name=words, output=view.verdict)
    if view.impact is not None:
        output = "\n".join((view.impact.verdict, *view.impact.sentences, *view.impact.caveats))
        yield Case(group="bills", name="what the plan does to bills", output=output)
    if view.besides is not None:
        yield Case(group="besides", name=view.besides.ref, output=view.besides.sentence)


def _refused(item: "ObjectView") -> Iterator[Problem]:
    """One for each refused hazard of an object, with the hazard's name as its code."""
    return (_of_hazard(item, borne) for borne in item.hazards if borne.refused)


def _of_hazard(item: "ObjectView", borne: "HazardCount") -> Problem:
    what, words = item.ref, HAZARD_WORDS[borne.hazard]
    if item.rates is not None:
        what = f"{counted(borne.count, 'price')} of {item.ref}"
        worst = item.rates.tenfold[0] if item.rates.tenfold and borne.hazard is Hazard.MAGNITUDE else None
        if worst is not None:
            words = f"{words} {worst.row.key}: {worst.row.price}"
    hint = f"when it is meant, apply with --allow {borne.hazard.value}"
    return Problem(borne.hazard.value, f"{what}: {words}", _place(item), hint, subject=item.ref)


def _place(item: "ObjectView") -> Span | None:
    """Where the manifest says so, None when that is not known."""
    file, _, line = item.place.rpartition(":")
    return Span(file, int(line)) if file and line.isdecimal() else None
