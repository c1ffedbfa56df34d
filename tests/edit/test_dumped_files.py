"""Dumping: the manifests that a person would have written. That they load as the same catalogue is law 4."""

from decimal import Decimal

import pytest

from pricebook.catalog.amount import Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.unit import money_text
from pricebook.edit.dump import dump

PACKAGE = {
    "name": "Pro v{version}",
    "aliases": ({"name": "pro", "starting_at": "2026-01-01T05:00:00Z"},),
    "rate_card": "eu",
    "duration": {"value": 12, "unit": "MONTHS"},
    "subscriptions": (
        {
            "key": "fee",
            "subscription_rate": {"product": "plan", "billing_frequency": "MONTHLY"},
            "collection_schedule": "ADVANCE",
            "proration": {},
            "initial_quantity": 1,
        },
    ),
    "recurring_credits": (
        {
            "key": "gift",
            "product": "credit",
            "access_amount": {"unit_price": 10, "credit_type": "eur"},
            "priority": 1,
            "starting_at_offset": {"value": 0, "unit": "DAYS"},
            "commit_duration": {"value": 1},
        },
    ),
}
NOUNS = {
    Ref(Kind.PRICING_UNIT, "eur"): {"name": "Euro", "currency": "EUR"},
    Ref(Kind.PRICING_UNIT, "tokens"): {"name": "Tokens"},
    Ref(Kind.PRODUCT, "plan"): {"name": "Plan", "type": "SUBSCRIPTION", "is_refundable": True},
    Ref(Kind.PRODUCT, "credit"): {"name": "Credit", "type": "FIXED", "custom_fields": {"b": "2", "a": "1"}},
    Ref(Kind.RATE_CARD, "eu"): {
        "name": "Europe",
        "fiat_credit_type": "eur",
        "credit_type_conversions": ({"custom_credit_type": "tokens", "fiat_per_custom_credit": Decimal("0.0025")},),
    },
    Ref(Kind.PACKAGE, "pro", 1): PACKAGE | {"name": "Pro, the first"},
    Ref(Kind.PACKAGE, "pro", 2): PACKAGE,
}
EUROS = '{"credit_type":"eur","entitled":true,"price":20,"rate_type":"FLAT"}'
MORE = '{"credit_type":"eur","entitled":true,"price":25.005,"rate_type":"FLAT"}'
TOKENS = '{"credit_type":"tokens","entitled":false,"price":5,"rate_type":"FLAT"}'
SHARE = '{"entitled":true,"minimum_config":{"minimum":500},"price":0.1,"rate_type":"PERCENTAGE"}'
START, NEXT = '"2025-01-01T00:00:00Z"', '"2026-01-01T00:00:00Z"'
BOOK = {
    '["plan","MONTHLY",{}]': f"[[{START},{NEXT},{EUROS}],[{NEXT},null,{MORE}]]",
    '["plan","ANNUAL",{}]': f"[[{START},{NEXT},{TOKENS}]]",
    '["credit",null,{}]': f'[[{START},"2025-06-01T05:00:00Z",{SHARE}],[{NEXT},null,{SHARE}]]',
}

FILES = {
    "packages/pro.yaml": """\
apiVersion: pricebook/v1
kind: Package
metadata: {name: pro}
spec:
  name: "Pro v{version}"
  aliases: [{name: pro, starting_at: 2026-01-01T05:00:00Z}]
  rate_card: eu
  duration: 12 months
  subscriptions:
    - key: fee
      subscription_rate: {product: plan, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      proration: {}
      initial_quantity: 1
  recurring_credits:
    - key: gift
      product: credit
      access_amount: €10.00
      priority: 1
      starting_at_offset: 0 days
      commit_duration: 1 period
""",
    "pricing-units/eur.yaml": """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: eur}
spec:
  name: Euro
  currency: EUR
""",
    "pricing-units/tokens.yaml": """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: tokens}
spec: {name: Tokens}
""",
    "products/credit.yaml": """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: credit}
spec:
  name: Credit
  type: FIXED
  custom_fields: {a: "1", b: "2"}
""",
    "products/plan.yaml": """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: plan}
spec:
  name: Plan
  type: SUBSCRIPTION
""",
    "rate-cards/eu.yaml": """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: eu}
spec:
  name: Europe
  fiat_credit_type: eur
  credit_type_conversions: [{custom_credit_type: tokens, fiat_per_custom_credit: €0.0025}]
  rates:
    - product: credit
      rate_type: PERCENTAGE
      schedule:
        - starting_at: 2025-01-01
          ending_before: 2025-06-01T05:00:00Z
          price: 0.1
          minimum_config: {minimum: $5.00}
        - {starting_at: 2026-01-01, price: 0.1, minimum_config: {minimum: $5.00}}
    - product: plan
      billing_frequency: ANNUAL
      starting_at: 2025-01-01
      ending_before: 2026-01-01
      credit_type: tokens
      price: 5
      entitled: false
    - product: plan
      billing_frequency: MONTHLY
      schedule:
        - {starting_at: 2025-01-01, price: €20.00}
        - {starting_at: 2026-01-01, price: €25.005}
""",
}


def test_a_catalogue_as_manifests() -> None:
    nouns = {ref: noun_of(ref.kind, spec) for ref, spec in NOUNS.items()}
    assert dump(Catalog(nouns, {"eu": RateBook(BOOK)})) == FILES


@pytest.mark.parametrize(
    ("amount", "scale", "text"),
    [
        ("1000", Scale("USD", 2), "$10.00"),
        ("0", Scale("USD", 2), "$0.00"),
        ("-50", Scale("USD", 2), "-$0.50"),
        ("0.0000013", Scale("USD", 2), "$0.000000013"),
        ("12345678901234567", Scale("USD", 2), "$123456789012345.67"),
        ("5", Scale("EUR", 0), "€5.00"),
        ("5.5", Scale("SEK", 0), "5.50 SEK"),
        ("500000", Scale("CHF", 4), "50.00 CHF"),
        ("12345", Scale("GBP", 4), "£1.2345"),
        ("5", Scale("GBP", 1), "£0.50"),
    ],
)
def test_money(amount: str, scale: Scale, text: str) -> None:
    assert money_text(Decimal(amount), scale) == text
