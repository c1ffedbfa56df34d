"""The catalogue that the examples of rules start from: nothing about it is wrong, and each rule's example breaks it."""

SAMPLE = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec:
  name: Tokens
  aggregation_type: SUM
  aggregation_key: count
  event_type_filter: {in_values: [completion]}
  property_filters: [{name: count, exists: true}, {name: model, exists: true}, {name: seat, exists: true}]
  group_keys: [[model, seat]]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: tokens}
spec:
  name: Tokens
  type: USAGE
  billable_metric: tokens
  pricing_group_key: [model]
  presentation_group_key: [seat]
  quantity_conversion: {name: millions, operation: DIVIDE, conversion_factor: 1000000}
  tags: [compute]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: fee}
spec: {name: Fee, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: gift}
spec: {name: Gift, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard}
spec:
  name: Standard
  aliases: [{name: standard}]
  rates:
    - {product: tokens, pricing_group_values: {model: small}, starting_at: 2025-01-01, price: $0.40}
    - {product: tokens, pricing_group_values: {model: large}, starting_at: 2025-01-01, price: $2.50}
    - {product: fee, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: $10.00}
    - {product: fee, billing_frequency: ANNUAL, entitled: false, starting_at: 2025-01-01, price: $100.00}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: starter}
spec:
  name: Starter
  aliases: [{name: starter}]
  rate_card_alias: standard
  duration: {value: 12, unit: MONTHS}
  subscriptions:
    - key: fee
      subscription_rate: {product: fee, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      proration: {is_prorated: true}
      initial_quantity: 1
  recurring_credits:
    - key: gift
      product: gift
      access_amount: {unit_price: $5.00}
      applicable_product_tags: [compute]
      priority: 1
      commit_duration: {value: 1}
      recurrence_frequency: MONTHLY
      starting_at_offset: {value: 0, unit: MONTHS}
      duration: {value: 3, unit: MONTHS}
  overrides:
    - key: enable
      entitled: true
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: fee, billing_frequency: MONTHLY}]
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: yearly}
spec:
  name: Yearly
  aliases: [{name: yearly}]
  rate_card: standard
  duration: {value: 1, unit: YEARS}
  subscriptions:
    - key: fee
      subscription_rate: {product: fee, billing_frequency: ANNUAL}
      collection_schedule: ADVANCE
      proration: {is_prorated: true}
      initial_quantity: 1
  overrides:
    - key: enable
      entitled: true
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: fee, billing_frequency: ANNUAL}]
"""
"""A usage product, a subscription sold by the month and by the year, and a credit."""

SALE = """\
    - key: sale
      type: MULTIPLIER
      multiplier: 0.8
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: tokens}]
"""
"""An override to put behind the one of the package `starter`."""


def declared(kind: str, name: str, spec: str) -> str:
    """One more manifest, to stand between two of the sample."""
    head = f"---\napiVersion: pricebook/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:"
    return f"{head}{spec}\n" if spec.startswith("\n") else f"{head} {spec}\n"


def ahead_of(kind: str, name: str, *manifests: str) -> tuple[str, str]:
    """The edit that puts manifests before one of the sample."""
    head = f"---\napiVersion: pricebook/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
    return head, "".join(manifests) + head


AFTER_ENABLE = "      override_specifiers: [{product: fee, billing_frequency: MONTHLY}]\n"
AFTER_RATES = "price: $100.00}\n"
AFTER_CREDIT = "      duration: {value: 3, unit: MONTHS}\n"
"""Texts of the sample behind which examples write something."""
