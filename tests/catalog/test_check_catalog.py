"""Rules across nouns. Each case changes one noun of a catalogue that holds, and names what breaks, and where."""

from decimal import Decimal

import pytest

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.check import check_catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, key_text

NOW = {"value": 0, "unit": "DAYS"}
MONTH = {"value": 1, "unit": "MONTHS"}
ACCESS = {"schedule_items": [{"amount": 1000, "starting_at_offset": NOW, "duration": MONTH}]}
COMMIT = {"type": "PREPAID", "product": "credit", "access_schedule": ACCESS}
RECURRING = {
    "product": "credit",
    "access_amount": {"unit_price": 1000},
    "priority": 1,
    "commit_duration": {"value": 1},
    "starting_at_offset": NOW,
}
PER_SEAT = RECURRING | {
    "subscription_config": {
        "subscription": "seats",
        "allocation": "INDIVIDUAL",
        "apply_seat_increase_config": {"is_prorated": True},
    }
}
SEATS = {
    "key": "seats",
    "subscription_rate": {"product": "plan", "billing_frequency": "MONTHLY"},
    "collection_schedule": "ADVANCE",
    "proration": {},
    "quantity_management_mode": "SEAT_BASED",
    "seat_config": {"seat_group_key": "seat_id"},
}
THRESHOLD = {
    "is_enabled": True,
    "threshold_amount": 1000,
    "commit": {"product": "credit"},
    "payment_gate_config": {"payment_gate_type": "NONE"},
}
OVERRIDE = {"starting_at_offset": NOW, "override_specifiers": [{"product": "tokens"}], "type": "OVERWRITE"}

NOUNS = {
    "pricing-unit:tokens": {"name": "Tokens"},
    "pricing-unit:eur": {"name": "Euro", "currency": "EUR", "scale": 0},
    "billable-metric:usage": {
        "name": "Usage",
        "aggregation_type": "COUNT",
        "property_filters": [{"name": name} for name in ("model", "seat_id", "region")],
        "group_keys": [["model", "seat_id"], ["region"]],
    },
    "product:tokens": {
        "name": "Tokens",
        "type": "USAGE",
        "billable_metric": "usage",
        "tags": ["usage"],
        "pricing_group_key": ["model"],
        "presentation_group_key": ["seat_id"],
    },
    "product:plan": {"name": "Plan", "type": "SUBSCRIPTION"},
    "product:credit": {"name": "Credit", "type": "FIXED"},
    "product:support": {"name": "Support", "type": "COMPOSITE", "composite_products": ["tokens"]},
    "rate-card:standard": {
        "name": "Standard",
        "aliases": [{"name": "std"}],
        "credit_type_conversions": [{"custom_credit_type": "tokens", "fiat_per_custom_credit": 1}],
        "product_order": ["plan", "tokens"],
    },
    "package:pro": {
        "name": "Pro",
        "aliases": [{"name": "pro", "ending_before": "2026-01-01"}],
        "rate_card_alias": "std",
        "subscriptions": [SEATS],
        "commits": [COMMIT | {"access_schedule": ACCESS | {"credit_type": "tokens"}}],
        "recurring_credits": [PER_SEAT],
        "spend_threshold_configuration": THRESHOLD,
    },
}
PRICED = {"standard": [("plan", "MONTHLY"), ("tokens", None)]}


DISABLED = {"starting_at_offset": {"value": 0, "unit": "DAYS"}, "entitled": False}
COUNTED = PER_SEAT | {"access_amount": {**PER_SEAT["access_amount"], "quantity": 2}}


def overwrite(**specifier):
    """An override that puts another price in place of those that fit."""
    rate = {"rate_type": "FLAT", "price": 700}
    return {
        "starting_at_offset": {"value": 0, "unit": "DAYS"},
        "type": "OVERWRITE",
        "overwrite_rate": rate,
        "override_specifiers": [specifier],
    }


def found(changes=None, priced=PRICED):
    """The findings of the catalogue with some nouns changed, as (ref, path, code), and the violations themselves."""
    nouns = {Ref.parse(ref): spec for ref, spec in NOUNS.items()}
    for ref, change in (changes or {}).items():
        nouns[Ref.parse(ref)] = nouns.get(Ref.parse(ref), {}) | change
    rates = {
        card: RateBook({key_text(RateKey(product, frequency, ())): "[]" for product, frequency in pairs})
        for card, pairs in priced.items()
    }
    catalog = Catalog({ref: noun_of(ref.kind, spec) for ref, spec in nouns.items()}, rates)
    return [((str(ref), ".".join(map(str, (*path, *v.at))), v.code), v) for ref, path, v in check_catalog(catalog)]


def codes(changes=None, priced=PRICED):
    return [finding for finding, _ in found(changes, priced)]


def test_a_catalogue_that_holds():
    assert codes() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"pricing-unit:usd": {"name": "USD (cents)", "currency": "USD"}},
        # a metric's group key may have more names than are needed; a query is not looked into
        {"product:tokens": {"pricing_group_key": []}},
        {
            "billable-metric:usage": {
                "aggregation_type": None,
                "property_filters": [],
                "group_keys": [],
                "sql": "select 1",
            }
        },
        {"package:pro": {"overrides": [overwrite(product="plan", billing_frequency="MONTHLY")]}},
        {"package:pro": {"overrides": [overwrite(product="tokens")]}},
        {"package:pro": {"overrides": [{**DISABLED, "override_specifiers": [{"product": "plan"}]}]}},
        {"package:pro": {"overrides": [{**DISABLED, "override_specifiers": [{"product_tags": ["usage"]}]}]}},
        # targets that do not exist are the loader's to report
        {"package:pro": {"rate_card_alias": None, "rate_card": "nothing"}},
        {"package:pro": {"commits": [COMMIT | {"product": "nothing"}]}},
        {"product:tokens": {"billable_metric": "nothing"}},
        # two cards hold the alias one after the other: which one is used depends on the contract
        {
            "rate-card:standard": {"aliases": [{"name": "std", "ending_before": "2026-01-01"}]},
            "rate-card:next": {"name": "Next", "aliases": [{"name": "std", "starting_at": "2026-01-01"}]},
        },
        # the display name is not an identity
        {"rate-card:other": {"name": "Standard"}, "product:other": {"name": "Plan", "type": "FIXED"}},
        # a percentage has no unit of its own
        {
            "rate-card:standard": {"fiat_credit_type": "eur"},
            "package:pro": {
                "commits": [],
                "recurring_credits": [],
                "spend_threshold_configuration": None,
                "overrides": [OVERRIDE | {"overwrite_rate": {"rate_type": "PERCENTAGE", "price": Decimal("0.1")}}],
            },
        },
        # a composite of composites says so
        {
            "product:all": {
                "name": "All",
                "type": "COMPOSITE",
                "composite_products": ["support"],
                "include_composite_spend": True,
            }
        },
        # a balance per seat that applies to no usage product
        {"package:pro": {"recurring_credits": [PER_SEAT | {"applicable_product_tags": ["other"]}]}},
    ],
)
def test_changes_that_hold(changes):
    assert codes(changes) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"pricing-unit:usd": {"name": "Dollars", "currency": "USD"}},
            ("pricing-unit:usd", "", "reserved-name"),
        ),
        # products
        (
            {"product:tokens": {"pricing_group_key": ["model", "region"]}},
            ("product:tokens", "pricing_group_key", "group-key"),
        ),
        (
            {"product:tokens": {"pricing_group_key": [], "presentation_group_key": ["seat_id", "region"]}},
            ("product:tokens", "presentation_group_key", "group-key"),
        ),
        (
            {"product:all": {"name": "All", "type": "COMPOSITE", "composite_products": ["tokens", "support"]}},
            ("product:all", "composite_products.1", "composite-member"),
        ),
        (
            {"product:support": {"composite_products": ["tokens", "support"], "include_composite_spend": True}},
            ("product:support", "composite_products.1", "composite-cycle"),
        ),
        # rate cards
        (
            {"rate-card:other": {"name": "Other", "fiat_credit_type": "tokens"}},
            ("rate-card:other", "fiat_credit_type", "not-a-currency"),
        ),
        (
            {
                "rate-card:other": {
                    "name": "Other",
                    "credit_type_conversions": [{"custom_credit_type": "eur", "fiat_per_custom_credit": 1}],
                }
            },
            ("rate-card:other", "credit_type_conversions.0.custom_credit_type", "currency-conversion"),
        ),
        (
            {"rate-card:standard": {"product_order": ["plan", "support"]}},
            ("rate-card:standard", "product_order.1", "no-rate"),
        ),
        # what the vendor refuses of metrics and packages
        (
            {"package:pro": {"overrides": [overwrite(product="plan")]}},
            ("package:pro", "overrides.0.override_specifiers.0", "missing-field"),
        ),
        (
            {"package:pro": {"overrides": [overwrite(product="tokens", pricing_group_values={"region": "eu"})]}},
            ("package:pro", "overrides.0.override_specifiers.0.pricing_group_values", "pricing-group-key"),
        ),
        (
            {"package:pro": {"recurring_credits": [COUNTED]}},
            ("package:pro", "recurring_credits.0.access_amount.quantity", "conflict"),
        ),
        # packages
        (
            {"package:pro": {"commits": [COMMIT | {"product": "plan"}]}},
            ("package:pro", "commits.0.product", "product-type"),
        ),
        (
            {"package:pro": {"credits": [{"product": "tokens", "access_schedule": ACCESS}]}},
            ("package:pro", "credits.0.product", "product-type"),
        ),
        (
            {"package:pro": {"recurring_credits": [RECURRING | {"product": "tokens"}]}},
            ("package:pro", "recurring_credits.0.product", "product-type"),
        ),
        (
            {"package:pro": {"spend_threshold_configuration": THRESHOLD | {"commit": {"product": "plan"}}}},
            ("package:pro", "spend_threshold_configuration.commit.product", "product-type"),
        ),
        (
            {
                "package:pro": {
                    "subscriptions": [
                        SEATS | {"subscription_rate": {"product": "credit", "billing_frequency": "ANNUAL"}}
                    ]
                }
            },
            ("package:pro", "subscriptions.0.subscription_rate.product", "product-type"),
        ),
        (
            {
                "package:pro": {
                    "subscriptions": [SEATS | {"subscription_rate": {"product": "plan", "billing_frequency": "ANNUAL"}}]
                }
            },
            ("package:pro", "subscriptions.0.subscription_rate", "no-rate"),
        ),
        (
            {"package:pro": {"commits": [COMMIT | {"access_schedule": ACCESS | {"credit_type": "eur"}}]}},
            ("package:pro", "commits.0.access_schedule.credit_type", "unit-not-on-card"),
        ),
        (
            {
                "package:pro": {
                    "overrides": [
                        OVERRIDE | {"overwrite_rate": {"rate_type": "FLAT", "price": 1, "credit_type": "eur"}}
                    ]
                }
            },
            ("package:pro", "overrides.0.overwrite_rate.credit_type", "unit-not-on-card"),
        ),
        (
            {"product:tokens": {"presentation_group_key": []}},
            ("package:pro", "recurring_credits.0.subscription_config.allocation", "seat-key"),
        ),
        (
            {"package:two": {"name": "Two", "aliases": [{"name": "pro", "starting_at": "2025-12-31T23:00:00Z"}]}},
            ("package:two", "aliases.0", "alias-collision"),
        ),
        (
            {"rate-card:two": {"name": "Two", "aliases": [{"name": "other"}, {"name": "std"}]}},
            ("rate-card:two", "aliases.1", "alias-collision"),
        ),
    ],
)
def test_what_a_catalogue_must_keep(changes, expected):
    assert codes(changes) == [expected]


def test_a_seat_that_the_metric_cannot_tell():
    changes = {
        "billable-metric:usage": {"group_keys": [["model"]]},
        "product:tokens": {"presentation_group_key": []},
        "product:video": {
            "name": "Video",
            "type": "USAGE",
            "billable_metric": "usage",
            "presentation_group_key": ["seat_id"],
        },
        "package:pro": {
            "rate_card": None,
            "rate_card_alias": "elsewhere",
            "recurring_credits": [PER_SEAT | {"applicable_products": ["video"]}],
        },
    }
    findings = found(changes)
    assert [finding for finding, _ in findings] == [
        ("product:video", "presentation_group_key", "group-key"),
        ("package:pro", "recurring_credits.0.subscription_config.allocation", "seat-key"),
    ]
    assert findings[1][1].message == (
        'a balance per seat applies to product "video", but "seat_id" is no group key of its metric "usage"'
    )


@pytest.mark.parametrize(
    ("narrowed", "applies"),
    [
        ({}, True),
        ({"applicable_products": ["tokens"]}, True),
        ({"applicable_products": ["credit"]}, False),
        ({"applicable_product_tags": ["usage", "other"]}, True),
        ({"specifiers": [{"product": "tokens"}]}, True),
        ({"specifiers": [{"product": "plan"}]}, False),
        ({"specifiers": [{"product_tags": ["usage", "other"]}]}, False),
        ({"specifiers": [{"pricing_group_values": {"model": "a"}}]}, True),
        ({"specifiers": [{"exclude": [{"product_tags": ["usage"]}]}]}, False),
    ],
)
def test_which_products_a_balance_per_seat_applies_to(narrowed, applies):
    changes = {
        "product:tokens": {"presentation_group_key": []},
        "package:pro": {"recurring_credits": [PER_SEAT | narrowed]},
    }
    assert [code for _, _, code in codes(changes)] == ["seat-key"] * applies


def test_a_longer_cycle_is_named_once_and_whole():
    members = {"a": ["b"], "b": ["x", "c"], "c": ["a"], "x": ["b", "a"]}
    changes = {
        f"product:{name}": {
            "name": name,
            "type": "COMPOSITE",
            "composite_products": within,
            "include_composite_spend": True,
        }
        for name, within in members.items()
    }
    assert [(finding[0], v.message) for finding, v in found(changes)] == [
        ("product:b", "composite products contain each other: b -> x -> b"),
        ("product:a", "composite products contain each other: a -> b -> x -> a"),
        ("product:a", "composite products contain each other: a -> b -> c -> a"),
    ]


def test_a_chain_as_long_as_a_catalogue_is_no_cycle():
    chain = {
        f"product:c{n}": {
            "name": str(n),
            "type": "COMPOSITE",
            "composite_products": [f"c{n + 1}"],
            "include_composite_spend": True,
        }
        for n in range(1500)
    }
    assert codes(chain) == []


def test_both_places_of_an_alias_are_named():
    [(_, violation)] = found({"package:two": {"name": "Two", "aliases": [{"name": "pro"}]}})
    assert violation.message == (
        'the alias "pro" is held twice at once: here always, by package "pro" until 2026-01-01'
    )
    assert violation.related == (("it also stands here", Ref(Kind.PACKAGE, "pro"), ("aliases", 0)),)


def test_the_frequencies_that_the_card_has_are_named():
    [(_, violation)] = found(priced={"standard": [("plan", "ANNUAL"), ("plan", "WEEKLY"), ("tokens", None)]})
    assert violation.hint == "it has ANNUAL, WEEKLY"
