"""Problems: the format of the design, at most twenty a file, all of them counted."""

from collections.abc import Callable

import pytest
import sample_plan

from pricebook.format.escape import width_of
from pricebook.format.page import Page
from pricebook.format.problem import draw_problems
from pricebook.format.refusal import problems_text
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.problems import ProblemsView


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("colour", [False, True])
def test_page(width: int, colour: bool, golden: Callable[[str, str], None]) -> None:
    name = f"problems-{width}{'-colour' if colour else ''}"
    golden(name, "".join(f"{line}\n" for line in draw_problems(sample_plan.problems(), width, colour)))


def test_the_format_of_the_design() -> None:
    assert list(draw_problems(sample_plan.problems()[:1], 100)) == [
        "error[unknown-reference] packages/pro.yaml:14:16",
        '  rate card "standrad" does not exist',
        '  did you mean "standard"? (rate-cards/standard.yaml:3)',
    ]


def test_eleven_thousand_problems() -> None:
    found = [Problem("number", "no price", Span("a.csv", i)) for i in range(1000)] + [Problem("number", "x", more=9999)]
    assert list(draw_problems(found))[-1] == "11,000 problems, 21 shown"


def test_nothing_wrong_says_nothing() -> None:
    assert list(draw_problems([])) == []


@pytest.mark.parametrize("name", sample_plan.HOSTILE)
def test_hostile_names_are_inert(name: str) -> None:
    span = Span(name, 1, 2)
    lines = list(draw_problems([Problem(name, name, span, name, ((name, span), ("", span)), "error", 2)], 80))
    for index, line in enumerate(lines):
        assert all(char.isprintable() or char == "\u200e" for char in line)
        assert index == 0 or width_of(line) <= 80  # a place is not broken: it may be copied


def test_a_refusal_says_where_to_read_more() -> None:
    found = tuple(sample_plan.problems()[:1])
    at = "more: https://pricebook.dev/errors/"
    assert list(problems_text(ProblemsView(1, found), Page(80)))[-1] == f"{at}#unknown-reference"
    other = Problem("number", "no price")
    assert list(problems_text(ProblemsView(2, (*found, other)), Page(80)))[-1] == at
    assert list(problems_text(ProblemsView(0, (), "Nothing."), Page(80))) == ["Nothing."]
