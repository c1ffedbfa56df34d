"""Every JSON answer of every command is judged by the published schema of its sort; and the sorts are all of them."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from pricebook.catalog.reference import Kind
from pricebook.cli.main import COMMANDS, root
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
  third: {store: "sqlite:///third.db"}
default_environment: local
"""
BEFORE, AFTER = "2034-10-01", "2034-12-01"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A function that asks a command for JSON: in the example of a migration, applied in two versions, with contracts
    on both of them."""
    folder = tmp_path_factory.mktemp("answers")
    team, starter, made = folder / "team", folder / "starter", folder / "made"
    shutil.copytree(EXAMPLES / "migration", team)
    shutil.copytree(EXAMPLES / "starter-plan", starter)
    (team / "pricebook.yaml").write_text(PROJECT)
    for new in (made, made / "new", made / "bare"):
        new.mkdir()
    (made / "theirs.csv").write_text("product,usd\nmessages,0.40\n")
    (made / "invoices.json").write_text("[]")
    places = {"team": team, "starter": starter, "made": made, "usage": EXAMPLES / "migration" / "usage.jsonl"}

    def asked(words: str, at: str = AFTER, status: int = 0) -> Any:
        # What stands behind wins: a line may say another folder.
        line = ["-C", str(team), "--as-of", at, "--format", "json", *(word.format(**places) for word in words.split())]
        done = CliRunner().invoke(root, line)
        assert done.exit_code == status, f"{words}: {done.output}{done.exception!r}"
        return json.loads(done.stdout)

    asked("apply --yes", at=BEFORE)
    for who in ("ada", "bob", "cyd"):
        words = f"provision --customer {who} --package team@1 --starting-at {BEFORE} --yes"
        asked(words, at=BEFORE)
    package = team / "catalog" / "team.yaml"
    package.write_text(package.read_text().replace("initial_quantity: 2", "initial_quantity: 3"))
    asked("apply --yes")
    return asked


Line = tuple[str, int, str]
"""The sort of an answer, the exit code, and the words that ask for it; `{made}` is a folder for what is written."""
LINES: dict[str, tuple[Line, ...]] = {
    "init": (("files", 0, "-C {made}/new init"), ("files", 0, "-C {made}/bare init --bare")),
    "add product": (("edits", 0, "add product extra --type subscription --dry-run"),),
    "add metric": (("edits", 0, "add metric extra --event extra --aggregation count --dry-run"),),
    "add package": (("edits", 0, "add package extra --card team --dry-run"),),
    "price set": (("repricing", 0, "price set messages --price $0.60 --from 2036-01-01 --dry-run"),),
    "reprice": (("repricing", 0, "reprice --increase 5% --from 2036-01-01 --dry-run"),),
    "fmt": (("edits", 1, "fmt --check"),),
    "import": (("import", 0, "import --dry-run"),),
    "validate": (("validity", 0, "validate"),),
    "test": (("tests", 0, "-C {starter} test"),),
    "preview": (("bills", 0, "-C {starter} preview starter-plan --starting-at 2026-01-01"),),
    "rules": (("rules", 0, "rules"), ("files", 0, "rules -o {made}/rules")),
    "explain": (("rule-page", 0, "explain PRICE_UP"), ("problems", 1, "explain no-such-rule")),
    "schema": (
        ("files", 0, "schema -o {made}/schemas"),
        ("checked", 0, "schema --check {team}/pricebook.yaml {team}/catalog/team.yaml"),
        ("problems", 1, "schema --check {made}/invoices.json"),
    ),
    "plan": (
        ("plan", 0, "plan --rows all"),
        ("plan", 0, "--env other plan --rows all"),
        ("digest", 0, "plan --digest"),
    ),
    "apply": (("receipt", 0, "--env third apply --yes"),),
    "promote": (("plan", 0, "promote local other"),),
    "migrate": (
        ("migration", 0, "migrate spring --impact {usage} --rows all -o {made}/plan.jsonl"),
        ("migration-receipt", 0, "migrate --apply {made}/plan.jsonl --impact {usage} --yes"),
        ("reconciliation", 0, "migrate --check {made}/plan.jsonl"),
    ),
    "provision": (("provision", 0, "provision --customer dan --package team --starting-at 2035-01-01 --yes"),),
    "ls": (("objects", 0, "ls"),),
    "graph": (("graph", 0, "graph package:team"),),
    "show": (
        ("prices", 0, "show --on 2035-01-01"),
        ("timelines", 0, "show product:messages"),
        ("price-moves", 0, "show --from 2020-01-01 --to 2035-01-01"),
        ("package-versions", 0, "show package:team"),
        ("package-differences", 0, "show package:team@1..@2"),
    ),
    "history": (("history", 0, "history --rows all"),),
    "cohorts": (("cohorts", 0, "cohorts"), ("contracts", 0, "cohorts --contracts")),
    "site": (("site", 0, "site --output {made}/site"),),
    "drift": (("drift", 0, "drift --rows all"), ("drift", 0, "--env other drift --rows all")),
    "diff": (("parity", 2, "diff local other --rows all"),),
    "compare": (("comparison", 2, "compare --with {made}/theirs.csv --key product --price usd"),),
    "reconcile": (("reconciled", 2, "reconcile --month 2034-10 --invoices {made}/invoices.json"),),
    "account": (("account", 0, "account"),),
    "copy": (("copy", 0, "copy --to sqlite:///{made}/copy.db"),),
}
"""How each command is asked for each sort of its answers."""
FOR_PEOPLE = ("post", "serve", "mcp")
"""Commands without an answer in JSON."""
VALIDATORS = {
    name.removeprefix("answer-").removesuffix(".schema.json"): Draft202012Validator(schema)
    for name, schema in answer_schemas().items()
}


def judged(answer: Any, sort: str) -> None:
    """An answer is of a sort, and its schema has nothing against it."""
    assert answer["format"] == PREFIX + sort
    problems = [f"{error.json_path}: {error.message[:300]}" for error in VALIDATORS[sort].iter_errors(answer)]
    assert problems == []


def every() -> Iterator[str]:
    """Every command there is, those of a group by two words."""
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)  # type: ignore[attr-defined]
        yield from (f"{name} {each}" for each in command.commands) if isinstance(command, click.Group) else [name]


@pytest.mark.parametrize("command", [name for name in every() if name.split()[0] not in FOR_PEOPLE])
def test_each_answer_of_a_command_is_what_its_schema_says(ask: Ask, command: str) -> None:
    for sort, status, words in LINES[command]:
        judged(ask(words, status=status), sort)


@pytest.mark.parametrize("command", [name for name in every() if name.split()[0] in FOR_PEOPLE])
def test_a_command_without_an_answer_refuses_json(ask: Ask, command: str) -> None:
    needed = {"comment": "x", "issue": "x", "findings": "x --commit c --ref r", "status": "x --commit c --context c"}
    more = needed.get(command.rpartition(" ")[2], "--commit c --context c" if command == "post approved" else "")
    found = ask(f"{command} {more}", status=1)
    judged(found, "problems")
    assert [problem["code"] for problem in found["problems"]] == ["format"]


def test_a_schema_is_printed_as_it_is(ask: Ask) -> None:
    assert ask("schema answer-files") == answer_schemas()["answer-files.schema.json"]


def test_every_sort_is_asked_for() -> None:
    asked = {sort for lines in LINES.values() for sort, _, _ in lines}
    assert asked == VIEWS.keys() - {"export"}, "an account is saved in tests/remote"


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
