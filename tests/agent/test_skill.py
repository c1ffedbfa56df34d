"""What the skill and the pages for agents say can be typed: commands, options and files are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from pricebook.cli.agent_tool import TOOLS, Arguments, option_of
from pricebook.cli.main import COMMANDS, root

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "skills" / "pricebook" / "SKILL.md"
PAGES = [SKILL, ROOT / "AGENTS.md", ROOT / "docs" / "agents.md"]


def typed(text: str) -> Iterator[list[str]]:
    """The words of every command that a page shows, in blocks and in lines."""
    for line in re.findall(r"^pricebook .*|(?<=`)pricebook [^`\n]*", text, re.MULTILINE):
        yield line.partition("#")[0].split()[1:]


def options(command: click.Command) -> set[str]:
    return {word for param in command.params if isinstance(param, click.Option) for word in param.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_is_there(page: Path) -> None:
    found = 0
    for words in typed(page.read_text(encoding="utf-8")):
        name = next((word for word in words if word in COMMANDS), None)
        assert name is not None, words
        command = root.get_command(click.Context(root), name)
        assert command is not None
        assert {word for word in words if word.startswith("-") and word != "-C"} <= options(command), words
        found += 1
    assert found > 2


def test_the_skill_has_a_head() -> None:
    head = yaml.safe_load(SKILL.read_text(encoding="utf-8").split("---\n")[1])
    assert head["name"] == SKILL.parent.name
    assert set(head) == {"name", "description"}
    assert 100 < len(head["description"]) <= 1024


def test_what_never_to_do_names_every_command_that_writes_to_an_account() -> None:
    never = SKILL.read_text(encoding="utf-8").partition("## Never")[2].partition("\n## ")[0]
    for name in ("apply", "provision", "copy", "migrate", "account", "import"):
        assert name in COMMANDS
        assert name in never
        assert name not in TOOLS


def test_the_page_lists_the_tools_and_what_they_take() -> None:
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| `pricebook \w+` \|(.*)\|$", page, re.MULTILINE))
    shared = {info.alias or name for name, info in Arguments.model_fields.items()}
    told = {name: re.findall(r"`(\w+)`", row) for name, row in rows.items()}
    assert told == {
        name: [
            info.alias or field
            for field, info in tool.arguments.model_fields.items()
            if (info.alias or field) not in shared
        ]
        for name, tool in TOOLS.items()
    }


@pytest.mark.parametrize("name", TOOLS)
def test_every_argument_is_one_of_the_command(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    for field, info in TOOLS[name].arguments.model_fields.items():
        option = option_of(field, info)
        assert not option or option in options(command)
