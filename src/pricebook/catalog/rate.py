"""Rates: what a price says, on a card and in an override. When it says so is the timeline's affair.

A `price` is in the API unit of the rate's pricing unit (cents for USD); of a percentage it is a fraction in 0..1.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pricebook.catalog.field import Positive
from pricebook.catalog.model import USD, Amount, Model, NonNegative, Path, UnitName, Upper, Violation
from pricebook.catalog.money import plain
from pricebook.catalog.role import Role
from pricebook.catalog.terms import is_fraction

RateType = Annotated[Literal["FLAT", "PERCENTAGE", "SUBSCRIPTION", "TIERED", "TIERED_PERCENTAGE", "CUSTOM"], Upper]

_TIERED = ("TIERED", "TIERED_PERCENTAGE")
_FRACTION = Violation("not-money", "a percentage is a fraction in 0..1", (), "write 0.1 for 10%")


class Tier(Model):
    """A price for the quantity that falls into the tier."""

    price: Amount
    """The price per unit in this tier; of a TIERED_PERCENTAGE a fraction in 0..1."""
    size: Positive | None = None
    """How many units the tier holds; the last tier has none and takes all the rest."""


class MinimumConfig(Model):
    """The least that a percentage charges."""

    minimum: Amount
    """The minimum, in the API unit."""


def check_tiers(sizes: Sequence[Decimal | None], at: Path = ("tiers",)) -> Iterator[Violation]:
    """Every tier but the last has a size, and the last has none."""
    if not sizes:
        yield Violation("missing-field", "at least one tier is required", at, "the last tier has no size")
        return
    covered = Decimal(0)
    for number, size in enumerate(sizes, 1):
        last = number == len(sizes)
        if size is None and not last:
            message = (
                f"tier {number} of {len(sizes)} has no size: it takes all, and leaves nothing to tier {number + 1}"
            )
            yield Violation("tier-gap", message, (*at, number - 1), "only the last tier has no size")
            return
        covered += size or 0
        if size is not None and last:
            message = f"tier {number} is the last and ends at {plain(covered)}: what lies above has no price"
            yield Violation("tier-gap", message, (*at, number - 1, "size"), "leave out the size of the last tier")


class Price(Model):
    """What a list rate, a commit rate and an override's rate have in common."""

    rate_type: RateType
    """FLAT, PERCENTAGE, SUBSCRIPTION, TIERED, TIERED_PERCENTAGE or CUSTOM."""
    price: Amount | None = None
    """FLAT and SUBSCRIPTION: the price per unit, at least 0. PERCENTAGE: a fraction in 0..1, such as 0.1 for 10%."""
    tiers: tuple[Tier, ...] = ()
    """TIERED and TIERED_PERCENTAGE only: the tiers, the last without size."""
    minimum_config: MinimumConfig | None = None
    """PERCENTAGE and TIERED_PERCENTAGE only: the least that is charged."""

    def rules(self) -> Iterator[Violation]:
        """The type has the price or the tiers that it needs, within their bounds."""
        kind = self.rate_type
        if kind in _TIERED:
            yield from check_tiers([tier.size for tier in self.tiers])
            for index, tier in enumerate(self.tiers):
                yield from _check_bounds(kind, tier.price, ("tiers", index, "price"))
            if self.price is not None:
                message = f"price {plain(self.price)} stands on a {kind} rate, whose prices are in its tiers"
                yield Violation("not-applicable", message, ("price",), "remove price, or make the rate FLAT")
        else:
            if self.tiers:
                yield Violation("not-applicable", f"tiers stand on a {kind} rate", ("tiers",), "make the rate TIERED")
            if self.price is not None:
                yield from _check_bounds(kind, self.price, ("price",))
            elif kind != "CUSTOM":
                hint = (
                    "write 0.1 for 10%"
                    if kind == "PERCENTAGE"
                    else "write $10.00, or the number of the API's unit (cents)"
                )
                yield Violation("missing-field", f"price is required for a {kind} rate", ("price",), hint)
        if self.minimum_config is not None and not is_fraction(kind):
            message = f"minimum_config stands on a {kind} rate; it is for percentages"
            yield Violation("not-applicable", message, ("minimum_config",), "remove it")


class CommitRate(Price):
    """A distinct rate that a commit or credit with rate_type COMMIT_RATE uses instead of the list rate."""


class Rate(Price):
    """A price with its pricing unit and what only some types have."""

    amounts: ClassVar[tuple[str, ...]] = ("price", "tiers.*.price", "minimum_config.minimum")

    credit_type: UnitName = USD
    """The pricing unit of price, tiers and minimum. A PERCENTAGE has none of its own."""
    quantity: NonNegative | None = None
    """SUBSCRIPTION only: the default quantity."""
    is_prorated: Literal[True] | None = None
    """SUBSCRIPTION only: true when given."""
    custom_rate: dict[str, Any] | None = None
    """CUSTOM only, required there: read by custom rate processors."""

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """The price of a percentage is a fraction, never money."""
        terms = data.get("commit_rate") if path.startswith("commit_rate.") else data
        kind = terms.get("rate_type") if isinstance(terms, Mapping) else None
        if path.endswith("price") and isinstance(kind, str) and is_fraction(kind.upper()):
            return _FRACTION
        return super().unit_for(path, data)

    def rules(self) -> Iterator[Violation]:
        """Every type has only what belongs to it."""
        yield from super().rules()
        kind = self.rate_type
        if kind == "PERCENTAGE" and self.credit_type != USD:
            message = (
                f"credit_type {self.credit_type}: a PERCENTAGE has none of its own, but that of the associated rates"
            )
            yield Violation("not-applicable", message, ("credit_type",), "remove it")
        if kind != "SUBSCRIPTION":
            for name in ("quantity", "is_prorated"):
                if getattr(self, name) is not None:
                    yield Violation(
                        "not-applicable", f"{name} is for SUBSCRIPTION rates; this is {kind}", (name,), "remove it"
                    )
        if kind == "CUSTOM" and self.custom_rate is None:
            hint = "give what the custom rate processor reads"
            yield Violation("missing-field", "custom_rate is required for a CUSTOM rate", ("custom_rate",), hint)
        if kind != "CUSTOM" and self.custom_rate is not None:
            message = f"custom_rate is for CUSTOM rates; this is {kind}"
            yield Violation("not-applicable", message, ("custom_rate",), "remove it")


class OverwriteRate(Rate):
    """The rate that an OVERWRITE override puts in place of the card's; later changes of the card do not reach it."""


class RateTerms(Rate):
    """What a rate of a card says at a time."""

    amounts: ClassVar[tuple[str, ...]] = (
        *Rate.amounts,
        "commit_rate.price",
        "commit_rate.tiers.*.price",
        "commit_rate.minimum_config.minimum",
    )

    entitled: Annotated[bool, Role.ENTITLES]
    """Whether contracts on the card get the product without an override that enables it."""
    commit_rate: CommitRate | None = None
    """A distinct rate for usage that is drawn from a commit or credit."""


def _check_bounds(kind: str, price: Decimal, at: Path) -> Iterator[Violation]:
    if is_fraction(kind) and not 0 <= price <= 1:
        message = f"{plain(price)} is not within 0..1; the price of a {kind} rate is a fraction"
        yield Violation("out-of-range", message, at, "write 0.1 for 10%")
    elif kind in ("FLAT", "SUBSCRIPTION", "TIERED") and price < 0:
        message = f"{plain(price)} is less than 0, the least price of a {kind} rate"
        yield Violation(
            "out-of-range", message, at, "what is given to customers is a credit or an override of a package"
        )
