"""Each recipe is a project that does as its page says: it tests its prices, applies, and is then what the store has."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize(("name", "most"), [("api-prices", 55), ("cloud", 65), ("seats", 70)])
def test_a_price_list_fits_on_a_screen(name: str, most: int) -> None:
    """What a price list takes, without its tests and comments."""
    files = [path for path in (RECIPES / name).rglob("*.yaml") if path.name != "tests.yaml"]
    lines = [line for path in files for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) <= most


def test_a_number_that_changes_is_blamed_on_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "seats"
    shutil.copytree(RECIPES / "seats", folder)
    before = load(read_project(folder)).catalog
    manifest = folder / "catalog" / "seats.yaml"
    run(folder, "apply", "--yes")
    text = manifest.read_text()
    manifest.write_text(text.replace("times: 10}", "times: 11}"))
    after = load(read_project(folder)).catalog
    assert {key for key, price in after.rates["seats"].items() if before.rates["seats"].get(key) != price} == {
        '["enterprise-seat","ANNUAL",{}]',
        '["team-seat","ANNUAL",{}]',
    }
    line = 1 + text[: text.index("times: 10}")].count("\n")
    project = folder / "pricebook.yaml"
    project.write_text(project.read_text() + "policy: {max_increase: 5%}\n")
    assert f"catalog/seats.yaml:{line}:" in run(folder, "plan", status=1)
