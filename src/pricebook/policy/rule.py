"""A rule: its stable id, how severe it is, what its page says, an example that breaks it, and the check itself.

Rules about the catalogue (`check`) and rules about a plan (`check_plan`) have the same form. A rule never decides what
blocks: the project's policy does, by severity.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pricebook.policy.fact import Facts
from pricebook.policy.finding import Finding
from pricebook.policy.proposal import Proposal
from pricebook.policy.sample import SAMPLE
from pricebook.problem import Severity

Check = Callable[[Facts], Iterator[Finding]]
PlanCheck = Callable[[Proposal], Iterator[Finding]]
Edits = tuple[tuple[str, str], ...]
"""Texts, each with what is written instead."""


class Example(NamedTuple):
    """How a rule is broken, as edits of `base`, and how it just is not (`good`; none: `base` as it is).

    A rule about plans is shown on a store that holds `base` with the edits `observed` since `observed_since`, and on
    `contracts` that are live there; `policy` is the project's policy, as YAML.
    """

    bad: Edits
    good: Edits = ()
    base: str = SAMPLE
    as_of: str = "2026-01-01"
    observed: Edits = ()
    observed_since: str = "2025-12-01"
    policy: str = ""
    contracts: tuple[tuple[str, int], ...] = ()
    prune: bool = False

    def text(self, edits: Edits) -> str:
        """The manifests with edits."""
        text = self.base
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    `title` is a sentence that says what is wrong, `why` what it costs, `way_out` what to do. `source` names where the
    vendor, or the story, says so. Exactly one of `check` and `check_plan` is there.
    """

    id: str
    severity: Severity
    title: str
    why: str
    way_out: str
    example: Example
    check: Check | None = None
    check_plan: PlanCheck | None = None
    source: str = ""
