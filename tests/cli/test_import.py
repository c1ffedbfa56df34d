"""`pricebook import`, as a person runs it: an embedded store, an export, git, and what is refused."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from pricebook import wiring
from pricebook.project.project import read_project
from pricebook.workflow.importing import ImportChoice, Imported, import_account

AT = datetime(2025, 10, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "examples" / "starter-plan"
UNMARKED = ("pricing_unit", "billable_metric", "product", "rate_card", "package")


def pricebook(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in the project's directory."""
    argv = [sys.executable, "-m", "pricebook", *arguments]
    return subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False, timeout=600)


def git(directory: Path, *words: str) -> None:
    """A command of git."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store with the starter plan in it, of which nobody knows whose it is."""
    root = tmp_path_factory.mktemp("made") / "starter"
    copytree(EXAMPLE, root, ignore=ignore_patterns("*.db*"))
    assert pricebook(root, "--as-of", "2025-10-01", "apply", "--yes").returncode == 0
    with sqlite3.connect(root / "pricebook.db") as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f'DROP TRIGGER "{name}"')
        for table in UNMARKED:
            connection.execute(f"UPDATE {table} SET mark = NULL, digest = NULL")
        connection.execute("UPDATE rate_card SET rates_mark = NULL, aliases_mark = NULL")
        for _, sql in guards:
            connection.execute(sql)
    connection.close()
    return root / "pricebook.db"


@pytest.fixture
def project(store: Path, tmp_path: Path) -> Path:
    """A project without manifests, on a copy of the store."""
    settings = "namespace: acme\nmanifests: [catalog]\nenvironments:\n  local: {store: 'sqlite:///pricebook.db'}\n"
    (tmp_path / "pricebook.yaml").write_text(settings)
    (tmp_path / "pricebook.db").write_bytes(store.read_bytes())
    return tmp_path


def test_an_embedded_store_is_imported_and_adopted(project: Path) -> None:
    made = pricebook(project, "--as-of", "2025-10-01", "import")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[0] == (
        "Imported from local: 2 billable metrics, 9 products, 1 rate card, 5 packages, 12 prices."
    )
    assert "catalog/products.yaml   new" in made.stdout
    assert "    - key: fee\n" in (project / "catalog" / "packages" / "starter-plan.yaml").read_text()
    planned = pricebook(project, "--as-of", "2025-10-01", "plan")
    assert "Plan: 12 objects adopted. Nothing is edited in place." in planned.stdout
    assert pricebook(project, "--as-of", "2025-10-01", "apply", "--yes").returncode == 0
    again = pricebook(project, "--as-of", "2025-10-01", "--format", "json", "import")
    answer = json.loads(again.stdout)
    assert (answer["imported"], answer["files"], answer["left"], answer["remaining"]) == ([], [], [], [])
    assert answer["unchanged"] > 0


def test_of_an_account_in_which_there_is_nothing_nothing_is_imported(project: Path) -> None:
    (project / "pricebook.db").unlink()
    for _ in range(2):  # without a folder, and with an empty one
        done = pricebook(project, "import")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("\nNothing to import: there is nothing in the account that manifests can say.\n")
        (project / "catalog").mkdir(exist_ok=True)


def test_manifests_that_are_not_in_the_account_are_named_and_not_called_nothing(project: Path) -> None:
    sample = (
        "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: sample}\nspec: {name: Sample, type: SUBSCRIPTION}\n"
    )
    (project / "catalog").mkdir()
    (project / "catalog" / "sample.yaml").write_text(sample)
    lines = pricebook(project, "import").stdout.splitlines()
    assert "In manifests and not in the account, where an apply would make them: product:sample." in lines
    assert lines[-1].endswith("(what was imported is adopted; 1 object would be made in the account)")
    assert json.loads(pricebook(project, "--format", "json", "plan").stdout)["counts"]["created"] == 1


def test_a_file_that_git_has_no_copy_of_is_not_changed(project: Path) -> None:
    git(project, "init", "-q")
    assert pricebook(project, "import", "--kind", "billable-metric").returncode == 0
    git(project, "add", "-A")
    git(project, "commit", "-qm", "imported")
    metrics = project / "catalog" / "metrics.yaml"
    first, *rest = metrics.read_text().split("---\n")
    metrics.write_text("---\n".join(rest))  # somebody took one out
    refused = pricebook(project, "import")
    assert refused.returncode == 1
    assert "error[uncommitted]" in refused.stderr
    assert "catalog/metrics.yaml" in refused.stderr
    assert not (project / "catalog" / "products.yaml").exists()
    assert pricebook(project, "import", "--allow-dirty").returncode == 0
    assert first.split("adopt")[1] in metrics.read_text()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--output", "../elsewhere"), "outside"),
        (("--output", "other"), "not-a-manifest-folder"),
        (("--from", "nothing.json"), "missing-file"),
        (("--from", "pricebook.yaml"), "store"),
        (("--save", "account.json"), "not-applicable"),
        (("--save", "a.json", "--from", "b.json"), "conflict"),
    ],
)
def test_what_is_refused(project: Path, arguments: tuple[str, ...], code: str) -> None:
    made = pricebook(project, "import", *arguments)
    assert (made.returncode, made.stdout) == (1, "")
    assert f"error[{code}]" in made.stderr
    assert not (project / "catalog").exists()


def test_a_dry_run_prints_the_manifests(project: Path) -> None:
    made = pricebook(project, "import", "--name", "*token*", "--dry-run")
    assert made.returncode == 0
    assert "+++ b/catalog/products.yaml" in made.stdout
    assert made.stdout.endswith("Nothing was written (--dry-run).\n")
    assert not (project / "catalog").exists()


def read(root: Path) -> Imported:
    """What an import of the store would write."""
    project = read_project(root)
    with closing(wiring.open_store(project, project.environment(None)[1])) as store:
        return import_account(project, "local", store, AT, choice=ImportChoice(), dry_run=True)


def test_whatever_is_written_when_it_is_killed_the_next_import_goes_on(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricebook.edit.table_dump.MANY", 2)
    whole = {change.file: change.after for change in read(project).files}
    assert {Path(file).suffix for file in whole} == {".yaml", ".csv"}
    for written, (file, text) in enumerate(whole.items(), 1):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
        rest = {change.file: change.after for change in read(project).files}
        assert rest == dict(list(whole.items())[written:])


def test_a_table_takes_no_file_that_is_something_else(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pricebook.edit.table_dump.MANY", 2)
    tables = [change.file for change in read(project).files if change.file.endswith(".csv")]
    for data in (b"mine,precious\n", b"\xff\xfe"):
        (project / tables[0]).parent.mkdir(parents=True, exist_ok=True)
        (project / tables[0]).write_bytes(data)
        others = [change.file for change in read(project).files if change.file.endswith(".csv")]
        assert tables[0] not in others
        assert len(others) == len(tables)


LISTED = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: calls}
spec:
  name: Calls
  aggregation_type: COUNT
  event_type_filter: {in_values: [call]}
  property_filters: [{name: model, exists: true}]
  group_keys: [[model]]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: calls}
spec: {name: Calls, type: USAGE, billable_metric: calls, pricing_group_key: [model]}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates_from:
    - editions:
        - {from: 2025-01-01, table: old.csv}
        - {from: 2025-06-01, table: new.csv}
      columns: {product: product, pricing_group_values: [model], price: usd}
      defaults: {currency: USD}
  relations:
    - {of: {pricing_group_values: {model: m1}}, pricing_group_values: {model: half}, times: 50%}
"""


def test_a_list_that_was_published_anew_comes_back_as_its_editions(tmp_path: Path) -> None:
    """And what a relation said comes back as the price that it is; the plan after it is empty."""
    made, project = tmp_path / "made", tmp_path / "project"
    for folder in (made, project):
        folder.mkdir()
        settings = "namespace: acme\nmanifests: [catalog]\nenvironments: {local: {store: 'sqlite:///../shared.db'}}\n"
        (folder / "pricebook.yaml").write_text(settings)
    (made / "catalog").mkdir()
    (made / "catalog" / "list.yaml").write_text(LISTED)
    for name, price in (("old", 2), ("new", 3)):
        rows = (f"calls,m{number},{price if number % 2 else 5}\n" for number in range(21))
        (made / "catalog" / f"{name}.csv").write_text("product,model,usd\n" + "".join(rows))
    assert pricebook(made, "--as-of", "2025-06-01", "apply", "--yes").returncode == 0
    assert pricebook(project, "--as-of", "2025-07-01", "import").returncode == 0
    files = {path.name: path.read_text() for path in (project / "catalog" / "rate-cards").iterdir()}
    assert sorted(files) == ["list-2025-01-01.csv", "list-2025-06-01.csv", "list.yaml"]
    assert "- {from: 2025-06-01, table: list-2025-06-01.csv}" in files["list.yaml"].replace('"', "")
    assert "relations" not in files["list.yaml"]
    assert files["list-2025-06-01.csv"].startswith("product,model,usd\ncalls,half,1.5\ncalls,m0,5\ncalls,m1,3\n")
    planned = pricebook(project, "--as-of", "2025-07-01", "plan", "--exit-code")
    assert planned.stdout.startswith("Nothing to change"), planned.stdout
    again = pricebook(project, "--as-of", "2025-07-01", "import")
    assert "Nothing to write: the manifests say what the account says." in again.stdout
