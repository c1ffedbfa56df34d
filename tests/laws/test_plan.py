"""Laws 1, 2, 6, 7 over random catalogues: what was applied needs no plan, whatever was there before."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_store import MemoryStore
from observed import marks_of
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.document import plan_schema, read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from strategy import catalogs, schedules

BEFORE, NOW = datetime(2023, 12, 1, tzinfo=UTC), datetime(2025, 6, 1, 9, 30, tzinfo=UTC)


def plan(desired: Catalog, snapshot: Snapshot, as_of: datetime = NOW) -> Plan:
    """The plan of a catalogue."""
    return make_plan(desired, snapshot, namespace="acme", environment="test", as_of=as_of)


def folded(snapshot: Snapshot, made: Plan) -> Snapshot:
    """The snapshot after a plan."""
    return rehearse(snapshot, [step.change for step in made.steps])


@st.composite
def variations(draw: st.DrawFn, catalog: Catalog) -> Catalog:
    """A catalogue with some prices changed and dropped, products renamed, package terms changed, packages dropped."""
    nouns = {}
    for ref, noun in catalog.nouns.items():
        if ref.kind is Kind.PRODUCT and draw(st.booleans()):
            nouns[ref] = noun.model_copy(update={"name": draw(st.sampled_from(["renamed", "again", "$1 | <b>"]))})
        elif ref.kind is Kind.PACKAGE:
            days = draw(st.sampled_from([None, 15, 30, "dropped"]))
            if days != "dropped":
                nouns[ref] = noun.model_copy(update={"net_payment_terms_days": days})
        else:
            nouns[ref] = noun
    rates = {}
    for card, book in catalog.rates.items():
        fiat = catalog.cards[card].fiat_credit_type
        entries = {}
        for key, schedule in sorted(book.items()):
            fate = draw(st.sampled_from(["kept", "kept", "changed", "dropped"]))
            if fate != "dropped":
                entries[key] = draw(schedules(fiat, (fiat,))) if fate == "changed" else schedule
        rates[card] = RateBook(entries)
    return Catalog(nouns, rates)


@given(st.data())
@settings(max_examples=60)
def test_after_a_plan_there_is_none(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    empty = Snapshot(BEFORE)
    first = plan(catalog, empty, BEFORE)
    snapshot = folded(empty, first)
    assert plan(catalog, snapshot).steps == ()
    for _ in range(2):
        catalog = data.draw(variations(catalog))
        snapshot = folded(snapshot, plan(catalog, snapshot))
        assert plan(catalog, snapshot).steps == ()


@given(st.data())
@settings(max_examples=40)
def test_a_plan_file_is_the_same_bytes_when_read_and_written(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    snapshot = folded(Snapshot(BEFORE), plan(catalog, Snapshot(BEFORE), BEFORE))
    for made in (plan(catalog, Snapshot(BEFORE), BEFORE), plan(data.draw(variations(catalog)), snapshot)):
        text = write(made)
        assert write(read(text, "plan.json")) == text
        assert read(text, "plan.json") == made


@given(catalogs(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_references_precede_their_users_and_the_order_of_files_is_nothing(
    catalog: Catalog, order: random.Random
) -> None:
    made = plan(catalog, Snapshot(BEFORE), BEFORE)
    done: set[str] = set()
    for step in made.steps:
        assert set(step.needs) <= done
        done.add(step.id)
    nouns = list(catalog.nouns.items())
    order.shuffle(nouns)
    entries = {card: list(book.items()) for card, book in catalog.rates.items()}
    for items in entries.values():
        order.shuffle(items)
    shuffled = Catalog(dict(nouns), {card: RateBook(dict(items)) for card, items in entries.items()})
    again = plan(shuffled, Snapshot(BEFORE), BEFORE)
    assert (again.steps, again.digest) == (made.steps, made.digest), "it is shown in the order of files"


@given(st.data())
@settings(max_examples=25)
def test_every_store_ends_where_the_rehearsal_did(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        sql, journal, memory = SqlStore(url), SqlJournal(url), MemoryStore()
        snapshot = Snapshot(BEFORE)
        for as_of in (BEFORE, NOW):
            made = plan(catalog, snapshot, as_of)
            for store in (sql, memory):
                receipt = run(made, store, journal, owner="me@here:1:x", clock=lambda at=as_of: at, tell=lambda _: None)
                assert receipt.complete, receipt
            snapshot = folded(snapshot, made)
            for store in (sql, memory):
                observed = store.snapshot("acme", as_of)
                assert plan(catalog, observed, as_of).steps == ()
                assert marks_of(observed, "content") == marks_of(snapshot, "content")
                assert observed.digest == snapshot.digest
            catalog = data.draw(variations(catalog))
        sql.close()
        journal.close()


@given(catalogs(packages=1))
@settings(max_examples=15)
def test_a_plan_file_is_as_its_schema_says(catalog: Catalog) -> None:
    jsonschema.validate(json.loads(write(plan(catalog, Snapshot(BEFORE), BEFORE))), plan_schema())
