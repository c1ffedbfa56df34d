"""What a changed field means for customers hangs on what the field is, whatever terms are called."""

from pathlib import Path

import pytest
from test_cases import instant, loaded, planned

from pricebook.observe.snapshot import Snapshot
from pricebook.plan.rehearse import rehearse

AS_OF = instant("2026-01-01")
MANIFESTS = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: fixed}
spec: {name: Fixed, type: FIXED}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: card}
spec:
  name: Card
  rates: [{product: seat, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $5.00}]
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: pro}
spec:
  name: Pro
  rate_card: card
  commits:
    - key: {key}
      type: PREPAID
      product: fixed
      priority: 1
      rollover_fraction: 0.5
      access_schedule:
        schedule_items:
          - {amount: $120.00, starting_at_offset: {value: 2, unit: MONTHS}, duration: {value: 9, unit: MONTHS}}
      invoice_schedule:
        schedule_items: [{unit_price: $100.00, quantity: 2, date_offset: {value: 3, unit: MONTHS}}]
  recurring_credits:
    - key: {key}
      product: fixed
      priority: 7
      access_amount: {unit_price: $15.00}
      starting_at_offset: {value: 4, unit: MONTHS}
      commit_duration: {value: 8}
      duration: {value: 24, unit: MONTHS}
      recurrence_frequency: MONTHLY
  overrides:
    - key: {key}
      type: MULTIPLIER
      multiplier: 0.8
      priority: 6
      starting_at_offset: {value: 0, unit: DAYS}
      override_specifiers: [{product: seat, billing_frequency: MONTHLY}]
    - key: {key}-too
      entitled: true
      starting_at_offset: {value: 0, unit: DAYS}
      override_specifiers: [{product: seat, billing_frequency: MONTHLY}]
  scheduled_charges:
    - key: {key}
      product: fixed
      schedule: {schedule_items: [{unit_price: $30.00, quantity: 5, date_offset: {value: 0, unit: DAYS}}]}
"""
CHANGES = {
    "amount: $120.00 -> amount: $60.00": ["CREDIT_CUT"],
    "amount: $120.00 -> amount: $1200.00": ["MAGNITUDE"],
    "rollover_fraction: 0.5 -> rollover_fraction: 0.4": ["CREDIT_CUT"],
    "value: 9, unit: MONTHS -> value: 8, unit: MONTHS": ["CREDIT_CUT"],
    "value: 9, unit: MONTHS -> value: 9, unit: DAYS": ["CREDIT_CUT"],
    "value: 9, unit: MONTHS -> value: 9, unit: YEARS": [],
    "value: 24, unit: MONTHS -> value: 2, unit: YEARS": [],
    "value: 24, unit: MONTHS -> value: 1, unit: YEARS": ["CREDIT_CUT"],
    "value: 24, unit: MONTHS -> value: 700, unit: DAYS": ["CREDIT_CUT"],
    "value: 24, unit: MONTHS -> value: 105, unit: WEEKS": [],
    "value: 2, unit: MONTHS -> value: 1, unit: MONTHS": [],
    "unit_price: $100.00 -> unit_price: $110.00": ["PRICE_UP"],
    "quantity: 2 -> quantity: 1": ["PRICE_DOWN"],
    "value: 3, unit: MONTHS -> value: 2, unit: MONTHS": [],
    "unit_price: $15.00 -> unit_price: $7.50": ["CREDIT_CUT"],
    "priority: 7 -> priority: 5": [],
    "value: 4, unit: MONTHS -> value: 2, unit: MONTHS": [],
    "commit_duration: {value: 8} -> commit_duration: {value: 1}": ["CREDIT_CUT"],
    "recurrence_frequency: MONTHLY -> recurrence_frequency: ANNUAL": ["CREDIT_CUT"],
    "recurrence_frequency: MONTHLY -> recurrence_frequency: WEEKLY": [],
    "multiplier: 0.8 -> multiplier: 0.9": ["PRICE_UP"],
    "priority: 6 -> priority: 2": [],
    "entitled: true -> entitled: false": ["ENTITLEMENT_LOST"],
    "unit_price: $30.00 -> unit_price: $20.00": ["PRICE_DOWN"],
    "quantity: 5 -> quantity: 6": ["PRICE_UP"],
}
DISCOUNT = MANIFESTS[MANIFESTS.index("    - key: {key}\n      type: MULT") : MANIFESTS.index("    - key: {key}-too")]
CHARGE = MANIFESTS[MANIFESTS.index("  scheduled_charges:") :]
KEYS = ("sign-up", "multiplier-bonus", "price", "entitled", "scheduled_charges", "starting_at_offset.value", "a.b_c-d")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("key", [KEYS[0], KEYS[1], KEYS[-2]])
def test_what_a_change_means(change: str, key: str, tmp_path: Path) -> None:
    assert hazards(change, key, tmp_path) == CHANGES[change]


@pytest.mark.parametrize(
    ("term", "comes", "goes"), [(DISCOUNT, ["PRICE_DOWN"], ["PRICE_UP"]), (CHARGE, ["PRICE_UP"], ["PRICE_DOWN"])]
)
def test_a_whole_term_moves_prices_as_its_fields_would(
    term: str, comes: list[str], goes: list[str], tmp_path: Path
) -> None:
    change = f"{term} -> ".replace("{key}", "bonus")
    assert hazards(change, "bonus", tmp_path) == goes
    assert hazards(change, "bonus", tmp_path, back=True) == comes


@pytest.mark.parametrize("key", KEYS)
def test_a_cut_is_a_cut_by_any_name(key: str, tmp_path: Path) -> None:
    assert hazards("unit_price: $15.00 -> unit_price: $7.50", key, tmp_path) == ["CREDIT_CUT"]


def hazards(change: str, key: str, folder: Path, *, back: bool = False) -> list[str]:
    """The hazards of the package's new version; with `back` of the change undone."""
    old, new = change.split(" -> ")
    manifests = MANIFESTS.replace("{key}", key)
    assert manifests.count(old) == 1
    first, second = (manifests, manifests.replace(old, new))[:: -1 if back else 1]
    before = planned(loaded(first, folder), Snapshot(AS_OF), AS_OF, prune=False)
    snapshot = rehearse(Snapshot(AS_OF), [step.change for step in before.steps])
    (step,) = planned(loaded(second, folder), snapshot, AS_OF, prune=False).steps
    return [hazard.value for hazard in step.hazards]
