"""Each recipe is a project that does as its page says: it tests its prices, applies, and is then what the store has."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pricebook.manifest.load import load
from pricebook.project.project import read_project

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"
FOLDERS = sorted(path.name for path in RECIPES.iterdir() if path.is_dir())
PREVIEWED = {
    "api-prices": ("pay-as-you-go", ""),
    "cloud": ("committed", "$90,000.00"),
    "context-size": ("pay-as-you-go", ""),
    "seats": ("enterprise-annual", "$210.00"),
    "second-currency": ("pro-eur", "€18.99"),
    "stripe-prices": ("basic-monthly", "$20.00"),
    "top-ups": ("prepaid", "$50.00"),
}
"""The package that is previewed, and an amount that its bill has; of usage alone there is none without usage."""


def run(folder: Path, *words: str, status: int = 0) -> str:
    command = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-01-01", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_a_recipe_does_as_its_page_says(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(RECIPES / name, folder)
    assert "scenario passed." in run(folder, "test")
    assert "Read back and verified." in run(folder, "apply", "--yes")
    assert run(folder, "plan", "--exit-code").startswith("Nothing to change")
    package, amount = PREVIEWED[name]
    shown = run(folder, "preview", package, "--starting-at", "2026-01-01")
    assert amount in shown


def test_the_page_names_every_recipe() -> None:
    page = (RECIPES / "README.md").read_text()
    assert sorted(re.findall(r"^\| \[`([\w-]+)`\]\(([\w./-]+)\)", page, re.MULTILINE)) == sorted(
        (name, found)
        for name, found in re.findall(r"\[`([\w-]+)`\]\(([\w./-]+)\)", page)
        if (RECIPES / found).is_file()
    )
    assert set(FOLDERS) == set(PREVIEWED)
    assert all(f"[`{name}`]" in page for name in FOLDERS)


@pytest.mark.parametrize(("name", "most"), [("api-prices", 45), ("cloud", 45), ("seats", 70)])
def test_a_price_list_fits_on_a_screen(name: str, most: int) -> None:
    """What a price list takes, without its tests and comments, beside a table of six rows at most."""
    files = [path for path in (RECIPES / name).rglob("*.yaml") if path.name != "tests.yaml"]
    lines = [line for path in files for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) <= most
    assert [len(path.read_text().splitlines()) for path in (RECIPES / name).rglob("*.csv")] in ([], [7])


PROJECT = 'namespace: {}\nmanifests: [catalog]\nenvironments: {{local: {{store: "sqlite:///pricebook.db"}}}}\n'


def manifest(kind: str, name: str, /, **spec: Any) -> str:
    """A manifest, with every field spelled out, as JSON, which is YAML too."""
    noun = {"apiVersion": "pricebook/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    return json.dumps(noun) + "\n---\n"


def metric(name: str, called: str, key: str, *groups: str) -> str:
    filters = [{"name": each, "exists": True} for each in (key, *groups)]
    shared: dict[str, Any] = {"aggregation_type": "SUM", "aggregation_key": key, "group_keys": [list(groups)]}
    return manifest("BillableMetric", name, name=called, property_filters=filters, **shared)


def long_api() -> str:
    """Thirty rates, typed one by one, each in cents."""
    text, rates = "", []
    for name, called in (("input", "Input"), ("cached", "Cached"), ("output", "Output")):
        product, conversion = f"{name}-tokens", {"operation": "DIVIDE", "conversion_factor": 1000000}
        text += metric(product, f"{called} tokens", f"{name}_tokens", "model", "mode")
        shared: dict[str, Any] = {"type": "USAGE", "billable_metric": product, "pricing_group_key": ["model", "mode"]}
        conversion |= {"name": "1M tokens"}
        text += manifest("Product", product, name=f"{called} tokens", quantity_conversion=conversion, **shared)
    cents = {
        "gpt-large": (250, 125, 1000),
        "gpt-small": (15, 7.5, 60),
        "reason": (1500, 750, 6000),
        "reason-small": (110, 55, 440),
        "reason-deep": (15000, None, 60000),
        "embed": (2, None, None),
    }
    for model, prices in cents.items():
        for name, price in zip(("input", "cached", "output"), prices, strict=True):
            for mode, share in (("standard", 1), ("batch", 0.5)) if price is not None else ():
                values = {"model": model, "mode": mode}
                rate = {"product": f"{name}-tokens", "pricing_group_values": values, "starting_at": "2026-01-01"}
                rates.append({**rate, "price": (price or 0) * share})
    return text + manifest("RateCard", "api", name="API", aliases=[{"name": "api"}], rates=rates)


def long_seats() -> str:
    """Five packages, written out, with what entitles them."""
    counted = {"aggregation_type": "COUNT", "event_type_filter": {"in_values": ["ai_request"]}}
    text = manifest("BillableMetric", "ai-requests", name="AI requests", **counted)
    usage = {"type": "USAGE", "billable_metric": "ai-requests"}
    text += manifest("Product", "ai-requests", name="AI requests", **usage)
    text += manifest("Product", "included-requests", name="Included AI requests", type="FIXED")
    rates = [{"product": "ai-requests", "starting_at": "2026-01-01", "price": "$0.04"}]
    for plan, title, month, granted in (("team", "Team", 4, 1200), ("enterprise", "Enterprise", 21, 4000)):
        text += manifest("Product", f"{plan}-seat", name=f"{title} seat", type="SUBSCRIPTION")
        for period, months in (("MONTHLY", 1), ("ANNUAL", 10)):
            rate: dict[str, Any] = {"product": f"{plan}-seat", "billing_frequency": period}
            start = {"starting_at": "2026-01-01", "entitled": False}
            rates.append({**rate, **start, "price": f"${month * months}.00"})
            subscription = {
                "key": "seats",
                "subscription_rate": rate,
                "collection_schedule": "ADVANCE",
                "initial_quantity": 1,
                "proration": {"is_prorated": True, "invoice_behavior": "BILL_IMMEDIATELY"},
            }
            included = {
                "key": "included",
                "product": "included-requests",
                "access_amount": {"unit_price": granted},
                "priority": 1,
                "commit_duration": {"value": 1, "unit": "PERIODS"},
                "starting_at_offset": {"value": 0, "unit": "DAYS"},
                "recurrence_frequency": "MONTHLY",
                "applicable_products": ["ai-requests"],
            }
            enable = {
                "override_specifiers": [rate],
                "entitled": True,
                "starting_at_offset": {"value": 0, "unit": "DAYS"},
            }
            text += manifest(
                "Package",
                f"{plan}-{period.lower()}",
                name=f"{title} ({period}) v{{version}}",
                aliases=[{"name": f"{plan}-{period.lower()}"}],
                rate_card="seats",
                subscriptions=[subscription],
                recurring_credits=[included],
                overrides=[enable],
            )
    text += manifest("Package", "free", name="Free v{version}", aliases=[{"name": "free"}], rate_card="seats")
    return text + manifest("RateCard", "seats", name="Seats", aliases=[{"name": "seats"}], rates=rates)


def long_cloud() -> str:
    """Eight tables of tiers, typed one by one, each in cents."""
    text = metric("gb-months", "GB-months", "gb_months", "region") + metric("gb-sent", "GB sent", "gb_sent", "region")
    usage: dict[str, Any] = {"type": "USAGE", "pricing_group_key": ["region"]}
    text += manifest("Product", "storage", name="Storage", billable_metric="gb-months", **usage)
    text += manifest("Product", "transfer", name="Transfer", billable_metric="gb-sent", **usage)
    text += manifest("Product", "commitment", name="Commitment", type="FIXED")
    cents = {
        ("storage", "us-east"): (2.1, 2.0, 1.9),
        ("storage", "us-west"): (2.2, 2.1, 2.0),
        ("storage", "eu-west"): (2.3, 2.2, 2.1),
        ("storage", "ap-south"): (2.31, 2.2, 2.09),
        ("transfer", "us-east"): (9, 8.5, 7),
        ("transfer", "us-west"): (9, 8.5, 7),
        ("transfer", "eu-west"): (10, 9, 8),
        ("transfer", "ap-south"): (9.9, 9.35, 7.7),
    }
    rates = []
    for (product, region), (first, following, rest) in cents.items():
        tiers = [{"price": first, "size": 51200}, {"price": following, "size": 460800}, {"price": rest}]
        rate = {"product": product, "pricing_group_values": {"region": region}, "starting_at": "2026-01-01"}
        rates.append({**rate, "rate_type": "TIERED", "tiers": tiers})
    text += manifest("RateCard", "cloud", name="Cloud", rates=rates)
    year, now = {"value": 12, "unit": "MONTHS"}, {"value": 0, "unit": "DAYS"}
    commit = {
        "key": "annual",
        "product": "commitment",
        "type": "PREPAID",
        "priority": 1,
        "rollover_fraction": 0.5,
        "access_schedule": {"schedule_items": [{"amount": 10000000, "starting_at_offset": now, "duration": year}]},
        "invoice_schedule": {"schedule_items": [{"unit_price": 9000000, "quantity": 1, "date_offset": now}]},
    }
    shared = {"rate_card": "cloud", "duration": year, "commits": [commit]}
    return text + manifest(
        "Package", "committed", name="Committed v{version}", aliases=[{"name": "committed"}], **shared
    )


LISTS = {
    # The list, what it says in long, and a number that changes, with the file and what stands before it on its line.
    "api-prices": (long_api, "catalog/models.csv", "reason,15.00,", "15.00", "16.00", "Input tokens · "),
    "seats": (long_seats, "catalog/seats.yaml", "price: $21.00", "$21.00", "$22.00", "Enterprise seat"),
    "cloud": (long_cloud, "catalog/tiers.csv", "storage,eu-west,0.023", "0.023", "0.024", "Storage · eu-west"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_short_list_says_what_a_long_one_does(tmp_path: Path, name: str) -> None:
    """The plan from the long form, applied, to the short one is empty, but for what the recipe's own test needs."""
    shutil.copytree(RECIPES / name, tmp_path / "short")
    long = tmp_path / "long"
    (long / "catalog").mkdir(parents=True)
    (long / "pricebook.yaml").write_text(PROJECT.format(name))
    (long / "catalog" / "all.yaml").write_text(LISTS[name][0]())
    if name == "api-prices":  # its one package is beside the test
        tests = (RECIPES / name / "catalog" / "tests.yaml").read_text()
        (long / "catalog" / "package.yaml").write_text(tests.partition("---")[0])
    expected, found = (load(read_project(tmp_path / form)).catalog for form in ("long", "short"))
    assert found.nouns == expected.nouns
    assert {card: dict(book.items()) for card, book in found.rates.items()} == {
        card: dict(book.items()) for card, book in expected.rates.items()
    }
    run(long, "apply", "--yes")
    shutil.rmtree(long / "catalog")
    shutil.copytree(RECIPES / name, long, dirs_exist_ok=True)
    assert run(long, "plan", "--exit-code").startswith("Nothing to change")


@pytest.mark.parametrize("name", LISTS)
def test_a_number_that_changes_is_blamed_on_its_line(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(RECIPES / name, folder)
    run(folder, "apply", "--yes")
    _, file, where, was, now, product = LISTS[name]
    text = (folder / file).read_text()
    (folder / file).write_text(text.replace(where, where.replace(was, now)))
    project = folder / "pricebook.yaml"
    project.write_text(project.read_text() + "policy: {max_increase: 1%}\n")
    line = 1 + text[: text.index(where)].count("\n")
    plan = run(folder, "plan", "--rows", "all", status=1)
    assert f"error[price-increase-limit] {file}:{line}:" in plan
    assert product in plan


def test_a_factor_that_changes_is_blamed_on_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "seats"
    shutil.copytree(RECIPES / "seats", folder)
    before = load(read_project(folder)).catalog
    seats = folder / "catalog" / "seats.yaml"
    run(folder, "apply", "--yes")
    text = seats.read_text()
    seats.write_text(text.replace("times: 10}", "times: 11}"))
    after = load(read_project(folder)).catalog
    assert {key for key, price in after.rates["seats"].items() if before.rates["seats"].get(key) != price} == {
        '["enterprise-seat","ANNUAL",{}]',
        '["team-seat","ANNUAL",{}]',
    }
    line = 1 + text[: text.index("times: 10}")].count("\n")
    project = folder / "pricebook.yaml"
    project.write_text(project.read_text() + "policy: {max_increase: 5%}\n")
    assert f"catalog/seats.yaml:{line}:" in run(folder, "plan", status=1)
