"""A format is a function and a line of a table: a toy one is registered here, and serves what it is registered for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sample_plan

from pricebook.format.page import Page
from pricebook.format.table import FORMATS, formats_of, text_of
from pricebook.plan.drift import Comparison, DriftReport
from pricebook.view.check import Checked
from pricebook.view.drift import DriftView, drift_view
from pricebook.view.plain import plain
from pricebook.view.plan import PlanView, plan_view
from pricebook.view.rows import RowChoice


def toy(view: PlanView | DriftView, page: Page) -> Iterator[str]:
    """What it comes to, and how many keys its document has."""
    yield f"{view.answer} in {page.width} columns: {view.verdict}"
    yield f"{len(plain(view))} keys"


def problems_only(view: Checked, _: Page) -> str:
    """The codes of what stands in the way, as any format of problems is drawn."""
    return ",".join(sorted({problem.code for problem in view.checks.problems}))


@pytest.fixture
def registered() -> Iterator[None]:
    """The toy formats, for one test."""
    made = {("plan", "toy"): toy, ("drift", "toy"): toy, ("plan", "codes"): problems_only}
    FORMATS.update(made)
    yield
    for key in made:
        del FORMATS[key]


def drift() -> DriftView:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return drift_view(DriftReport(Comparison("acme", "production", at, (), 3, 7, (), {}, (), {}, {}), ()), RowChoice())


@pytest.mark.usefixtures("registered")
def test_it_serves_a_plan_and_a_drift() -> None:
    plan = plan_view(sample_plan.mixed(), RowChoice())
    assert text_of(plan, "toy", Page(80)).split("\n")[0] == f"plan in 80 columns: {plan.verdict}"
    assert text_of(drift(), "toy", Page()).startswith("drift in 100 columns: No drift: nobody changed the account")
    assert "toy" in formats_of("plan")
    assert "toy" in formats_of("drift")
    assert "toy" not in formats_of("receipt")


@pytest.mark.usefixtures("registered")
def test_a_format_of_problems_needs_no_more() -> None:
    assert text_of(plan_view(sample_plan.refused(), RowChoice()), "codes", Page()) != ""


def test_nothing_of_it_stays() -> None:
    assert "toy" not in formats_of("plan")
    assert "toy" not in formats_of()


PROJECT = "namespace: acme\nmanifests: [catalog.yaml]\nenvironments: {local: {store: 'sqlite:///prices.db'}}\n"
GIFT = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: gift}\nspec: {name: Gift, type: FIXED}\n"


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the command line says once the toy formats are registered."""
    script = """
from test_toy_format import FORMATS, problems_only, toy
FORMATS.update({("plan", "toy"): toy, ("plan", "codes"): problems_only, ("problems", "codes"): problems_only})
from pricebook.__main__ import main
main()
"""
    (folder / "pricebook.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "catalog.yaml").write_text(GIFT, encoding="utf-8")
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", script, "-C", str(folder), *words],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "80"},
    )


def test_the_command_line_takes_it(tmp_path: Path) -> None:
    done = command(tmp_path, "--format", "toy", "plan", "--report", f"codes={tmp_path}/codes")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith("plan in 80 columns: No existing price changes.")
    assert second.endswith(" keys")
    assert (tmp_path / "codes").read_text(encoding="utf-8") == "\n"


def test_a_command_without_it_says_which_it_has(tmp_path: Path) -> None:
    done = command(tmp_path, "--format", "codes", "drift")
    assert done.returncode == 1
    assert done.stdout == "format\n"
    assert "'codes'" in command(tmp_path, "--format", "other", "drift").stderr
