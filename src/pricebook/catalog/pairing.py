"""Which terms of two versions of a noun belong together.

Terms are matched by their `key`; those without one by what they say, then by product or name, then by position.
"""

from collections.abc import Callable, Iterator

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Model
from pricebook.catalog.path import Label, labels, subject_of


def matched(
    observed: tuple[Model, ...], desired: tuple[Model, ...]
) -> Iterator[tuple[Model | None, Model | None, Label]]:
    """Pairs that belong together, then what only one side has, each with its label."""
    was, now = list(range(len(observed))), list(range(len(desired)))
    pairs: list[tuple[int, int]] = []
    for identity in (_key, _content, subject_of, None):
        pairs += _pair(observed, desired, was, now, identity)
    names, former = labels(desired), labels(observed)
    for i, j in sorted(pairs, key=lambda pair: pair[1]):
        yield observed[i], desired[j], names[j]
    for j in now:
        yield None, desired[j], names[j]
    for i in was:
        yield observed[i], None, former[i]


def _pair(
    observed: tuple[Model, ...],
    desired: tuple[Model, ...],
    was: list[int],
    now: list[int],
    identity: Callable[[Model], str | None] | None,
) -> list[tuple[int, int]]:
    """Pair what is left by an identity, removing it from `was` and `now`; by position when there is none."""
    if identity is None:
        # Terms with different keys were meant to be different things: they are never paired by position.
        loose_was = [i for i in was if _key(observed[i]) is None]
        loose_now = [j for j in now if _key(desired[j]) is None]
        pairs = list(zip(loose_was, loose_now, strict=False)) if len(loose_was) == len(loose_now) else []
    else:
        by_identity: dict[str, list[int]] = {}
        for j in now:
            if (name := identity(desired[j])) is not None:
                by_identity.setdefault(name, []).append(j)
        pairs = []
        for i in was:
            name = identity(observed[i])
            if name is not None and by_identity.get(name):
                pairs.append((i, by_identity[name].pop(0)))
    for i, j in pairs:
        was.remove(i)
        now.remove(j)
    return pairs


def _key(term: Model) -> str | None:
    key: str | None = getattr(term, "key", None)
    return key


def _content(term: Model) -> str:
    return encode({name: value for name, value in spec_of(term).items() if name != "key"})
