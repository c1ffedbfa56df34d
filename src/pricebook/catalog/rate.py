"""Rates: what a price says, on a card and in an override. When it says so is the timeline's affair.

A `price` is in the API unit of the rate's pricing unit (cents for USD); of a percentage it is a fraction.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pricebook.catalog.amount import MOST_SHARE, SHARE, USD
from pricebook.catalog.condition import Condition, Is, Not, bars, holds, needs
from pricebook.catalog.field import Positive
from pricebook.catalog.model import Amount, Model, NonNegative, UnitName, Upper
from pricebook.catalog.money import plain
from pricebook.catalog.role import Role
from pricebook.catalog.terms import FRACTIONS, is_fraction
from pricebook.catalog.violation import Path, Violation

RateType = Annotated[Literal["FLAT", "PERCENTAGE", "SUBSCRIPTION", "TIERED", "TIERED_PERCENTAGE", "CUSTOM"], Upper]

_TIERED = Is("rate_type", "TIERED TIERED_PERCENTAGE")
_FRACTION = Is("rate_type", " ".join(FRACTIONS))


class Tier(Model):
    """A price for the quantity that falls into the tier."""

    price: Amount
    """The price per unit in this tier; of a TIERED_PERCENTAGE a fraction."""
    size: Positive | None = None
    """How many units the tier holds; the last tier has none and takes all the rest."""


class MinimumConfig(Model):
    """The least that a percentage charges."""

    minimum: Amount
    """The minimum, in the API unit."""


def check_tiers(sizes: Sequence[Decimal | None], at: Path = ("tiers",)) -> Iterator[Violation]:
    """Every tier but the last has a size, and the last has none."""
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
    """FLAT and SUBSCRIPTION: the price per unit, at least 0. PERCENTAGE: a fraction, such as 0.1 for 10%."""
    tiers: tuple[Tier, ...] = ()
    """TIERED and TIERED_PERCENTAGE only: the tiers, the last without size."""
    minimum_config: MinimumConfig | None = None
    """PERCENTAGE and TIERED_PERCENTAGE only: the least that is charged."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("tiers", _TIERED, hint="the last tier has no size"),
        bars(
            "price",
            _TIERED,
            "price stands on a {of.rate_type} rate, whose prices are in its tiers",
            "remove price, or make the rate FLAT",
        ),
        bars("tiers", Not(_TIERED)),
        needs(
            "price",
            Is("rate_type", "FLAT SUBSCRIPTION"),
            hint="write $10.00, or the number of the API's unit (cents)",
        ),
        needs("price", Is("rate_type", "PERCENTAGE"), hint="write 0.1 for 10%"),
        bars("minimum_config", Not(_FRACTION)),
    )

    def rules(self) -> Iterator[Violation]:
        """Prices are within the bounds of the type, and tiers leave no gap."""
        if holds(_TIERED, self):
            yield from check_tiers([tier.size for tier in self.tiers])
            for index, tier in enumerate(self.tiers):
                yield from _check_bounds(self.rate_type, tier.price, ("tiers", index, "price"))
        elif self.price is not None:
            yield from _check_bounds(self.rate_type, self.price, ("price",))


class CommitRate(Price):
    """A distinct rate that a commit or credit with rate_type COMMIT_RATE uses instead of the list rate."""


class Rate(Price):
    """A price with its pricing unit and what only some types have."""

    amounts: ClassVar[tuple[str, ...]] = ("price", "tiers.*.price", "minimum_config.minimum")

    credit_type: UnitName = USD
    """The pricing unit of price, tiers and minimum. Percentages have none of their own."""
    quantity: NonNegative | None = None
    """SUBSCRIPTION only: the default quantity."""
    is_prorated: Literal[True] | None = None
    """SUBSCRIPTION only: true when given."""
    custom_rate: dict[str, Any] | None = None
    """CUSTOM only, required there: read by custom rate processors."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        *Price.conditions,
        bars(
            "credit_type",
            _FRACTION,
            "{name} {of.credit_type}: a percentage has none of its own, but that of the associated rates",
        ),
        bars("quantity is_prorated", Not(Is("rate_type", "SUBSCRIPTION"))),
        needs("custom_rate", Is("rate_type", "CUSTOM"), hint="give what the custom rate processor reads"),
        bars("custom_rate", Not(Is("rate_type", "CUSTOM"))),
    )

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """The price of a percentage is a fraction, never money."""
        terms = data.get("commit_rate") if path.startswith("commit_rate.") else data
        kind = terms.get("rate_type") if isinstance(terms, Mapping) else None
        if path.endswith("price") and isinstance(kind, str) and is_fraction(kind.upper()):
            return SHARE
        return super().unit_for(path, data)


class OverwriteRate(Rate):
    """The rate that an OVERWRITE override puts in place of the card's; later changes of the card do not reach it."""


class RateTerms(Rate):
    """What a rate of a card says at a time."""

    amounts: ClassVar[tuple[str, ...]] = (
        *Rate.amounts,
        *(f"commit_rate.{path}" for path in Rate.amounts),
    )

    entitled: Annotated[bool, Role.ENTITLES]
    """Whether contracts on the card get the product without an override that enables it."""
    commit_rate: CommitRate | None = None
    """A distinct rate for usage that is drawn from a commit or credit."""


def with_amounts(
    fields: Mapping[str, Any], change: Callable[[Path, Any, bool], Any], at: Path = (), *, share: bool = False
) -> dict[str, Any]:
    """The fields of terms with other amounts: prices, those of tiers, minimums, and the same of a commit rate. `change`
    gets where an amount stands, the amount as it is there, and whether it is a share and no money."""
    if "rate_type" in fields:
        share = is_fraction(str(fields["rate_type"]).upper())
    found: dict[str, Any] = {}
    for name, value in fields.items():
        made, here = value, (*at, name)
        match name:
            case "price" | "minimum":
                made = change(here, value, share and name == "price")
            case "tiers":
                made = [with_amounts(tier, change, (*here, i), share=share) for i, tier in enumerate(value)]
            case "minimum_config" | "commit_rate" if isinstance(value, Mapping):
                made = with_amounts(value, change, here)
        found[name] = made
    return found


def amounts_in(fields: Mapping[str, Any], *, shares: bool = True) -> dict[Path, Any]:
    """Where amounts stand in the fields of terms, each as it is there; without `shares` those of money alone."""
    found: dict[Path, Any] = {}
    with_amounts(fields, lambda at, amount, share: found.setdefault(at, amount) if shares or not share else None)
    return found


def _check_bounds(kind: str, price: Decimal, at: Path) -> Iterator[Violation]:
    if is_fraction(kind) and not 0 <= price <= MOST_SHARE:
        message = f"{plain(price)} is not within 0..{MOST_SHARE}; the price of a {kind} rate is a fraction"
        yield Violation("out-of-range", message, at, "write 0.1 for 10%")
