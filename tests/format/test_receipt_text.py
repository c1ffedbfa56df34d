"""What a run's receipt says."""

import json
from collections.abc import Sequence

import sample_plan

from drawing import receipt_document
from pricebook.apply.runner import Outcome, Receipt, StepResult


def receipt(
    outcomes: Sequence[Outcome], verified: bool | None = True, unverified: tuple[str, ...] = (), detail: str = ""
) -> Receipt:
    steps = sample_plan.mixed().steps
    results = (
        StepResult(step.id, outcome, detail if outcome != "done" else "")
        for step, outcome in zip(steps, outcomes, strict=True)
    )
    return Receipt("p" * 12, tuple(results), verified, unverified)


def page(value: Receipt) -> list[str]:
    return receipt_document("text", value, sample_plan.mixed()).split("\n")


def test_all_is_done() -> None:
    assert page(receipt(["done"] * 7)) == [
        "Applied: 2 objects created, 1 new version, 2 fields revised in place, 2 aliases moved, 6 rates",
        "added, 1 object archived. Read back and verified.",
    ]


def test_all_had_been_done() -> None:
    assert page(receipt(["already"] * 7)) == [
        "Nothing was left to do: 7 steps had been done before. Read back and verified."
    ]


def test_some_failed() -> None:
    outcomes: list[Outcome] = ["already", "done", "failed", "unknown", "blocked", "blocked", "blocked"]
    assert page(receipt(outcomes, detail="the store said no (try later)")) == [
        "Applied in part: 1 object created. 1 step had been done before. Of 7 steps: 1 failed, 1 unknown, 3",
        "not tried. What was done is read back and verified.",
        "Failed",
        "  product:gpt-4o: the store said no (try later)",
        "Unknown: no answer came, it may be done or not",
        "  rates:tokens#1: the store said no (try later)",
        "Not tried: 3 steps",
        "  3 because: the store said no (try later)",
        "Run apply again: it looks first what is there, and goes on where this run ended.",
    ]


def test_not_as_sent() -> None:
    lines = page(receipt(["done"] * 7, False, ("package:starter-plan@3",)))
    assert lines[-3:] == [
        "Read back, but not as it was sent",
        "  package:starter-plan@3",
        "Run apply again: it looks first what is there, and goes on where this run ended.",
    ]


def test_hostile_answers_are_inert() -> None:
    for name in sample_plan.HOSTILE:
        value = receipt(["failed", "blocked", "unknown", *["done"] * 4], False, (name,), detail=name)
        for line in receipt_document("text", value, sample_plan.mixed(), 80).split("\n"):
            assert all(char.isprintable() or char == "\u200e" for char in line)


def test_json() -> None:
    data = json.loads(receipt_document("json", receipt(["done"] * 6 + ["failed"], detail="no"), sample_plan.mixed()))
    assert data["counts"] == {"done": 6, "already": 0, "failed": 1, "blocked": 0, "unknown": 0}
    assert data["complete"] is False
    assert data["results"][6] == {
        "step": "archive:product:old-model",
        "outcome": "failed",
        "detail": "no",
        "remote_id": "",
    }
