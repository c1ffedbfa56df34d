"""Whose an object is changes, and nothing else: what is adopted, renamed or let go stays what it is.

Each law holds on the memory store and on SQLite, through the same walker as every apply, and a second time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_store import MemoryStore
from observed import marks_of, unmarked
from pricebook.apply.ports import NOTHING, Store
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.timeline import read_key
from pricebook.catalog.traverse import references
from pricebook.observe.mark import RateMark
from pricebook.observe.renames import Moves, present
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.adoption import NO_CLAIMS, Claims
from pricebook.plan.hazard import Hazard
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Adopt, Release
from pricebook.problem import Rejected
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from strategy import catalogs

NOW = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)


def plan(desired: Catalog, snapshot: Snapshot, claims: Claims = NO_CLAIMS) -> Plan:
    """The plan of a catalogue."""
    return make_plan(desired, snapshot, namespace="acme", environment="test", as_of=NOW, claims=claims)


class Bench:
    """A store and its journal, and what is done to them."""

    def __init__(self, store: Store, journal: SqlJournal) -> None:
        self.store, self.journal = store, journal

    def seen(self, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """What the store holds."""
        return self.store.snapshot("acme", NOW, adopt)

    def planned(self, desired: Catalog, claims: Claims = NO_CLAIMS) -> Plan:
        """The plan of a catalogue against it."""
        return plan(desired, self.seen(claims.ids), claims)

    def applied(self, made: Plan, namespace: str = "acme") -> list[str]:
        """Apply a plan; what became of each step."""
        made = replace(made, namespace=namespace)
        receipt = run(made, self.store, self.journal, owner="me@here:1:x", clock=lambda: NOW, tell=lambda _: None)
        assert receipt.complete, receipt
        return [result.outcome for result in receipt.results]

    def settled(self, desired: Catalog, claims: Claims = NO_CLAIMS) -> Plan:
        """Apply what is desired, and see that it is a plan once, and none afterwards."""
        made = self.planned(desired, claims)
        self.applied(made)
        assert set(self.applied(made)) <= {"already"}, "a plan that was applied does nothing again"
        assert self.planned(desired, claims).steps == ()
        return made


@contextmanager
def benches(held: Snapshot | None = None) -> Iterator[tuple[Bench, Bench]]:
    """An empty SQLite store, and a memory store that starts with what is given."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        sql, journal = SqlStore(url), SqlJournal(url)
        try:
            yield Bench(sql, journal), Bench(MemoryStore(held), journal)
        finally:
            sql.close()
            journal.close()


def full(catalog: Catalog) -> Snapshot:
    """What a store holds once a catalogue was applied to it."""
    empty = Snapshot(NOW)
    return rehearse(empty, [step.change for step in plan(catalog, empty).steps])


def prices(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Every price by the id of its card, and by its key with the product's id."""
    ids = {(ref.kind, ref.name): id_ for ref, id_ in snapshot.ids.items()}
    names = Renaming({(kind, name): id_ for (kind, name), id_ in ids.items() if kind is Kind.PRODUCT})
    return {ids[Kind.RATE_CARD, card]: dict(names.rates(held).items()) for card, held in snapshot.catalog.rates.items()}


# --- adopted


@given(st.data())
@settings(max_examples=10)
def test_what_is_there_is_adopted_and_nothing_else_happens(data: st.DataObject) -> None:
    catalog = data.draw(catalogs(packages=1))
    held = full(catalog)
    bare = unmarked(held)
    with benches(bare) as (_, memory):
        claims = Claims("test", {Ref(ref.kind, ref.name): id_ for ref, id_ in bare.ids.items()})
        made = memory.settled(catalog, claims)
        assert {step.change.ref for step in made.steps} == {ref for ref in held.ids if ref.kind is not Kind.PACKAGE}
        assert all(isinstance(step.change, Adopt) for step in made.steps)
        assert not made.hazards
        after = memory.seen()
        assert (after.digest, after.ids) == (held.digest, held.ids)
        assert marks_of(after, "content") == {
            ref: mark for ref, mark in marks_of(held, "content").items() if ref.kind is not Kind.PACKAGE
        }


@given(catalogs(packages=0))
@settings(max_examples=10)
def test_what_another_project_let_go_is_adopted_with_its_prices(catalog: Catalog) -> None:
    with benches() as (sql, _):
        sql.applied(plan(catalog, Snapshot(NOW)), "other")
        theirs = sql.store.snapshot("other", NOW)
        for ref in sorted(theirs.ids):
            sql.store.perform("other", Release(ref), NOW)
        with pytest.raises(Rejected):  # what is there by the same name is a question
            sql.planned(catalog)
        claims = Claims("test", dict(theirs.ids))
        made = sql.settled(catalog, claims)
        assert {step.change.ref for step in made.steps} == set(theirs.ids)
        assert all(isinstance(step.change, Adopt) for step in made.steps)
        assert sql.planned(catalog).steps == (), "afterwards the entries may go"
        after = sql.seen()
        assert (after.digest, after.ids, marks_of(after, "content")) == (
            theirs.digest,
            theirs.ids,
            marks_of(theirs, "content"),
        )


# --- moved


def renamings(catalog: Catalog, round_: int) -> st.SearchStrategy[Moves]:
    """Other names for some of the nouns; pricing units cannot be renamed (`project.project.Move`)."""
    refs = sorted(ref for ref in catalog.nouns if ref.kind is not Kind.PRICING_UNIT)
    return st.sets(st.sampled_from(refs), min_size=1).map(
        lambda chosen: tuple(
            (ref, Ref(ref.kind, f"moved-{round_}-{number}")) for number, ref in enumerate(sorted(chosen))
        )
    )


@given(st.data())
@settings(max_examples=12)
def test_a_rename_makes_nothing_anew_and_changes_no_price(data: st.DataObject) -> None:
    catalog = data.draw(catalogs(packages=1))
    with benches() as both:
        for bench in both:
            bench.settled(catalog)
        held, moves = [(bench.seen(), prices(bench.seen())) for bench in both], ()
        for round_ in range(2):
            moved = data.draw(renamings(catalog, round_))
            moves = (*moves, *moved)
            catalog = Renaming({(old.kind, old.name): new.name for old, new in moved}).catalog(catalog)
            for bench, (before, priced) in zip(both, held, strict=True):
                made = bench.settled(catalog, Claims("test", moves=moves))
                changes = [step.change for step in made.steps]
                assert all(isinstance(change, Adopt) for change in changes)
                assert {change.ref for change in changes} == {new for _, new in moved if new.kind is not Kind.PACKAGE}
                assert not made.hazards
                after = bench.seen()
                assert sorted(after.ids.values()) == sorted(before.ids.values())
                assert prices(after) == priced


# --- removed


def with_users(catalog: Catalog, chosen: set[Ref]) -> set[Ref]:
    """The nouns with everything that refers to them, to what refers to them, and so on; packages by alias too."""
    found = set(chosen)
    while True:
        aliases = {
            alias.name
            for name, card in catalog.cards.items()
            if Ref(Kind.RATE_CARD, name) in found
            for alias in card.aliases
        }
        more = {
            ref
            for ref, noun in catalog.nouns.items()
            if {Ref(kind, name) for _, kind, name in references(noun)} & found
            or getattr(noun, "rate_card_alias", None) in aliases
        }
        more |= {
            Ref(Kind.RATE_CARD, card)
            for card, book in catalog.rates.items()
            if any(ref.kind is Kind.PRODUCT and ref.name in {p for p, _ in book.priced} for ref in found)
        }
        if more <= found:
            return found
        found |= more


@given(st.data())
@settings(max_examples=12)
def test_what_is_let_go_stays_live_and_is_planned_no_more(data: st.DataObject) -> None:
    catalog = data.draw(catalogs(packages=1))
    chosen = data.draw(
        st.sets(st.sampled_from(sorted(ref for ref in catalog.nouns if ref.kind is not Kind.PRICING_UNIT)), min_size=1)
    )
    removed = with_users(catalog, chosen)
    left = Catalog(
        {ref: noun for ref, noun in catalog.nouns.items() if ref not in removed},
        {card: book for card, book in catalog.rates.items() if Ref(Kind.RATE_CARD, card) not in removed},
    )
    claims = Claims("test", removed=frozenset(removed))
    with benches() as both:
        for bench in both:
            bench.settled(catalog)
            before = bench.seen()
            made = bench.settled(left, claims)
            gone = {ref for ref in removed if ref.kind is not Kind.PACKAGE}
            assert {step.change.ref for step in made.steps} == gone
            assert all(isinstance(step.change, Release) for step in made.steps)
            assert (made.leftovers, made.hazards.total()) == ((), 0)
            after = bench.seen()
            assert {each.id for each in after.foreign if not each.archived} == {before.ids[ref] for ref in gone}
            assert not after.archived
            assert not gone & after.ids.keys()


@given(st.data())
@settings(max_examples=10)
def test_prices_of_what_is_let_go_end_once_on_a_card_that_stays(data: st.DataObject) -> None:
    catalog = data.draw(catalogs(packages=0))
    priced = {product for book in catalog.rates.values() for product, _ in book.priced}
    chosen = data.draw(st.sets(st.sampled_from(sorted(ref for ref in catalog.nouns if ref.kind is Kind.PRODUCT))))
    composed = {name for noun in catalog.nouns.values() for name in getattr(noun, "composite_products", ())}
    removed = frozenset(ref for ref in chosen if ref.name not in composed)
    names = {ref.name for ref in removed}
    nouns = {}
    for ref, noun in catalog.nouns.items():
        if isinstance(noun, RateCard):
            order = tuple(product for product in noun.product_order if product not in names)
            nouns[ref] = noun.model_copy(update={"product_order": order})
        elif ref not in removed:
            nouns[ref] = noun
    books = {
        card: RateBook({key: text for key, text in book.items() if read_key(key).product not in names})
        for card, book in catalog.rates.items()
    }
    with benches() as both:
        for bench in both:
            bench.settled(catalog)
            made = bench.settled(Catalog(nouns, books), Claims("test", removed=removed))
            assert {step.change.ref for step in made.steps if isinstance(step.change, Release)} == removed
            assert (Hazard.ENTITLEMENT_LOST in made.hazards) <= bool(names & priced)
            after = bench.seen()
            assert {each.released_mark for each in after.foreign} == {f"acme/{ref}" for ref in removed}
            marks = marks_of(present(after, (), Catalog(nouns, books)), "rates")
            for card, held in after.catalog.rates.items():  # nobody else is taken to have changed them
                mark = RateMark.read(marks[Ref(Kind.RATE_CARD, card)])
                assert mark is not None
                assert mark.speaks_for(held)
