"""Whole pages, compared whole; and what must hold of every page."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import sample_plan

from drawing import plan_document, plan_lines
from pricebook.catalog.reference import Kind
from pricebook.format.escape import width_of
from pricebook.format.object_text import ALIKE
from pricebook.format.page import Page
from pricebook.format.plan_text import plan_text
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Plan
from pricebook.view.plan import HAZARD_WORDS, plan_view
from pricebook.view.rows import RowChoice

Golden = Callable[[str, str], None]
PAGES: dict[str, tuple[Callable[[], Plan], str | None]] = {
    "mixed": (sample_plan.mixed, None),
    "new-version": (sample_plan.new_version, None),
    "new-package": (sample_plan.new_package, None),
    "many": (sample_plan.many, None),
    "many-some": (sample_plan.many, "REGION-01"),
    "empty": (sample_plan.empty, None),
    "refused": (sample_plan.refused, None),
    "hostile": (sample_plan.hostile, None),
    "owned": (sample_plan.owned, None),
}
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def page(name: str, width: int, colour: bool = False) -> list[str]:
    make, rows = PAGES[name]
    return plan_lines(make(), rows, width, colour)


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, width: int, golden: Golden) -> None:
    golden(f"{name}-{width}", "".join(f"{line}\n" for line in page(name, width)))


@pytest.mark.parametrize("name", ["mixed", "refused", "hostile"])
def test_page_in_colour(name: str, golden: Golden) -> None:
    lines = page(name, 80, colour=True)
    golden(f"{name}-80-colour", "".join(f"{line}\n" for line in lines))
    assert [COLOUR.sub("", line).rstrip() for line in lines] == [line.rstrip() for line in page(name, 80)]


@pytest.mark.parametrize("width", [20, 60, 70, 80, 100, 132, 200])
@pytest.mark.parametrize("name", PAGES)
def test_lines_fit_and_are_inert(name: str, width: int) -> None:
    for line in page(name, width):
        assert width_of(line) <= max(width, 60), line
        assert all(char.isprintable() or char == "\u200e" for char in line), line
        assert line == line.rstrip(), line


def test_eight_thousand_changes_are_a_page() -> None:
    assert len(page("many", 100)) < 50


def test_every_row_is_listed_when_asked_for() -> None:
    plan = sample_plan.many(2000)
    lines = plan_lines(plan, "all", 200)
    assert sum("from 20" in line for line in lines) == 2000
    assert "not shown" not in "\n".join(lines)


@pytest.mark.parametrize(("rows", "count"), [("3", 3), ("0", 0), ("model-07 · region=region-01", 10), ("no such", 0)])
def test_rows_can_be_chosen(rows: str, count: int) -> None:
    view = plan_view(sample_plan.many(), RowChoice.parse(rows))
    shape = view.objects[0].rates
    assert shape is not None
    assert (len(shape.rows), shape.rows_total) == (count, 8000)


def test_a_thousand_new_objects_are_a_page_unless_asked_for() -> None:
    steps = [
        sample_plan.create(Kind.PRODUCT, f"p{i:04d}", name=f"Product {i}", type="FIXED") for i in range(1000)
    ]  # fmt: skip
    plan = sample_plan.plan(steps)
    lines = plan_lines(plan)
    assert len(lines) < ALIKE + 10
    assert "980 products are created" in "\n".join(lines)
    assert len(plan_lines(plan, "all")) > 1000


def test_the_policy_says_what_is_refused() -> None:
    plan = sample_plan.refused()
    allowed = plan_document("text", plan, refused=()).split("\n")
    assert not any("--allow" in line for line in allowed)
    strict = plan_document("text", plan, refused=["PRICE_UP"])
    assert re.findall(r"--allow \w+", strict) == ["--allow PRICE_UP"] * 2


def test_an_empty_plan_can_say_how_many_prices_there_are() -> None:
    view = plan_view(replace(sample_plan.empty(), leftovers=()), RowChoice())
    first = next(iter(plan_text(view, Page())))
    assert first == "Nothing to change: the store says what the manifests say (123 objects, 8,212 prices)."


def test_the_summary_says_whether_something_is_edited() -> None:
    assert "Nothing is edited in place." not in plan_view(sample_plan.mixed(), RowChoice()).summary
    assert "Nothing is edited in place." in plan_view(sample_plan.new_version(), RowChoice()).summary


def test_every_hazard_has_words() -> None:
    assert set(HAZARD_WORDS) == set(Hazard)
