"""Rate cards: conversions and aliases."""

from decimal import Decimal

import pytest

from pricebook.catalog.rate_card import RateCard

CARD = {"name": "Tokens rate card"}


def conversion(unit, price):
    return {"custom_credit_type": unit, "fiat_per_custom_credit": price}


@pytest.mark.parametrize(
    "spec",
    [
        CARD,
        CARD | {"credit_type_conversions": [conversion("tokens", "$0.01"), conversion("seats", 100)]},
        CARD
        | {"fiat_credit_type": "EUR", "product_order": ["a", "b"], "custom_fields": {"a": "b"}, "description": "x"},
        CARD
        | {
            "aliases": [
                {"name": "std", "ending_before": "2026-01-01"},
                {"name": "std", "starting_at": "2026-01-01", "ending_before": "2026-07-01T00:00:00Z"},
                {"name": "standard"},
            ]
        },
    ],
)
def test_cards_that_hold(broken, spec):
    assert broken(RateCard, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            CARD | {"credit_type_conversions": [conversion("tokens", 1), conversion("TOKENS", 2)]},
            [("duplicate", "credit_type_conversions.1.custom_credit_type")],
        ),
        (
            CARD | {"credit_type_conversions": [conversion("tokens", -1)]},
            [("out-of-range", "credit_type_conversions.0.fiat_per_custom_credit")],
        ),
        (
            CARD | {"fiat_credit_type": "eur", "credit_type_conversions": [conversion("tokens", "$1")]},
            [("currency-mismatch", "credit_type_conversions.0.fiat_per_custom_credit")],
        ),
        (CARD | {"product_order": ["a", "b", "a"]}, [("duplicate", "product_order.2")]),
        (CARD | {"aliases": [{"name": "std"}, {"name": "std"}]}, [("alias-overlap", "aliases.1")]),
        (
            CARD
            | {
                "aliases": [
                    {"name": "std", "ending_before": "2026-02-01"},
                    {"name": "other"},
                    {"name": "std", "starting_at": "2026-01-01"},
                ]
            },
            [("alias-overlap", "aliases.2")],
        ),
        (
            CARD | {"aliases": [{"name": "std", "starting_at": "2026-01-01", "ending_before": "2026-01-01"}]},
            [("empty-period", "aliases.0.ending_before")],
        ),
        (CARD | {"fiat_credit_type_id": "x"}, [("unknown-field", "fiat_credit_type_id")]),
        (CARD | {"custom_fields": {"pricebook_ref": "x"}}, [("reserved-key", "custom_fields.pricebook_ref")]),
    ],
)
def test_what_a_card_must_keep(broken, spec, expected):
    assert broken(RateCard, spec) == expected


def test_a_conversion_is_priced_in_the_cards_fiat_unit():
    card = RateCard.model_validate(CARD | {"credit_type_conversions": (conversion("tokens", "$0.015"),)})
    assert card.credit_type_conversions[0].fiat_per_custom_credit == Decimal("1.5")
