"""A small project with one of everything, and the same project after every change that there is."""

from pathlib import Path

from pricebook.project.project import Project, read_project

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: metronome}
"""

BEFORE = """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: ai-credits}
spec: {name: AI credits}
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec:
  name: Tokens
  aggregation_type: SUM
  aggregation_key: count
  event_type_filter: {in_values: [use]}
  property_filters: [{name: count, exists: true}, {name: model, exists: true}]
  group_keys: [[model]]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: usage}
spec:
  name: Usage
  type: USAGE
  billable_metric: tokens
  pricing_group_key: [model]
  quantity_conversion: {conversion_factor: 1000000, operation: DIVIDE}
  tags: [metered]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: fee}
spec: {name: Fee, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: grant}
spec: {name: Grant, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  description: All prices
  aliases: [{name: standard}]
  product_order: [fee, usage]
  credit_type_conversions: [{custom_credit_type: ai-credits, fiat_per_custom_credit: $0.01}]
  rates:
    - {product: fee, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $10.00}
    - {product: usage, pricing_group_values: {model: small}, starting_at: 2025-01-01, price: $0.10}
    - product: usage
      pricing_group_values: {model: large}
      credit_type: ai-credits
      starting_at: 2025-01-01
      price: 12.5
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: pro}
spec:
  name: Pro v{version}
  aliases: [{name: pro}]
  rate_card_alias: standard
  duration: {value: 12, unit: MONTHS}
  subscriptions:
    - key: seat
      subscription_rate: {product: fee, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      initial_quantity: 1
      proration: {is_prorated: true, invoice_behavior: BILL_IMMEDIATELY}
  recurring_credits:
    - key: monthly
      product: grant
      access_amount: {unit_price: $5.00}
      priority: 1
      commit_duration: {value: 1}
      starting_at_offset: {value: 0, unit: MONTHS}
      subscription_config: {subscription: seat, apply_seat_increase_config: {is_prorated: true}, allocation: POOLED}
"""

CHANGES = {
    "name: Tokens\n": "name: All tokens\n",
    "tags: [metered]": "tags: [metered, ai]\n  custom_fields: {team: infra}",
    "name: Usage\n": "name: Usage of models\n",
    "description: All prices": "description: All our prices",
    "aliases: [{name: standard}]": "aliases: [{name: standard}, {name: public}]",
    "product_order: [fee, usage]": "product_order: [usage, fee]",
    "price: $0.10}": "schedule: [{starting_at: 2025-01-01, price: $0.10}, {starting_at: 2026-01-01, price: $0.08}]}",
    "unit_price: $5.00": "unit_price: $6.00",
}


def small(directory: Path, text: str = BEFORE) -> Project:
    """The project in a directory."""
    (directory / "catalog").mkdir(exist_ok=True, parents=True)
    (directory / "pricebook.yaml").write_text(PROJECT)
    (directory / "catalog" / "all.yaml").write_text(text)
    return read_project(directory)


def changed(*only: str) -> str:
    """The manifests after every change, or after those whose text before holds one of these words."""
    text = BEFORE
    for before, after in CHANGES.items():
        if not only or any(word in before for word in only):
            assert text.count(before) == 1, before
            text = text.replace("starting_at: 2025-01-01, price: $0.10}" if "$0.10" in before else before, after)
    return text
