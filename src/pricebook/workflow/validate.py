"""Validate: what is wrong with the manifests in any environment, each thing told once, with where it is wrong.

Environments that say the same (no overlay, the same policy) are looked at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pricebook.manifest.load import Loaded, load
from pricebook.policy.judge import in_order
from pricebook.problem import Problem, Rejected
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.policy import checked_policy, company_rules, stopping
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review


@dataclass(frozen=True, slots=True)
class Validated:
    """The catalogue of the first environment, and the findings about all of them; `against` are the rules of which a
    policy does not let a finding pass."""

    loaded: Loaded
    findings: tuple[Problem, ...]
    against: tuple[str, ...]


def validate(project: Project, environments: Sequence[str], as_of: datetime, reviewer: Reviewer) -> Validated:
    """Load and review what each of the environments has. Raises Rejected with all that is wrong in any."""
    wrong: list[tuple[tuple[str, ...], Sequence[Problem]]] = []
    found: list[tuple[tuple[str, ...], Sequence[Problem]]] = []
    catalogs: list[tuple[str, Loaded]] = []
    against: dict[str, None] = {}
    for names in _alike(project, environments, with_policy=False):
        try:
            catalogs += [(names[0], load(project, names[0]))]
        except Rejected as rejected:
            wrong.append((names, rejected.problems))
    for names in _alike(project, environments, with_policy=True):
        try:
            policy = checked_policy(project, names[0])
            company = company_rules(project, names[0])
            for first, loaded in catalogs:
                if _same(project, first, names[0], with_policy=False):
                    findings = review(project, policy, loaded, as_of, reviewer, company=company)
                    found.append((names, findings))
                    against |= dict.fromkeys(finding.code for finding in stopping(findings, policy))
        except Rejected as rejected:
            wrong.append((names, rejected.problems))
    if wrong:
        raise Rejected(sorted(_once(wrong, environments), key=lambda p: p.at or Span("")))
    return Validated(catalogs[0][1], in_order(_once(found, environments)), tuple(against))


def _alike(project: Project, environments: Iterable[str], *, with_policy: bool) -> list[tuple[str, ...]]:
    """The environments in groups that have the same manifests, and maybe the same policy."""
    groups: list[tuple[str, ...]] = []
    for name in environments:
        for index, group in enumerate(groups):
            if _same(project, group[0], name, with_policy=with_policy):
                groups[index] = (*group, name)
                break
        else:
            groups.append((name,))
    return groups


def _same(project: Project, one: str, other: str, *, with_policy: bool) -> bool:
    a, b = (project.settings.environments[name] for name in (one, other))
    return (a.overlays, a.patches) == (b.overlays, b.patches) and (not with_policy or a.policy == b.policy)


def _once(told: Iterable[tuple[tuple[str, ...], Iterable[Problem]]], environments: Sequence[str]) -> list[Problem]:
    """Each problem once; one that is not of all the environments names those that it is of."""
    names: dict[Problem, list[str]] = {}
    for group, problems in told:
        for problem in problems:
            known = names.setdefault(problem, [])
            known += [name for name in group if name not in known]
    return [
        problem
        if len(where) == len(environments)
        else replace(problem, message=f"{problem.message} (in {', '.join(n for n in environments if n in where)})")
        for problem, where in names.items()
    ]
