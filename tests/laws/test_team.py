"""Laws 5 and 10 for a team: appliers on one PostgreSQL store, killed, fenced off, restarted under, and kept out."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from test_crash import PROGRAM, PROJECT, Killer, command, now, owner, planned, project

from dying import PERFORM, dying, reachable
from pricebook.apply.ports import LeaseTaken
from pricebook.apply.runner import run
from pricebook.project.project import read_project
from pricebook.store.journal import TTL, SqlJournal
from pricebook.store.sql import SqlStore
from pricebook.workflow.plan import plan
from server import PASSWORD, Server

_NUMBERS = count(1)
STEPS = 150


class Team:
    """Projects on one store: everybody has a checkout of their own."""

    def __init__(self, server: Server, folder: Path, schema: str) -> None:
        self.server, self.schema, self.url = server, schema, server.url(schema)
        self.folder = project(folder, STEPS)
        (self.folder / "pricebook.yaml").write_text(PROJECT.replace("sqlite:///pricebook.db", self.url))

    def start(self, *words: str, program: Iterable[str] = PROGRAM) -> subprocess.Popen[str]:
        """Start a command; its errors go where its output goes."""
        line = command(self.folder, *words, program=program)
        return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=reachable())

    def run(self, *words: str, program: Iterable[str] = PROGRAM) -> tuple[int, str]:
        """Run a command to its end. Whatever it says, it does not say the password."""
        process = self.start(*words, program=program)
        said, _ = process.communicate()
        assert PASSWORD not in said
        return process.returncode, said

    def products(self) -> list[str]:
        """The marks of products in the store, with repetition."""
        with closing(self.server.connect(self.schema)) as connection:
            return [mark for (mark,) in connection.execute("SELECT mark FROM product ORDER BY 1")]

    def is_whole(self) -> None:
        """Every object is there once, and nothing is to be done any more."""
        assert self.products() == sorted(f"acme/product:product-{i}" for i in range(STEPS))
        assert self.run("plan", "--exit-code")[0] == 0

    def wait_for(self, products: int, child: subprocess.Popen[str]) -> None:
        """Wait until somebody has made so many products."""
        while child.poll() is None:
            try:
                if len(self.products()) >= products:
                    return
            except Exception as error:
                if "does not exist" not in str(error):
                    raise
            time.sleep(0.01)
        raise AssertionError("it has come to its end")


@pytest.fixture
def team(server: Server, tmp_path: Path) -> Team:
    """A project on a store of its own."""
    return Team(server, tmp_path / "project", f"team_{next(_NUMBERS)}")


def test_two_appliers_at_once_end_as_one_would(team: Team) -> None:
    children = [team.start("apply", "--yes") for _ in range(2)]
    answers = [(child.communicate()[0], child.returncode) for child in children]
    assert 0 in [status for _, status in answers]
    for said, status in answers:
        assert status == 0 or "is applying" in said or "changed since the plan was made" in said
    team.is_whole()


def test_an_applier_that_was_killed_is_followed_at_once_on_its_own_host(team: Team) -> None:
    chance = random.Random(5)
    for products in (20, 70):
        status, said = team.run("apply", "--yes", program=dying(PERFORM, products, chance.randrange(1, 500)))
        assert status == -signal.SIGKILL, said
    status, said = team.run("apply", "--yes")
    assert status == 0, said
    team.is_whole()


def test_an_applier_of_another_host_is_followed_when_its_lease_ends(team: Team) -> None:
    began = now()  # time is what an applier is told: his own stands still
    with closing(SqlStore(team.url)) as store:
        made = plan(read_project(team.folder), "local", store, began)
    child = os.fork()
    if child == 0:
        try:
            killer, clock = Killer(SqlStore(team.url), SqlJournal(team.url), 99), lambda: began
            run(made, killer, killer, owner="ci@elsewhere:1:x", clock=clock, tell=lambda _: None)  # type: ignore[arg-type]
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    with closing(SqlStore(team.url)) as store, closing(SqlJournal(team.url)) as journal:
        options: dict[str, Any] = {"owner": owner(), "tell": lambda _: None}
        with pytest.raises(LeaseTaken, match="ci@elsewhere:1:x"):
            run(made, store, journal, clock=lambda: began + TTL - timedelta(seconds=1), **options)
        assert run(made, store, journal, clock=lambda: began + TTL, **options).complete
    team.is_whole()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_a_server_that_is_restarted_under_an_apply_loses_nothing(team: Team, how: int) -> None:
    child = team.start("apply", "--yes")
    team.wait_for(30, child)
    child.send_signal(signal.SIGSTOP)  # a server that takes its time is not what this is about
    team.server.stop(how)
    team.server.start()
    child.send_signal(signal.SIGCONT)
    said, _ = child.communicate()
    assert "Traceback" not in said
    assert PASSWORD not in said
    assert child.returncode == 0, said  # a restart is waited for, and what was under way is looked for
    team.is_whole()


def role(team: Team, name: str, rights: str) -> str:
    """The URL of the team's store for a role with some rights, as docs/operations.md gives them."""
    with closing(team.server.connect(team.schema)) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"GRANT USAGE ON SCHEMA {team.schema} TO {name}")
        connection.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA {team.schema} TO {name}")
        if rights != "SELECT":
            connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {team.schema} TO {name}")
    return team.url.replace("//billing:", f"//{name}:")


def test_who_may_read_can_plan_and_who_may_write_can_apply(team: Team) -> None:
    assert team.run("apply", "--yes")[0] == 0
    settings, catalogue = team.folder / "pricebook.yaml", team.folder / "catalog" / "all.yaml"
    catalogue.write_text(catalogue.read_text().replace("name: Product 7,", "name: Seven,"))
    settings.write_text(PROJECT.replace("sqlite:///pricebook.db", role(team, f"reads_{team.schema}", "SELECT")))
    for words, status in ((["plan", "--exit-code"], 2), (["drift"], 0), (["history"], 0)):
        found, said = team.run(*words)
        assert found == status, said
    status, said = team.run("apply", "--yes")
    assert status == 1
    assert "no permission in" in said
    assert team.run("plan", "--exit-code")[0] == 2
    rights = "SELECT, INSERT, UPDATE"
    settings.write_text(PROJECT.replace("sqlite:///pricebook.db", role(team, f"applies_{team.schema}", rights)))
    status, said = team.run("apply", "--yes")
    assert status == 0, said
    team.is_whole()


def test_where_the_lock_cannot_be_reached_nothing_is_written(team: Team) -> None:
    (team.folder / "pricebook.yaml").write_text(
        PROJECT.replace(
            '{store: "sqlite:///pricebook.db"}', f'{{store: "sqlite:///pricebook.db", journal: "{team.url}"}}'
        )
    )
    team.server.stop()
    try:
        status, said = team.run("apply", "--yes")
        assert status == 1
        assert "error[store]" in said
        assert "cannot be reached" in said
        assert not (team.folder / "pricebook.db").exists()
        assert team.run("plan")[0] == 0  # which needs no lock
    finally:
        team.server.start()
    assert team.run("apply", "--yes")[0] == 0
    assert planned(team.folder).steps == ()
    with closing(SqlJournal(team.url)) as journal:
        assert [found.result for found in journal.runs("local")] == ["done"]


def test_the_password_is_nowhere(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert team.run("plan", "-o", str(file))[0] == 0
    assert team.run("--format", "json", "plan")[0] == 0
    assert team.run("apply", "--yes", str(file))[0] == 0
    assert team.run("--format", "json", "plan")[0] == 0
    assert PASSWORD not in file.read_text()
    with closing(team.server.connect(team.schema)) as connection:
        for (table,) in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (team.schema,)
        ).fetchall():
            assert PASSWORD not in str(connection.execute(f'SELECT * FROM "{table}"').fetchall())
