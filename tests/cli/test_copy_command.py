"""`pricebook copy` as a user meets it: from a file to a server, the same, once more, and what is refused."""

import json
import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_commands import CATALOG
from test_commands import pricebook as process

from pricebook.cli.main import root
from pricebook.store.journal import SqlJournal
from pricebook.wiring import now
from server import PASSWORD, Server

PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments:
  production: {store: "sqlite:///pricebook.db"}
  account:
    store: metronome
    token_env: PRICEBOOK_NOBODY_SETS_THIS
    journal: "sqlite:///journal.db"
"""
_SCHEMAS = count(1)


@pytest.fixture
def target(server: Server) -> str:
    """The URL of a place on the server that is not there yet, with the password in it."""
    return server.url(f"copy_{next(_SCHEMAS)}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was applied once."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    assert pricebook(tmp_path, "apply", "--yes").exit_code == 0
    return tmp_path


def pricebook(folder: Path, *words: str) -> Result:
    """Run the command in this process, where nobody's connection to a server is left open by its end."""
    return CliRunner().invoke(root, ["-C", str(folder), "--as-of", "2026-01-01", *words], catch_exceptions=False)


def hidden(url: str) -> str:
    return url.replace(PASSWORD, "***")


def test_a_project_moves_to_a_server(project: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = process(project, "copy", "--to", target)
    assert answer.stderr == ""
    place, schema = hidden(target).split("?schema=")
    assert answer.stdout == (
        "Copied production: 1 product, 1 rate card, 1 price, 1 account mark, 1 apply, 6\njournal entries.\n"
        f"  from {project}/pricebook.db\n"
        f"  to   {place} (schema {schema})\n"
        "Read back and verified, and the same: every table, what acme has, and the plan\n(nothing to do).\n"
        "\n"
        "Write it into the project file. What was copied is left as it is; apply there no\nmore.\n"
        f'  pricebook.yaml:4:23   store: "{hidden(target)}"\n'
        "No password belongs there: PGPASSWORD may hold it, or a variable that\n?password_env=NAME names.\n"
    )
    again = process(project, "--format", "json", "copy", "--to", target)
    told = json.loads(again.stdout)
    assert (again.returncode, told["already"], told["steps"], told["namespaces"]) == (0, True, 0, ["acme"])
    assert {name: table["rows"] for name, table in told["tables"].items()} == {
        "product": 1,
        "rate_card": 1,
        "rate_timeline": 1,
        "account": 1,
        "run": 1,
        "journal": 6,
        "lease": 1,
    }
    (project / "pricebook.yaml").write_text(PROJECT.replace("sqlite:///pricebook.db", target))
    (project / "catalog.yaml").write_text(CATALOG.replace("$5.00", "$6.00"))
    assert process(project, "apply", "--yes", "--allow", "all").returncode == 0
    history = process(project, "--format", "json", "history").stdout
    assert [run["result"] for run in json.loads(history)["runs"]] == ["done", "done"]
    (project / "pricebook.yaml").write_text(PROJECT)
    refused = process(project, "copy", "--to", target)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error[occupied-target]\n")
    assert PASSWORD not in answer.stdout + again.stdout + history + refused.stderr


def test_a_project_moves_back_to_a_file(project: Path, target: str) -> None:
    (project / "pricebook.yaml").write_text(PROJECT.replace("sqlite:///pricebook.db", target))
    assert process(project, "apply", "--yes").returncode == 0
    answer = process(project, "copy", "--to", "sqlite:///laptop.db")
    assert answer.returncode == 0
    assert answer.stdout.endswith('  pricebook.yaml:4:23   store: "sqlite:///laptop.db"\n')
    (project / "pricebook.yaml").write_text(PROJECT.replace("pricebook.db", "laptop.db"))
    assert "Nothing to change" in process(project, "plan", "--exit-code").stdout


def test_the_journal_of_an_account_is_copied_without_a_token(project: Path, target: str) -> None:
    with closing(SqlJournal(f"sqlite:///{project}/journal.db")) as journal:
        journal.release("account", journal.acquire("account", "me@elsewhere:1:x", now()))
    answer = process(project, "--env", "account", "copy", "--to", target)
    assert answer.returncode == 0, answer.stderr
    assert "Read back and verified: every table is the same.\n" in answer.stdout
    assert f'  pricebook.yaml:6:12   journal: "{hidden(target)}"\n' in answer.stdout


def test_nobody_copies_while_somebody_applies(project: Path) -> None:
    with closing(SqlJournal(f"sqlite:///{project}/pricebook.db")) as journal:
        lease = journal.acquire("staging", "ada@elsewhere:1:x", now())  # of another environment, in the same place
        answer = pricebook(project, "copy", "--to", "sqlite:///there.db")
        assert answer.exit_code == 1
        assert answer.stderr.startswith("error[locked]\n  ada@elsewhere:1:x is applying")
        assert not (project / "there.db").exists()
        journal.release("staging", lease)
    assert pricebook(project, "copy", "--to", "sqlite:///there.db").exit_code == 0


REFUSED = {
    "itself": (["copy", "--to", "sqlite:///pricebook.db"], "occupied-target"),
    "nothing": (["copy", "--to", "sqlite:///there.db"], "nothing-to-copy"),
    "no kind": (["copy", "--to", "mysql://there"], "unknown-store"),
    "account": (["copy", "--to", "metronome"], "unknown-store"),
    "options": (["copy", "--to", "postgresql+psycopg://db/prices?x=1"], "store"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    words, code = REFUSED[name]
    answer = pricebook(tmp_path, *words)
    assert answer.exit_code == 1
    assert f"error[{code}]" in answer.stderr
    assert sorted(os.listdir(tmp_path)) == ["catalog.yaml", "pricebook.yaml"]


def test_manifests_that_are_wrong_are_refused_before_anything_is_copied(project: Path) -> None:
    (project / "catalog.yaml").write_text(CATALOG.replace("product: pro", "product: por"))
    answer = pricebook(project, "copy", "--to", "sqlite:///there.db")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("error[unknown-reference] catalog.yaml:")
    assert not (project / "there.db").exists()
    with closing(sqlite3.connect(project / "pricebook.db")) as connection:
        assert connection.execute("SELECT owner FROM lease").fetchall() == [(None,)]
