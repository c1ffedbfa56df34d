"""Review: what the rules of a project say about its catalogue, and about a plan."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pricebook.manifest.load import Loaded
from pricebook.manifest.source_map import Location, SourceMap
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.step import Plan
from pricebook.policy.fact import Facts
from pricebook.policy.judge import (
    Meter,
    Task,
    Verdict,
    catalog_tasks,
    in_order,
    judge,
    known_ids,
    plan_tasks,
    settle,
)
from pricebook.policy.proposal import Proposal
from pricebook.problem import Problem, Related
from pricebook.project.policy import Policy
from pricebook.project.project import Project
from pricebook.project.signed import signed_waivers
from pricebook.span import Span
from pricebook.workflow.python_rule import PythonRule, python_tasks

if TYPE_CHECKING:  # as in `_company`
    from pricebook.policy.company import Compiled

FAILED = ("rule-failed", "rule-slow")
"""Codes of findings about a rule itself."""


def review_catalog(
    project: Project,
    policy: Policy,
    loaded: Loaded,
    as_of: datetime,
    meter: Meter,
    company: "Sequence[Compiled]" = (),
    code: Sequence[PythonRule] = (),
) -> tuple[Problem, ...]:
    """The findings about a catalogue. Raises Rejected for waivers that cannot be read."""
    facts = Facts(loaded.catalog, as_of)
    tasks = [*catalog_tasks(facts, policy), *_company(company, code, facts, None, policy)]
    return _review(project, policy, loaded, facts, tasks, meter)


def review_plan(
    project: Project,
    policy: Policy,
    loaded: Loaded,
    snapshot: Snapshot,
    plan: Plan,
    meter: Meter,
    company: "Sequence[Compiled]" = (),
    code: Sequence[PythonRule] = (),
) -> tuple[Problem, ...]:
    """The findings about a plan and the catalogue that it leads to. Raises Rejected for waivers that cannot be read."""
    facts = Facts(loaded.catalog, plan.as_of)
    proposal = Proposal(plan, snapshot, facts, policy)
    tasks = [*catalog_tasks(facts, policy), *plan_tasks(proposal, policy)]
    tasks += _company(company, code, facts, proposal, policy)
    return _review(project, policy, loaded, facts, tasks, meter)


def _company(
    company: "Sequence[Compiled]",
    code: Sequence[PythonRule],
    facts: Facts,
    proposal: Proposal | None,
    policy: Policy,
) -> Iterator[Task]:
    """The company's own rules: expressions, and code where this machine allows it."""
    if company:
        # CEL and the view that it sees are for policies that have expressions.
        from pricebook.policy.company import company_tasks

        yield from company_tasks(company, facts, proposal, policy)
    yield from python_tasks(code, facts, proposal, policy)


def _review(
    project: Project, policy: Policy, loaded: Loaded, facts: Facts, tasks: Sequence[Task], meter: Meter
) -> tuple[Problem, ...]:
    judged = judge(tasks, meter)
    waivers = signed_waivers(project, loaded)
    known = known_ids([*(rule.id for rule in policy.company_rules), *(rule for rule, _, _ in tasks)])
    failed = {one.finding.label for one in judged if one.rule in FAILED}
    ran = [rule for rule, _, _ in tasks if rule not in failed]
    verdicts, problems = settle(judged, waivers, policy, facts, known=known, ran=ran)
    placed = [_said(project, finding, failed) for finding in _placed(verdicts, loaded.source_map)]
    return in_order([*placed, *problems])


def _said(project: Project, finding: Problem, failed: Collection[str]) -> Problem:
    """A rule of the company that failed is mended where it stands."""
    if finding.code not in FAILED:
        return finding
    said: list[tuple[tuple[str, ...], Policy]] = [(("policy",), project.settings.policy)]
    said += [(("environments", n, "policy"), e.policy) for n, e in project.settings.environments.items() if e.policy]
    for base, policy in said:
        for index, rule in enumerate(policy.company_rules):
            if rule.id in failed and f"rule {rule.id} " in finding.message:
                return replace(finding, at=project.place((*base, "company_rules", index)))
    return finding


def _placed(verdicts: Iterable[Verdict], source_map: SourceMap) -> list[Problem]:
    """The findings as problems, with the places of what they are about."""
    listed = list(verdicts)
    locations = [location for verdict in listed for location in _locations(verdict)]
    spans = source_map.spans(locations) if locations else {}
    return [_problem(verdict, spans) for verdict in listed]


def _locations(verdict: Verdict) -> list[Location]:
    finding = verdict.judged.finding
    own = [Location(finding.ref, finding.path, finding.rate)] if finding.ref is not None else []
    return own + [Location(ref, path) for _, ref, path in finding.related]


def _problem(verdict: Verdict, spans: dict[Location, Span]) -> Problem:
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
    )
