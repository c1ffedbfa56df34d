"""A project with many rates: so many cards, so many products on each, so many prices of each."""

from pathlib import Path

from pricebook.project.project import Project, read_project

CARD = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: card-{card}}}
spec:
  name: Card {card}
  rates_from:
    - table: card-{card}.csv
      columns: {{product: product, pricing_group_values: [model], price: usd}}
      defaults: {{rate_type: FLAT, entitled: true, starting_at: 2025-01-01, currency: USD}}
"""

PRODUCT = """\
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: product-{product}}}
spec: {{name: Product {product}, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}}
"""

METRIC = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec:
  name: Tokens
  aggregation_type: COUNT
  property_filters: [{name: model, exists: true}]
  group_keys: [[model]]
"""


def many(directory: Path, cards: int, products: int, prices: int, environment: str = "{store: metronome}") -> Project:
    """The project in a directory; every product has `prices` prices on every card."""
    catalog = directory / "catalog"
    catalog.mkdir(parents=True)
    (directory / "pricebook.yaml").write_text(
        f"namespace: acme\nmanifests: [catalog]\nenvironments:\n  local: {environment}\n"
    )
    texts = [PRODUCT.format(product=number) for number in range(products)]
    (catalog / "products.yaml").write_text(METRIC + "".join(texts))
    for card in range(cards):
        (catalog / f"card-{card}.yaml").write_text(CARD.format(card=card))
        rows = [
            f"product-{product},model-{price},0.{card + 1:02}{product:02}{price:05}1"
            for product in range(products)
            for price in range(prices)
        ]
        (catalog / f"card-{card}.csv").write_text("product,model,usd\n" + "\n".join(rows) + "\n")
    return read_project(directory)
