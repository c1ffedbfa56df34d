"""Conditions of a model: what is told when one is broken, and what counts as given."""

from typing import Any, ClassVar

import pytest

from pricebook.catalog.condition import Condition, Every, Given, Is, Not, bars, needs
from pricebook.catalog.model import Model
from pricebook.manifest.validation import validated


class Toy(Model):
    """A model with a condition of each form."""

    type: str | None = None
    size: int | None = None
    tags: tuple[str, ...] = ()
    mode: str = "PLAIN"
    other: str | None = None

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("size tags", Is("type", "BIG HUGE"), hint="say how big"),
        bars("tags", Not(Is("type", "BIG HUGE"))),
        bars("other", Given("size")),
        bars("mode", Every((Given("other"), Not(Given("type")))), "{name} {of.mode} is too much", at="type"),
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, []),
        ({"type": "BIG", "size": 0}, []),
        ({"type": "BIG", "tags": ("a",)}, []),
        ({"type": "HUGE"}, [("missing-field", "size or tags is required for type HUGE", ("size",), "say how big")]),
        (
            {"type": "SMALL", "tags": ("a",)},
            [("not-applicable", "tags is for type BIG or HUGE, not SMALL", ("tags",), "remove it, or set type: BIG")],
        ),
        (
            {"tags": ("a",)},
            [("not-applicable", "tags is for type BIG or HUGE", ("tags",), "remove it, or set type: BIG")],
        ),
        ({"size": 1, "other": "x"}, [("conflict", "other stands beside size", ("other",), "keep one of them")]),
        ({"other": "x", "mode": "PLAIN"}, []),
        ({"other": "x", "mode": "FINE"}, [("not-applicable", "mode FINE is too much", ("type",), "remove it")]),
    ],
)
def test_what_is_told(data: dict[str, Any], told: list[tuple[Any, ...]]) -> None:
    _, violations = validated(Toy, data)
    assert [(v.code, v.message, v.at, v.hint) for v in violations] == told
