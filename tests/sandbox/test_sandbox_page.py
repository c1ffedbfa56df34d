"""The Python on the sandbox's page of the documentation runs, and its table of faults is complete."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pricebook.sandbox.fault import Fault
from pricebook.sandbox.server import serving

PAGE = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")
SCRIPT, TESTS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_script_runs() -> None:
    exec(compile(SCRIPT, "docs/sandbox.md", "exec"), {})


def test_the_fixture_and_its_test_run() -> None:
    names: dict[str, Any] = {}
    exec(compile(TESTS, "docs/sandbox.md", "exec"), names)
    (check,) = (value for name, value in names.items() if name.startswith("test_"))
    run: Callable[..., None] = check
    with serving() as metronome:
        run(metronome)
        assert [entry.fault for entry in metronome.requests[:2]] == ["504-after", ""]


@pytest.mark.parametrize(
    "kind", re.findall(r"^\| `([^`]+)`[^|]*\|[^|]*\| (?:nothing|everything) \|$", PAGE, re.MULTILINE)
)
def test_every_fault_of_the_table_is_one(kind: str) -> None:
    fault = Fault.parse(kind)
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}`"))
    assert fault.before == row.endswith("| nothing |")


def test_every_option_of_the_command_is_in_the_table() -> None:
    from pricebook.cli.serve import command

    options = {option for parameter in command.params for option in parameter.opts}
    rows = re.findall(r"^\| (`--[^|]*) \|", PAGE, re.MULTILINE)
    assert sorted(options) == sorted(re.findall(r"--[a-z-]+", " ".join(rows)))
