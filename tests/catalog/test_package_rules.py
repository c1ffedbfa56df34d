"""Packages: what terms must keep, alone and with each other. Overrides have a file of their own."""

from decimal import Decimal

import pytest

from pricebook.catalog.package import Package

MONTH = {"value": 1, "unit": "MONTHS"}
NOW = {"value": 0, "unit": "DAYS"}
ACCESS = {"schedule_items": [{"amount": 1000, "starting_at_offset": NOW, "duration": MONTH}]}
CHARGE = {"unit_price": 500, "quantity": 2, "date_offset": MONTH}
INVOICE = {"schedule_items": [CHARGE]}
COMMIT = {"type": "PREPAID", "product": "commit", "access_schedule": ACCESS}
POSTPAID = COMMIT | {"type": "postpaid", "invoice_schedule": INVOICE}
CREDIT = {"product": "credit", "access_schedule": ACCESS}
RECURRING = {
    "product": "credit",
    "access_amount": {"unit_price": 1000},
    "priority": 1,
    "commit_duration": {"value": 1},
    "starting_at_offset": NOW,
}
RATE = {"product": "plan", "billing_frequency": "MONTHLY"}
SUBSCRIPTION = {
    "key": "base",
    "subscription_rate": RATE,
    "collection_schedule": "ADVANCE",
    "proration": {},
    "initial_quantity": 1,
}
SEATS = {
    "key": "seats",
    "subscription_rate": RATE,
    "collection_schedule": "ARREARS",
    "proration": {},
    "quantity_management_mode": "seat_based",
    "seat_config": {"seat_group_key": "seat_id", "initial_unassigned_seats": 3},
}
GATE = {"payment_gate_type": "STRIPE", "stripe_config": {"payment_type": "INVOICE", "invoice_metadata": {"a": "b"}}}
SPEND = {"is_enabled": True, "threshold_amount": "$100", "commit": {"product": "commit"}, "payment_gate_config": GATE}
PREPAID = SPEND | {"recharge_to_amount": 20000}
TRACKER = {
    "alias": "recharges",
    "credit_type": "usd",
    "reset_frequency": "billing_period",
    "applicable_spend_specifiers": [{"spend_type": "COMMIT_PURCHASE", "sources": ["THRESHOLD_RECHARGE", "manual"]}],
}
DISCOUNT = {"payment_fraction": Decimal("0.85"), "cap": {"amount": "$50", "spend_tracker_alias": "recharges"}}


def package(**fields):
    return {"name": "P", "rate_card": "card", **fields}


def tied(subscription, **config):
    increase = {"apply_seat_increase_config": {"is_prorated": True}}
    return {"subscription_config": {"subscription": subscription, **increase, **config}}


def access(**changes):
    return {"schedule_items": [ACCESS["schedule_items"][0] | changes]}


def gate(**fields):
    return package(spend_threshold_configuration=SPEND | {"payment_gate_config": fields})


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "Nothing but a name, v{version}", "contract_name": "Contract v{version}"},
        {"name": "Without a card", "commits": [COMMIT]},
        package(rate_card=None, rate_card_alias="std", subscriptions=[SUBSCRIPTION]),
        package(billing_provider="Stripe", delivery_method="direct_to_billing_provider", net_payment_terms_days=0),
        package(scheduled_charges_on_usage_invoices="all"),
        package(aliases=[{"name": "p", "ending_before": "2026-01-01"}, {"name": "p", "starting_at": "2026-01-01"}]),
        package(commits=[POSTPAID], credits=[CREDIT | {"key": "welcome", "rate_type": "list_rate"}]),
        package(commits=[POSTPAID | {"invoice_schedule": INVOICE | {"do_not_invoice": True}}]),
        package(commits=[COMMIT | {"rollover_fraction": Decimal("0.5"), "applicable_product_tags": ["a"]}]),
        package(commits=[COMMIT | {"specifiers": [{"product": "p", "exclude": [{"product_tags": ["free"]}]}]}]),
        package(credits=[CREDIT | {"access_schedule": ACCESS | {"access_type": "quantity"}}]),
        package(subscriptions=[SUBSCRIPTION | {"proration": {"invoice_behavior": "bill_immediately"}}, SEATS]),
        package(subscriptions=[SEATS], recurring_credits=[RECURRING | tied("seats", allocation="individual")]),
        package(subscriptions=[SUBSCRIPTION], recurring_commits=[RECURRING | tied("base", allocation="POOLED")]),
        package(recurring_credits=[RECURRING | {"recurrence_frequency": "daily"}]),
        package(
            recurring_commits=[
                RECURRING
                | {
                    "invoice_amount": {"unit_price": "$9", "quantity": 1, "credit_type": "usd"},
                    "proration": "FIRST",
                    "proration_rounding": {
                        "access": {"decimal_places": -2, "rounding_method": "half_up"},
                        "invoice": {"decimal_places": 0, "rounding_method": "FLOOR"},
                    },
                }
            ]
        ),
        package(scheduled_charges=[{"product": "fee", "schedule": INVOICE, "name": "Set-up"}]),
        package(usage_statement_schedule={"frequency": "monthly", "day": "custom_date"}),
        package(spend_threshold_configuration=SPEND | {"discount_configuration": DISCOUNT}, spend_trackers=[TRACKER]),
        package(
            prepaid_balance_threshold_configuration=PREPAID
            | {
                "custom_credit_type": "tokens",
                "threshold_amount": 10,
                "commit": {"product": "commit", "duration": MONTH, "rollover_fraction": 1, "rate_type": "COMMIT_RATE"},
                "threshold_balance_specifiers": [
                    {"exclude": [{"custom_field_filters": [{"entity": "commit", "key": "kind", "value": "promo"}]}]}
                ],
            }
        ),
        gate(payment_gate_type="external", tax_type="precalculated", precalculated_tax_config={"tax_amount": "$1"}),
    ],
)
def test_packages_that_hold(broken, spec):
    assert broken(Package, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (package(rate_card_alias="std"), [("conflict", "rate_card_alias")]),
        (package(rate_card=None, subscriptions=[SUBSCRIPTION]), [("missing-field", "rate_card")]),
        (package(aliases=[{"name": "p"}, {"name": "p"}]), [("alias-overlap", "aliases.1")]),
        (package(duration={"value": 0, "unit": "MONTHS"}), [("greater_than", "duration.value")]),
        (package(duration={"value": 1, "unit": "PERIODS"}), [("literal_error", "duration.unit")]),
        (package(net_payment_terms_days=-1), [("greater_than_equal", "net_payment_terms_days")]),
        (package(net_payment_terms_days=Decimal("1.5")), [("int_type", "net_payment_terms_days")]),
        # commits and credits
        (
            package(commits=[POSTPAID | {"invoice_schedule": None}]),
            [("missing-field", "commits.0.invoice_schedule")],
        ),
        (
            package(commits=[POSTPAID | {"access_schedule": {"schedule_items": ACCESS["schedule_items"] * 2}}]),
            [("postpaid-items", "commits.0.access_schedule.schedule_items")],
        ),
        (
            package(commits=[POSTPAID | {"invoice_schedule": {"schedule_items": [CHARGE, CHARGE]}}]),
            [("postpaid-items", "commits.0.invoice_schedule.schedule_items")],
        ),
        (
            package(commits=[POSTPAID | {"invoice_schedule": {"schedule_items": [CHARGE | {"unit_price": "$5.01"}]}}]),
            [("postpaid-total", "commits.0.invoice_schedule")],
        ),
        (
            package(commits=[COMMIT | {"access_schedule": {"schedule_items": []}}]),
            [("empty", "commits.0.access_schedule.schedule_items")],
        ),
        (package(commits=[COMMIT | {"rollover_fraction": 2}]), [("less_than_equal", "commits.0.rollover_fraction")]),
        (
            package(commits=[COMMIT | {"specifiers": [{}], "applicable_products": ["a"]}]),
            [("conflict", "commits.0.applicable_products")],
        ),
        (
            package(
                prepaid_balance_threshold_configuration=PREPAID
                | {"commit": {"product": "commit", "specifiers": [{}], "applicable_product_tags": ["a"]}}
            ),
            [("conflict", "prepaid_balance_threshold_configuration.commit.applicable_product_tags")],
        ),
        (
            package(credits=[CREDIT | {"specifiers": [{}], "applicable_products": ["a"]}]),
            [("conflict", "credits.0.applicable_products")],
        ),
        (
            package(recurring_credits=[RECURRING | {"specifiers": [{}], "applicable_product_tags": ["a"]}]),
            [("conflict", "recurring_credits.0.applicable_product_tags")],
        ),
        (
            package(credits=[CREDIT | {"access_schedule": access(amount="$10") | {"access_type": "QUANTITY"}}]),
            [("not-money", "credits.0.access_schedule.schedule_items.0.amount")],
        ),
        (
            package(recurring_credits=[RECURRING | {"access_amount": {"unit_price": "$1", "access_type": "quantity"}}]),
            [("not-money", "recurring_credits.0.access_amount.unit_price")],
        ),
        (
            package(recurring_credits=[RECURRING | {"commit_duration": {"value": 0}}]),
            [("greater_than", "recurring_credits.0.commit_duration.value")],
        ),
        (
            package(recurring_credits=[RECURRING | {"proration": "none", "proration_rounding": {}}]),
            [("conflict", "recurring_credits.0.proration_rounding")],
        ),
        (
            package(scheduled_charges=[{"product": "fee", "schedule": {"schedule_items": [CHARGE | {"amount": 5}]}}]),
            [("forbidden-field", "scheduled_charges.0.schedule.schedule_items.0.amount")],
        ),
        # subscriptions
        (
            package(subscriptions=[SUBSCRIPTION | {"initial_quantity": None}]),
            [("missing-field", "subscriptions.0.initial_quantity")],
        ),
        (
            package(subscriptions=[SUBSCRIPTION | {"initial_quantity": -1}]),
            [("greater_than_equal", "subscriptions.0.initial_quantity")],
        ),
        (
            package(subscriptions=[SUBSCRIPTION | {"seat_config": SEATS["seat_config"]}]),
            [("not-applicable", "subscriptions.0.seat_config")],
        ),
        (
            package(subscriptions=[SEATS | {"seat_config": None}]),
            [("missing-field", "subscriptions.0.seat_config")],
        ),
        (
            package(subscriptions=[SEATS | {"initial_quantity": 1}]),
            [("not-applicable", "subscriptions.0.initial_quantity")],
        ),
        (
            package(subscriptions=[SEATS | {"proration": {"invoice_behavior": "BILL_IMMEDIATELY"}}]),
            [("conflict", "subscriptions.0.proration.invoice_behavior")],
        ),
        # links
        (
            package(subscriptions=[SUBSCRIPTION, SUBSCRIPTION]),
            [("duplicate-key", "subscriptions.1.key")],
        ),
        (package(credits=[CREDIT | {"key": "Welcome"}]), [("string_pattern_mismatch", "credits.0.key")]),
        (
            package(subscriptions=[SEATS], recurring_credits=[RECURRING | tied("seat")]),
            [("unknown-key", "recurring_credits.0.subscription_config.subscription")],
        ),
        (
            package(
                subscriptions=[SUBSCRIPTION], recurring_commits=[RECURRING | tied("base", allocation="INDIVIDUAL")]
            ),
            [("seat-allocation", "recurring_commits.0.subscription_config.allocation")],
        ),
        (
            package(
                subscriptions=[SEATS],
                recurring_credits=[RECURRING | tied("seats") | {"recurrence_frequency": "DAILY"}],
            ),
            [("daily-recurrence", "recurring_credits.0.recurrence_frequency")],
        ),
        (
            package(
                recurring_commits=[RECURRING | {"recurrence_frequency": "DAILY"}],
                recurring_credits=[RECURRING | {"recurrence_frequency": "DAILY"}],
            ),
            [("daily-recurrence", "recurring_credits.0.recurrence_frequency")],
        ),
        # thresholds and trackers
        (package(spend_trackers=[TRACKER, TRACKER]), [("duplicate", "spend_trackers.1.alias")]),
        (
            package(
                spend_trackers=[
                    TRACKER | {"applicable_spend_specifiers": [{"spend_type": "COMMIT_PURCHASE", "sources": []}]}
                ]
            ),
            [("empty", "spend_trackers.0.applicable_spend_specifiers.0.sources")],
        ),
        (
            package(spend_threshold_configuration=SPEND | {"discount_configuration": DISCOUNT}),
            [("unknown-key", "spend_threshold_configuration.discount_configuration.cap.spend_tracker_alias")],
        ),
        (
            package(
                spend_trackers=[TRACKER | {"credit_type": "tokens"}],
                prepaid_balance_threshold_configuration=PREPAID | {"discount_configuration": DISCOUNT},
            ),
            [("currency-mismatch", "prepaid_balance_threshold_configuration.discount_configuration.cap.amount")],
        ),
        (
            package(spend_threshold_configuration=SPEND | {"discount_configuration": {"payment_fraction": 85}}),
            [("less_than_equal", "spend_threshold_configuration.discount_configuration.payment_fraction")],
        ),
        (
            package(prepaid_balance_threshold_configuration=PREPAID | {"custom_credit_type": "tokens"}),
            [("currency-mismatch", "prepaid_balance_threshold_configuration.threshold_amount")],
        ),
        (
            gate(payment_gate_type="NONE", stripe_config={"payment_type": "INVOICE"}),
            [("not-applicable", "spend_threshold_configuration.payment_gate_config.stripe_config")],
        ),
        (
            gate(payment_gate_type="EXTERNAL", tax_type="STRIPE"),
            [("not-applicable", "spend_threshold_configuration.payment_gate_config.tax_type")],
        ),
        (
            gate(payment_gate_type="EXTERNAL", precalculated_tax_config={"tax_amount": 1}),
            [("not-applicable", "spend_threshold_configuration.payment_gate_config.precalculated_tax_config")],
        ),
        (
            gate(
                payment_gate_type="STRIPE",
                stripe_config={"payment_type": "PAYMENT_INTENT", "invoice_metadata": {"a": "b"}},
            ),
            [("not-applicable", "spend_threshold_configuration.payment_gate_config.stripe_config.invoice_metadata")],
        ),
    ],
)
def test_what_a_package_must_keep(broken, spec, expected):
    assert broken(Package, spec) == expected


def test_a_quantity_is_one_unless_a_subscription_counts():
    alone = package(subscriptions=(SEATS,), recurring_credits=(RECURRING, RECURRING | tied("seats")))
    one, counted = Package.model_validate(alone).recurring_credits
    assert (one.access_amount.quantity, counted.access_amount.quantity) == (1, None)


def test_a_link_that_leads_nowhere_names_the_nearest_key(violations):
    spec = package(subscriptions=[SEATS], recurring_credits=[RECURRING | tied("seat")])
    [(_, violation)] = violations(Package, spec)
    assert violation.message == 'none of the package\'s subscriptions has the key "seat"'
    assert violation.hint == 'did you mean "seats"?'


TIME = "packages are time-relative"
WHO = "packages are customer-agnostic"


@pytest.mark.parametrize(
    ("spec", "path", "reason", "hint"),
    [
        (package(customer_id="c"), "customer_id", WHO, "when a contract is created"),
        (package(starting_at="2026-01-01"), "starting_at", TIME, "starting_at_offset"),
        (package(ending_before="2026-01-01"), "ending_before", TIME, "use duration"),
        (package(billing_provider_configuration={}), "billing_provider_configuration", WHO, "billing_provider"),
        (
            package(commits=[COMMIT | {"starting_at": "2026-01-01"}]),
            "commits.0.starting_at",
            TIME,
            "starting_at_offset",
        ),
        (package(credits=[CREDIT | {"customer_id": "c"}]), "credits.0.customer_id", WHO, "customer"),
        (
            package(subscriptions=[SUBSCRIPTION | {"ending_before": "2026-01-01"}]),
            "subscriptions.0.ending_before",
            TIME,
            "use duration",
        ),
        (
            package(credits=[CREDIT | {"access_schedule": access(starting_at="x")}]),
            "credits.0.access_schedule.schedule_items.0.starting_at",
            TIME,
            "starting_at_offset",
        ),
        (
            package(
                scheduled_charges=[{"product": "fee", "schedule": {"schedule_items": [CHARGE | {"timestamp": "x"}]}}]
            ),
            "scheduled_charges.0.schedule.schedule_items.0.timestamp",
            TIME,
            "date_offset",
        ),
        (package(credits=[CREDIT | {"temporary_id": "x"}]), "credits.0.temporary_id", "derives it from key", "use key"),
        (package(uniqueness_key="x"), "uniqueness_key", "derives it", "remove it"),
        (package(custom_fields={"a": "b"}), "custom_fields", "takes no custom fields", "its commits"),
    ],
)
def test_what_belongs_to_a_contract_is_told_what_to_write_instead(violations, spec, path, reason, hint):
    [(found, violation)] = violations(Package, spec)
    assert ".".join(map(str, found)) == path
    assert violation.code == "forbidden-field"
    assert reason in violation.message
    assert hint in violation.hint


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        (package(rate_card_id="x"), "refer by name, not by id: rate_card"),
        (
            package(credits=[CREDIT | {"applicable_product_ids": ["x"]}]),
            "refer by name, not by id: applicable_products",
        ),
        (package(net_payment_term_days=15), 'did you mean "net_payment_terms_days"?'),
        (package(subscriptions=[SUBSCRIPTION | {"zzz": 1}]), "known fields: billing_cycle_config, collection_schedule"),
    ],
)
def test_an_unknown_field_is_told_what_was_meant(violations, spec, hint):
    [(_, violation)] = violations(Package, spec)
    assert violation.code == "unknown-field"
    assert violation.hint.startswith(hint)
