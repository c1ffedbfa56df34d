"""Conditions between the fields of one model, as data: what a field needs beside it, and what excludes it.

A model declares them once (`Model.conditions`). From there the violation comes when one is broken, and the JSON Schema
by which editors say the same while somebody writes (`manifest.condition`). A field that is null or spells its default
counts as not given.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, assert_never


class Is(NamedTuple):
    """A field is one of these words, separated by spaces."""

    name: str
    words: str


class Given(NamedTuple):
    """A field is given."""

    name: str


class Not(NamedTuple):
    """Something does not hold."""

    test: "Test"


class Every(NamedTuple):
    """All of these hold; of none, always."""

    tests: tuple["Test", ...]


Test = Is | Given | Not | Every
ALWAYS = Every(())

Broken = tuple[str, str, tuple[str, ...], str]
"""Code, message, the field that it is at, and the way out."""


class Condition(NamedTuple):
    """Where `when` holds, one of `needs` is given and none of `bars`.

    Message and hint are templates of `str.format`: `{name}` is the field, `{of.type}` a field of the model. A broken
    condition is told at the field that is needed first or barred, or at another one (`at`), and then once.
    """

    when: Test
    code: str
    message: str
    hint: str
    needs: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    at: str | None = None

    def broken(self, model: Any) -> Iterator[Broken]:
        """How a model breaks it."""
        if not holds(self.when, model):
            return
        given = {name for name in (*self.needs, *self.bars) if is_given(model, name)}
        names = [name for name in self.bars if name in given] + list(self.needs[: not given.intersection(self.needs)])
        for name in names if self.at is None else names[:1]:
            # Of a field that is not given there is nothing to say that it is.
            message = self.message.format(name=name, of=model).removesuffix(", not None")
            yield self.code, message, (self.at or name,), self.hint.format(name=name, of=model)


def needs(
    names: str,
    when: Test = ALWAYS,
    message: str = "",
    hint: str = "",
    *,
    code: str = "missing-field",
    at: str | None = None,
) -> Condition:
    """One of the fields, whose names are separated by spaces, has to be given."""
    said = names.replace(" ", " or ") + " is required"
    if isinstance(when, Is):
        said += f" for {when.name} {{of.{when.name}}}"
    needed = tuple(names.split())
    return Condition(when=when, needs=needed, code=code, message=message or said, hint=hint or f"give {names}", at=at)


def bars(
    names: str, when: Test, message: str = "", hint: str = "", *, code: str = "", at: str | None = None
) -> Condition:
    """None of the fields may be given: they are for something else, or stand beside what excludes them."""
    said, way, about = "", "remove it", "not-applicable"
    match when:
        case Given(other):
            said, way, about = f"{{name}} stands beside {other}", "keep one of them", "conflict"
        case Not(Is(other, words)):
            said = f"{{name}} is for {other} {words.replace(' ', ' or ')}, not {{of.{other}}}"
            way = f"remove it, or set {other}: {words.split()[0]}"
    barred = tuple(names.split())
    return Condition(when=when, bars=barred, code=code or about, message=message or said, hint=hint or way, at=at)


def holds(test: Test, model: Any) -> bool:
    """Whether a test holds of a model."""
    match test:
        case Is(name, words):
            return getattr(model, name) in words.split()
        case Given(name):
            return is_given(model, name)
        case Not(inner):
            return not holds(inner, model)
        case Every(tests):
            return all(holds(inner, model) for inner in tests)
    assert_never(test)


def is_given(model: Any, name: str) -> bool:
    """Whether a field says more than its default."""
    value = getattr(model, name)
    return value is not None and value != default_of(type(model), name)


def default_of(model: Any, name: str) -> Any:
    """What a field of a model says when nobody gives it; None for one that is required."""
    field = model.model_fields[name]
    return None if field.is_required() else field.get_default(call_default_factory=True)
