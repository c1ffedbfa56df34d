"""What is wrong with a value: the rule that it breaks, where, and the way out."""

from typing import NamedTuple

from pydantic_core import PydanticCustomError

from pricebook.catalog.reference import Ref

Path = tuple[str | int, ...]


class Violation(NamedTuple):
    """A broken rule: a stable code, what is wrong (value and rule), where below the model, and the way out."""

    code: str
    message: str
    at: Path = ()
    hint: str = ""
    related: tuple[tuple[str, Ref, Path], ...] = ()


class RefusedValue(NamedTuple):
    """Stands in for a value that cannot be used, so that it is reported at its own place, together with all the rest.

    An amount's field raises the violation itself; for an unknown field it is the `input` of pydantic's error
    `extra_forbidden`.
    """

    violation: Violation


def broken(*violations: Violation) -> PydanticCustomError:
    """The error by which a validator reports broken rules; the loader turns it into problems."""
    text = "; ".join(v.message for v in violations)
    return PydanticCustomError("rules", "{text}", {"text": text, "violations": violations})
