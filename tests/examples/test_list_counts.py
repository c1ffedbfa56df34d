"""What is said of four releases of a published table of prices is what the tables say: counted by product from the CSV
files alone, without any of the code under test."""

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

import pytest

from pricebook.plan.step import Plan
from pricebook.view.plan import PlanView, plan_view
from pricebook.view.rate_row import FREE, RateRow
from pricebook.view.rows import RowChoice
from published import EXAMPLES, RELEASES, model_stages, planned

Price = tuple[str, str, str]
"""Product, provider and model."""
COUNTED = ("new", "ended", "up", "down", "charged")


def table(release: str) -> dict[Price, Decimal]:
    """The prices of a release, as they stand in its file."""
    with (EXAMPLES / "llm-prices" / "prices" / f"litellm-{release}.csv").open(encoding="utf-8", newline="") as file:
        return {(row["component"], row["provider"], row["model"]): Decimal(row["usd"]) for row in csv.DictReader(file)}


def steps() -> Iterator[dict[str, Counter[str]]]:
    """By product, what becomes of prices from each table to the next."""
    for before, after in pairwise([{}, *(table(release) for release, _ in RELEASES)]):
        found: dict[str, Counter[str]] = {}
        for price in before.keys() | after.keys():
            was, now = before.get(price), after.get(price)
            counts = found.setdefault(price[0], Counter())
            if was is None:
                counts["new"] += 1
            elif now is None:
                counts["ended"] += 1
            elif now != was:
                counts["up" if now > was else "down"] += 1
                counts["charged"] += not was
        yield {product: +counts for product, counts in found.items() if +counts}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    """The plan of each release."""
    return [plan for plan, _ in planned(model_stages(tmp_path_factory.mktemp("releases")), "llm")]


def what(row: RateRow) -> str:
    if not row.observed:
        return "new"
    if row.change == "ended":
        return "ended"
    return "down" if row.relative_change is not None and row.relative_change < 0 else "up"


@pytest.mark.parametrize("number", range(len(RELEASES)), ids=[release for release, _ in RELEASES])
def test_a_release_is_counted_as_its_table_has_it(number: int, plans: list[Plan]) -> None:
    wanted = list(steps())[number]
    view: PlanView = plan_view(plans[number], RowChoice(every=True))
    (shape,) = (item.rates for item in view.objects if item.rates is not None)
    told: dict[str, Counter[str]] = {}
    for row in shape.rows:
        counts = told.setdefault(row.product, Counter())
        counts[what(row)] += 1
        counts["charged"] += row.change == FREE
        assert "per " in f"{row.per} {row.observed}", row
    assert {product: +counts for product, counts in told.items()} == wanted
    total = sum(wanted.values(), Counter[str]())
    assert {name: getattr(shape.counts, name) for name in COUNTED} == {name: total[name] for name in COUNTED}
    for product in shape.products:
        of = wanted[product.product]
        assert {name: getattr(product.counts, name) for name in COUNTED} == {name: of[name] for name in COUNTED}
        assert product.counts.total == of.total() - of["charged"]
