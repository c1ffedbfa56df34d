"""What the vendor calls the objects of each kind, and how they are asked for: one entry for each kind that it keeps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pricebook.catalog.reference import Kind

Json = Mapping[str, Any]


class Listed(NamedTuple):
    """How all objects of a kind are listed, archived ones included where the vendor lists them.

    `customer`: only as one of a customer's, of whoever it is; then `part` is what of an item is the object.
    """

    method: str
    path: str
    body: Json | None
    query: Mapping[str, str] = {}
    customer: bool = False
    part: str = ""


class Api(NamedTuple):
    """The endpoints of a kind.

    `entity` is the name under which its objects have custom fields, None where they have none. `id_field` is how a
    request names its object, `archive` what one to archive it says besides. Where objects have `addresses` of their own
    they are read and updated there. What is `optional` is left unread where a token may not read it.
    """

    path: str
    listed: Listed
    entity: str | None = None
    id_field: str = "id"
    addresses: bool = False
    archive: Json = MappingProxyType({})
    optional: bool = False

    def archiving(self, id_: str) -> tuple[str, Json]:
        """The path and body of a request that archives an object."""
        return f"{self.path}/archive", {self.id_field: id_, **self.archive}


KEYS, OFFSETS = "/v1/customFields/listKeys", "/v2/notifications/offset/list"
_METRICS, _PACKAGES = "/v1/billable-metrics", "/v1/packages"
_PRODUCTS, _CARDS = "/v1/contract-pricing/products", "/v1/contract-pricing/rate-cards"

APIS: Mapping[Kind, Api] = {
    Kind.PRICING_UNIT: Api("/v1/credit-types", Listed("GET", "/v1/credit-types/list", None)),
    Kind.BILLABLE_METRIC: Api(
        _METRICS, Listed("GET", _METRICS, None, {"include_archived": "true"}), "billable_metric", addresses=True
    ),
    Kind.PRODUCT: Api(
        _PRODUCTS, Listed("POST", f"{_PRODUCTS}/list", {"archive_filter": "ALL"}), "contract_product", "product_id"
    ),
    Kind.RATE_CARD: Api(_CARDS, Listed("POST", f"{_CARDS}/list", {}), "rate_card"),
    Kind.PACKAGE: Api(_PACKAGES, Listed("POST", f"{_PACKAGES}/list", {"archive_filter": "ALL"}), None, "package_id"),
    Kind.THRESHOLD_NOTIFICATION: Api(
        "/v1/alerts",
        Listed(
            "POST",
            "/v1/customer-alerts/list",
            {"alert_statuses": ["ENABLED", "DISABLED", "ARCHIVED"]},
            customer=True,
            part="alert",
        ),
        archive={"release_uniqueness_key": True},
    ),
    Kind.OFFSET_NOTIFICATION: Api("/v2/notifications", Listed("POST", OFFSETS, {}), optional=True),
    Kind.CUSTOM_FIELD_KEY: Api("/v1/customFields", Listed("POST", KEYS, {}), optional=True),
}
ENTITIES: Mapping[Kind, str] = {kind: api.entity for kind, api in APIS.items() if api.entity is not None}
"""The kinds whose objects have custom fields, and the vendor's names for them."""
