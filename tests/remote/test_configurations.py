"""Six layouts of prices that companies and vendors have shown, in words and numbers of our own: applied to an account,
read back, and planned again. Nothing is left to do, nothing is forced, and nothing is warned of.
"""

from pathlib import Path

import pytest
from small import small

from pricebook.plan.hazard import REFUSED
from project import planned, settle
from vendor import AT, Vendor

FIRST = "starting_at: 2025-01-01"
ASSISTANTS = f"""
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {{name: sparks}}
spec: {{name: Sparks}}
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {{name: eur}}
spec: {{name: EUR, currency: EUR}}
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: runs}}
spec:
  name: Runs
  aggregation_type: SUM
  aggregation_key: weight
  property_filters: [{{name: weight, exists: true}}, {{name: member, exists: true}}]
  group_keys: [[member]]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - metadata: {{name: runs}}
    spec: {{name: Runs, type: USAGE, billable_metric: runs, presentation_group_key: [member]}}
  - {{metadata: {{name: member}}, spec: {{name: Member, type: SUBSCRIPTION}}}}
  - {{metadata: {{name: expert}}, spec: {{name: Expert, type: SUBSCRIPTION}}}}
  - {{metadata: {{name: allowance}}, spec: {{name: Allowance, type: FIXED}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: dollars}}
spec:
  name: Dollars
  aliases: [{{name: dollars}}]
  credit_type_conversions: [{{custom_credit_type: sparks, fiat_per_custom_credit: $0.02}}]
  rates: &prices
    - {{product: runs, {FIRST}, price: 1, credit_type: sparks}}
    - {{product: member, billing_frequency: MONTHLY, entitled: false, {FIRST}, price: $17.00}}
    - {{product: expert, billing_frequency: MONTHLY, entitled: false, {FIRST}, price: $41.00}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: gratis}}
spec:
  name: Gratis
  credit_type_conversions: [{{custom_credit_type: sparks, fiat_per_custom_credit: 0}}]
  rates:
    - {{product: runs, {FIRST}, price: 1, credit_type: sparks}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: euros}}
spec:
  name: Euros
  fiat_credit_type: eur
  rates:
    - {{product: member, billing_frequency: MONTHLY, {FIRST}, price: "16.50 EUR"}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: members}}
spec:
  name: Members v{{version}}
  aliases: [{{name: members}}]
  rate_card: dollars
  subscriptions:
    - &seat
      key: member
      subscription_rate: {{product: member, billing_frequency: MONTHLY}}
      collection_schedule: ADVANCE
      proration: {{is_prorated: true}}
      quantity_management_mode: SEAT_BASED
      seat_config: {{seat_group_key: member, initial_unassigned_seats: 1}}
    - <<: *seat
      key: expert  # nobody has one to start with: it is for contracts that are edited
      subscription_rate: {{product: expert, billing_frequency: MONTHLY}}
      seat_config: {{seat_group_key: member, initial_unassigned_seats: 0}}
  overrides:
    - {{key: member, starting_at_offset: 0 days, entitled: true, override_specifiers: [{{product: member}}]}}
  recurring_credits:
    - key: allowance
      product: allowance
      access_amount: {{unit_price: 300, credit_type: sparks}}
      priority: 1
      commit_duration: {{value: 1}}
      starting_at_offset: 0 days
      applicable_products: [runs]
      subscription_config:
        {{subscription: member, apply_seat_increase_config: {{is_prorated: true}}, allocation: INDIVIDUAL}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: europe}}
spec:
  name: Europe v{{version}}
  rate_card: euros
  subscriptions:
    - key: member
      subscription_rate: {{product: member, billing_frequency: MONTHLY}}
      collection_schedule: ADVANCE
      proration: {{is_prorated: true}}
      initial_quantity: 1
"""
HYBRID = f"""
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: pages}}
spec: {{name: Pages, aggregation_type: COUNT, event_type_filter: {{in_values: [page]}}}}
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {{metadata: {{name: desk}}, spec: {{name: Desk, type: SUBSCRIPTION}}}}
  - {{metadata: {{name: pages}}, spec: {{name: Pages, type: USAGE, billable_metric: pages}}}}
  - {{metadata: {{name: included}}, spec: {{name: Included pages, type: FIXED}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: List
  rates:
    - {{product: desk, billing_frequency: MONTHLY, {FIRST}, price: $35.00}}
    - {{product: pages, {FIRST}, price: $0.03}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: team}}
spec:
  name: Team v{{version}}
  rate_card: list
  duration: 12 months
  subscriptions:
    - key: desks
      subscription_rate: {{product: desk, billing_frequency: MONTHLY}}
      collection_schedule: ADVANCE
      proration: {{is_prorated: true}}
      initial_quantity: 5
  recurring_credits:
    - key: included
      product: included
      access_amount: $15.00
      priority: 1
      commit_duration: {{value: 1}}
      starting_at_offset: 0 days
      applicable_products: [pages]
"""
NO_OVERAGE = f"""
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: checks}}
spec: {{name: Checks, aggregation_type: COUNT, event_type_filter: {{in_values: [check]}}}}
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {{metadata: {{name: checks}}, spec: {{name: Checks, type: USAGE, billable_metric: checks}}}}
  - {{metadata: {{name: bundle}}, spec: {{name: Bundle, type: FIXED}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: List
  rates:
    - {{product: checks, {FIRST}, price: $0.00, commit_rate: {{rate_type: FLAT, price: $0.08}}}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: bundle}}
spec:
  name: Bundle v{{version}}
  rate_card: list
  recurring_commits:
    - key: bundle
      product: bundle
      rate_type: COMMIT_RATE
      access_amount: $80.00
      invoice_amount: $70.00
      priority: 1
      commit_duration: {{value: 1}}
      starting_at_offset: 0 days
      applicable_products: [checks]
"""
BUILDS = f"""
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: minutes}}
spec:
  name: Minutes
  aggregation_type: SUM
  aggregation_key: minutes
  property_filters: [{{name: minutes, exists: true}}]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {{metadata: {{name: minutes}}, spec: {{name: Build minutes, type: USAGE, billable_metric: minutes}}}}
  - {{metadata: {{name: used}}, spec: {{name: Minutes used (not charged), type: USAGE, billable_metric: minutes}}}}
  - {{metadata: {{name: welcome}}, spec: {{name: Welcome, type: FIXED}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: List
  rates:
    - {{product: minutes, {FIRST}, price: $0.006}}
    - {{product: used, {FIRST}, price: $0.00}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: builds}}
spec:
  name: Builds v{{version}}
  rate_card: list
  credits:
    - key: welcome
      product: welcome
      priority: 1
      applicable_products: [minutes]
      access_schedule: {{schedule_items: [{{amount: $25.00, starting_at_offset: 0 days, duration: 60 days}}]}}
"""
MACHINES = f"""
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: hours}}
spec:
  name: Machine hours
  aggregation_type: sum
  aggregation_key: hours
  property_filters: [{{name: hours, exists: true}}, {{name: machine, exists: true}}, {{name: place, exists: true}}]
  group_keys: [[machine, place]]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - metadata: {{name: hours}}
    spec: {{name: Machine hours, type: USAGE, billable_metric: hours, pricing_group_key: [machine, place]}}
  - {{metadata: {{name: care}}, spec: {{name: Care, type: COMPOSITE, composite_products: [hours]}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: List
  rates:
    - {{product: hours, pricing_group_values: {{machine: small, place: north}}, {FIRST}, price: $0.11}}
    - {{product: hours, pricing_group_values: {{machine: small, place: south}}, {FIRST}, price: $0.13}}
    - {{product: hours, pricing_group_values: {{machine: large, place: north}}, {FIRST}, price: $0.42}}
    - {{product: care, rate_type: PERCENTAGE, {FIRST}, price: 10%, minimum_config: {{minimum: $90.00}}}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: cloud}}
spec: {{name: "Cloud v{{version}}", rate_card: list}}
"""
SPEECH = f"""
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: speech}}
spec:
  name: Speech
  aggregation_type: SUM
  aggregation_key: seconds
  property_filters: [{{name: seconds, exists: true}}]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {{metadata: {{name: speech}}, spec: {{name: Speech, type: USAGE, billable_metric: speech}}}}
  - {{metadata: {{name: deal}}, spec: {{name: Deal, type: FIXED}}}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list}}
spec:
  name: List
  rates:
    - {{product: speech, {FIRST}, price: $0.004, commit_rate: {{rate_type: FLAT, price: $0.003}}}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: speech}}
spec:
  name: Speech v{{version}}
  rate_card: list
  duration: 12 months
  usage_statement_schedule: {{frequency: QUARTERLY}}
  commits:
    - &deal
      key: one
      product: deal
      type: PREPAID
      priority: 1
      rate_type: COMMIT_RATE
      applicable_products: [speech]
      access_schedule: {{schedule_items: [{{amount: $600.00, starting_at_offset: 0 days, duration: 12 months}}]}}
      invoice_schedule: {{schedule_items: [{{unit_price: $600.00, quantity: 1, date_offset: 0 days}}]}}
    - {{<<: *deal, key: other, priority: 2}}
  overrides:
    - key: negotiated
      starting_at_offset: 0 days
      type: MULTIPLIER
      multiplier: 0.9
      is_commit_specific: true
      target: COMMIT_RATE
      override_specifiers: [{{product: speech, commits: [one]}}]
"""
LAYOUTS = {
    "seats, units, two currencies": ASSISTANTS,
    "a fee and usage": HYBRID,
    "no overage": NO_OVERAGE,
    "usage and unpriced products": BUILDS,
    "machines by place, and a share": MACHINES,
    "commit rates, by the quarter": SPEECH,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_applied_read_back_and_planned_again(name: str, vendor: Vendor, tmp_path: Path) -> None:
    project = small(tmp_path, LAYOUTS[name])
    made = planned(project, vendor.store())
    assert made.steps
    assert not set(made.hazards) & REFUSED, "nothing has to be allowed"
    settle(project, vendor)
    there = {(ref.kind, ref.name) for ref in vendor.store().snapshot("acme", AT).objects}
    assert there >= {(step.change.ref.kind, step.change.ref.name) for step in made.steps}
