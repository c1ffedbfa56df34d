"""Whoever sees only the comment can answer the questions of docs/review.md, for every change of both examples."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from drawing import plan_document
from pricebook.format.markdown import LIMIT
from pricebook.format.markdown_row import KEY
from pricebook.format.markup import escape_markdown
from pricebook.plan.step import Plan
from published import model_stages, planned, starter_stages

PAGE = Path(__file__).parents[2] / "docs" / "review.md"
ROW = re.compile(r"^\| ((?:`|\*\*).+?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)
"""A row of the table: what, from, to, change, from when, who is reached."""
DATE = re.compile(r"20\d\d-\d\d-\d\d|when applied")


class Comment:
    """A comment, and the JSON plan that it must agree with."""

    def __init__(self, plan: Plan) -> None:
        self.text = plan_document("markdown", plan)
        self.open = re.sub(r"<details>.*?</details>", "", self.text, flags=re.DOTALL)
        self.data: Any = json.loads(plan_document("json", plan, "all"))
        self.rows = ROW.findall(self.open)

    @property
    def cards(self) -> list[Any]:
        """The rates of each card that changes."""
        return [item["rates"] for item in self.data["objects"] if "rates" in item]


@pytest.fixture(scope="module")
def comments(tmp_path_factory: pytest.TempPathFactory) -> list[Comment]:
    """Every change of the starter plan and of the price table: seven comments."""
    scratch = tmp_path_factory.mktemp("examples")
    stages = [*planned(starter_stages(scratch), "acme"), *planned(model_stages(scratch), "llm")]
    return [Comment(plan) for plan, _ in stages]


def is_there_anything_to_do(comment: Comment) -> None:
    assert comment.text.splitlines()[0] == f"### {escape_markdown(comment.data['verdict'], 1000)}"


def what_changes(comment: Comment) -> None:
    assert comment.rows
    for rates in comment.cards:
        if rates["rows_total"] <= 20:
            assert {f"**{escape_markdown(row['name'], KEY)}**" for row in rates["rows"]} <= {
                row[0].partition(",")[0] for row in comment.rows
            }
    for item in comment.data["objects"]:
        name = item["offer"]["name"] if "offer" in item else f"`{item['ref']}`"
        assert item["kind"] != "package" or any(name in row[0] for row in comment.rows)


def what_does_it_cost_us(comment: Comment) -> None:
    assert ("fixed" in comment.data) == ("Fees: " in comment.text.splitlines()[0])


def what_is_a_price_for(comment: Comment) -> None:
    for rates in comment.cards:
        for row in rates["rows"] if rates["rows_total"] <= 20 else []:
            told = [
                " ".join(cells[:3]) for cells in comment.rows if f"**{escape_markdown(row['name'], KEY)}**" in cells[0]
            ]
            assert any(re.search(r"per \w|a month|a year", words) for words in told), row["name"]


def by_how_much(comment: Comment) -> None:
    moved = [row for row in comment.rows if row[3][:1] in ("+", "−")]
    told = sum(rates["counts"]["up"] + rates["counts"]["down"] for rates in comment.cards)
    assert bool(moved) or not told
    for row in moved:
        assert re.search(r"\d", row[1]), row
        assert re.search(r"\d", row[2]), row
    for rates in comment.cards:
        if rates["rows_total"] > 20:
            for word in ("up", "down", "new", "ended"):
                assert not rates["counts"][word] or f"{rates['counts'][word]:,} {word}" in comment.open
            assert "median" in comment.open or not (rates["counts"]["up"] or rates["counts"]["down"])


def from_when(comment: Comment) -> None:
    assert all(DATE.search(row[4]) for row in comment.rows)


def for_whom_and_what_of_customers_already_there(comment: Comment) -> None:
    assert all(row[5] for row in comment.rows)
    for row in comment.rows:
        if "package:" in row[0] and row[1] != "–":
            assert "made before" in row[5]
    for item in comment.data["objects"]:
        if item["action"] == "rates" and item["rates"]["counts"]["changed"]:
            assert "no contract is on the card" in comment.open or "contracts on the card" in comment.open


def what_could_go_wrong(comment: Comment) -> None:
    for hazard in comment.data["hazards"]:
        assert f"| `{hazard['hazard']}` | {hazard['count']:,} | {hazard['meaning']} |" in comment.open


def will_it_be_applied(comment: Comment) -> None:
    decision = comment.data["decision"]
    head = decision["sentence"].partition(":")[0]
    assert (f"**{head}**" in comment.open) == (decision["state"] != "nothing")
    assert (decision["state"] == "refused") >= bool(comment.data["refused"]) or decision["state"] == "approval"
    assert all(f"`{flag}`" in comment.open for flag in decision["flags"])


def which_looks_like_a_mistake(comment: Comment) -> None:
    for rates in comment.cards:
        if rates["tenfold_total"] and rates["rows_total"] > 20:
            assert f"**{rates['tenfold_total']} tenfold or more" in comment.open
            assert all(f"**{escape_markdown(row['name'], KEY)}**" in comment.open for row in rates["tenfold"])


def where_is_it_declared(comment: Comment) -> None:
    for item in comment.data["objects"]:
        assert not item["place"] or item["action"] == "rates" or f"`{item['place']}`" in comment.text


def what_is_left_out(comment: Comment) -> None:
    for rates in comment.cards:
        if rates["rows_total"] > 20:
            listed = comment.text.split("<summary>Prices of")[1].split("</details>")[0]
            (more,) = re.findall(r"and ([\d,]+) more changes", listed) or ["0"]
            assert len(ROW.findall(listed)) + int(more.replace(",", "")) == rates["rows_total"]


def what_is_not_touched(comment: Comment) -> None:
    kept = comment.data["counts"]["kept"]
    assert not kept or f"{kept:,} objects as desired already" in comment.open


def which_plan_is_this(comment: Comment) -> None:
    (head,) = (line for line in comment.text.splitlines()[:6] if comment.data["id"] in line)
    assert comment.data["environment"] in head
    assert comment.data["as_of"][:10] in head


QUESTIONS = [
    is_there_anything_to_do,
    what_changes,
    what_does_it_cost_us,
    what_is_a_price_for,
    by_how_much,
    from_when,
    for_whom_and_what_of_customers_already_there,
    what_could_go_wrong,
    will_it_be_applied,
    which_looks_like_a_mistake,
    where_is_it_declared,
    what_is_left_out,
    what_is_not_touched,
    which_plan_is_this,
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_the_comment_answers(question: Any, comments: list[Comment]) -> None:
    for comment in comments:
        question(comment)


def test_it_is_read_in_a_minute(comments: list[Comment]) -> None:
    """What is not folded: at most 60 lines, and fewer than 220 words that are no name, number or repeated cell."""
    for comment in comments:
        lines = [line for line in comment.open.splitlines() if line]
        assert len(lines) <= 60
        prose = [line for line in lines if not line.startswith("|")]
        assert sum(len(line.split()) for line in prose) < 220
        assert len(comment.text.encode()) <= LIMIT


def test_every_question_is_written_down() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## What a reviewer must be able to answer")[1].split("## ")[0]
    assert len(re.findall(r"^\| [A-Z].*\? \|", table, re.MULTILINE)) == 16
