"""A plan that does not close never reaches the user."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory_store import MemoryStore
from pricebook.plan import planner
from pricebook.problem import Rejected
from pricebook.project.project import read_project
from pricebook.workflow.plan import plan

PRODUCT = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: pro}\nspec: {name: Pro, type: FIXED}\n"


def test_a_plan_that_changes_nothing_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pricebook.yaml").write_text('namespace: acme\nenvironments: {local: {store: "sqlite:///a.db"}}\n')
    (tmp_path / "pro.yaml").write_text(PRODUCT)
    monkeypatch.setattr(planner, "rehearse", lambda snapshot, changes: snapshot)
    with pytest.raises(Rejected) as caught:
        plan(read_project(tmp_path), "local", MemoryStore(), datetime(2026, 1, 1, tzinfo=UTC))
    assert [problem.code for problem in caught.value.problems] == ["rehearsal"]
