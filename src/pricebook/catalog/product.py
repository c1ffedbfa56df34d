"""Products: what stands on rate cards and invoices. One model; the type decides which fields apply."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from pricebook.catalog.condition import Condition, Is, Not, bars, needs
from pricebook.catalog.field import Distinct, Places, Positive, Texts
from pricebook.catalog.model import CustomFields, MetricName, Model, Noun, ProductName, Text, Upper
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.usage import ValuePairs


def _type(value: Any) -> Any:
    word = value.upper() if isinstance(value, str) else value
    return "PROFESSIONAL_SERVICE" if word == "PRO_SERVICE" else word


ProductType = Annotated[
    Literal["FIXED", "USAGE", "COMPOSITE", "SUBSCRIPTION", "PROFESSIONAL_SERVICE"], BeforeValidator(_type)
]


class QuantityConversion(Model):
    """Turns the metered quantity into the priced one, as from MB to GB: divide by 1024."""

    conversion_factor: Positive
    """The factor to multiply or divide the quantity by."""
    operation: Annotated[Literal["MULTIPLY", "DIVIDE"], Upper]
    """MULTIPLY or DIVIDE."""
    name: Annotated[Text | None, Role.COSMETIC] = None
    """A name for the conversion."""


class QuantityRounding(Model):
    """How the priced quantity is rounded."""

    rounding_method: Annotated[Literal["ROUND_UP", "ROUND_DOWN", "ROUND_HALF_UP"], Upper]
    """ROUND_UP, ROUND_DOWN or ROUND_HALF_UP."""
    decimal_places: Annotated[Places, Field(ge=0)]
    """Decimal places that are kept."""


_ANOTHER = "remove {name}, or make a new product of type USAGE"


class Product(Noun):
    """What stands on rate cards and invoices: usage, a fixed amount, a share of other products, a subscription or a
    professional service. Its type can never change; other fields change from an hour on."""

    kind = Kind.PRODUCT
    mutable: ClassVar[frozenset[str]] = frozenset(
        {
            "name",
            "billable_metric",
            "composite_products",
            "composite_tags",
            "custom_fields",
            "exclude_free_usage",
            "include_composite_spend",
            "is_refundable",
            "netsuite_internal_item_id",
            "netsuite_overage_item_id",
            "presentation_group_key",
            "pricing_group_key",
            "quantity_conversion",
            "quantity_rounding",
            "sql_breakdown_granularity",
            "tags",
            "unit",
        }
    )

    name: Annotated[Text, Role.COSMETIC]
    """Displayed on invoices."""
    type: ProductType
    """FIXED, USAGE, COMPOSITE, SUBSCRIPTION or PROFESSIONAL_SERVICE. It can never change."""
    unit: Annotated[Text | None, Role.OURS] = None
    """What one metered unit is, in a word: token, GB-hour, seat, call. Ours, for whoever reads prices: it is not sent.
    When it is not given, what the metric counts."""
    billable_metric: MetricName | None = None
    """USAGE only, required there: the metric whose quantity is priced."""
    composite_products: Annotated[tuple[ProductName, ...], Distinct] = ()
    """COMPOSITE only: the products whose spend it is a share of."""
    composite_tags: Texts = ()
    """COMPOSITE only: the tags of products whose spend it is a share of."""
    composite_scope: Annotated[Literal["CONTRACT", "CUSTOMER"], Upper] = "CONTRACT"
    """COMPOSITE only: whether spend per CONTRACT or across all contracts of the CUSTOMER counts. Cannot change."""
    exclude_free_usage: bool = False
    """COMPOSITE only (beta): leave products with $0 out of composite usage."""
    include_composite_spend: bool = False
    """COMPOSITE only: count the spend of other composite products too."""
    is_refundable: bool = True
    """Whether the product is refundable; available in some accounts only."""
    tags: Texts = ()
    """Tags by which commits, credits, overrides and composite products find the product."""
    pricing_group_key: Texts = ()
    """USAGE only: event properties, each combination of whose values has a price of its own."""
    presentation_group_key: Texts = ()
    """USAGE only: event properties by which invoices group the usage."""
    quantity_conversion: QuantityConversion | None = None
    """USAGE only: turns the metered quantity into the priced one."""
    quantity_rounding: QuantityRounding | None = None
    """USAGE only: how the quantity is rounded."""
    sql_breakdown_granularity: Annotated[Literal["SERVICE_PERIOD", "HOUR"], Upper] = "SERVICE_PERIOD"
    """USAGE with a SQL metric: evaluate the query once per invoice (SERVICE_PERIOD) or for each HOUR."""
    netsuite_internal_item_id: Annotated[Text | None, Role.COSMETIC] = None
    """The item's id in NetSuite; available in some accounts only."""
    netsuite_overage_item_id: Annotated[Text | None, Role.COSMETIC] = None
    """USAGE and COMPOSITE only: the overage item's id in NetSuite; available in some accounts only."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars(
            "billable_metric pricing_group_key presentation_group_key quantity_conversion quantity_rounding "
            "sql_breakdown_granularity",
            Not(Is("type", "USAGE")),
            hint=_ANOTHER,
        ),
        bars(
            "composite_products composite_tags composite_scope exclude_free_usage include_composite_spend",
            Not(Is("type", "COMPOSITE")),
            hint="remove {name}, or make a new product of type COMPOSITE",
        ),
        bars("netsuite_overage_item_id", Not(Is("type", "USAGE COMPOSITE")), hint=_ANOTHER),
        needs("billable_metric", Is("type", "USAGE"), hint="name the metric whose quantity is priced"),
        needs(
            "composite_products composite_tags",
            Is("type", "COMPOSITE"),
            hint="name the products, or their tags, whose spend it is a share of",
        ),
    )

    def grouped(self, values: ValuePairs) -> tuple[ValuePairs, ValuePairs]:
        """Of group values those by which it is priced, and those by which invoices show it besides."""
        priced, shown = self.pricing_group_key, self.presentation_group_key
        pricing = tuple(pair for pair in values if pair[0] in priced)
        return pricing, tuple(pair for pair in values if pair[0] in shown and pair[0] not in priced)


METERED = ("quantity_conversion", "billable_metric")
"""Fields of a product that say what its price is for."""


class PricedProduct(NamedTuple):
    """How a product and its prices are spoken of. `name` is what people call it; `unit` what a price is for, without
    its time (`1M tokens`, `seat`; empty: for the period alone), and a price as it is written times `10 ** power` is one
    for that many. `before` is the same as it was where that changes, and empty where not. `packaged`: a package sells
    it, of a subscription for these `frequencies`. `groups` are its pricing group keys, and `place` is its place among
    products, both as declared."""

    name: str
    unit: str
    power: int = 0
    before: str = ""
    before_power: int = 0
    packaged: bool = False
    frequencies: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    place: int = 0
