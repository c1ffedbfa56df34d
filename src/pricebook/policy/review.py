"""Running rules: each on its own, so that one that crashes or takes too long is reported and the others run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pricebook.policy.finding import Finding
from pricebook.problem import Severity, quote

BUDGET = 10.0
"""CPU seconds that one rule may take."""
MOST = 1000
"""Findings of one rule that are kept; the rest is counted."""

Meter = Callable[[], float]
"""CPU seconds that have passed, from some start: handed in, because a rule has no clock."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the id and severity of the rule that made it."""

    rule: str
    severity: Severity
    finding: Finding


def run_rule(rule: str, severity: Severity, found: Callable[[], Iterable[Finding]], meter: Meter) -> Iterator[Judged]:
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
                yield _stopped(rule, kept)
                break
    except Exception as error:  # noqa: BLE001 - whatever a rule does wrong, the others run
        message = f"rule {rule} failed: {type(error).__name__}: {quote(error, 200)}"
        hint = "what it would have found is not known; until it is mended it can be switched off under policy: rules"
        yield Judged("rule-failed", "error", Finding(None, (), message, hint, label=rule))
    if more:
        yield Judged(
            rule, severity, Finding(None, (), f"{more:,} more findings of {rule} are not listed", more=more - 1)
        )


def _stopped(rule: str, kept: int) -> Judged:
    message = f"rule {rule} was stopped after {BUDGET:.0f} seconds, with {kept:,} findings"
    hint = "what it would have found further is not known; narrow it by `when`"
    return Judged("rule-slow", "error", Finding(None, (), message, hint, label=rule))
