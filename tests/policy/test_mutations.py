"""Three hundred slips: one edit each that changes money, and whether a rule, a hazard or a refusal tells.

The edits are those that have cost money: ten or a hundred times as much or as little, a sign, another unit, another
currency, another period, another target. What is not told is listed with the reason, and may be a twentieth at most.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_bench import Bench

from pricebook.plan.hazard import Hazard
from pricebook.policy.sample import SAMPLE
from pricebook.problem import Rejected

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMPANY = """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: awu}
spec: {name: AWU}
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: eur}
spec: {name: Euro, currency: EUR}
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: work}
spec:
  name: Work
  aggregation_type: SUM
  aggregation_key: awu
  event_type_filter: {in_values: [llm]}
  property_filters: [{name: awu, exists: true}, {name: kind, exists: true}]
  group_keys: [[kind]]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: work}
spec: {name: Work, type: USAGE, billable_metric: work, pricing_group_key: [kind], tags: [usage]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: lite}
spec: {name: Lite, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: lite-yearly}
spec: {name: Lite yearly, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: grant}
spec: {name: Grant, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard-us}
spec:
  name: Standard US
  aliases: [{name: standard-us}]
  credit_type_conversions: [{custom_credit_type: awu, fiat_per_custom_credit: $0.01}]
  rates:
    - {product: lite, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: 0}
    - {product: lite-yearly, billing_frequency: ANNUAL, entitled: false, starting_at: 2025-01-01, price: 0}
    - {product: work, pricing_group_values: {kind: user}, starting_at: 2025-01-01, price: 1, credit_type: awu}
    - {product: work, pricing_group_values: {kind: batch}, starting_at: 2025-01-01, price: 2, credit_type: awu}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard-eu}
spec:
  name: Standard EU
  aliases: [{name: standard-eu}]
  fiat_credit_type: eur
  credit_type_conversions: [{custom_credit_type: awu, fiat_per_custom_credit: 0.009}]
  rates:
    - {product: lite, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: 0, credit_type: eur}
    - {product: work, pricing_group_values: {kind: user}, starting_at: 2025-01-01, price: 1, credit_type: awu}
    - {product: work, pricing_group_values: {kind: batch}, starting_at: 2025-01-01, price: 2, credit_type: awu}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: business}
spec:
  name: Business
  aliases: [{name: business}]
  rate_card_alias: standard-us
  duration: {value: 12, unit: MONTHS}
  net_payment_terms_days: 30
  subscriptions:
    - {key: m, subscription_rate: {product: lite, billing_frequency: MONTHLY}, collection_schedule: ADVANCE,
       initial_quantity: 5, proration: {is_prorated: true}}
    - {key: y, subscription_rate: {product: lite-yearly, billing_frequency: ANNUAL}, collection_schedule: ADVANCE,
       initial_quantity: 0, proration: {is_prorated: true}}
  overrides:
    - {key: m, entitled: true, type: OVERWRITE, overwrite_rate: {rate_type: SUBSCRIPTION, price: $12.00},
       starting_at_offset: {value: 0, unit: DAYS}, override_specifiers: [{product: lite, billing_frequency: MONTHLY}]}
    - {key: y, entitled: true, type: OVERWRITE, overwrite_rate: {rate_type: SUBSCRIPTION, price: $120.00},
       starting_at_offset: {value: 0, unit: DAYS},
       override_specifiers: [{product: lite-yearly, billing_frequency: ANNUAL}]}
    - {key: sale, type: MULTIPLIER, multiplier: 0.8, starting_at_offset: {value: 0, unit: DAYS},
       override_specifiers: [{product: work, pricing_group_values: {kind: batch}}]}
  recurring_credits:
    - {key: c, product: grant, access_amount: {unit_price: 900, credit_type: awu}, applicable_product_tags: [usage],
       priority: 10, commit_duration: {value: 1}, recurrence_frequency: MONTHLY,
       starting_at_offset: {value: 0, unit: DAYS}}
  commits:
    - key: prepaid
      type: PREPAID
      product: grant
      priority: 20
      applicable_products: [work]
      access_schedule:
        credit_type: awu
        schedule_items:
          - {amount: 10000, starting_at_offset: {value: 0, unit: DAYS}, duration: {value: 12, unit: MONTHS}}
      invoice_schedule:
        schedule_items: [{unit_price: $90.00, quantity: 1, date_offset: {value: 0, unit: DAYS}}]
  scheduled_charges:
    - key: setup
      product: grant
      schedule: {schedule_items: [{unit_price: $250.00, quantity: 1, date_offset: {value: 0, unit: DAYS}}]}
  prepaid_balance_threshold_configuration: {is_enabled: true, threshold_amount: $20.00, recharge_to_amount: $100.00,
    commit: {product: grant}, payment_gate_config: {payment_gate_type: NONE}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: business-eu}
spec:
  name: Business EU
  aliases: [{name: business-eu}]
  rate_card_alias: standard-eu
  subscriptions:
    - {key: m, subscription_rate: {product: lite, billing_frequency: MONTHLY}, collection_schedule: ADVANCE,
       initial_quantity: 5, proration: {is_prorated: true}}
  overrides:
    - {key: m, entitled: true, type: OVERWRITE,
       overwrite_rate: {rate_type: SUBSCRIPTION, price: €11.00, credit_type: eur},
       starting_at_offset: {value: 0, unit: DAYS}, override_specifiers: [{product: lite, billing_frequency: MONTHLY}]}
"""
COMPANY += """\
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: low}
spec: {name: Low balance, alert_type: low_remaining_contract_credit_and_commit_balance_reached, threshold: $10.00}
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: spent}
spec: {name: Much spent, alert_type: spend_threshold_reached, threshold: $500.00}
"""
AMOUNT = re.compile(
    r"\b(price|unit_price|amount|fiat_per_custom_credit|conversion_factor|multiplier|threshold_amount|"
    r"recharge_to_amount|threshold|initial_quantity|quantity): (?P<value>-?[$€]?-?[\d.]+)\b"
)
PERIOD = re.compile(r"(?<!value: 0, )\b(billing_frequency|recurrence_frequency|unit): (?P<value>[A-Z]+)\b")
"""Of what begins with the contract the unit says nothing."""
TARGET = re.compile(
    r"\b(product|applicable_products|applicable_product_tags|rate_card_alias|custom_credit_type|billable_metric|kind|"
    r"model): (?P<value>\[?[a-z][a-z0-9-]*\]?)(?=[,}\s])"
)
PERIODS = {
    "MONTHLY": "ANNUAL", "ANNUAL": "MONTHLY", "QUARTERLY": "ANNUAL", "WEEKLY": "MONTHLY",
    "MONTHS": "YEARS", "YEARS": "MONTHS", "DAYS": "MONTHS", "PERIODS": "PERIODS",
}  # fmt: skip


def scaled(value: str, times: float) -> str:
    """The amount that many times, in the same form."""
    sign = value[0] if value[0] in "$€" else ""
    number = float(value.lstrip("$€")) * times
    return sign + (f"{number:.10f}".rstrip("0").rstrip(".") if number else "0")


def slips(text: str) -> Iterator[tuple[str, str, int, int, str]]:
    """What kind of slip, of which field, from where to where, and what is written instead."""
    for match in AMOUNT.finditer(text):
        value, (start, end) = match["value"], match.span("value")
        if value[0] == "-" or not float(value.lstrip("$€")):
            continue
        for times in (10, 100, 0.1, 0.01):
            yield f"times {times}", match[1], start, end, scaled(value, times)
        yield "sign", match[1], start, end, f"-{value}"
        if value[0] == "$":  # a euro is counted as it is
            yield "unit", match[1], start, end, value[1:]
        if value[0] in "$€":
            yield "currency", match[1], start, end, ("€" if value[0] == "$" else "$") + value[1:]
    for match in PERIOD.finditer(text):
        if PERIODS[match["value"]] != match["value"]:
            yield "period", match[1], *match.span("value"), PERIODS[match["value"]]
    for match in TARGET.finditer(text):
        value = match["value"]
        other = f"{value[:-1]}x]" if value[-1] == "]" else f"{value}x"
        yield "target", match[1], *match.span("value"), other


def example(name: str) -> str:
    """The manifests of an example, as one text."""
    files = sorted(file for file in (EXAMPLES / name / "catalog").rglob("*.yaml") if file.stem != "scenarios")
    return "\n---\n".join(file.read_text(encoding="utf-8") for file in files)


BASES = {"sample": SAMPLE, "company": COMPANY, "starter-plan": example("starter-plan")}
MANY = {"sample": 60, "company": 140, "starter-plan": 100}
EVER = {Hazard.ALIAS_MOVES, Hazard.REACHES_LIVE_CONTRACTS}
"""Hazards that every change of a package or of a price bears: they do not tell one from another."""
UNTOLD: dict[tuple[str, str], str] = {}
"""Slips that nothing tells, with the reason."""


def tells(bench: Bench, text: str, base: str, known: Counter[str]) -> bool:
    """Whether a rule finds what it did not find before, a hazard is borne, or the catalogue is refused."""
    try:
        plan, findings = bench.planned(text, held=base, contracts={"rate-card:standard": 3})
    except Rejected:
        return True
    except (AssertionError, KeyError) as error:
        pytest.fail(f"{error!r} of a slip")
    now = Counter(f"{finding.code} {finding.subject}" for finding in findings)
    return bool(plan.hazards.keys() - EVER) or bool(now - known)


@pytest.mark.parametrize("name", BASES)
def test_slips_are_told(name: str, tmp_path: Path) -> None:
    base = BASES[name]
    bench = Bench(tmp_path)
    _, findings = bench.planned(base, held=base)
    known = Counter(f"{finding.code} {finding.subject}" for finding in findings)
    found = random.Random(16).sample(list(slips(base)), MANY[name])
    untold = []
    for kind, field, start, end, instead in found:
        line = base[base.rindex("\n", 0, start) + 1 : base.index("\n", end)].strip()
        if not tells(bench, base[:start] + instead + base[end:], base, known):
            untold.append((kind, field, base[start:end], instead, line))

    unexplained = [slip for slip in untold if slip[:2] not in UNTOLD]
    assert len(untold) * 20 <= len(found)
    assert unexplained == []
