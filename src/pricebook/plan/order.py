"""The order of steps: what a step needs precedes it, and letting go and archiving come last.

The order depends on the changes alone, so the same changes always give the same plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from pricebook.catalog.reference import Ref
from pricebook.plan.handover import precedence
from pricebook.plan.step import Step
from pricebook.plan.verb.add_rates import AddRates
from pricebook.plan.verb.verb import Graph, Verb


def ordered(changes: Sequence[Verb], aliases: dict[str, Ref]) -> list[Step]:
    """The steps of the changes with what each needs, in an order that respects it.

    `aliases` says which rate card a rate-card alias names, for packages that choose their card by alias.
    """
    steps: dict[str, Step] = {}
    rates: dict[str, list[str]] = {}
    for change in changes:
        batches = rates.setdefault(change.ref.name, []) if isinstance(change, AddRates) else []
        step = Step(change.step_id(len(batches) + 1), change)
        steps[step.id] = step
        batches.append(step.id)
    known = Graph(steps, rates, aliases)
    needs = {id_: tuple(n for n in step.change.needs(known, id_) if n != id_) for id_, step in steps.items()}
    for id_, earlier in precedence({id_: step.change for id_, step in steps.items()}).items():
        needs[id_] = tuple(dict.fromkeys((*needs[id_], *earlier)))
    _chain_last(steps, needs)
    try:
        order = _sorted(needs)
    except CycleError as error:  # composite cycles are refused when loading
        raise AssertionError(f"the changes need each other in a circle: {error.args[1]}") from error
    return [replace(steps[id_], needs=needs[id_]) for id_ in order]


def _chain_last(steps: dict[str, Step], needs: dict[str, tuple[str, ...]]) -> None:
    """Letting go and archiving come after everything else, one after the other in the order given: first what is let
    go, and of what is archived users before what they use."""
    last = [id_ for id_, step in steps.items() if step.change.last]
    others = tuple(id_ for id_, step in steps.items() if not step.change.last)
    for before, id_ in zip([None, *last], last, strict=False):
        needs[id_] = (before,) if before is not None else others


def _sorted(needs: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Topological, and otherwise in the order given, which is by kind and name."""
    names = list(needs)
    position = {id_: index for index, id_ in enumerate(names)}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    ready: list[int] = []
    while sorter.is_active():
        for id_ in sorter.get_ready():
            heappush(ready, position[id_])
        id_ = names[heappop(ready)]
        yield id_
        sorter.done(id_)
