"""Rates: each type has the price or the tiers it needs, and amounts are read in the unit of the rate."""

from decimal import Decimal

import pytest

from pricebook.catalog.amount import Scale
from pricebook.catalog.rate import OverwriteRate, RateTerms

CONTEXT = {"units": {"usd": Scale("USD", 2), "eur": Scale("EUR", 0), "tokens": Scale(None, 0)}}
FLAT = {"rate_type": "FLAT", "entitled": True, "price": 500}


def rate(kind, **fields):
    return {"rate_type": kind, "entitled": True, **fields}


@pytest.mark.parametrize(
    "spec",
    [
        FLAT,
        FLAT | {"rate_type": "flat", "price": 0},
        FLAT | {"credit_type": "tokens"},
        FLAT | {"commit_rate": {"rate_type": "FLAT", "price": "$4.00"}},
        rate("SUBSCRIPTION", price=500, quantity=2, is_prorated=True),
        rate("PERCENTAGE", price=Decimal("0.1"), minimum_config={"minimum": "$1.00"}),
        rate("TIERED", tiers=[{"price": 10, "size": 100}, {"price": 5}]),
        rate("TIERED", tiers=[{"price": "$0.10"}]),
        rate(
            "TIERED_PERCENTAGE",
            tiers=[{"price": Decimal("0.2"), "size": 5}, {"price": 0}],
            minimum_config={"minimum": 1},
        ),
        rate("CUSTOM", custom_rate={"processor": {"a": [1, Decimal("0.5")]}}),
        FLAT | {"commit_rate": {"rate_type": "CUSTOM"}},
    ],
)
def test_rates_that_hold(broken, spec):
    assert broken(RateTerms, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (rate("FLAT"), [("missing-field", "price")]),
        (rate("SUBSCRIPTION"), [("missing-field", "price")]),
        (rate("PERCENTAGE"), [("missing-field", "price")]),
        (rate("FLAT", price=-1), [("out-of-range", "price")]),
        (rate("SUBSCRIPTION", price=-1), [("out-of-range", "price")]),
        (rate("PERCENTAGE", price=10), [("out-of-range", "price")]),
        (rate("PERCENTAGE", price="$0.10"), [("not-money", "price")]),
        (rate("percentage", price="600%"), [("out-of-range", "price")]),
        (rate("percentage", price="$10"), [("not-money", "price")]),
        (FLAT | {"price": "10%"}, [("amount", "price")]),
        (rate("PERCENTAGE", price=0, credit_type="tokens"), [("not-applicable", "credit_type")]),
        (rate("TIERED_PERCENTAGE", tiers=[{"price": 0}], credit_type="tokens"), [("not-applicable", "credit_type")]),
        (rate("FLAT", price=1, tiers=[{"price": 1}]), [("not-applicable", "tiers")]),
        (rate("TIERED"), [("missing-field", "tiers")]),
        (rate("TIERED", price=1, tiers=[{"price": 1}]), [("not-applicable", "price")]),
        (rate("TIERED", tiers=[{"price": 1, "size": 5}]), [("tier-gap", "tiers.0.size")]),
        (rate("TIERED", tiers=[{"price": 2}, {"price": 1}]), [("tier-gap", "tiers.0")]),
        (rate("TIERED", tiers=[{"price": 2, "size": 0}, {"price": 1}]), [("greater_than", "tiers.0.size")]),
        (rate("TIERED", tiers=[{"price": -2}]), [("out-of-range", "tiers.0.price")]),
        (rate("TIERED_PERCENTAGE", tiers=[{"price": 20}]), [("out-of-range", "tiers.0.price")]),
        (rate("TIERED_PERCENTAGE", tiers=[{"price": "$2"}]), [("not-money", "tiers.0.price")]),
        (rate("CUSTOM"), [("missing-field", "custom_rate")]),
        (FLAT | {"custom_rate": {}}, [("not-applicable", "custom_rate")]),
        (FLAT | {"quantity": 1}, [("not-applicable", "quantity")]),
        (FLAT | {"is_prorated": True}, [("not-applicable", "is_prorated")]),
        (rate("SUBSCRIPTION", price=1, is_prorated=False), [("literal_error", "is_prorated")]),
        (rate("SUBSCRIPTION", price=1, quantity=-1), [("greater_than_equal", "quantity")]),
        (FLAT | {"minimum_config": {"minimum": 1}}, [("not-applicable", "minimum_config")]),
        (FLAT | {"commit_rate": {"rate_type": "FLAT"}}, [("missing-field", "commit_rate.price")]),
        (FLAT | {"commit_rate": {"rate_type": "PERCENTAGE", "price": "$1"}}, [("not-money", "commit_rate.price")]),
        (FLAT | {"price": "ten dollars"}, [("amount", "price")]),
        (FLAT | {"price": "10 EUR"}, [("currency-mismatch", "price")]),
        (FLAT | {"price": "$10", "credit_type": "tokens"}, [("currency-mismatch", "price")]),
        (FLAT | {"price": True}, [("type", "price")]),
        ({"rate_type": "FLAT", "price": 1}, [("missing", "entitled")]),
        (FLAT | {"credit_type_id": "2714e483"}, [("unknown-field", "credit_type_id")]),
    ],
)
def test_what_a_rate_must_keep(broken, spec, expected):
    assert broken(RateTerms, spec) == expected


def test_an_overwrite_keeps_the_same_rules(broken):
    assert broken(OverwriteRate, {"rate_type": "flat", "price": "$4.00"}) == []
    assert broken(OverwriteRate, {"rate_type": "PERCENTAGE", "price": "$4"}) == [("not-money", "price")]
    tiers = {"rate_type": "TIERED_PERCENTAGE", "tiers": [{"price": 0}], "credit_type": "tokens"}
    assert broken(OverwriteRate, tiers) == [("not-applicable", "credit_type")]
    assert broken(OverwriteRate, {"rate_type": "TIERED"}) == [("missing-field", "tiers")]
    assert broken(OverwriteRate, FLAT) == [("unknown-field", "entitled")]


@pytest.mark.parametrize(
    ("price", "unit", "expected"),
    [
        ("$10.00", "usd", 1000),
        (1000, "usd", 1000),
        (Decimal("1000.0"), "usd", 1000),
        ("10.00 usd", "USD", 1000),
        ("$0.00000000013", "usd", Decimal("1.3e-8")),
        ("€5", "eur", 5),
        (7, "tokens", 7),
    ],
)
def test_text_is_money_in_the_api_unit(price, unit, expected):
    terms = RateTerms.model_validate(FLAT | {"price": price, "credit_type": unit}, context=CONTEXT)
    assert terms.price == expected
    assert terms.credit_type == unit.lower()


def test_a_tier_says_what_it_leaves_uncovered(violations):
    tiers = ({"price": 3, "size": 10}, {"price": 2, "size": 5})
    [(_, above)] = violations(RateTerms, rate("TIERED", tiers=tiers))
    assert above.message == "tier 2 is the last and ends at 15: what lies above has no price"
    [(_, never)] = violations(RateTerms, rate("TIERED", tiers=({"price": 3}, *tiers[:1], {"price": 1})))
    assert never.message == "tier 1 of 3 has no size: it takes all, and leaves nothing to tier 2"


def test_a_percentage_is_a_fraction_or_has_its_sign(violations):
    said = RateTerms.model_validate(rate("PERCENTAGE", price="12.5%"))
    assert said == RateTerms.model_validate(rate("PERCENTAGE", price=Decimal("0.125")))
    [(_, violation)] = violations(RateTerms, rate("PERCENTAGE", price="$10"))
    assert violation.message == '"$10" cannot be here: a percentage is a fraction in 0..5'
    assert violation.hint == "write 10%, or 0.1"
