"""Field types that many nouns share: names without repetition, counts, shares, and numbers above zero."""

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pricebook.catalog.model import Number, Text
from pricebook.catalog.money import MAX_DIGITS, MAX_PLACES, PERCENT_PATTERN, percent
from pricebook.catalog.violation import Violation, broken
from pricebook.problem import quote, written


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral() else value


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        first: dict[Any, int] = {}
        twice = [i for i, value in enumerate(values) if first.setdefault(value, i) != i]
        raise broken(*(Violation("duplicate", f"{quote(values[i])} stands twice", (i,), "remove one") for i in twice))
    return values


def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise broken(
            Violation("empty", "the list is empty; it needs at least one entry", hint="add one, or remove the field")
        )
    return values


def _percent(value: Any) -> Any:
    share = percent(value) if isinstance(value, str) else None
    if share is None:
        message = f"{written(value)} is not a percentage"
        raise broken(Violation("percent", message, (), "write it with its sign: 20%"))
    return share


T = TypeVar("T")
NonEmpty = Annotated[tuple[T, ...], AfterValidator(_filled), Field(json_schema_extra={"minItems": 1})]
"""A list of at least one. (pydantic's own `min_length` also complains of a list whose entries are all broken.)"""
Distinct = AfterValidator(_distinct)
"""Makes a tuple of names refuse the same name twice."""

Texts = Annotated[tuple[Text, ...], Distinct]
Whole = Annotated[int, BeforeValidator(_whole)]
"""A vendor's `number` that counts something: 15 and 15.0 are the same."""
ISO_OFFSET = r"^-?P((\d{1,5}[YMWD]){1,4}(T\d{1,5}H)?|T\d{1,5}H)$"
"""An ISO 8601 duration of hours, days, weeks, months and years; before something with a minus."""
MOST_DAYS = 36_525
"""A hundred years: no contract, notice or payment is thought of beyond."""
Days = Annotated[Whole, Field(ge=0, le=MOST_DAYS)]
"""A length of time in days."""
Places = Annotated[Whole, Field(ge=-MAX_DIGITS, le=MAX_PLACES)]
"""Decimal places, below zero of whole powers of ten."""
Positive = Annotated[Number, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
"""A factor, or a size that holds something."""
Percent = Annotated[Decimal, BeforeValidator(_percent), WithJsonSchema({"type": "string", "pattern": PERCENT_PATTERN})]
"""A share, written as people write it, with its sign: `20%` is 0.2. A bare number is refused: 20, or 0.2?"""
