"""Law 12, on two hundred customers: an impact is the sum of two hundred pairs of invoices, to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from population import CUSTOMERS, JOB, LARGE, LISTED, PER_YEAR, SEAT, SMALL, assessed, expected, population, written

from pricebook.preview.impact import Sides
from pricebook.usage import duck, pool
from pricebook.usage.duck import DuckEngine
from pricebook.usage.engine import Engine


@pytest.fixture(params=["here", "pool"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """In this process, and in several; a cluster finds the same (`test_cluster`)."""
    if request.param == "pool":
        monkeypatch.setattr(pool, "LITTLE", 1)
        monkeypatch.setattr(pool, "BATCH", 100)
        monkeypatch.setattr(duck, "SORTED", 1000)
    return DuckEngine()


def test_an_impact_is_the_sum_of_all_pairs_of_invoices(engine: Engine, tmp_path: Path) -> None:
    billed, used, _ = population()
    found, census, rows = assessed(engine, written(tmp_path))
    pairs = expected(billed, used)
    assert census.coverage == 1, "aliases are customers too"
    assert len(pairs) == len(rows) == found.people == CUSTOMERS
    assert {row.customer: row.billed for row in rows} == pairs
    total = Sides()
    for sides in pairs.values():
        total = total.plus(sides)
    assert found.billed == {"usd": total}
    for sums in (found.products, found.causes):
        whole = Sides()
        for sides in sums.values():
            whole = whole.plus(sides)
        assert whole == found.yearly["usd"], "what it is made of adds up"
    yearly = [row.yearly for row in rows]
    assert found.up == sum(sides.change > 0 for sides in yearly) > 150
    assert found.down == sum(sides.change < 0 for sides in yearly)
    for limit in LISTED:
        assert found.above[limit] == sum(sides.change > sides.before * limit for sides in yearly) > 0


def test_a_year_of_a_customer_is_what_a_hand_adds_up(tmp_path: Path) -> None:
    """Of those without credits and with one contract: fees times the periods of a year, and the month's usage times
    twelve, but for what the invoice is rounded by."""
    billed, used, _ = population()
    found, _, rows = assessed(DuckEngine(), written(tmp_path))
    by_customer = {row.customer: row for row in rows}
    alone = [one for one in billed if (number := int(one.billing.contract.customer[-3:])) % 9 and number % 7 != 3]
    plain = [each for each in alone if not each.shared and not (each.billing.own and each.billing.own.grants)]
    assert len(plain) > 100
    for each in plain:
        contract = each.billing.contract
        assert contract.package is not None
        version, seats = contract.package.version or 0, contract.quantities or ()
        factor = each.billing.own.overrides[0].term.multiplier if each.billing.own else Decimal(1)
        assert factor is not None
        count = seats[-1].quantity if seats else Decimal(2)
        halves = used[contract.customer]
        small, large = (sum(half.tokens[model] for half in halves) for model in ("small", "large"))
        jobs = sum(half.jobs for half in halves)
        for side in (0, 1):
            fee = list(SEAT.values())[version - 1][side] * count * factor * PER_YEAR[version - 1]
            first = min(large, 400)
            tokens = small * SMALL[side] + first * LARGE + (large - first) * 19
            usage = tokens * factor + jobs * JOB[side] * 3
            rounding = (usage.quantize(Decimal(1), "ROUND_HALF_UP") - usage) * 12
            assert abs(by_customer[contract.customer].yearly[side] - fee - usage * 12 - rounding) < 12
    assert found.due["usd"] == datetime(2027, 1, 1, tzinfo=UTC)
