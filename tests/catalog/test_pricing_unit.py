"""Pricing units: currencies have a scale, custom units have none, `usd` is built in."""

import pytest

from pricebook.catalog.amount import Scale
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.money import CURRENCIES
from pricebook.catalog.unit import USD_UNIT, PricingUnit, scale_of


@pytest.mark.parametrize(
    ("spec", "scale"),
    [
        ({"name": "USD (cents)", "currency": "USD"}, Scale("USD", 2)),
        ({"name": "USD (cents)", "currency": "usd"}, Scale("USD", 2)),
        ({"name": "Euro", "currency": "EUR", "scale": 0}, Scale("EUR", 0)),
        ({"name": "Złoty", "currency": "pln"}, Scale("PLN", 0)),
        ({"name": "Tokens"}, Scale(None, 0)),
        ({"name": "Tokens", "currency": None, "scale": None}, Scale(None, 0)),
    ],
)
def test_the_scale_belongs_to_the_unit(spec, scale):
    assert scale_of(PricingUnit.model_validate(spec)) == scale


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "Tokens", "scale": 2}, [("not-applicable", "scale")]),
        ({"name": "Euro", "currency": "EUR", "scale": 2}, [("currency-scale", "scale")]),
        ({"name": "US dollars", "currency": "USD", "scale": 0}, [("currency-scale", "scale")]),
        ({"name": "Euro", "currency": "EURO"}, [("literal_error", "currency")]),
        ({"name": "Dinar", "currency": "KWD", "scale": 3}, [("literal_error", "currency")]),
        ({"name": "Euro", "currency": "EUR", "scale": -1}, [("greater_than_equal", "scale")]),
        ({"name": ""}, [("string_too_short", "name")]),
    ],
)
def test_what_a_unit_must_keep(broken, spec, expected):
    assert broken(PricingUnit, spec) == expected


def test_the_vendor_has_twenty_currencies_and_counts_one_of_them_in_cents():
    assert len(CURRENCIES) == 20
    assert [code for code, scale in CURRENCIES.items() if scale] == ["USD"]
    for code, scale in CURRENCIES.items():
        assert scale_of(PricingUnit.model_validate({"name": code, "currency": code})) == Scale(code, scale)


def test_the_built_in_unit_equals_its_declaration():
    assert PricingUnit.model_validate({"name": "USD (cents)", "currency": "USD"}) == USD_UNIT
    assert spec_of(USD_UNIT) == {"name": "USD (cents)", "currency": "USD", "scale": 2}
