"""Pricing units: currencies have a scale, custom units have none, `usd` is built in."""

import pytest

from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Scale
from pricebook.catalog.unit import USD_UNIT, PricingUnit, scale_of


@pytest.mark.parametrize(
    ("spec", "scale"),
    [
        ({"name": "USD (cents)", "currency": "USD"}, Scale("USD", 2)),
        ({"name": "USD (cents)", "currency": "usd"}, Scale("USD", 2)),
        ({"name": "US dollars", "currency": "USD", "scale": 0}, Scale("USD", 0)),
        ({"name": "Euro", "currency": "EUR", "scale": 0}, Scale("EUR", 0)),
        ({"name": "Tokens"}, Scale(None, 0)),
        ({"name": "Tokens", "currency": None, "scale": None}, Scale(None, 0)),
    ],
)
def test_the_scale_belongs_to_the_unit(spec, scale):
    assert scale_of(PricingUnit.model_validate(spec)) == scale


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "Euro", "currency": "EUR"}, [("missing-field", "scale")]),
        ({"name": "Tokens", "scale": 2}, [("not-applicable", "scale")]),
        ({"name": "Euro", "currency": "EURO", "scale": 2}, [("string_pattern_mismatch", "currency")]),
        ({"name": "Euro", "currency": "EUR", "scale": -1}, [("greater_than_equal", "scale")]),
        ({"name": ""}, [("string_too_short", "name")]),
    ],
)
def test_what_a_unit_must_keep(broken, spec, expected):
    assert broken(PricingUnit, spec) == expected


def test_the_built_in_unit_equals_its_declaration():
    assert PricingUnit.model_validate({"name": "USD (cents)", "currency": "USD"}) == USD_UNIT
    assert spec_of(USD_UNIT) == {"name": "USD (cents)", "currency": "USD", "scale": 2}
