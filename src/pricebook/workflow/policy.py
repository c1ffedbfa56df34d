"""The policy of an environment, once every word of it is known: hazards, rules, and who may sign."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pricebook.catalog.instant import instant_text, instant_words, next_hour
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import read_schedule
from pricebook.catalog.violation import Path, Violation
from pricebook.plan.hazard import REFUSED, Hazard
from pricebook.plan.step import Plan
from pricebook.policy.judge import failing, hazard_id, known_ids
from pricebook.policy.waiver import approver_of
from pricebook.problem import Problem, Rejected, did_you_mean, fits_nothing, quote, reject
from pricebook.project.policy import Policy
from pricebook.project.project import Project
from pricebook.project.table import read_lookups

if TYPE_CHECKING:  # as in `company_rules`
    from pricebook.policy.company import Compiled


ALL = "all"
"""Allows every hazard."""


def checked_policy(project: Project, environment: str) -> Policy:
    """The policy that holds in an environment. Raises Rejected, with places, for words that mean nothing."""
    settings = project.settings
    own = settings.environments[environment].policy
    said = [(("policy",), settings.policy), *([(("environments", environment, "policy"), own)] if own else [])]
    problems = []
    for base, policy in said:
        known = known_ids([rule.id for rule in (*settings.policy.company_rules, *policy.company_rules)])
        for violation in _violations(policy, known):
            at = project.place((*base, *violation.at))
            problems.append(Problem(violation.code, violation.message, at, violation.hint))
    if problems:
        raise Rejected(problems)
    return project.policy(environment)


def _violations(policy: Policy, known: Collection[str]) -> Iterator[Violation]:
    for name in ("refuse", "need_approval"):
        for index, word in enumerate(getattr(policy, name) or ()):
            if word.upper() not in Hazard.__members__:
                yield Violation("unknown-hazard", f"{quote(word)} is no hazard", (name, index), _hazards_like(word))
    kinds = {kind.value for kind in Kind}
    for path, pattern in policy.patterns:
        kind, colon, rest = pattern.partition(":")
        if "*" not in kind and not (colon and rest and kind in kinds):
            found = fits_nothing(str(path[0]), pattern, {f"{each}:{rest or '*'}" for each in kinds})
            yield Violation(found.code, found.message, path, found.hint)
    named: list[tuple[Path, str]] = [(("levels", id_), id_) for id_ in policy.levels]
    for index, approver in enumerate(policy.approvers):
        named += [(("approvers", index, "accepts", i), word) for i, word in enumerate(approver.accepts)]
    for path, word in named:
        if word.lower().replace("_", "-") not in known:
            hint = did_you_mean(word, known) or "see: pricebook rules"
            yield Violation("unknown-rule", f"there is no rule {quote(word)}", path, hint)


def company_rules(project: Project, environment: str) -> "list[Compiled]":
    """The company's rules that hold in an environment, ready to be asked. Raises Rejected, with places, for expressions
    and tables that cannot be used."""
    policy = project.policy(environment)
    if not policy.company_rules:
        return []
    # CEL and the view that it sees are for policies that have expressions.
    from pricebook.policy.company import compiled

    tables = read_lookups(project, policy, _source_of(project, environment, "tables"))
    found, wrong = compiled(policy, tables)
    if wrong:
        base = _source_of(project, environment, "company_rules")
        raise Rejected([Problem(v.code, v.message, project.place((*base, *v.at)), v.hint) for v in wrong])
    return found


def _source_of(project: Project, environment: str, field: str) -> tuple[str, ...]:
    """Which of the two policies says a field."""
    own = project.settings.environments[environment].policy
    said_here = own is not None and field in own.model_fields_set
    return ("environments", environment, "policy") if said_here else ("policy",)


def stopping(findings: Sequence[Problem], policy: Policy, now: datetime | None = None) -> tuple[Problem, ...]:
    """The findings that the policy does not let pass; at the instant of an apply also a freeze that has come since."""
    found = list(failing(findings, policy))
    if now is not None and not any(finding.code == "frozen" for finding in found):
        found += [
            Problem(
                "frozen",
                f"nothing may be applied until {instant_words(freeze.ending_before)}: {freeze.reason}",
                hint=f"apply from {instant_words(freeze.ending_before)} on",
            )
            for freeze in policy.freezes
            if freeze.starting_at <= now < freeze.ending_before and policy.levels.get("frozen") != "off"
        ]
    return tuple(found)


class Obstacle(NamedTuple):
    """A rule whose findings the policy does not let pass: its id, how many findings, whether it only asks for an
    approval, and who may sign it (empty: nobody in particular)."""

    rule: str
    findings: int
    approval: bool
    people: tuple[str, ...]


def obstacles(findings: Sequence[Problem], policy: Policy, now: datetime | None = None) -> tuple[Obstacle, ...]:
    """What stands against a plan besides its hazards, by rule."""
    signed = {hazard_id(_hazard(word)) for word in policy.need_approval}
    found: dict[str, tuple[int, dict[str, None]]] = {}
    for finding in stopping(findings, policy, now):
        count, people = found.setdefault(finding.code, (0, {}))
        approver = approver_of(finding.code, finding.subject, policy.approvers)
        people |= dict.fromkeys(approver.people if approver is not None else ())
        found[finding.code] = (count + 1 + finding.more, people)
    return tuple(Obstacle(rule, count, rule in signed, tuple(people)) for rule, (count, people) in found.items())


def refused_hazards(plan: Plan, allowed: Iterable[str], policy: Policy, now: datetime) -> list[Hazard]:
    """The hazards of the plan that the policy refuses and nobody allowed, sorted.

    A plan that is applied late re-prices what was metered since the dates in it: that is RETROACTIVE too. Hazards that
    need an approval are findings, and no flag allows them. Raises Rejected for a word that is no hazard.
    """
    words = list(allowed)
    refused = REFUSED if policy.refuse is None else set(map(_hazard, policy.refuse))
    granted = set(Hazard) if ALL in words else set(map(_hazard, words))
    signed = set(map(_hazard, policy.need_approval))
    late = {Hazard.RETROACTIVE} if overtaken(plan, now) else set()
    return sorted(((set(plan.hazards) - signed | late) & refused) - granted)


def overtaken(plan: Plan, now: datetime) -> bool:
    """Whether a price that customers may have been billed by changes from a date that was to come when the plan was
    made, and has passed."""
    made, present = (instant_text(next_hour(at)) for at in (plan.as_of, now))
    return made < present and any(
        made <= segment.starting_at < present
        for step in plan.steps
        for rate in step.rates
        if rate.observed is not None or rate.reach
        for segment in read_schedule(rate.segments)
    )


def _hazard(word: str) -> Hazard:
    if word.upper() not in Hazard.__members__:
        raise reject("unknown-hazard", f"{quote(word)} is no hazard", hint=_hazards_like(word))
    return Hazard(word.upper())


def _hazards_like(word: str) -> str:
    return did_you_mean(word, Hazard) or f"hazards: {', '.join(Hazard)}"
