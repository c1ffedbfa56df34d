"""Law 3, by `fmt`: what manifests say stays the same, twice is once, and what is dumped is in the house form."""

import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.rate_card import RateCard
from pricebook.edit.dump import dump, manifest_text, rates_data
from pricebook.manifest.load import load
from pricebook.project.project import Project, read_project
from pricebook.workflow.formatting import formatted, write
from strategy import catalogs

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "manifest" / "corpus"
PROJECT = "namespace: acme\nenvironments: {local: {store: 'sqlite:///x.db'}}\n"
LONG = """\
apiVersion: pricebook/v1   # ours
kind: Product
metadata: {name: fee}
spec: {name: Fee, type: subscription}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: credit}
spec: {name: Credit, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: card}
spec:
  name: Card
  aliases: [{name: card}]    # for contracts
  rates:
    - {product: fee, billing_frequency: monthly, starting_at: 2026-01-01T00:00:00Z, price: 1000} # ten dollars
    - product: fee
      billing_frequency: ANNUAL
      schedule:
        - {starting_at: 2026-01-01, price: "$1,000.50"}   # stays apart
        - {starting_at: 2027-01-01, price: 1200.50 USD}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: pack}
spec:
  name: Pack
  rate_card: card
  duration: {value: 12, unit: MONTHS}
  recurring_credits:
    - key: gift
      product: credit
      access_amount: {unit_price: 500}
      rollover_fraction: 12.5%
      priority: 1
      commit_duration:
        value: 1     # one of them
        unit: PERIODS
      starting_at_offset: {value: 1, unit: DAYS}
"""
HOUSE = """\
apiVersion: pricebook/v1   # ours
kind: Product
metadata: {name: fee}
spec: {name: Fee, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: credit}
spec: {name: Credit, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: card}
spec:
  name: Card
  aliases: [card]    # for contracts
  rates:
    - {product: fee, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $10.00} # ten dollars
    - product: fee
      billing_frequency: ANNUAL
      schedule:
        - {starting_at: 2026-01-01, price: "$1,000.50"}   # stays apart
        - {starting_at: 2027-01-01, price: $1200.50}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: pack}
spec:
  name: Pack
  rate_card: card
  duration: 12 months
  recurring_credits:
    - key: gift
      product: credit
      access_amount: $5.00
      rollover_fraction: 12.5%
      priority: 1
      commit_duration:
        value: 1     # one of them
        unit: PERIODS
      starting_at_offset: 1 day
"""


def comments(folder: Path) -> list[str]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml")))
    return [comment for text in texts for comment in re.findall(r"(?:^|\s)(#.*)$", text, re.MULTILINE)]


def listed(data: Any) -> Any:
    """Data with lists for tuples and texts for instants, as it is laid out."""
    if isinstance(data, datetime):
        return instant_text(data)
    if isinstance(data, Mapping):
        return {name: listed(value) for name, value in data.items()}
    return [listed(item) for item in data] if isinstance(data, tuple) else data


def held(project: Project) -> tuple[Any, ...]:
    """What the manifests say, as every environment has them."""
    found = [load(project, name) for name in (None, *project.settings.environments)]
    return tuple((one.catalog, one.beside, one.waivers, one.adopt) for one in found)


def keeps(folder: Path) -> None:
    """The law, of a project."""
    project = read_project(folder)
    before, said = held(project), comments(folder)
    write(project, formatted(project, ()))
    assert held(project) == before
    assert comments(folder) == said
    assert formatted(project, ()).files == []


@pytest.mark.parametrize("file", sorted((CORPUS / "good").glob("*.yaml")), ids=lambda file: file.stem)
def test_manifests_that_hold(tmp_path: Path, file: Path) -> None:
    shutil.copy(CORPUS / "base.yaml", tmp_path / "base.yaml")
    shutil.copy(CORPUS / "prices.csv", tmp_path / "prices.csv")
    shutil.copy(file, tmp_path / "manifest.yaml")
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    keeps(tmp_path)


@pytest.mark.parametrize("name", ["starter-plan", "migration", "llm-prices", "recipes/seats", "recipes/cloud"])
def test_examples(tmp_path: Path, name: str) -> None:
    shutil.copytree(ROOT / "examples" / name, tmp_path / "project")
    keeps(tmp_path / "project")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_house_form(tmp_path: Path, end: str) -> None:
    """A block with a comment in it stays a block: the comment has no other place."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    file = tmp_path / "a.yaml"
    file.write_bytes((LONG.replace("Fee, ", "Fee,  ") + "\n\n").replace("\n", "  \n", 3).replace("\n", end).encode())
    project = read_project(tmp_path)
    write(project, formatted(project, ()))
    assert file.read_bytes().decode() == HOUSE.replace("Fee, ", "Fee,  ").replace("\n", end)


@given(catalogs())
@settings(max_examples=20)
def test_what_is_dumped_is_in_the_house_form(catalog: Catalog) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in {**dump(catalog), "pricebook.yaml": PROJECT}.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        project = read_project(folder)
        assert [one.file for one in formatted(project, ()).files] == []


@given(catalogs())
@settings(max_examples=20)
def test_everything_written_out(catalog: Catalog) -> None:
    """Long forms, amounts as numbers of the API unit, defaults and all."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pricebook.yaml").write_text(PROJECT)
        for number, (ref, noun) in enumerate(sorted(catalog.nouns.items())):
            spec: dict[str, Any] = listed(spec_of(noun))
            if isinstance(noun, RateCard) and len(catalog.rates.get(ref.name, ())):
                spec["rates"] = rates_data(catalog.rates[ref.name], noun, {})
            (folder / f"{number}.yaml").write_text(manifest_text(ref, {}, spec), encoding="utf-8")
        keeps(folder)
