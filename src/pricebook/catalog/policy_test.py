"""Policy tests: what a company's rule has to say of a case, beside the rule itself. No store and no plan sees them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pricebook.catalog.field import NonEmpty
from pricebook.catalog.model import Lower, Model, Noun, Text
from pricebook.catalog.reference import Kind


class PolicyCase(Model):
    """One case of a rule."""

    name: Text | None = None
    """What the case is about."""
    given: dict[str, Any] = Field(default_factory=dict)
    """Names of the rule's view with their values: `rate.price: 0.4`. What is not given is empty, 0 or false."""
    expect: Annotated[Literal["kept", "broken", "not-asked"], Lower]
    """kept, broken, or not-asked where the rule's `when` is false."""


class PolicyTest(Noun):
    """Cases of one company rule, run by `pricebook test`."""

    kind = Kind.POLICY_TEST

    rule: Text
    """The id of a company rule."""
    cases: NonEmpty[PolicyCase]
    """What the rule has to say, case by case."""
