"""Every field of the vendor's create calls is a field of ours, with ids replaced by names.

The lists are written down from the vendor's SDK (metronome-sdk 4.12: PackageCreateParams, ProductCreateParams,
RateCardCreateParams, RateAddParams, BillableMetricCreateParams) and, marked with `+`, from the OpenAPI document where
only that has the field.
"""

import pytest

from pricebook.catalog import (
    commit,
    metric,
    override,
    package,
    payment_gate,
    product,
    rate,
    rate_card,
    recurring,
    schedule,
    specifier,
    subscription,
    term,
    threshold,
)
from pricebook.catalog.declared import fields_of
from pricebook.catalog.model import Alias
from pricebook.catalog.role import Role
from pricebook.manifest.schema import field_descriptions

BALANCE = "key product name description applicable_products applicable_product_tags specifiers rate_type "
RECURRING = BALANCE + (
    "access_amount commit_duration priority starting_at_offset duration proration proration_rounding "
    "recurrence_frequency rollover_fraction subscription_config "
)
SPECIFIER = "presentation_group_values pricing_group_values product product_tags +exclude "
THRESHOLD = "commit is_enabled payment_gate_config threshold_amount discount_configuration "

FIELDS = {
    package.Package: "name aliases billing_provider commits contract_name credits delivery_method duration "
    "multiplier_override_prioritization net_payment_terms_days overrides prepaid_balance_threshold_configuration "
    "rate_card_alias rate_card recurring_commits recurring_credits scheduled_charges "
    "scheduled_charges_on_usage_invoices spend_threshold_configuration spend_trackers subscriptions "
    "usage_statement_schedule",
    Alias: "name ending_before starting_at",
    term.RelativeDate: "unit value",
    term.Duration: "unit value",
    commit.Commit: BALANCE + "access_schedule type custom_fields invoice_schedule priority rollover_fraction",
    commit.Credit: BALANCE + "access_schedule custom_fields priority",
    schedule.AccessSchedule: "schedule_items access_type credit_type",
    schedule.AccessItem: "amount duration starting_at_offset",
    schedule.ChargeSchedule: "schedule_items credit_type",
    schedule.InvoiceSchedule: "schedule_items credit_type do_not_invoice",
    schedule.ChargeItem: "date_offset quantity unit_price",
    specifier.CommitSpecifier: SPECIFIER,
    specifier.ExcludeSpecifier: "+product_tags",
    override.Override: "key override_specifiers starting_at_offset duration entitled is_commit_specific multiplier "
    "overwrite_rate priority target tiers type " + "starting_at ending_before",  # announced by the seed
    override.OverrideSpecifier: SPECIFIER + "any_commits_or_credits billing_frequency commits recurring_commits",
    override.OverrideTier: "multiplier size",
    rate.OverwriteRate: "rate_type credit_type custom_rate is_prorated price quantity tiers +minimum_config",
    rate.RateTerms: "entitled rate_type commit_rate credit_type custom_rate is_prorated price quantity tiers "
    "+minimum_config",
    rate.CommitRate: "rate_type price tiers +minimum_config",
    rate.Tier: "price size",
    rate.MinimumConfig: "+minimum",
    recurring.RecurringCommit: RECURRING + "invoice_amount",
    recurring.RecurringCredit: RECURRING,
    recurring.AccessAmount: "unit_price access_type credit_type quantity",
    recurring.InvoiceAmount: "credit_type quantity unit_price",
    recurring.CommitDuration: "value unit",
    recurring.CommitRounding: "access invoice",
    recurring.AccessRounding: "access",
    term.Rounding: "decimal_places rounding_method",
    recurring.SubscriptionConfig: "apply_seat_increase_config subscription allocation",
    recurring.SeatIncrease: "is_prorated",
    schedule.ScheduledCharge: "key product schedule custom_fields name",
    threshold.SpendTracker: "alias applicable_spend_specifiers credit_type reset_frequency",
    threshold.SpendSpecifier: "sources spend_type discounted",
    subscription.Subscription: "key collection_schedule proration subscription_rate billing_cycle_config custom_fields "
    "description duration initial_quantity name quantity_management_mode seat_config starting_at_offset",
    subscription.Proration: "invoice_behavior is_prorated rounding",
    subscription.SubscriptionRate: "billing_frequency product",
    subscription.BillingCycleConfig: "invoice_placement",
    subscription.SeatConfig: "seat_group_key initial_unassigned_seats",
    package.UsageStatementSchedule: "frequency day invoice_generation_starting_at_offset",
    threshold.SpendThresholdConfiguration: THRESHOLD,
    threshold.PrepaidBalanceThresholdConfiguration: THRESHOLD
    + "recharge_to_amount custom_credit_type threshold_balance_specifiers",
    threshold.ThresholdCommit: "product description name priority",
    threshold.PrepaidThresholdCommit: "product description name priority applicable_products applicable_product_tags "
    "duration rate_type rollover_fraction specifiers",
    threshold.DiscountConfiguration: "payment_fraction cap",
    threshold.DiscountCap: "amount spend_tracker_alias",
    threshold.ThresholdBalanceSpecifier: "exclude",
    threshold.BalanceExclusion: "custom_field_filters",
    threshold.CustomFieldFilter: "entity key value",
    payment_gate.PaymentGateConfig: "payment_gate_type precalculated_tax_config stripe_config tax_type",
    payment_gate.StripeConfig: "payment_type invoice_metadata",
    payment_gate.PrecalculatedTaxConfig: "tax_amount tax_name",
    product.Product: "name type billable_metric composite_products composite_tags custom_fields exclude_free_usage "
    "include_composite_spend is_refundable netsuite_internal_item_id netsuite_overage_item_id presentation_group_key "
    "pricing_group_key quantity_conversion quantity_rounding sql_breakdown_granularity tags +composite_scope",
    product.QuantityConversion: "conversion_factor operation name",
    product.QuantityRounding: "decimal_places rounding_method",
    rate_card.RateCard: "name aliases credit_type_conversions custom_fields description fiat_credit_type product_order",
    rate_card.CreditTypeConversion: "custom_credit_type fiat_per_custom_credit",
    metric.BillableMetric: "name aggregation_key aggregation_type custom_fields event_type_filter group_keys "
    "property_filters sql",
    metric.EventTypeFilter: "in_values not_in_values",
    metric.PropertyFilter: "name exists in_values not_in_values",
}


@pytest.mark.parametrize("model", FIELDS, ids=lambda model: model.__name__)
def test_our_fields_are_the_vendors(model):
    ours = {name for name, field in fields_of(model).items() if field.role is Role.OURS}
    assert model.model_fields.keys() - ours == set(FIELDS[model].replace("+", "").split())


@pytest.mark.parametrize("model", FIELDS, ids=lambda model: model.__name__)
def test_every_model_and_field_is_described(model):
    assert (model.__doc__ or "").strip()
    assert model.model_fields.keys() - field_descriptions(model).keys() == set()


@pytest.mark.parametrize("model", FIELDS, ids=lambda model: model.__name__)
def test_what_is_said_of_fields_names_fields(model):
    fields = model.model_fields.keys()
    assert {path.split(".")[0] for path in model.amounts} <= fields


def test_descriptions_are_the_docstrings_of_fields():
    found = field_descriptions(package.Package)
    assert found["net_payment_terms_days"] == "Days until an invoice is due."
