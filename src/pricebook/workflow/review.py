"""Review: what the rules of a project say about its catalogue, and about a plan."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pricebook.catalog.instant import instant_text
from pricebook.catalog.violation import Path
from pricebook.manifest.load import Loaded
from pricebook.manifest.source_map import Location, SourceMap
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.step import Plan
from pricebook.plan.timeline import with_past
from pricebook.policy.fact import Facts
from pricebook.policy.judge import Verdict, catalog_tasks, in_order, judge, known_ids, plan_tasks, settle
from pricebook.policy.proposal import Proposal
from pricebook.policy.waiver import matches
from pricebook.problem import Problem, Related, Severity, fits_nothing
from pricebook.project.policy import Policy
from pricebook.project.project import Project
from pricebook.project.signed import signed_waivers
from pricebook.span import Span
from pricebook.workflow.python_rule import Reviewer, python_tasks

if TYPE_CHECKING:  # as in `review`
    from pricebook.policy.company import Compiled

FAILED = ("rule-failed", "rule-slow")
"""Codes of findings about a rule itself."""


def review(
    project: Project,
    policy: Policy,
    loaded: Loaded,
    as_of: datetime,
    reviewer: Reviewer,
    *,
    company: "Sequence[Compiled]" = (),
    change: tuple[Plan, Snapshot] | None = None,
) -> tuple[Problem, ...]:
    """The findings about a catalogue, and about the plan that leads to it from a snapshot, if one is given: then the
    timelines are judged that result. Raises Rejected for waivers that cannot be read."""
    catalog = loaded.catalog
    if change is not None:  # what holds before the manifests begin is no hole in them
        catalog = with_past(catalog, change[1].catalog, instant_text(as_of))
    facts = Facts(catalog, as_of)
    proposal = Proposal(*change, facts, policy) if change is not None else None
    tasks = list(catalog_tasks(facts, policy))
    if proposal is not None:
        tasks += plan_tasks(proposal, policy)
    if company:
        # CEL and the view that it sees are for policies that have expressions.
        from pricebook.policy.company import company_tasks

        tasks += company_tasks(company, facts, proposal, policy)
    tasks += python_tasks(reviewer.code, facts, proposal, policy)
    judged = judge(tasks, reviewer.meter)
    waivers = signed_waivers(project, loaded)
    known = known_ids([*(rule.id for rule in policy.company_rules), *(rule for rule, _, _ in tasks)])
    failed = {one.finding.label for one in judged if one.rule in FAILED}
    ran = [rule for rule, _, _ in tasks if rule not in failed]
    verdicts, problems = settle(judged, waivers, policy, facts, known=known, ran=ran)
    problems += _strange_patterns(project, policy, loaded, change[1] if change is not None else None)
    placed = [_at_rule(project, finding, failed) for finding in _placed(verdicts, loaded.source_map)]
    return in_order([*placed, *problems])


def _strange_patterns(project: Project, policy: Policy, loaded: Loaded, snapshot: Snapshot | None) -> Iterator[Problem]:
    """Patterns of the policy that fit nothing which is declared or, where that is known, is in the account. Those of
    a whole kind are about what is to come."""
    there = {str(ref) for ref in loaded.catalog.nouns}
    there |= {str(ref.unversioned) for ref in snapshot.ids} if snapshot is not None else set()
    severity: Severity = "warning" if snapshot is not None else "note"
    for path, pattern in policy.patterns:
        kind, _, name = pattern.partition(":")
        if "*" not in kind and name != "*" and not any(matches(pattern, ref) for ref in there):
            field = str(path[0])
            said = (base for base, own in _policies(project) if getattr(own, field) is getattr(policy, field))
            yield fits_nothing(field, pattern, there, project.place((*next(said, ()), *path)), severity)


def _policies(project: Project) -> list[tuple[Path, Policy]]:
    """The policies that the project says, those of environments first, with their places."""
    said = project.settings.environments.items()
    own: list[tuple[Path, Policy]] = [(("environments", n, "policy"), e.policy) for n, e in said if e.policy]
    return [*own, (("policy",), project.settings.policy)]


def _at_rule(project: Project, finding: Problem, failed: Collection[str]) -> Problem:
    """A rule of the company that failed is mended where it stands."""
    if finding.code not in FAILED:
        return finding
    for base, policy in reversed(_policies(project)):
        for index, rule in enumerate(policy.company_rules):
            if rule.id in failed and f"rule {rule.id} " in finding.message:
                return replace(finding, at=project.place((*base, "company_rules", index)))
    return finding


def _placed(verdicts: Iterable[Verdict], source_map: SourceMap) -> list[Problem]:
    """The findings as problems, with the places of what they are about."""
    listed = list(verdicts)
    locations = [location for verdict in listed for location in _locations(verdict)]
    spans = source_map.spans(locations) if locations else {}
    known = known_ids(FAILED)
    return [_problem(verdict, spans, own=verdict.judged.rule not in known) for verdict in listed]


def _locations(verdict: Verdict) -> list[Location]:
    finding = verdict.judged.finding
    own = [Location(finding.ref, finding.path, finding.rate)] if finding.ref is not None else []
    return own + [Location(ref, path) for _, ref, path in finding.related]


def _problem(verdict: Verdict, spans: dict[Location, Span], *, own: bool) -> Problem:
    finding = verdict.judged.finding
    at = spans.get(Location(finding.ref, finding.path, finding.rate)) if finding.ref is not None else None
    related = [(word, spans.get(Location(ref, path))) for word, ref, path in finding.related]
    return Problem(
        code=verdict.judged.rule,
        message=finding.message,
        at=at,
        hint=finding.hint,
        related=tuple(Related(word, place) for word, place in related if place is not None),
        severity=verdict.judged.severity,
        more=finding.more,
        subject=finding.subject,
        waived=verdict.accepted,
        own=own,
    )
