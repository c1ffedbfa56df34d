"""Keys of custom fields: an account keeps a value only under a key that was declared for the kind of object.

Those that manifests give values to, and those of our own marks, are declared when they are needed; a key has a manifest
when other systems write under it, or when its values shall be unique.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.model import Noun, Text
from pricebook.catalog.reference import Kind
from pricebook.catalog.violation import Violation

WRITTEN = frozenset(
    {
        "billable_metric",
        "contract_product",
        "package_commit",
        "package_credit",
        "package_scheduled_charge",
        "package_subscription",
        "rate_card",
    }
)
"""The entities to which manifests give values: a key that one needs is declared with the first of them."""


class CustomFieldKey(Noun):
    """A key under which objects of one kind can have values. Nothing of it can change."""

    kind = Kind.CUSTOM_FIELD_KEY
    called: ClassVar[tuple[str, ...]] = ("entity", "key")

    entity: Literal[
        "alert",
        "billable_metric",
        "charge",
        "commit",
        "contract",
        "contract_credit",
        "contract_product",
        "credit_grant",
        "customer",
        "customer_plan",
        "discount",
        "invoice",
        "package_commit",
        "package_credit",
        "package_scheduled_charge",
        "package_subscription",
        "plan",
        "product",
        "professional_service",
        "rate_card",
        "scheduled_charge",
        "subscription",
    ]
    """What has values under it, in the vendor's words: contract, customer, contract_credit and others."""
    key: Annotated[Text, Field(json_schema_extra={"not": {"pattern": "^pricebook_"}})]
    """The key."""
    enforce_uniqueness: bool = False
    """Whether no two objects can have the same value."""

    def rules(self) -> Iterator[Violation]:
        """A key is not one of our marks."""
        if self.key.startswith("pricebook_"):
            message = f"{self.key} is a mark that pricebook keeps itself"
            yield Violation("reserved-key", message, ("key",), "name it otherwise")
