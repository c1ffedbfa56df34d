"""The table of commands: each is loaded alone, says what the table says, and takes shared options in both places."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pricebook.cli.main import COMMANDS, root
from pricebook.cli.options import SHARED

PROJECT = 'namespace: acme\nenvironments:\n  local: {store: "sqlite:///a.db"}\n  other: {store: "sqlite:///b.db"}\n'
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}
"""
MODULES = "import json, sys; from pricebook.cli.main import root\n{}\nprint(json.dumps(sorted(sys.modules)))"


def command(name: str) -> click.Command:
    """A command of the table."""
    found = root.get_command(click.Context(root), name)
    assert found is not None
    return found


def loaded(line: str) -> set[str]:
    """The modules that there are in a process after a line of Python."""
    answer = subprocess.run([sys.executable, "-c", MODULES.format(line)], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def within(name: str, found: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command, or those of a group."""
    if isinstance(found, click.Group):
        for each, inner in found.commands.items():
            yield from within(f"{name} {each}", inner)
    else:
        yield name, found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    first, *_ = (command(name).help or "").split("\n\n")
    assert first.replace("\n", " ") == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_shared_options_and_no_other_of_their_names(name: str) -> None:
    for each, found in within(name, command(name)):
        words = [word for param in found.params if isinstance(param, click.Option) for word in param.opts]
        assert len(words) == len(set(words)), each
        assert set(SHARED) <= set(found.params), each


def test_help_loads_no_command() -> None:
    modules = loaded("root.main(['--help'], standalone_mode=False)")
    assert not {f"pricebook.cli.{name}" for name in COMMANDS} & modules
    assert not {"pydantic", "yaml", "rich", "dataclasses", "pricebook.problem", "pricebook.format.page"} & modules


def test_a_command_loads_no_other() -> None:
    modules = loaded("root.main(['plan', '--help'], standalone_mode=False)")
    assert {f"pricebook.cli.{name}" for name in COMMANDS} & modules == {"pricebook.cli.plan"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two environments."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return tmp_path


@pytest.mark.parametrize("before", range(5))
def test_options_stand_before_the_command_or_behind_it(project: Path, before: int) -> None:
    said = [("-C", str(project)), ("--env", "other"), ("--as-of", "2026-02-03"), ("--format", "json")]
    words = [*sum(said[:before], ()), "plan", *sum(said[before:], ())]
    answer = CliRunner().invoke(root, words, catch_exceptions=False)
    found = json.loads(answer.stdout)
    assert (found["environment"], found["as_of"]) == ("other", "2026-02-03T00:00:00Z")


def test_what_stands_behind_the_command_wins(project: Path) -> None:
    words = ["-C", "elsewhere", "--env", "other", "--format", "html"]
    answer = CliRunner().invoke(root, [*words, "plan", "-C", str(project), "--env", "local", "--format", "json"])
    assert json.loads(answer.stdout)["environment"] == "local"


def test_a_group_hands_the_options_down(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("words")
    words = ["--format", "json", "post", "comment", str(tmp_path / "p.md")]
    before = CliRunner().invoke(root, words, env={"GITHUB_TOKEN": "", "GITLAB_CI": ""})
    behind = CliRunner().invoke(root, [*words[2:], *words[:2]], env={"GITHUB_TOKEN": "", "GITLAB_CI": ""})
    assert before.stdout == behind.stdout
    assert json.loads(behind.stdout)


def test_a_mistyped_command_is_told_the_nearest() -> None:
    answer = CliRunner().invoke(root, ["plna"])
    assert answer.exit_code == 2
    assert "there is no command 'plna'; did you mean \"plan\"?" in answer.stderr


def test_streams_that_whoever_starts_it_has_closed_are_none_of_its_troubles(tmp_path: Path) -> None:
    """Of cron and daemons: there is nothing to see, and the exit code still says what the answer is."""
    line = f"exec {sys.executable} -m pricebook -C {tmp_path} init --namespace acme >&- 2>&- <&-"
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 0
    validate = f"exec {sys.executable} -m pricebook -C {tmp_path} validate >&- <&-"
    answer = subprocess.run(["sh", "-c", validate], stderr=subprocess.PIPE, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_store_of_no_kind_is_refused_where_the_project_says_it(tmp_path: Path) -> None:
    environment = "environments: {a: {store: 'sqlite:///a.db'}, b: {store: 'mysql://there'}}"
    (tmp_path / "pricebook.yaml").write_text(f"namespace: acme\nmanifests: [catalog.yaml]\n{environment}\n")
    (tmp_path / "catalog.yaml").write_text("")
    answer = CliRunner().invoke(root, ["-C", str(tmp_path), "plan", "--env", "b"])
    assert answer.exit_code == 1
    assert "error[unknown-store] pricebook.yaml:3:57" in answer.stderr


@pytest.mark.parametrize("name", ["plan", "apply", "drift", "history", "promote", "show"])
def test_fewer_rows_than_none_are_refused(name: str) -> None:
    """Refused by the option that all of them share, before the command's own arguments matter."""
    (option,) = (each for each in command(name).params if each.name == "rows")
    with pytest.raises(click.BadParameter, match="-1 is not a number of rows"):
        option.process_value(click.Context(command(name)), "-1")
    assert option.process_value(click.Context(command(name)), "3") == "3"
