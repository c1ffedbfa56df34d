"""A list as its makers release it, one row for each model, four times: one card has all editions, and on any past day
it says what the release of that day did."""

import csv
import json
import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from pricebook.catalog.timeline import RateKey, key_text, read_schedule, terms_at
from pricebook.manifest.load import load
from pricebook.project.project import read_project

EXAMPLE = Path(__file__).parents[2] / "examples" / "llm-prices"
RELEASES = {"1.57.2": "2025-01-01", "1.67.0": "2025-05-01", "1.80.0": "2025-12-01", "1.97.0": "2026-09-01"}
CARD = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: models}}
spec:
  name: Language models
  aliases: [models]
  rates_from:
    - editions:
{editions}
      columns: {{price: ["*_cost*"], pricing_group_values: {{provider: litellm_provider, model: model}}}}
      defaults: {{currency: USD}}
"""

Row = dict[str, str]


def released(version: str) -> dict[tuple[str, str], Row]:
    """One release: the prices of each model by component, of every twelfth model."""
    found: dict[tuple[str, str], Row] = {}
    with (EXAMPLE / "prices" / f"litellm-{version}.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if sum(row["model"].encode()) % 12 == 0:
                found.setdefault((row["provider"], row["model"]), {})[row["component"]] = row["usd"]
    return found


def write_csv(file: Path, models: Mapping[tuple[str, str], Row]) -> None:
    columns = sorted({component for prices in models.values() for component in prices})
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["litellm_provider", "model", "max_tokens", *columns])
        writer.writerows([*name, "8192", *(row.get(each, "") for each in columns)] for name, row in models.items())


def write_json(file: Path, models: Mapping[tuple[str, str], Row]) -> None:
    """As the makers' own file: an object of objects, numbers as they are."""
    rows = []
    for (provider, model), prices in models.items():
        head = {"litellm_provider": provider, "model": model, "max_tokens": 8192, "tools": ["x"]}
        numbers = "".join(f', "{name}": {price}' for name, price in prices.items())
        rows.append(f'"{len(rows)}": {json.dumps(head)[:-1]}{numbers}}}')
    file.write_text("{" + ",\n".join(rows) + "}")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_prices_of_any_past_day_are_those_of_its_release(tmp_path: Path, form: str) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("prices", "pricebook.db*", "scenario.yaml"))
    (project / "prices").mkdir()
    lines = [f"        - {{from: {day}, table: ../prices/{version}.{form}}}" for version, day in RELEASES.items()]
    card = CARD.format(editions="\n".join(lines))
    assert card.count("\n") <= 25
    (project / "catalog" / "rate-card.yaml").write_text(card)
    releases = {version: released(version) for version in RELEASES}
    for version, models in releases.items():
        (write_csv if form == "csv" else write_json)(project / "prices" / f"{version}.{form}", models)
    rates = load(read_project(project)).catalog.rates["models"]
    for version, day in RELEASES.items():
        expected = {
            key_text(RateKey(component, None, (("model", model), ("provider", provider)))): Decimal(usd) * 100
            for (provider, model), prices in releases[version].items()
            for component, usd in prices.items()
        }
        assert len(expected) > 100
        held = {key: terms_at(read_schedule(schedule), f"{day}T00:00:00Z") for key, schedule in rates.items()}
        assert {key: terms.price for key, terms in held.items() if terms is not None} == expected


def test_what_an_edition_changes_is_told_at_its_row(tmp_path: Path) -> None:
    models = released("1.57.2")
    name, component = next((name, each) for name, row in models.items() for each in row)
    dearer = {**models, name: {**models[name], component: "99"}}
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("prices", "pricebook.db*", "scenario.yaml"))
    (project / "prices").mkdir()
    write_csv(project / "prices" / "a.csv", models)
    write_csv(project / "prices" / "b.csv", dearer)
    lines = [
        "        - {from: 2025-01-01, table: ../prices/a.csv}",
        "        - {from: 2026-01-01, table: ../prices/b.csv}",
    ]
    (project / "catalog" / "rate-card.yaml").write_text(CARD.format(editions="\n".join(lines)))
    loaded = load(read_project(project))
    key = key_text(RateKey(component, None, (("model", name[1]), ("provider", name[0]))))
    schedule = loaded.catalog.rates["models"].get(key)
    assert schedule is not None
    assert [(one.starting_at[:10], one.terms.price) for one in read_schedule(schedule)] == [
        ("2025-01-01", Decimal(models[name][component]) * 100),
        ("2026-01-01", Decimal(9900)),
    ]
