"""Mistakes of the kinds that have cost money, in other nouns and words: each is told, and what was meant is not."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from project_bench import Bench
from test_mutations import COMPANY, EVER

from pricebook.policy.sample import SAMPLE
from pricebook.problem import Rejected
from pricebook.workflow.policy import checked_policy

NOTIFICATION = """\
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: watched}
spec: {name: Watched, alert_type: low_remaining_contract_credit_and_commit_balance_reached, threshold: $10.00}
"""
BASE = COMPANY
LARGE = "large}, starting_at: 2025-01-01, price: $2.50}"


ENDING = """\
---
apiVersion: pricebook/v1
kind: OffsetNotification
metadata: {name: ending}
spec: {name: Ending, policy: {type: contract.end, offset: -P30D}}
"""


class Slip(NamedTuple):
    """What is written for what, and what tells it."""

    kind: str
    right: str
    wrong: str
    told: str
    base: str = BASE


USER, SINCE = "{kind: user}, starting_at: 2025-01-01, price: 1,", "starting_at: 2025-01-01, price: 1,"
WORK = "override_specifiers: [{product: work, pricing_group_values: {kind: batch}}]"
SLIPS = (
    # A selector that fits nothing.
    Slip("selector", WORK, "override_specifiers: [{product: wrok}]", "unknown-reference"),
    Slip("selector", WORK, WORK.replace("batch", "bacth"), "idle-override"),
    Slip("selector", WORK, "override_specifiers: [{product_tags: [usgae]}]", "idle-override"),
    Slip("selector", "applicable_product_tags: [usage]", "applicable_product_tags: [Usage]", "idle-credit"),
    Slip("selector", "applicable_products: [work]", "applicable_products: [grant]", "idle-credit"),
    # Amounts that cannot be meant.
    Slip("amount", "initial_quantity: 5", "initial_quantity: -5", "out-of-range"),
    Slip("amount", "unit_price: $250.00", "unit_price: -$250.00", "out-of-range"),
    Slip("amount", "unit_price: $250.00", "unit_price: 0", "nothing-charged"),
    Slip("amount", "amount: 10000", "amount: 0", "nothing-charged"),
    Slip("amount", "multiplier: 0.8", "multiplier: -0.8", "out-of-range"),
    Slip("amount", "multiplier: 0.8", "multiplier: 80", "strange-multiplier"),
    Slip("amount", "recharge_to_amount: $100.00", "recharge_to_amount: $20.00", "out-of-range"),
    Slip("amount", "net_payment_terms_days: 30", "net_payment_terms_days: -30", "out-of-range"),
    Slip("amount", "net_payment_terms_days: 30", "net_payment_terms_days: 3000", "tenfold-term"),
    Slip("amount", "priority: 20\n", "priority: 20\n      rollover_fraction: 5\n", "out-of-range"),
    Slip("amount", "threshold: $10.00", "threshold: -$10.00", "out-of-range"),
    Slip("amount", "initial_quantity: 5", "initial_quantity: 0", "tenfold-term"),
    Slip("amount", "net_payment_terms_days: 30", "net_payment_terms_days: 0", "tenfold-term"),
    Slip("amount", "  duration: {value: 12, unit: MONTHS}\n  net", "  net", "tenfold-term"),
    Slip("amount", "offset: -P30D", "offset: P30D", "tenfold-term", BASE + ENDING),
    Slip("amount", "offset: -P30D", "offset: -P30Y", "tenfold-term", BASE + ENDING),
    # What a term is for, whether it is on, and how it is counted.
    Slip("turned", WORK, "override_specifiers: [{product: lite}]", "turned-term"),
    Slip("turned", WORK, "override_specifiers: [{}]", "turned-term"),
    Slip("turned", "applicable_products: [work]", "applicable_products: [work, lite]", "turned-term"),
    Slip("turned", "is_enabled: true", "is_enabled: false", "turned-term"),
    Slip("turned", "is_prorated: true", "is_prorated: false", "turned-term"),
    Slip("turned", "recurrence_frequency: MONTHLY", "recurrence_frequency: DAILY", "turned-term"),
    Slip("turned", "collection_schedule: ADVANCE", "collection_schedule: ARREARS", "turned-term"),
    Slip("turned", "credit_type: awu}, applicable", "credit_type: awu, access_type: QUANTITY}, applicable",
         "turned-term"),
    Slip("amount", "conversion_factor: 1000000", "conversion_factor: -1000000", "out-of-range", SAMPLE),
    Slip("amount", LARGE, f"{LARGE[:-14]}rate_type: TIERED, tiers: [{{price: $2, size: 0}}, {{price: $1}}]}}",
         "out-of-range", SAMPLE),
    # Prices where customers pay them.
    Slip("override", "price: $120.00", "price: $12.00", "annual-price"),
    Slip("override", "price: $120.00", "price: $1200.00", "annual-price"),
    Slip("override", "price: $12.00", "price: 12.00", "cents-for-dollars"),
    Slip("override", "price: €11.00", "price: €1100.00", "currency-spread"),
    Slip("override", "unit_price: $90.00", "unit_price: 90.00", "cents-for-dollars"),
    Slip("override", "threshold_amount: $20.00", "threshold_amount: 20.00", "cents-for-dollars"),
    Slip("override", "threshold: $10.00", "threshold: 10.00", "cents-for-dollars"),
    # Text and money.
    Slip("text", "name: Work, type: USAGE", 'name: "Work ", type: USAGE', "blank-around-name"),
    Slip("text", USER, USER.replace("user", '"user "'), "blank-around-name"),
    Slip("text", "aliases: [{name: business}]", 'aliases: [{name: "business "}]', "blank-around-name"),
    Slip("text", "unit_price: $250.00", 'unit_price: "$250,00"', "amount"),
    Slip("text", "threshold_amount: $20.00", 'threshold_amount: "$0,020"', "amount"),
    Slip("text", SINCE, SINCE.replace("2025-01-01", '"2025-01-01T00:00:00+24:00"'), "instant"),
    Slip("text", SINCE, SINCE.replace("2025-01-01", '"2025-01-01T00:00:00+05:77"'), "instant"),
    Slip("text", "currency: EUR", "currency: EUU", "not-a-choice"),
    Slip("text", "price: $12.00", "price: £12.00", "currency-mismatch"),
)  # fmt: skip


def codes(bench: Bench, text: str, base: str) -> Counter[str]:
    """What is said of a plan to a text from its base: codes, and hazards that tell anything."""
    try:
        plan, findings = bench.planned(text, held=base)
    except Rejected as rejected:
        return Counter(problem.code for problem in rejected.problems)
    return Counter([finding.code for finding in findings] + [hazard.value for hazard in plan.hazards.keys() - EVER])


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.kind}: {slip.wrong[:40]}")
def test_a_slip_is_told_and_what_was_meant_is_not(slip: Slip, tmp_path: Path) -> None:
    assert slip.right in slip.base
    bench = Bench(tmp_path)
    right = codes(bench, slip.base, slip.base)
    wrong = codes(bench, slip.base.replace(slip.right, slip.wrong, 1), slip.base)
    assert wrong[slip.told] > right[slip.told]


@pytest.mark.parametrize(
    "text",
    [
        "threshold: 20",  # percent
        "threshold: 7",  # days
        "billable_metric: work, threshold: 1000",  # units of usage
        "access_type: QUANTITY, threshold: 5",
    ],
)
def test_what_is_no_money_is_not_taken_for_cents(text: str, tmp_path: Path) -> None:
    types = {
        "threshold: 20": "low_remaining_contract_credit_percentage_reached",
        "threshold: 7": "low_remaining_days_for_commit_segment_reached",
        "billable_metric: work, threshold: 1000": "usage_threshold_reached",
    }
    spec = NOTIFICATION.replace("threshold: $10.00", text)
    kind = types.get(text, "low_remaining_contract_credit_and_commit_balance_reached")
    spec = spec.replace("low_remaining_contract_credit_and_commit_balance_reached", kind)
    found = Bench(tmp_path).lint(COMPANY + spec)
    assert [
        each.message for each in found if each.subject == "threshold-notification:watched" and "cents" in each.code
    ] == []


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ('protect: ["package:nosuch"]', "fits-nothing"),
        ('protect: ["rate_card:*"]', "fits-nothing"),
        ('approvers: [{covers: ["rate-card:lsit"], people: [ada]}]', "fits-nothing"),
        ('approvers: [{covers: ["*"], accepts: [CREDITCUT], people: [ada]}]', "unknown-rule"),
        ("levels: {anual-price: off}", "unknown-rule"),
        ("need_approval: [CREDITCUT]", "unknown-hazard"),
        ("refuse: [RETRO]", "unknown-hazard"),
    ],
)
def test_a_policy_about_nothing_is_told(policy: str, code: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, policy)
    try:
        checked_policy(bench.project, "local")
        found = [finding.code for finding in bench.planned(COMPANY, held=COMPANY)[1]]
    except Rejected as rejected:
        found = [problem.code for problem in rejected.problems]
    assert code in found


def test_every_kind_has_three_at_least() -> None:
    assert min(Counter(slip.kind for slip in SLIPS).values()) >= 3
