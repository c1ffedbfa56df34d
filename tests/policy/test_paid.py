"""Rules about amounts look where a customer meets a price: on cards, and in what packages say in their stead."""

from pathlib import Path

import pytest
from project_bench import Bench

from pricebook.policy.amount import stem
from pricebook.policy.sample import AFTER_ENABLE, SAMPLE

ANNUAL = "      override_specifiers: [{product: fee, billing_frequency: ANNUAL}]\n"
SEAT = """\
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: fee-yearly}
spec: {name: Fee by the year, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: RateCard
"""
OWN = "    - {{product: fee-yearly, billing_frequency: ANNUAL, entitled: {0}, starting_at: 2025-01-01, price: {1}}}\n"


def own(price: str) -> str:
    """An override's own price."""
    return f"      type: OVERWRITE\n      overwrite_rate: {{rate_type: SUBSCRIPTION, price: {price}}}\n"


def edited(*edits: tuple[str, str]) -> str:
    """The sample with edits."""
    text = SAMPLE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def told(text: str, folder: Path) -> dict[str, str]:
    """The rules that find something, but for notes, with what they say first."""
    found = [finding for finding in Bench(folder).lint(text) if finding.severity != "note"]
    return {finding.code: finding.message for finding in reversed(found)}


TWO = ("---\napiVersion: pricebook/v1\nkind: RateCard\n", SEAT)
SOLD = (
    "      initial_quantity: 1\n",
    "      initial_quantity: 1\n    - key: yearly\n"
    "      subscription_rate: {product: fee-yearly, billing_frequency: ANNUAL}\n"
    "      collection_schedule: ADVANCE\n      proration: {is_prorated: true}\n      initial_quantity: 0\n",
)
ENABLED = (
    AFTER_ENABLE,
    AFTER_ENABLE
    + "    - key: enable-yearly\n      entitled: true\n      starting_at_offset: {value: 0, unit: MONTHS}\n"
    "      override_specifiers: [{product: fee-yearly, billing_frequency: ANNUAL}]\n",
)


def test_a_yearly_seat_of_its_own_is_beside_the_monthly_one(tmp_path: Path) -> None:
    text = edited(TWO, ("price: $100.00}\n", "price: $100.00}\n" + OWN.format("false", '"$1,200.00"')), SOLD, ENABLED)
    assert told(text, tmp_path)["annual-price"] == (
        "the ANNUAL price $1,200.00 of Fee by the year is 10 times what 12 MONTHLY ones of $10.00 of Fee cost"
    )
    assert "annual-price" not in told(text.replace('"$1,200.00"', "$100.00"), tmp_path)


def test_what_two_packages_override_is_compared(tmp_path: Path) -> None:
    names = (
        ("metadata: {name: starter}", "metadata: {name: pro-monthly}"),
        ("{name: yearly}\nspec", "{name: pro-y}\nspec"),
    )
    bad = edited(*names, (AFTER_ENABLE, AFTER_ENABLE + own("$44.00")), (ANNUAL, ANNUAL + own('"$5,280.00"')))
    assert told(bad, tmp_path)["annual-price"].startswith(
        "the ANNUAL price $5,280.00 of Fee is 10 times what 12 MONTHLY"
    )
    assert "annual-price" not in told(bad.replace('"$5,280.00"', "$440.00"), tmp_path)


def test_a_sleeping_price_is_no_price(tmp_path: Path) -> None:
    assert "annual-price" not in told(edited(("price: $100.00}", "price: 0}")), tmp_path)


@pytest.mark.parametrize(("price", "code"), [("8", "cents-for-dollars"), ("$9.999", "indivisible-price")])
def test_a_package_s_own_price_is_judged_like_a_card_s(price: str, code: str, tmp_path: Path) -> None:
    found = told(edited((AFTER_ENABLE, AFTER_ENABLE + own(price))), tmp_path)
    assert "overrides[enable].overwrite_rate.price is" in found[code]


@pytest.mark.parametrize("price", ["$0.00000025", "$0.40"])
def test_a_package_s_own_price_of_usage_may_be_small(price: str, tmp_path: Path) -> None:
    text = edited((AFTER_ENABLE, AFTER_ENABLE + own(price).replace("SUBSCRIPTION", "FLAT")))
    text = text.replace("[{product: fee, billing_frequency: MONTHLY}]\n      type", "[{product: tokens}]\n      type")
    assert not {"cents-for-dollars", "indivisible-price"} & told(text, tmp_path).keys()


def test_the_total_of_a_grant_counts_and_not_the_price_of_one(tmp_path: Path) -> None:
    assert told(edited(("{unit_price: $5.00}", "{unit_price: $0.01, quantity: 500}")), tmp_path) == {}
    assert "cents-for-dollars" in told(edited(("{unit_price: $5.00}", "{unit_price: $0.01, quantity: 50}")), tmp_path)


def test_the_year_of_a_package_is_what_its_overrides_charge(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "max_package_increase: 10%")
    held = edited((AFTER_ENABLE, AFTER_ENABLE + own("$8.00")))
    _, findings = bench.planned(held.replace("$8.00", "$9.00"), held=held)
    message = next(finding.message for finding in findings if finding.code == "package-increase-limit")
    assert message.startswith("what a year of package starter costs rises by 12.5%, $96.00 to $108.00")


def test_what_is_paid_for_three_months_is_no_year_of_it(tmp_path: Path) -> None:
    """A fee of $10.00 a month, and a commit of $10.00 a month for three: $120.00 and $30.00."""
    commit = """\
  recurring_commits:
    - key: start
      product: gift
      access_amount: {unit_price: $10.00}
      invoice_amount: {unit_price: $10.00, quantity: 1, credit_type: usd}
      priority: 1
      commit_duration: {value: 1}
      recurrence_frequency: MONTHLY
      starting_at_offset: {value: 0, unit: MONTHS}
      duration: {value: 3, unit: MONTHS}
"""
    held = edited(("  recurring_credits:\n", commit + "  recurring_credits:\n"))
    limit = Bench(tmp_path, "max_package_increase: 10%")
    _, findings = limit.planned(
        held.replace("invoice_amount: {unit_price: $10", "invoice_amount: {unit_price: $20"), held=held
    )
    message = next(finding.message for finding in findings if finding.code == "package-increase-limit")
    assert message.startswith("what a year of package starter costs rises by 20.0%, $150.00 to $180.00")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("seat-yearly", "seat"),
        ("seat", "seat"),
        ("Seat_Monthly", "seat"),
        ("pro.12m", "pro"),
        ("yearly", "yearly"),
        ("monitor", "monitor"),
    ],
)
def test_a_name_without_its_period(name: str, expected: str) -> None:
    assert stem(name) == expected
