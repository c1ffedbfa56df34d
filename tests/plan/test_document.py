"""The plan file: what it says beside the steps, and what is no part of a plan's identity."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.document import plan_schema, read, write
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.archive import Archive
from pricebook.problem import Problem, Rejected, Related
from pricebook.span import Span

PLAN = Plan("acme", "local", datetime(2026, 1, 1, tzinfo=UTC), base="b", desired="d", steps=())
FINDINGS = (
    Problem(
        "tier-cliff",
        "100 units cost less than 99",
        at=Span("cards/tokens.yaml", 14, 16),
        hint="raise the price of the second tier",
        related=(Related("first tier", Span("cards/tokens.yaml", 12, 16)),),
        severity="warning",
        more=3,
        subject="rate-card:tokens",
        waived="a launch offer (dana, until 2026-03-01)",
    ),
    Problem("unused-metric", 'a name with "quotes",\nlines and <script>', severity="note"),
)


def test_findings_travel_with_the_plan() -> None:
    plan = replace(PLAN, findings=FINDINGS)
    text = write(plan)
    assert read(text, "plan.json") == plan
    assert write(read(text, "plan.json")) == text
    Draft202012Validator(plan_schema()).validate(json.loads(text))


def test_findings_are_no_part_of_what_the_plan_is() -> None:
    assert replace(PLAN, findings=FINDINGS).digest == PLAN.digest


@pytest.mark.parametrize("order", [(1, 0), (0, 0, 1), (1,)], ids=["reversed", "twice", "without what it needs"])
def test_a_file_whose_steps_cannot_be_done_in_their_order_is_no_plan(order: tuple[int, ...]) -> None:
    first, second = (Archive(Ref(Kind.PRODUCT, name)) for name in ("one", "two"))
    steps = (Step("archive:product:one", first), Step("archive:product:two", second, ("archive:product:one",)))
    assert read(write(replace(PLAN, steps=steps)), "plan.json").steps == steps
    with pytest.raises(Rejected, match="before what it needs"):
        read(write(replace(PLAN, steps=tuple(steps[i] for i in order))), "plan.json")
