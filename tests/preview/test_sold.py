"""Whether a package sells a subscription: the bill, the hazard, the reach and the rule give one answer."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from billing import billed, starter

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.snapshot import Observed, Snapshot
from pricebook.plan.assess import never_invoiced
from pricebook.plan.change import RateChange
from pricebook.plan.reach import Buyers
from pricebook.policy.coverage import RULES
from pricebook.policy.fact import Facts

NOVEMBER = datetime(2025, 11, 1, tzinfo=UTC)
NOW, CARD = {"value": 0, "unit": "DAYS"}, Ref(Kind.RATE_CARD, "tokens")
FEE = key_text(RateKey("starter-fee", "MONTHLY", ()))
FEES: dict[str, Any] = {
    "key": "fee",
    "subscription_rate": {"product": "starter-fee", "billing_frequency": "MONTHLY"},
    "collection_schedule": "ADVANCE",
    "initial_quantity": 1,
    "proration": {},
}


def override(*, entitled: bool = True, **more: Any) -> dict[str, Any]:
    specifier = {"product": "starter-fee", **more.pop("specifier", {})}
    return {"entitled": entitled, "starting_at_offset": NOW, "override_specifiers": (specifier,), **more}


FORMS = {
    "on": override(),
    "off": override(entitled=False),
    "on later": override(starting_at_offset={"value": 3, "unit": "MONTHS"}),
    "on at first": override(duration={"value": 3, "unit": "MONTHS"}),
    "on for commits": override(is_commit_specific=True),
    "on for the year": override(specifier={"billing_frequency": "ANNUAL"}),
    "on in a region": override(specifier={"pricing_group_values": {"region": "eu"}}),
    "on in a view": override(specifier={"presentation_group_values": {"region": "eu"}}),
}
CASES = [(), *((one,) for one in FORMS), *product(FORMS, repeat=2)]


def offered(forms: tuple[str, ...], *, listed: bool) -> Catalog:
    """The starter plan's catalogue with a package that has these overrides."""
    spec = {"name": "Two", "rate_card": "tokens", "subscriptions": (FEES,)}
    made = noun_of(Kind.PACKAGE, {**spec, "overrides": tuple(FORMS[form] for form in forms)})
    nouns = {ref: noun for ref, noun in starter().nouns.items() if ref.kind is not Kind.PACKAGE}
    terms = Terms.of({"rate_type": "SUBSCRIPTION", "price": 1000, "entitled": listed})
    rates = {"tokens": RateBook({FEE: schedule_text([Segment("2025-01-01T00:00:00Z", None, terms)])})}
    return Catalog({**nouns, Ref(Kind.PACKAGE, "two"): made}, rates)


@pytest.mark.parametrize("forms", CASES, ids=" then ".join)
@pytest.mark.parametrize("listed", [False, True], ids=["withheld", "listed"])
def test_every_room_knows_what_is_sold(forms: tuple[str, ...], listed: bool) -> None:
    catalog = offered(forms, listed=listed)
    sold = billed("two", "2025-10-01", "2026-10-01", catalog=catalog).total > 0
    assert sold is not bool([*never_invoiced(catalog.packages["two"], catalog)])
    assert sold is catalog.packages["two"].sells(RateKey("starter-fee", "MONTHLY", ()), (), listed=listed)

    on = Ref(Kind.PACKAGE, "two", 1)
    seen = {on if ref.kind is Kind.PACKAGE else ref: Observed(noun) for ref, noun in catalog.nouns.items()}
    buyers = Buyers(CARD, Snapshot(NOVEMBER, seen))
    change = RateChange(FEE, None, catalog.rates["tokens"].get(FEE) or "")
    assert sold is (buyers.stance(on, change) == "buys")

    (rule,) = (rule for rule in RULES if rule.id == "unsold-rate")
    found = [*rule.check(Facts(catalog, NOVEMBER))]
    if not listed and "on in a region" not in forms:  # to the rule a region is a part of what is sold
        assert sold is not bool(found)
