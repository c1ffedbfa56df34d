"""The path of a field below a noun, and what the terms in it are called: one namer, for whoever says or reads a path.

A path is a tuple: names of fields, and a `Label` for a term of a list. A term's label is its `key`, else what it is
about (its alias, name, product, or a subscription's product and frequency), else its position, counted from 1; where
several terms of a list are called alike, the position stands behind the name. So a path leads to one place.

The text of a path is for people: `recurring_credits[sign-up].access_amount.unit_price`. `read_path` reads it back.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Label(NamedTuple):
    """What a term of a list is called in a path."""

    text: str


FieldPath = tuple[str | Label, ...]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BRACKETS = re.compile(rf"\[({_QUOTED}|[^\[\]]+)\]")
_STEP = re.compile(rf"([A-Za-z_][A-Za-z0-9_]*)((?:\[(?:{_QUOTED}|[^\[\]]+)\])*)(?:\.(?=.)|\Z)")
_SUBJECTS = ("alias", "name", "product", "custom_credit_type")


def path_text(path: Iterable[str | int | Label]) -> str:
    """The text of a path, as people write it; positions are counted from 1."""
    text = ""
    for step in path:
        if not isinstance(step, str):
            text += f"[{_bracketed(step.text) if isinstance(step, Label) else step + 1}]"
        else:
            text += f".{step}" if text else step
    return text


def _bracketed(label: str) -> str:
    """A label as it stands in brackets: quoted where it could be read otherwise."""
    plain = label == label.strip() and label and not label.startswith('"') and not set(label) & set("[]")
    return label if plain else json.dumps(label, ensure_ascii=False)


def read_path(text: str) -> FieldPath | None:
    """The path of a text; None for a text that is none."""
    path: list[str | Label] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return None
        path += [step[1], *(Label(_unbracketed(label)) for label in _BRACKETS.findall(step[2]))]
        at = step.end()
    return tuple(path) or None


def _unbracketed(label: str) -> str:
    if not label.startswith('"'):
        return label.strip()
    try:
        return str(json.loads(label))
    except ValueError:
        return label


def named(noun: object, path: Sequence[str | int]) -> FieldPath:
    """The path of what stands below a noun, or below data as in a manifest, at fields and positions in lists."""
    found: list[str | Label] = []
    value = noun
    for index, step in enumerate(path):
        if isinstance(step, int):
            assert isinstance(value, Sequence)
            found.append(labels(terms_of(path[index - 1], value))[step])
            value = value[step]
        else:
            found.append(step)
            value = _get(value, step)
    return tuple(found)


def positions(noun: object, path: FieldPath) -> tuple[str | int, ...]:
    """The reverse of `named`: fields and positions in lists, as far as the noun has what the path leads to."""
    found: list[str | int] = []
    value: Any = noun
    for step in path:
        if isinstance(step, Label):
            called = labels(terms_of(found[-1], value)) if isinstance(value, Sequence) else []
            if step not in called:
                break
            found.append(called.index(step))
            value = value[found[-1]]
        elif (value := _get(value, step)) is None:
            break
        else:
            found.append(step)
    return tuple(found)


def terms_of(field: str | int, entries: Sequence[object]) -> Sequence[object]:
    """The terms of a list as they are called: in a manifest, an alias may be its name alone."""
    if field != "aliases":
        return entries
    return [{"name": entry} if isinstance(entry, str) else entry for entry in entries]


def labels(terms: Sequence[object]) -> list[Label]:
    """What the terms of one list are called, each by a name of its own."""
    names = [name_of(term) or str(index + 1) for index, term in enumerate(terms)]
    while len(set(names)) < len(names):
        shared = Counter(names)
        names = [f"{name} #{index + 1}" if shared[name] > 1 else name for index, name in enumerate(names)]
    return [Label(name) for name in names]


def name_of(term: object) -> str | None:
    """What a term says that it is called; None when it says nothing. `term` is a model, or data as in a manifest."""
    key = _get(term, "key")
    return key if isinstance(key, str) and key else subject_of(term)


def subject_of(term: object) -> str | None:
    """What a term is about, whatever its key is."""
    return next(subjects_of(term), None)


def subjects_of(term: object) -> Iterator[str]:
    """Everything that a term is about."""
    for field in _SUBJECTS:
        value = _get(term, field)
        if isinstance(value, str) and value:
            yield value.lower() if field == "custom_credit_type" else value
    rate = _get(term, "subscription_rate")
    product, frequency = _get(rate, "product"), _get(rate, "billing_frequency")
    if isinstance(product, str) and isinstance(frequency, str):
        yield f"{product} {frequency.upper()}"


def _get(term: object, field: str) -> Any:
    return term.get(field) if isinstance(term, Mapping) else getattr(term, field, None)
