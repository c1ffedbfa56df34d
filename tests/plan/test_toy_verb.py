"""A verb that is registered is one of the plan's in everything: nothing of src/ but its own module has to know it.

What a store does for it comes beside: of a new verb a module here, a line of the table, and an action for each of the
two stores that keep things. The store in memory needs none, unless the vendor has a rule.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import pricebook
from memory_store import MemoryStore
from pricebook.apply.ports import StoreError
from pricebook.apply.record import records
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.format.page import Page
from pricebook.format.table import formats_of, text_of
from pricebook.observe.snapshot import Observed, Snapshot
from pricebook.plan.document import plan_schema, read, write
from pricebook.plan.drift import DriftReport, compare
from pricebook.plan.hazard import Hazard
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.status import statuses
from pricebook.plan.step import Plan
from pricebook.plan.verb.form import RefText
from pricebook.plan.verb.table import VERBS, register
from pricebook.plan.verb.verb import Fold, Graph, Look, Status, Verb, Wanted
from pricebook.store.journal import SqlJournal
from pricebook.view.drift import drift_view
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice

AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Ref(Kind.RATE_CARD, "list")
DESIRED = Catalog({CARD: noun_of(Kind.RATE_CARD, {"name": "List"})})


@dataclass(frozen=True, slots=True)
class Seal(Verb):
    """A rate card gets a seal, which nothing else looks at."""

    action = label = "seal"
    symbol = "§"
    done = ("is sealed", "are sealed")
    prefix = "seal:"
    work = (("sealed", "card sealed", "cards sealed"),)
    ref: RefText
    seal: str
    reason: str = ""

    @classmethod
    def wanted(cls, wanted: Wanted) -> Iterator[Verb]:
        for ref in wanted.desired.nouns:
            if ref.kind is Kind.RATE_CARD and wanted.snapshot.of(ref).marks.order != "wax":
                yield cls(ref, "wax", "it is not sealed")

    def needs(self, graph: Graph, step: str) -> Iterator[str]:
        return graph.made(self.ref)

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        yield Hazard.ARCHIVES

    def fold(self, world: Fold) -> None:
        held = world.of(self.ref)
        world.objects[self.ref] = replace(held, marks=held.marks._replace(order=self.seal))

    def status(self, expects: str | None, look: Look) -> Status:
        found = look.snapshot.of(self.ref).marks.order
        return Status.DONE if found == self.seal else Status.STALE if found else Status.READY

    def digest_content(self) -> tuple[object, ...]:
        return ("Seal", self.seal)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    register(Seal)
    yield
    del VERBS[Seal.action]


def planned(observed: Snapshot, desired: Catalog = DESIRED) -> Plan:
    """The plan of what is desired."""
    return make_plan(desired, observed, namespace="acme", environment="test", as_of=AT)


def test_it_is_planned_in_its_place_with_its_hazards() -> None:
    plan = planned(Snapshot(AT))
    assert [step.id for step in plan.steps] == ["rate-card:list", "seal:rate-card:list"]
    assert plan.steps[1].needs == ("rate-card:list",)
    assert plan.hazards == {Hazard.ARCHIVES: 1}


def test_it_is_rehearsed() -> None:
    done = rehearse(Snapshot(AT), [step.change for step in planned(Snapshot(AT)).steps])
    assert done.of(CARD).marks.order == "wax"
    assert planned(done).steps == ()


def test_the_document_its_schema_and_the_digest_know_it() -> None:
    plan = planned(Snapshot(AT))
    text = write(plan)
    assert read(text, "plan.json") == plan
    assert write(read(text, "plan.json")) == text
    Draft202012Validator(plan_schema()).validate(json.loads(text))
    other = replace(plan.steps[1], change=Seal(CARD, "lead"))
    assert replace(plan, steps=(plan.steps[0], other)).digest != plan.digest


def test_a_reader_sees_it() -> None:
    view = plan_view(planned(Snapshot(AT)), RowChoice())
    assert (view.objects[1].symbol, view.objects[1].sentence) == ("§", "seal: it is not sealed")
    assert "1 card sealed" in text_of(view, "text", Page())


def test_a_reader_sees_many_of_it_in_every_format() -> None:
    cards = {Ref(Kind.RATE_CARD, f"list-{n}"): noun_of(Kind.RATE_CARD, {"name": f"List {n}"}) for n in range(90)}
    there = Snapshot(AT, {ref: Observed(noun, str(ref)) for ref, noun in cards.items()})
    plan = planned(there, Catalog(cards))
    assert [type(step.change) for step in plan.steps] == [Seal] * 90
    view = plan_view(plan, RowChoice(), refused=())
    drawn = {form: text_of(view, form, Page()) for form in formats_of("plan")}
    assert "and 70 rate cards are sealed (--rows all shows every one)" in drawn["text"]
    assert drawn["text"].count("§ rate-card:list-") == 20
    assert "Objects: 90 × rate card sealed" in drawn["markdown"]
    assert [(each["action"], each["sentence"]) for each in json.loads(drawn["json"])["objects"]] == [
        ("seal", "seal: it is not sealed")
    ] * 90
    assert drawn["junit"].count('name="seal rate-card:list-') == 90
    assert "list-89" in drawn["html"]


def test_drift_tells_what_of_it_is_pending() -> None:
    there = rehearse(Snapshot(AT), [step.change for step in planned(Snapshot(AT)).steps[:1]])
    found = compare(DESIRED, there, namespace="acme", environment="test", as_of=AT, places={})
    view = drift_view(DriftReport(found, found.drifts), RowChoice())
    assert [(each.section, each.sentence) for each in view.items] == [
        ("pending", "seal: it is not sealed, not applied yet")
    ]
    assert not view.drifted


class Severed(MemoryStore):
    """It does what it is asked, and its second answer is lost."""

    calls = 0

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        id_ = super().perform(namespace, change, at, expects)
        self.calls += 1
        if self.calls == 2:
            raise StoreError("the answer was lost")
        return id_


def test_it_is_applied_and_resumed(tmp_path: Path) -> None:
    plan, store = planned(Snapshot(AT)), Severed()
    with closing(SqlJournal(f"sqlite:///{tmp_path}/journal.db")) as journal:
        outcomes = []
        for _ in range(2):
            with suppress(StoreError):
                receipt = run(plan, store, journal, owner="me@here:1:a", clock=lambda: AT, tell=lambda _: None)
                outcomes.append([result.outcome for result in receipt.results])
        assert [[*record.last] for record in records(journal, "test", about=CARD)] == [
            ["rate-card:list", "seal:rate-card:list"]
        ]
    assert outcomes == [["done", "failed"], ["already", "already"]]
    assert store.calls == 2
    assert statuses(plan.steps, store.snapshot("acme", AT)) == [Status.DONE, Status.DONE]


def test_a_verb_of_ours_is_named_in_no_more_files_than_the_recipe_says() -> None:
    """Its module, the table, and what each of the two stores does for it."""
    source = Path(pricebook.__file__).parent
    named = (file for file in source.rglob("*.py") if re.search(r"\bRelease\b", file.read_text(encoding="utf-8")))
    assert {file.relative_to(source).as_posix() for file in named} == {
        "plan/verb/release.py",
        "plan/verb/table.py",
        "store/sql.py",
        "metronome/remote.py",
    }
