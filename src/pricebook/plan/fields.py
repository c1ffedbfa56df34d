"""The semantic difference of two nouns of a kind: which term, which field, from what to what, and whether it is money.

Terms are matched by their `key`; those without one by what they say, then by product or name, then by position. The
models know which fields are amounts, in which unit, and which are cosmetic: the nouns are walked, not their text.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import USD, Model, Monetary
from pricebook.catalog.traverse import marks
from pricebook.plan.change import FieldChange


def field_changes(observed: Model, desired: Model) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the model's fields."""
    return tuple(_between(observed, desired, "", USD, cosmetic=False))


def _between(observed: Model, desired: Model, at: str, unit: str | None, *, cosmetic: bool) -> Iterator[FieldChange]:
    if type(observed) is not type(desired):
        yield FieldChange(at, spec_of(observed), spec_of(desired), None, cosmetic)
        return
    was_unit, now_unit = _unit(observed, unit), _unit(desired, unit)
    for name in type(desired).model_fields:
        was, now = getattr(observed, name), getattr(desired, name)
        if was == now or name == "key":
            continue
        path = f"{at}.{name}" if at else name
        minor = cosmetic or name in type(desired).cosmetic
        if isinstance(was, Model) and isinstance(now, Model):
            yield from _between(was, now, path, now_unit, cosmetic=minor)
        elif _holds_models(was) or _holds_models(now):
            yield from _terms(was or (), now or (), path, now_unit, cosmetic=minor)
        elif _is_amount(type(desired), name) and not _is_fraction(desired):
            yield FieldChange(path, was, now, now_unit if was_unit == now_unit or was is None else None, minor)
        else:
            yield FieldChange(path, _plain(was), _plain(now), None, minor)


def _terms(
    observed: tuple[Model, ...], desired: tuple[Model, ...], at: str, unit: str | None, *, cosmetic: bool
) -> Iterator[FieldChange]:
    for was, now, label in matched(observed, desired):
        path = f"{at}[{label}]"
        if was is not None and now is not None:
            yield from _between(was, now, path, unit, cosmetic=cosmetic)
        else:
            yield FieldChange(path, _plain(was), _plain(now), None, cosmetic)


def matched(
    observed: tuple[Model, ...], desired: tuple[Model, ...]
) -> Iterator[tuple[Model | None, Model | None, str]]:
    """Pairs that belong together, then what only one side has, each with its label."""
    was, now = list(range(len(observed))), list(range(len(desired)))
    pairs: list[tuple[int, int]] = []
    for identity in (_key, _content, _subject, None):
        pairs += _pair(observed, desired, was, now, identity)
    labels = [_label(term, index) for index, term in enumerate(desired)]
    repeated = Counter(labels)
    labels = [f"{label} #{i + 1}" if repeated[label] > 1 else label for i, label in enumerate(labels)]
    for i, j in sorted(pairs, key=lambda pair: pair[1]):
        yield observed[i], desired[j], labels[j]
    for j in now:
        yield None, desired[j], labels[j]
    for i in was:
        yield observed[i], None, _label(observed[i], i)


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


def _subject(term: Model) -> str | None:
    return _name(term)


def _name(term: Model) -> str | None:
    for field in ("alias", "name", "product", "custom_credit_type"):
        if isinstance(value := getattr(term, field, None), str):
            return value
    rate = getattr(term, "subscription_rate", None)
    return f"{rate.product} {rate.billing_frequency}" if rate is not None else None


def _label(term: Model, index: int) -> str:
    return _key(term) or _name(term) or str(index + 1)


def _unit(model: Model, inherited: str | None) -> str | None:
    """The pricing unit of a model's amounts; None where they count units used, which is no money."""
    if getattr(model, "access_type", None) == "QUANTITY":
        return None
    unit = getattr(model, type(model).unit_field, None)
    return unit if isinstance(unit, str) else inherited


def _is_fraction(model: Model) -> bool:
    return "PERCENTAGE" in str(getattr(model, "rate_type", ""))


@cache
def _is_amount(model: type[Model], name: str) -> bool:
    field = model.model_fields[name]
    return any(isinstance(mark, Monetary) for mark in (*field.metadata, *marks(field.annotation)))


def _holds_models(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(item, Model) for item in value)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return spec_of(value)
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value
