"""What a commit or credit applies to: products, tags, or specifiers that filter usage."""

from collections.abc import Collection, Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.condition import Condition, Given, bars
from pricebook.catalog.field import Distinct, Texts
from pricebook.catalog.model import GroupValues, ProductName, Upper
from pricebook.catalog.term import Relative

RateKind = Annotated[Literal["COMMIT_RATE", "LIST_RATE"], Upper]
"""Which of a card's rates prices usage that is drawn from a commit."""


class ExcludeSpecifier(Relative):
    """Takes products out of what a specifier includes."""

    product_tags: Texts = ()
    """Products with all these tags are left out."""


class UsageSpecifier(Relative):
    """A filter on usage. Every condition given must hold."""

    product: ProductName | None = None
    """Only usage of this product."""
    product_tags: Texts = ()
    """Only products with all these tags."""
    pricing_group_values: GroupValues = Field(default_factory=dict)
    """Only usage with these values of the pricing group key."""
    presentation_group_values: GroupValues = Field(default_factory=dict)
    """Only usage with these values of the presentation group key."""
    exclude: tuple[ExcludeSpecifier, ...] = ()
    """What is left out of what the other conditions include; one match is enough."""

    def reaches(self, product: str, tags: Collection[str]) -> bool:
        """Whether usage of a product with these tags can be meant, whatever its group values."""
        return (
            self.product in (None, product)
            and all(tag in tags for tag in self.product_tags)
            and not any(rule.product_tags and all(tag in tags for tag in rule.product_tags) for rule in self.exclude)
        )

    def matches(
        self,
        product: str,
        tags: Collection[str],
        pricing: Iterable[tuple[str, str]],
        presentation: Iterable[tuple[str, str]] = (),
    ) -> bool:
        """Whether every condition holds for usage of a product with these tags and group values, and no exclusion."""
        return (
            self.reaches(product, tags)
            and self.pricing_group_values.items() <= set(pricing)
            and self.presentation_group_values.items() <= set(presentation)
        )


class CommitSpecifier(UsageSpecifier):
    """A filter on the usage that draws down a commit or credit."""


class Applicable(Relative):
    """What a commit or credit applies to: everything, unless products, tags or specifiers are given."""

    applicable_products: Annotated[tuple[ProductName, ...], Distinct] = ()
    """The products it applies to."""
    applicable_product_tags: Texts = ()
    """The tags of products it applies to."""
    specifiers: tuple[CommitSpecifier, ...] = ()
    """Filters on usage, of which at least one must match. Not together with applicable_products or their tags."""
    rate_type: RateKind | None = None
    """COMMIT_RATE or LIST_RATE: which rate prices the usage drawn from it."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars(
            "applicable_products applicable_product_tags",
            Given("specifiers"),
            hint="name the product or its tags inside the specifiers",
        ),
    )

    def reaches(self, product: str, tags: Collection[str]) -> bool:
        """Whether usage of a product with these tags can be meant: of all products where none is named."""
        if self.specifiers:
            return any(specifier.reaches(product, tags) for specifier in self.specifiers)
        if not self.applicable_products and not self.applicable_product_tags:
            return True
        return product in self.applicable_products or any(tag in tags for tag in self.applicable_product_tags)
