"""Every JSON answer of every command is judged by the published schema of its sort; and the sorts are all of them."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from pricebook.catalog.reference import Kind
from pricebook.cli.main import root
from pricebook.format.page import Page
from pricebook.format.table import FORMATS, text_of
from pricebook.view.plain import PREFIX
from pricebook.view.schema import VIEWS, answer_schemas
from pricebook.view.storage import export_view

EXAMPLES = Path(__file__).parents[2] / "examples"
SCHEMAS = Path(__file__).parents[2] / "schemas"
PROJECT = """\
namespace: team
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
  other: {store: "sqlite:///other.db"}
default_environment: local
"""
BEFORE, AFTER = "2034-10-01", "2034-12-01"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A function that asks a command for JSON: in the example of a migration, applied in two versions, with contracts
    on both of them."""
    folder = tmp_path_factory.mktemp("answers")
    team, starter = folder / "team", folder / "starter"
    shutil.copytree(EXAMPLES / "migration", team)
    shutil.copytree(EXAMPLES / "starter-plan", starter)
    (team / "pricebook.yaml").write_text(PROJECT)

    def run(*words: str, at: str = AFTER, project: Path = team, status: int = 0) -> Any:
        done = CliRunner().invoke(root, ["-C", str(project), "--as-of", at, "--format", "json", *words])
        assert done.exit_code == status, f"{words}: {done.output}{done.exception!r}"
        return json.loads(done.stdout)

    def asked(*words: str, at: str = AFTER, status: int = 0) -> Any:
        return run(*words, at=at, project=starter if words[0] in ("test", "preview") else team, status=status)

    run("apply", "--yes", at=BEFORE)
    for who in ("ada", "bob", "cyd"):
        run("provision", "--customer", who, "--package", "team@1", "--starting-at", BEFORE, "--yes", at=BEFORE)
    package = team / "catalog" / "team.yaml"
    package.write_text(package.read_text().replace("initial_quantity: 2", "initial_quantity: 3"))
    run("apply", "--yes")
    return asked


ANSWERS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "--rows", "all"),
    "plan of all": ("--env", "other", "plan", "--rows", "all"),
    "plan promoted": ("promote", "local", "other"),
    "digest": ("plan", "--digest"),
    "drift": ("drift", "--rows", "all"),
    "drift of all": ("--env", "other", "drift", "--rows", "all"),
    "bills": ("preview", "starter-plan", "--starting-at", "2026-01-01"),
    "tests": ("test",),
    "validity": ("validate",),
    "prices": ("show", "--on", "2035-01-01"),
    "price-moves": ("show", "--from", "2020-01-01", "--to", "2035-01-01"),
    "package-versions": ("show", "package:team"),
    "package-differences": ("show", "package:team@1..@2"),
    "history": ("history", "--rows", "all"),
    "cohorts": ("cohorts",),
    "contracts": ("cohorts", "--contracts"),
    "repricing": ("reprice", "--increase", "5%", "--from", "2036-01-01", "--dry-run"),
    "rules": ("rules",),
    "rule-page": ("explain", "PRICE_UP"),
    "account": ("account",),
    "objects": ("ls",),
    "graph": ("graph", "package:team"),
    "edits": ("fmt", "--check"),
    "import": ("import", "--dry-run"),
    "provision": ("provision", "--customer", "dan", "--package", "team", "--starting-at", "2035-01-01", "--yes"),
}
VALIDATORS = {
    name.removeprefix("answer-").removesuffix(".schema.json"): Draft202012Validator(schema)
    for name, schema in answer_schemas().items()
}


def judged(answer: Any, sort: str) -> None:
    """An answer is of a sort, and its schema has nothing against it."""
    assert answer["format"] == PREFIX + sort
    problems = [f"{error.json_path}: {error.message[:300]}" for error in VALIDATORS[sort].iter_errors(answer)]
    assert problems == []


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_what_its_schema_says(ask: Ask, name: str) -> None:
    words = ANSWERS[name]
    if name == "bills":
        words = tuple(word for word in words if word not in ("--usage", "catalog/usage.yaml"))
    status = {"edits": 1}.get(name, 0)
    judged(ask(*words, status=status), name.split(" ", maxsplit=1)[0])


def test_prices_of_a_product_are_timelines(ask: Ask) -> None:
    product = ask("show", "--on", "2035-01-01", "--rows", "all")["prices"][0]["product"]
    judged(ask("show", f"product:{product}"), "timelines")


def test_another_list(ask: Ask, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("product,usd\nmessages,0.40\n")
    words = ("compare", "--with", str(theirs), "--key", "product", "--price", "usd")
    judged(ask(*words, status=2), "comparison")


def test_refusals(ask: Ask) -> None:
    judged(ask("explain", "no-such-rule", status=1), "problems")


def test_a_month_of_nobodys_invoices(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "invoices.json").write_text("[]")
    words = ("reconcile", "--month", "2034-10", "--invoices", str(tmp_path / "invoices.json"))
    found = ask(*words, status=2)
    judged(found, "reconciled")
    assert {one["customer"] for one in found["differing"]} == {"ada", "bob", "cyd"}


def test_two_environments(ask: Ask) -> None:
    judged(ask("diff", "local", "other", "--rows", "all", status=2), "parity")


def test_a_receipt(ask: Ask) -> None:
    judged(ask("--env", "other", "apply", "--yes"), "receipt")


def test_a_migration_from_its_plan_to_its_reconciliation(ask: Ask, tmp_path: Path) -> None:
    plan, usage = str(tmp_path / "plan.jsonl"), str(EXAMPLES / "migration" / "usage.jsonl")
    judged(ask("migrate", "spring", "--impact", usage, "--rows", "all", "-o", plan), "migration")
    judged(ask("migrate", "--apply", plan, "--impact", usage, "--yes"), "migration-receipt")
    judged(ask("migrate", "--check", plan), "reconciliation")


def test_a_copy_and_a_site(ask: Ask, tmp_path: Path) -> None:
    judged(ask("copy", "--to", f"sqlite:///{tmp_path / 'copy.db'}"), "copy")
    judged(ask("site", "--output", str(tmp_path / "site")), "site")


def test_what_was_saved_of_an_account() -> None:
    view = export_view("account.json", {Kind.PRODUCT: 3, Kind.PACKAGE: 0}, 12, 2)
    judged(json.loads(text_of(view, "json", Page())), "export")


def test_each_view_says_its_own_sort_and_is_in_the_table() -> None:
    sorts = {sort for sort, _ in FORMATS}
    assert sorts == VIEWS.keys()
    assert {sort for sort, form in FORMATS if form == "text"} == sorts


def published() -> Iterator[str]:
    """The published schemas of answers."""
    return (path.name.removeprefix("answer-").removesuffix(".schema.json") for path in SCHEMAS.glob("answer-*.json"))


def test_the_schemas_are_published_and_sound() -> None:
    assert set(published()) == VIEWS.keys()
    for validator in VALIDATORS.values():
        Draft202012Validator.check_schema(validator.schema)
