"""Judging: every rule over a catalogue or a plan, with the severities and waivers of the project.

Pure: the same catalogue, plan, policy, waivers, tables and instant give the same findings.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Literal, NamedTuple

from pricebook.plan.hazard import Hazard
from pricebook.policy import (
    amount,
    balance,
    commitment,
    coverage,
    currency,
    hidden_change,
    limit,
    naming,
    notification,
    outlier,
    override,
    tier,
    usage,
)
from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding, Judged
from pricebook.policy.limit import approvals
from pricebook.policy.proposal import Proposal
from pricebook.policy.rule import Rule
from pricebook.policy.waiver import check_waivers, waived
from pricebook.problem import Problem, Severity, quote
from pricebook.project.policy import Policy
from pricebook.project.signed import Signed

RANK: dict[str, int] = {"error": 0, "warning": 1, "note": 2, "never": -1}
"""How bad: the lower, the worse. `never` is worse than anything."""

BUDGET = 10.0
"""CPU seconds that one rule may take."""
MOST = 1000
"""Findings of one rule that are kept; the rest is counted."""

Meter = Callable[[], float]
"""CPU seconds that have passed, from some start: handed in, because a rule has no clock."""

Task = tuple[str, Severity, Callable[[], Iterable[Finding]]]
"""A rule to run: its id, its severity, and what it finds."""


class Verdict(NamedTuple):
    """A finding as it is reported; `accepted` says why it is waived, and is empty when it is not."""

    judged: Judged
    accepted: str


def hazard_id(hazard: Hazard) -> str:
    """The id by which rules, levels and waivers name a hazard: `credit-cut`."""
    return hazard.value.lower().replace("_", "-")


@cache
def rules() -> dict[str, Rule]:
    """Every rule that pricebook brings, by id, in the order of their topics."""
    topics = (
        amount, outlier, currency, tier, coverage, balance, commitment, override, usage, notification, naming, limit,
        hidden_change,
    )  # fmt: skip
    return {rule.id: rule for topic in topics for rule in topic.RULES}


def known_ids(company: Collection[str] = ()) -> frozenset[str]:
    """Every id that a waiver or a level can name."""
    return frozenset((*rules(), *map(hazard_id, Hazard), *company))


def catalog_tasks(facts: Facts, policy: Policy) -> Iterator[Task]:
    """The rules about the catalogue that the policy has not switched off."""
    for rule in rules().values():
        if rule.check is not None and (severity := level_of(rule.id, rule.severity, policy)) is not None:
            yield rule.id, severity, partial(rule.check, facts)


def plan_tasks(proposal: Proposal, policy: Policy) -> Iterator[Task]:
    """The rules about the plan, and the approvals that the policy asks for."""
    for rule in rules().values():
        if rule.check_plan is not None and (severity := level_of(rule.id, rule.severity, policy)) is not None:
            yield rule.id, severity, partial(rule.check_plan, proposal)
    for hazard in sorted({Hazard(word.upper()) for word in policy.need_approval}):
        severity = level_of(hazard_id(hazard), "error", policy)
        if severity is not None:
            yield hazard_id(hazard), severity, partial(approvals, proposal, hazard)


def level_of(rule: str, severity: Severity, policy: Policy) -> Severity | None:
    """The severity of a rule under a policy; None when it is switched off."""
    level: Literal["error", "warning", "note", "off"] = policy.levels.get(rule, severity)
    return None if level == "off" else level


def judge(tasks: Iterable[Task], meter: Meter) -> list[Judged]:
    """Run every rule; those of which one fails are all run all the same."""
    return [judged for rule, severity, found in tasks for judged in _run(rule, severity, found, meter)]


def _run(rule: str, severity: Severity, found: Callable[[], Iterable[Finding]], meter: Meter) -> Iterator[Judged]:
    """What one rule finds; last, that it failed or was stopped, which is an error whatever the rule's severity: what
    it would have found is not known."""
    started, kept, more = meter(), 0, 0
    try:
        for finding in found():
            if kept < MOST:
                kept += 1
                yield Judged(rule, severity, finding)
            else:
                more += 1 + finding.more
            if meter() - started > BUDGET:
                message = f"rule {rule} was stopped after {BUDGET:.0f} seconds, with {kept:,} findings"
                hint = "what it would have found further is not known; narrow it by `when`"
                yield Judged("rule-slow", "error", Finding(None, (), message, hint, label=rule))
                break
    except Exception as error:  # noqa: BLE001 - whatever a rule does wrong, the others run
        message = f"rule {rule} failed: {type(error).__name__}: {quote(error, 200)}"
        hint = "what it would have found is not known; until it is mended it can be switched off under policy: rules"
        yield Judged("rule-failed", "error", Finding(None, (), message, hint, label=rule))
    if more:
        yield Judged(
            rule, severity, Finding(None, (), f"{more:,} more findings of {rule} are not listed", more=more - 1)
        )


def settle(
    judged: Sequence[Judged],
    waivers: Sequence[Signed],
    policy: Policy,
    facts: Facts,
    *,
    known: Collection[str],
    ran: Collection[str],
) -> tuple[list[Verdict], list[Problem]]:
    """Each finding with the waiver that covers it, and what is wrong with the waivers."""
    verdicts: list[Verdict] = []
    used: list[tuple[int, Judged]] = []
    for one in judged:
        accepted, about = waived(one, waivers, policy, facts.as_of)
        verdicts.append(Verdict(one, accepted))
        used += [(index, one) for index in about]
    problems = check_waivers(waivers, used, policy, facts.as_of, known=known, ran=ran)
    return verdicts, problems


def failing(findings: Iterable[Problem], policy: Policy) -> tuple[Problem, ...]:
    """The findings for which the policy wants a failure: not waived, and severe enough."""
    worst = RANK[policy.fail_on]
    return tuple(finding for finding in findings if not finding.waived and RANK[finding.severity] <= worst)


def in_order(findings: Iterable[Problem]) -> tuple[Problem, ...]:
    """What is not waived first, then the worst first, then by place."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (bool(f.waived), RANK[f.severity], f.at or ("",), f.code, f.subject, f.message),
        )
    )
