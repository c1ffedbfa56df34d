"""The two request bodies of the seed documents, ids replaced by names, are specs that hold."""

from decimal import Decimal

from pricebook.catalog.fingerprint import content_digest, spec_of, tupled
from pricebook.catalog.package import Package
from pricebook.catalog.rate import RateTerms

STARTER = {
    "name": "Starter Plan (as of Oct 2025)",
    "rate_card_alias": "Tokens rate card",
    "net_payment_terms_days": 15,
    "duration": {"value": 12, "unit": "MONTHS"},
    "recurring_credits": [
        {
            "product": "sign-up-credit",
            "access_amount": {"unit_price": 1000, "credit_type": "usd"},
            "priority": 1,
            "commit_duration": {"value": 1, "unit": "PERIODS"},
            "starting_at_offset": {"value": 0, "unit": "MONTHS"},
            "duration": {"value": 3, "unit": "MONTHS"},
        }
    ],
    "subscriptions": [
        {
            "collection_schedule": "advance",
            "initial_quantity": 1,
            "proration": {"invoice_behavior": "BILL_IMMEDIATELY", "is_prorated": True},
            "subscription_rate": {"billing_frequency": "monthly", "product": "starter-plan"},
        }
    ],
}


def package(**changes):
    return Package.model_validate(tupled(STARTER | changes))


def test_the_starter_plan(broken):
    assert broken(Package, STARTER) == []
    starter = package()
    assert starter.subscriptions[0].collection_schedule == "ADVANCE"
    assert starter.subscriptions[0].subscription_rate.billing_frequency == "MONTHLY"
    assert starter.recurring_credits[0].access_amount.unit_price == Decimal(1000)
    assert starter.recurring_credits[0].access_amount.quantity == 1


def test_what_it_says_does_not_depend_on_how_it_is_written():
    [credit] = STARTER["recurring_credits"]
    written = credit | {
        "key": "sign-up",
        "access_amount": {"unit_price": "$10.00", "quantity": Decimal("1.0")},
        "commit_duration": {"value": Decimal("1.0")},
        "proration": "first_and_last",
    }
    assert content_digest(package(recurring_credits=[written])) == content_digest(package())
    dearer = credit | {"access_amount": {"unit_price": "$15.00"}}
    assert content_digest(package(recurring_credits=[dearer])) != content_digest(package())


def test_it_comes_back_from_its_own_spec():
    assert Package.model_validate(tupled(spec_of(package()))) == package()


def test_the_rate_of_the_subscription(broken):
    spec = {"entitled": False, "rate_type": "flat", "price": 500}
    assert broken(RateTerms, spec) == []
    assert RateTerms.model_validate(spec) == RateTerms.model_validate(spec | {"price": "$5.00", "rate_type": "FLAT"})
