"""Edits of a document at random places, as somebody might make them in a plan that was approved."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*at, name))


def changed(plan: dict[str, Any], path: tuple[Any, ...], chance: random.Random) -> dict[str, Any]:
    """The plan with one thing removed, emptied, doubled or said otherwise."""
    made = deepcopy(plan)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    value = holder[path[-1]]
    way = chance.choice(("remove", "other", "empty"))
    if way == "remove":
        del holder[path[-1]]
    elif way == "empty" and isinstance(value, dict | list | str):
        holder[path[-1]] = type(value)()
    elif isinstance(value, bool) or value is None:
        holder[path[-1]] = not value
    elif isinstance(value, int):
        holder[path[-1]] = value + chance.choice((1, -1, 1000))
    elif isinstance(value, str):
        holder[path[-1]] = chance.choice((value + "0", value[::-1], value.upper(), "x", "2026-01-01T00:00:00Z"))
    elif isinstance(value, list) and value:
        holder[path[-1]] = chance.choice((value[::-1], value + value[:1], value[1:]))
    else:
        holder[path[-1]] = None
    return made
