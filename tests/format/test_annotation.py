"""GitHub's workflow commands: one line each, parsed as GitHub does, whatever the data."""

import re
from collections.abc import Callable

import pytest
import sample_plan
from hypothesis import given
from hypothesis import strategies as st

from drawing import plan_document, problems_document
from pricebook.format.escape import escape_terminal
from pricebook.format.github import SHOWN
from pricebook.problem import Problem
from pricebook.span import Span

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=100)


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """The command, properties and message of a line, by the rules of the runner's `ActionCommand`."""
    assert line.startswith("::")
    head, message = line[2:].split("::", 1)
    command, _, rest = head.partition(" ")
    properties = {}
    for pair in rest.split(",") if rest else ():
        name, _, value = pair.partition("=")
        for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(code, char)
        properties[name] = value
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(code, char)
    return command, properties, message


def test_a_plan(golden: Callable[[str, str], None]) -> None:
    golden("judged.github", plan_document("github", sample_plan.judged(), base="pricing") + "\n")


def test_problems(golden: Callable[[str, str], None]) -> None:
    golden("problems.github", problems_document("github", sample_plan.problems()) + "\n")


def test_a_sentence_when_all_is_well() -> None:
    text = problems_document("github", (), "Valid: 1 product.")
    assert parsed(text) == ("notice", {"title": "pricebook"}, "Valid: 1 product.")


def test_no_more_than_github_shows_and_the_rest_is_counted() -> None:
    lines = problems_document("github", [Problem("c", f"m{i}") for i in range(25)]).split("\n")
    assert len(lines) == SHOWN
    assert lines[-1] == "::error title=pricebook::16 more are not shown here"


def test_waived_findings_are_no_annotation() -> None:
    assert not problems_document("github", [Problem("c", "m", waived="agreed")])


@given(anything, anything, anything)
def test_data_comes_back_and_makes_no_command_of_its_own(message: str, file: str, hint: str) -> None:
    line = problems_document("github", [Problem("code", message, Span(file, 3, 5), hint)])
    assert "\n" not in line
    assert line.isprintable() or "\u200e" in line
    command, properties, text = parsed(line)
    assert command == "error"
    assert properties == {"file": escape_terminal(file, 1000), "line": "3", "col": "5", "title": "code"}
    assert text == "\n".join(escape_terminal(part, 1000) for part in (message, hint) if part)


@given(st.one_of(anything, st.sampled_from(sample_plan.HOSTILE)))
def test_a_log_of_plain_text_holds_no_command(text: str) -> None:
    shown = f"    {escape_terminal(text)} {escape_terminal(text)}"
    assert not re.match(r"\s*::[A-Za-z]", shown)
    assert "##[" not in shown
    assert not any(re.match("::[A-Za-z]", word) for word in shown.split())


@pytest.mark.parametrize("name", sample_plan.HOSTILE)
def test_one_line_for_each(name: str) -> None:
    text = problems_document("github", [Problem("c", name, Span(name, 1), name)])
    assert len(text.splitlines()) == 1
    command, properties, message = parsed(text)
    assert (command, properties["file"]) == ("error", escape_terminal(name, 1000))
    assert message == f"{escape_terminal(name, 1000)}\n{escape_terminal(name, 1000)}"
