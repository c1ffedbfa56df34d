"""The order of steps: references precede users, a card's aliases follow its rates, archiving comes last.

The order depends on the changes alone, so the same changes always give the same plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import assert_never

from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import references
from pricebook.plan.change import AddRates, Adopt, Archive, Change, Create, Release, Repoint, Revise, Supersede
from pricebook.plan.handover import precedence
from pricebook.plan.step import Step


def step_id(change: Change, batch: int = 0) -> str:
    """A name for the step that says what it does: `rates:tokens#2`, `package:pro@3`, `archive:product:old`."""
    match change:
        case AddRates():
            return f"rates:{change.card}#{batch}"
        case Repoint():
            return f"repoint:{change.ref}"
        case Adopt():
            return f"adopt:{change.ref}"
        case Release():
            return f"release:{change.ref}"
        case Archive():
            return f"archive:{change.ref}"
        case Create() | Revise() | Supersede():
            return str(change.ref)
    assert_never(change)


def ordered(changes: Sequence[Change], aliases: dict[str, Ref]) -> list[Step]:
    """The steps of the changes with what each needs, in an order that respects it.

    `aliases` says which rate card a rate-card alias names, for packages that choose their card by alias.
    """
    steps: dict[str, Step] = {}
    rates: dict[str, list[str]] = {}
    for change in changes:
        batch = len(rates.get(change.card, ())) + 1 if isinstance(change, AddRates) else 0
        step = Step(step_id(change, batch), change)
        steps[step.id] = step
        if isinstance(change, AddRates):
            rates.setdefault(change.card, []).append(step.id)
    graph = {id_: tuple(n for n in _needs(step, steps, rates, aliases) if n != id_) for id_, step in steps.items()}
    for id_, earlier in precedence({id_: step.change for id_, step in steps.items()}).items():
        graph[id_] = tuple(dict.fromkeys((*graph[id_], *earlier)))
    _chain_archives(steps, graph)
    try:
        order = _sorted(graph)
    except CycleError as error:  # composite cycles are refused when loading
        raise AssertionError(f"the changes need each other in a circle: {error.args[1]}") from error
    return [replace(steps[id_], needs=graph[id_]) for id_ in order]


def _chain_archives(steps: dict[str, Step], graph: dict[str, tuple[str, ...]]) -> None:
    """Letting go and archiving come after everything else, one after the other in the order given: first what is let
    go, and of what is archived users before what they use."""
    archives = [id_ for id_, step in steps.items() if isinstance(step.change, Release | Archive)]
    others = tuple(id_ for id_ in steps if id_ not in set(archives))
    for before, id_ in zip([None, *archives], archives, strict=False):
        graph[id_] = (before,) if before is not None else others


def _sorted(graph: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Topological, and otherwise in the order given, which is by kind and name."""
    names = list(graph)
    position = {id_: index for index, id_ in enumerate(names)}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ready: list[int] = []
    while sorter.is_active():
        for id_ in sorter.get_ready():
            heappush(ready, position[id_])
        id_ = names[heappop(ready)]
        yield id_
        sorter.done(id_)


def _needs(step: Step, steps: dict[str, Step], rates: dict[str, list[str]], aliases: dict[str, Ref]) -> Iterator[str]:
    change = step.change
    match change:
        case Create() | Revise() | Supersede():
            yield from _known(steps, f"adopt:{change.ref}")
            yield from _uses(change.noun, steps, rates, aliases)
        case AddRates():
            yield from _made(steps, change.ref)
            for product in sorted({product for product, _ in pairs(rate.key for rate in change.rates)}):
                yield from _made(steps, Ref(Kind.PRODUCT, product))
            batches = rates[change.card]
            position = batches.index(step.id)
            if position:
                yield batches[position - 1]  # one card's batches follow each other; the last one stands for all
        case Repoint():
            yield from _made(steps, change.ref)
            yield from rates.get(change.ref.name, [])[-1:]
        case Adopt():
            return  # what it refers to may still be anybody's
        case Release() | Archive():
            return  # see `_chain_archives`
        case _:
            assert_never(change)


def _uses(noun: Noun, steps: dict[str, Step], rates: dict[str, list[str]], aliases: dict[str, Ref]) -> Iterator[str]:
    names = {Ref(kind, name) for _, kind, name in references(noun)}
    alias: str | None = getattr(noun, "rate_card_alias", None)
    if alias in aliases:
        names.add(aliases[alias])
    for ref in sorted(names):
        yield from _made(steps, ref)
        if ref.kind is Kind.RATE_CARD:
            yield from rates.get(ref.name, [])[-1:]
            yield from _known(steps, f"repoint:{ref}")


def _made(steps: dict[str, Step], ref: Ref) -> Iterator[str]:
    """The steps after which an object is there and ours, as it is to be."""
    yield from _known(steps, f"adopt:{ref}")
    yield from _known(steps, str(ref))


def _known(steps: dict[str, Step], id_: str) -> Iterator[str]:
    if id_ in steps:
        yield id_
