"""What a package offers, as a value: its terms, what its card says of the fees in it, and what of it is fixed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, key_text
from pricebook.plan.verb.form import CLOSED, Moment, RefText, Spec

Fixed = Literal["fees", "commits", "charges", "credits", "balances"]
"""What customers pay whatever they use, what they are given, and what commits leave them to spend."""


def _terms(value: Any) -> Terms:
    """The terms of a rate. Whatever a file says that are none is found here, and not when they are told."""
    found = value if isinstance(value, Terms) else Terms.of(value)
    if not found.charge.prices and found.rate_type != "CUSTOM":
        raise ValueError("these are no terms of a rate")
    return found


TermsSpec = Annotated[
    Terms,
    PlainValidator(_terms),
    PlainSerializer(lambda terms: terms.fields),
    WithJsonSchema({"type": "object", "description": "the terms of a rate; amounts in API units"}),
]


@dataclass(frozen=True, slots=True)
class FixedSum:
    """What one contract comes to of one kind, in API units: `a_year` of what recurs, `once` of what does not. `each`:
    for each of a quantity that customers choose, as nobody knows it before."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    kind: Fixed
    unit: str
    a_year: Decimal
    once: Decimal
    each: bool = False


@dataclass(frozen=True, slots=True)
class PackageOffer:
    """A package, and what its card says of each price that it subscribes to or overrides, by the text of its key; what
    one of each custom unit costs, in API units of `fiat`; and what of it is fixed."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    ref: RefText
    package: Spec
    fees: Annotated[Mapping[str, TermsSpec], Field(description="by price: product, frequency and no group")]
    worth: Mapping[str, Decimal] = field(default_factory=dict)
    fiat: str = ""
    fixed: tuple[FixedSum, ...] = ()

    def fee(self, product: str, frequency: str | None) -> Terms | None:
        """What the card says of a price; None where that is not known."""
        return self.fees.get(key_text(RateKey(product, frequency, ())))


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered from `at` on, and what until then in its place; null: nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    at: Moment
    after: PackageOffer
    before: PackageOffer | None = None
