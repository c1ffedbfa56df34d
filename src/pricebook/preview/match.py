"""What a balance or an override applies to, and which override wins.

Balances: "If applicable_product_ids, applicable_product_tags or specifiers are not provided, the commit applies to all
products"; one product, one tag or one specifier is enough. A specifier's tags: "will only apply to products with all
the specified tags" (SDK).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from pricebook.catalog.product import Product
from pricebook.catalog.specifier import Applicable
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.traverse import links
from pricebook.catalog.usage import ValuePairs
from pricebook.preview.terms import DatedOverride, Grant


@dataclass(slots=True, eq=False)
class Subject:
    """What is priced: a product, its frequency (subscriptions) and its group values."""

    name: str
    product: Product
    frequency: str | None = None
    pricing: ValuePairs = ()
    presentation: ValuePairs = ()

    @property
    def key(self) -> RateKey:
        """Which price of a card it has."""
        return RateKey(self.name, self.frequency, self.pricing)

    @property
    def groups(self) -> tuple[ValuePairs, ValuePairs]:
        """What it is priced by, and what it is presented by besides."""
        return self.pricing, self.presentation


def overrides(override: DatedOverride, subject: Subject) -> bool:
    """Whether one of the override's specifiers matches."""
    return override.term.is_about(subject.key, subject.product.tags, subject.presentation)


def draws(grant: Grant, subject: Subject) -> bool:
    """Whether the subject's charges can be paid from the balance."""
    if grant.seat is not None and grant.seat not in subject.presentation and grant.seat not in subject.pricing:
        return False
    applies = grant.term
    if applies.specifiers:
        about = subject.name, subject.product.tags, subject.pricing, subject.presentation
        return any(specifier.matches(*about) for specifier in applies.specifiers)
    return applies.reaches(subject.name, subject.product.tags)


def breadth(applies: Applicable, products: Mapping[str, Product]) -> tuple[float, float]:
    """How many products the balance applies to, and how many specifiers of it name only group values: both say which
    of two balances is used first, the fewer. What is for everything has infinitely many of both, so it comes after what
    has specifiers ("a commit with two specifiers", docs.metronome.com, "Understand prioritization rules")."""
    if not applies.specifiers and not applies.applicable_products and not applies.applicable_product_tags:
        return inf, inf
    grouped = sum(not (s.product or s.product_tags) for s in applies.specifiers)
    return inf if grouped else sum(applies.reaches(name, p.tags) for name, p in products.items()), grouped


def links_to(override: DatedOverride, grant: Grant, subject: Subject) -> bool:
    """Whether a commit-specific override holds for what is drawn from this balance.

    "If you do not specify any of these fields, the override will apply when consuming any prepaid commit, postpaid
    commit, or credit" (SDK, `is_commit_specific`).
    """
    for specifier in override.term.override_specifiers:
        if not specifier.fits(subject.key, subject.product.tags, subject.presentation):
            continue
        named = list(links(specifier))
        if not named or any(grant.list in lists and grant.key == key for _, lists, key in named):
            return True
    return False


def winner(candidates: Iterable[DatedOverride], *, explicit: bool) -> DatedOverride | None:
    """The one override of several that is applied; they do not stack (docs.metronome.com, "Contract edits and
    overrides").

    "Overwrites are prioritized over multipliers and tiered overrides"; LOWEST_MULTIPLIER "applies the greatest discount
    to list prices automatically"; under EXPLICIT "overwrites are prioritized first, and then tiered and multiplier
    overrides are prioritized by their priority value (lowest first)" (SDK). Of several overwrites "the last-added
    overwrite override applies", and the order of a list is that of adding. Of equal multipliers or priorities the one
    listed first [assumed].
    """
    found = [c for c in candidates if c.term.type is not None]
    overwrites = [c for c in found if c.term.type == "OVERWRITE"]
    if overwrites:
        return max(overwrites, key=lambda c: c.index)
    if explicit:
        return min(found, key=lambda c: (c.term.priority is None, c.term.priority or 0, c.index), default=None)
    return min(found, key=_least, default=None)


def _least(override: DatedOverride) -> tuple[Decimal, int]:
    return (override.term.multiplier if override.term.multiplier is not None else Decimal(1)), override.index
