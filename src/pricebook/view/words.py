"""Words that every answer uses: counted nouns, and how much work steps are, to do as well as done."""

from collections.abc import Iterable, Mapping

from pricebook.plan.step import Step
from pricebook.plan.verb.table import VERBS

_NAME = 60
"""Characters of a name within a sentence."""


def counted(n: int, one: str, many: str = "") -> str:
    """`1 price`, `8,212 prices`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def shortened(name: str) -> str:
    """A name within a sentence."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def tally(steps: Iterable[Step]) -> dict[str, int]:
    """The work of some steps: everything that any verb counts (`plan.verb.verb.Verb.work`), with how much of it."""
    found = {name: 0 for verb in VERBS.values() for name, _, _ in verb.work}
    for step in steps:
        for name, count in step.change.counts():
            found[name] += count
    return found


def tally_words(work: Mapping[str, int]) -> str:
    """`3 objects created, 1 new version, 43 rates added`; empty when there is nothing."""
    words = (each for verb in VERBS.values() for each in verb.work)
    return ", ".join(counted(work[name], one, many) for name, one, many in words if one and work[name])
