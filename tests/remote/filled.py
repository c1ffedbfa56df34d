"""An account that somebody filled who never heard of pricebook: one of everything that bills."""

from typing import Any

from pricebook.catalog.reference import Kind, Ref
from vendor import Vendor

METRIC, FEE, USAGE, CARD, PACKAGE, UNIT = (
    Ref(Kind.BILLABLE_METRIC, "calls"),
    Ref(Kind.PRODUCT, "fee"),
    Ref(Kind.PRODUCT, "usage"),
    Ref(Kind.RATE_CARD, "list"),
    Ref(Kind.PACKAGE, "starter"),
    Ref(Kind.PRICING_UNIT, "tokens"),
)
RATES = "/v1/contract-pricing/rate-cards"


class Account:
    """An account that somebody filled who never heard of pricebook."""

    def __init__(self, vendor: Vendor) -> None:
        self.client, self.count = vendor.client(), 0
        self.ids: dict[Ref, str] = {}
        metric = {"name": "Calls", "aggregation_type": "COUNT", "group_keys": [["model"]]}
        metric["property_filters"] = [{"name": "model"}]
        self.ids[METRIC] = self.make("/v1/billable-metrics/create", metric)
        self.ids[FEE] = self.product({"name": "Fee", "type": "SUBSCRIPTION"})
        usage = {"name": "Usage", "type": "USAGE", "billable_metric_id": self.ids[METRIC]}
        self.ids[USAGE] = self.product(usage | {"pricing_group_key": ["model"]})
        self.ids[CARD] = self.make(f"{RATES}/create", {"name": "List", "aliases": [{"name": "standard"}]})
        rate = {"starting_at": "2025-01-01T00:00:00Z", "entitled": True, "price": 1000}
        fee = rate | {"product_id": self.ids[FEE], "rate_type": "FLAT", "billing_frequency": "MONTHLY"}
        use = rate | {"product_id": self.ids[USAGE], "rate_type": "FLAT", "pricing_group_values": {"model": "small"}}
        self.does(f"{RATES}/addRates", {"rate_card_id": self.ids[CARD], "rates": [fee, use]})
        package = {"name": "Starter", "rate_card_id": self.ids[CARD], "aliases": [{"name": "starter"}]}
        self.ids[PACKAGE] = self.make("/v1/packages/create", package)

    def does(self, path: str, body: dict[str, Any]) -> Any:
        """One request."""
        self.count += 1
        return self.client.write("POST", path, body, f"somebody-{self.count}")

    def make(self, path: str, body: dict[str, Any]) -> str:
        """The id of a new object."""
        id_: str = self.does(path, body)["data"]["id"]
        return id_

    def product(self, body: dict[str, Any]) -> str:
        """The id of a new product."""
        return self.make("/v1/contract-pricing/products/create", body)
