"""What the tests of rules share: a catalogue or a plan from texts, held against a policy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observed import with_contracts
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.syntax import read_documents
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.problem import Problem
from pricebook.project.policy import Policy
from pricebook.project.project import Project, ProjectSettings
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review


def instant(text: str) -> datetime:
    """A date, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def still() -> float:
    """A meter by which no rule takes any time."""
    return 0.0


class Bench:
    """A project in a folder whose manifests and policy are texts."""

    def __init__(self, folder: Path, policy: str = "") -> None:
        documents, problems = read_documents("policy", policy)
        assert not problems
        said: Any = documents[0].data if documents else {}
        settings = {"namespace": "acme", "manifests": ("catalog.yaml",), "environments": {"local": {"store": "memory"}}}
        self._accounts: dict[tuple[str, str], Snapshot] = {}
        self.project = Project(folder, ProjectSettings.model_validate({**settings, "policy": tupled(said)}))

    @property
    def policy(self) -> Policy:
        """The policy of the environment."""
        return self.project.policy("local")

    def load(self, text: str) -> Loaded:
        """The catalogue of a text."""
        (self.project.root / "catalog.yaml").write_text(text, encoding="utf-8")
        return load(self.project)

    def lint(self, text: str, as_of: str = "2026-01-01") -> tuple[Problem, ...]:
        """What the rules say about a catalogue."""
        return review(self.project, self.policy, self.load(text), instant(as_of), Reviewer(still))

    def planned(
        self,
        text: str,
        *,
        held: str,
        as_of: str = "2026-01-01",
        held_since: str = "2025-12-01",
        contracts: dict[str, int] | None = None,
        prune: bool = False,
    ) -> tuple[Plan, tuple[Problem, ...]]:
        """The plan from what is held to the text, and what the rules say about it."""
        snapshot = self._held(held, held_since)
        counts = {Ref.parse(ref): count for ref, count in (contracts or {}).items()}
        snapshot = with_contracts(snapshot, counts)
        loaded = self.load(text)
        plan = self._plan(loaded, snapshot, instant(as_of), prune=prune)
        return plan, review(self.project, self.policy, loaded, plan.as_of, Reviewer(still), change=(plan, snapshot))

    def _held(self, text: str, since: str) -> Snapshot:
        """The account after an apply, made once for the plans that are held against it."""
        if (text, since) not in self._accounts:
            before, snapshot = self.load(text), Snapshot(instant(since))
            plan = self._plan(before, snapshot, instant(since), prune=False)
            self._accounts[text, since] = rehearse(snapshot, [step.change for step in plan.steps])
        return self._accounts[text, since]

    def _plan(self, loaded: Loaded, snapshot: Snapshot, as_of: datetime, *, prune: bool) -> Plan:
        return make_plan(
            loaded.catalog,
            snapshot,
            namespace="acme",
            environment="local",
            as_of=as_of,
            prune=prune,
            places=loaded.places,
        )
