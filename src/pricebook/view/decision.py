"""Whether a plan is applied as it is, and if not, why not and who can let it pass; and what it does to fees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from pricebook.plan.hazard import Hazard
from pricebook.view.plain import hidden
from pricebook.view.words import counted
from pricebook.workflow.policy import Obstacle

DecisionState = Literal["applied", "refused", "approval", "stale", "nothing"]


class Decision(NamedTuple):
    """What `apply` does with a plan as it is. `sentence` says it. `flags` allow its hazards, when all of it is meant;
    `rules` are those whose findings stand against it, and `approvers` who may sign for that."""

    state: DecisionState
    sentence: str
    flags: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()

    @property
    def has_news(self) -> bool:
        """Whether it says more than that there is nothing to do."""
        return self.state != "nothing" or bool(self.rest.strip("."))

    @property
    def head(self) -> str:
        """What the sentence begins with, to be told apart."""
        return self.sentence.partition(":")[0]

    @property
    def rest(self) -> str:
        """What follows on it."""
        return self.sentence[len(self.head) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedView:
    """The change of fees a year and a month, in major units by pricing unit, for how many contracts, from when. Of
    `unknown` contracts the quantity is not known; `ending` more end before they would pay another fee. Usage comes on
    top. `sentence` says it."""

    a_year: Mapping[str, Decimal]
    a_month: Mapping[str, Decimal]
    contracts: int
    unknown: int
    since: str
    ending: int
    sentence: str = hidden()


def decide(
    hazards: Sequence[tuple[Hazard, int]],
    obstacles: Sequence[Obstacle],
    *,
    stale: bool,
    steps: bool,
    left: bool = False,
) -> Decision:
    """The answer, from the hazards that are refused, with how many changes bear each, and the rules against it. `left`:
    something is in no manifest any more."""
    rules = tuple(one.rule for one in obstacles)
    people = tuple(dict.fromkeys(person for one in obstacles for person in one.people))
    flags = tuple(f"--allow {hazard.value}" for hazard, _ in hazards)
    if stale:
        return Decision("stale", "Stale: what was approved is another plan. Nothing of it is applied.", flags, rules)
    against = [_of_rule(one) for one in obstacles if not one.approval]
    waiting = [one for one in obstacles if one.approval]
    if not steps:
        if not obstacles:
            rest = ": what left the manifests stays as it is" if left else ""
            return Decision("nothing", f"Nothing to apply{rest}.")
        said = ", ".join(map(_of_rule, obstacles))
        return Decision(
            "refused", f"Nothing to apply, and rules stand against the catalogue: {said}.", (), rules, people
        )
    reasons = [f"{hazard.value} ({counted(count, 'change')})" for hazard, count in hazards] + against
    if not reasons and not waiting:
        return Decision("applied", "Applied as it is: nothing stands against it.")
    names = ", ".join(one.rule for one in waiting)
    by = f" by {_listed(people)}" if people else ""
    if not reasons:
        many = "Needs an approval" if len(waiting) == 1 else "Needs approvals"
        return Decision("approval", f"{many}{by}: {names}. Nothing else stands against it.", (), rules, people)
    parts = [f"Refused as it is: {', '.join(reasons)}."]
    if flags:
        parts.append(f"When all of it is meant: {' '.join(flags)}.")
    if against:
        parts.append(f"Mend what the findings say, or let {_listed(people) or 'somebody'} sign a waiver.")
    if waiting:
        parts.append(f"It also needs an approval{by}: {names}.")
    return Decision("refused", " ".join(parts), flags, rules, people)


def _of_rule(one: Obstacle) -> str:
    return f"{one.rule} ({counted(one.findings, 'finding')})" if one.findings > 1 else one.rule


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" or {names[-1]}" if len(names) > 1 else "".join(names)
