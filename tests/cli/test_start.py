"""How a project starts: `init` with an example or from an account, and `add`, which writes the next manifest."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from metronome import Metronome

from pricebook.cli.main import root
from pricebook.manifest.load import load
from pricebook.project.project import read_project
from pricebook.sandbox.server import serving
from pricebook.view.schema import answer_schema

PROJECT = 'namespace: acme\nmanifests: [catalog]\nenvironments: {local: {store: "sqlite:///p.db"}}\n'


def run(folder: Path, *words: str, status: int = 0, **options: object) -> Result:
    found = CliRunner().invoke(root, ["-C", str(folder), *words], catch_exceptions=False, **options)  # type: ignore[arg-type]
    assert found.exit_code == status, found.output
    return found


@pytest.mark.parametrize("name", ["api", "seats", "cloud", "credits"])
def test_an_example_tests_plans_and_bears_the_projects_name(tmp_path: Path, name: str) -> None:
    run(tmp_path, "init", "--namespace", "mine", "--example", name)
    assert read_project(tmp_path).settings.namespace == "mine"
    assert "1 scenario passed." in run(tmp_path, "test").stdout
    run(tmp_path, "--as-of", "2026-01-01", "apply", "--yes")
    assert run(tmp_path, "--as-of", "2026-01-01", "plan", "--exit-code").stdout.startswith("Nothing to change")
    assert run(tmp_path, "fmt", "--check").stdout == "Nothing to write.\n"


def test_a_project_of_what_an_account_has(tmp_path: Path) -> None:
    with serving() as account, Metronome(bearer_token=account.token, base_url=account.url, max_retries=0) as client:
        product = client.v1.contracts.products.create(name="Pro seat", type="SUBSCRIPTION").data.id
        card = client.v1.contracts.rate_cards.create(name="List").data.id
        client.v1.contracts.rate_cards.rates.add(
            rate_card_id=card,
            product_id=product,
            entitled=True,
            rate_type="FLAT",
            price=2000,
            billing_frequency="MONTHLY",
            starting_at="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        )

        def command(*words: str) -> str:
            line = [sys.executable, "-m", "pricebook", "-C", str(tmp_path), *words]
            env = os.environ | {"METRONOME_BEARER_TOKEN": account.token}
            return subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout

        begun = command("init", "--namespace", "mine", "--from-account", "--base-url", account.url, "--format", "json")
        answer = json.loads(begun)
        Draft202012Validator(answer_schema("import")).validate(answer)
        assert "pricebook.yaml" in answer["started"]
        assert [one["ref"].partition(":")[0] for one in answer["imported"]] == ["product", "rate-card"]
        assert answer["prices"] == 1
        assert "\nPlan: 2 objects adopted. Nothing is edited in place. 2 objects as desired already.\n" in command(
            "plan"
        )
        command("apply", "--yes")
        assert command("plan", "--exit-code").startswith("Nothing to change")


def test_where_nothing_can_be_imported_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRONOME_BEARER_TOKEN", raising=False)
    (tmp_path / "mine.txt").write_text("mine")
    assert "unset-token" in run(tmp_path, "init", "--from-account", status=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert "exclude each other" in run(tmp_path, "init", "--bare", "--example", "api", status=2).stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    return tmp_path


def test_add_writes_what_validates(project: Path) -> None:
    run(project, "add", "metric", "calls", "--event", "call", "--aggregation", "count", "--group", "region")
    run(
        project,
        "add",
        "product",
        "calls",
        "--type",
        "usage",
        "--metric",
        "calls",
        "--group",
        "region",
        "--unit",
        "call",
    )
    run(project, "add", "product", "seat", "--type", "SUBSCRIPTION", "--called", "Team: seat", "--tag", "plans")
    (project / "catalog" / "card.yaml").write_text(
        "apiVersion: pricebook/v1\nkind: RateCard\nmetadata: {name: card}\nspec:\n  name: Card\n  rates:\n"
        "    - {product: seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00, entitled: false}\n"
    )
    run(project, "add", "package", "team", "--card", "card", "--sells", "seat:monthly", "--duration", "1 year")
    assert run(project, "fmt", "--check").stdout == "Nothing to write.\n"
    package = load(read_project(project)).catalog.packages["team"]
    assert (package.name, [alias.name for alias in package.aliases]) == ("Team v{version}", ["team"])
    assert package.overrides[0].entitled
    assert sorted(path.name for path in (project / "catalog").iterdir()) == [
        "card.yaml",
        "metrics.yaml",
        "packages",
        "products.yaml",
    ]
    run(project, "--as-of", "2026-01-01", "apply", "--yes")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("product", "seat", "--type", "FIXED"), "is there already"),
        (("product", "Seat!", "--type", "FIXED"), "cannot be a name"),
        (("product", "calls", "--type", "USAGE", "--metric", "cals"), "does not exist"),
        (("product", "calls"), "nobody can be asked here"),
        (("product", "calls", "--type", "FIXED", "--group", "x"), "pricing_group_key"),
        (("metric", "calls", "--aggregation", "SUM"), "--key is not given"),
        (("package", "team", "--card", "card", "--sells", "seat"), "is not PRODUCT:FREQUENCY"),
        (("package", "team", "--card", "card", "--sells", "seat:YEARLY"), "ANNUAL"),
        (("package", "team", "--card", "card"), "does not exist"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(project: Path, words: tuple[str, ...], error: str) -> None:
    run(project, "add", "product", "seat", "--type", "SUBSCRIPTION")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert error in run(project, "add", *words, status=1).stderr
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_add_asks_on_a_terminal(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(project, "add", "metric", "calls", "--event", "call", "--aggregation", "COUNT")
    tty: Callable[[], bool] = lambda: True  # noqa: E731
    monkeypatch.setattr("pricebook.cli.add.sys", type("Terminal", (), {"stdin": type("In", (), {"isatty": tty})}))
    answer = run(project, "add", "product", "calls", input="usage\ncalls\n")
    assert "wrote catalog/products.yaml" in answer.output
    assert load(read_project(project)).catalog.products["calls"].billable_metric == "calls"
