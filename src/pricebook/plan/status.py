"""Where steps stand against what the store holds now: still to do, done already, or overtaken by somebody else.

This is how apply resumes after a crash, with the journal or without it: it looks, and never sends twice what is there.
Plans are stale only where their own objects changed; what happened to others does not matter.
"""

from collections.abc import Iterable
from types import MappingProxyType

from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Ref
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Lives
from pricebook.plan.step import Step
from pricebook.plan.verb.verb import Look, Status


def statuses(steps: Iterable[Step], snapshot: Snapshot, lives: Lives = MappingProxyType({})) -> list[Status]:
    """Where each step stands."""
    steps = list(steps)
    meant: dict[Ref, Noun] = {}
    for step in steps:
        step.change.mean(meant, snapshot)
    look = Look(normalise(snapshot, meant), [step.change for step in steps], lives)
    return [step.change.status(step.expects, look) for step in steps]
