"""What a plan means otherwise than the one that was approved: which steps, and in them which fields and prices.

The digest (`plan.digest`) decides whether they mean the same; this says to people where they do not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.path import FieldPath, Label, labels, path_text
from pricebook.catalog.timeline import read_key
from pricebook.plan.fields import Tree, differing
from pricebook.plan.step import Plan

_AROUND = "around"
"""What a step starts from and what it bears, besides the noun that it leads to."""
_LONGEST = 60


def unlike(approved: Plan, plan: Plan) -> tuple[str, ...]:
    """A sentence for each step, field and price of the plan that is not as approved; none when they mean the same."""
    before, after = _steps(approved), _steps(plan)
    paths = sorted(set(differing(before, after)), key=lambda path: [str(step) for step in path])
    told = {path[0] for path in paths if path[1:] != (_AROUND,)}
    return tuple(
        sentence
        for path in paths
        if path[1:] != (_AROUND,) or path[0] not in told
        for sentence in _sentence(path, before, after)
    )


def _steps(plan: Plan) -> Tree:
    """The steps by their ids; the prices of a card together, in however many batches they come."""
    found: Tree = {}
    for step in plan.steps:
        change = step.change
        if step.rates:
            rates = found.setdefault(f"prices of {change.ref.name}", {})
            rates |= {Label(str(read_key(rate.key))): f"{rate.observed} {rate.segments}" for rate in step.rates}
        else:
            noun = getattr(change, "noun", None)
            spec = _tree(spec_of(noun)) if noun is not None else {}
            found[step.id] = {_AROUND: encode((change.digest_content(), step.expects, step.hazards)), **spec}
    if (moving := plan.migration) is not None:
        found[f"migration {moving.name}"] = {"target": str(moving.target), "guard": moving.verdict}
    return found


def _tree(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _tree(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
        return dict(zip(labels(value), map(_tree, value), strict=True))
    return encode(value)


def _sentence(path: FieldPath, before: Tree, after: Tree) -> Iterator[str]:
    step, rest = path[0], path[1:]
    was, now = _at(before, path), _at(after, path)
    if not rest:
        yield f"{step} was not approved" if was is None else f"{step} was approved, and is not in this plan"
    elif isinstance(rest[0], Label):
        how = "was not approved" if was is None else "is as before" if now is None else "is another than was approved"
        yield f"{step}: that of {rest[0].text} {how}"
    elif rest == (_AROUND,):
        yield f"{step} starts from something else than was approved, or bears other hazards"
    else:
        yield f"{step}: {path_text(rest)} is {_short(now)}, approved was {_short(was)}"


def _at(tree: Any, path: FieldPath) -> Any:
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree


def _short(value: Any) -> str:
    text = "not there" if value is None else value if isinstance(value, str) else "there"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
