"""Where a step stands when the change is in the store and its mark is not, or a later one is."""

from dataclasses import replace
from datetime import UTC, datetime

from memory_store import MemoryStore
from observed import marks_of, remarked
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.status import statuses
from pricebook.plan.step import Step
from pricebook.plan.verb.verb import Status

AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Ref(Kind.RATE_CARD, "tokens")


def catalog(**prices: int) -> Catalog:
    """A card with an alias and prices."""
    terms = '{{"entitled":true,"price":{},"rate_type":"FLAT"}}'
    book = {
        key_text(RateKey("input", None, (("model", model),))): schedule_text(
            [Segment("2025-01-01T00:00:00Z", None, read_terms(terms.format(price)))]
        )
        for model, price in prices.items()
    }
    return Catalog({CARD: RateCard(name="Tokens", aliases=(Alias(name="tokens"),))}, {"tokens": RateBook(book)})


def steps_to(desired: Catalog, observed: Snapshot) -> list[Step]:
    """The steps of the plan."""
    plan = make_plan(desired, observed, namespace="acme", environment="local", as_of=AT)
    return [replace(step, needs=()) for step in plan.steps]


def after(steps: list[Step], observed: Snapshot) -> Snapshot:
    """The store once they are done."""
    return rehearse(observed, [step.change for step in steps])


def test_rates_without_their_mark_are_sent_again() -> None:
    first = after(steps_to(catalog(a=1), Snapshot(AT)), Snapshot(AT))
    steps = steps_to(catalog(a=2), first)
    done = after(steps, first)
    assert statuses(steps, done) == [Status.DONE]
    assert statuses(steps, remarked(done, rates=marks_of(first, "rates")[CARD])) == [Status.READY]


def test_the_mark_of_a_later_apply_stays() -> None:
    first = after(steps_to(catalog(a=1), Snapshot(AT)), Snapshot(AT))
    steps = steps_to(catalog(a=2), first)
    second = after(steps, first)
    third = after(steps_to(catalog(a=2, b=1), second), second)
    assert statuses(steps, third) == [Status.DONE]


def test_aliases_without_their_mark_are_sent_again() -> None:
    steps = steps_to(catalog(a=1), Snapshot(AT))
    done = after(steps, Snapshot(AT))
    assert statuses(steps, done) == [Status.DONE] * 3
    assert statuses(steps, remarked(done, aliases=None)) == [Status.DONE, Status.DONE, Status.READY]


def test_an_alias_that_was_handed_over_before_a_crash_makes_no_plan_stale() -> None:
    other = Ref(Kind.RATE_CARD, "other")

    def held_by(holder: Ref) -> Catalog:
        cards = {ref: RateCard(name=ref.name, aliases=(Alias(name="X"),) if ref == holder else ()) for ref in both}
        return Catalog(cards)

    both = (CARD, other)
    store = MemoryStore(after(steps_to(held_by(CARD), Snapshot(AT)), Snapshot(AT)))
    gives, takes = steps_to(held_by(other), store.snapshot("acme", AT))
    store.perform("acme", gives.change, AT)
    assert gives.change.ref == other
    assert statuses([gives, takes], store.snapshot("acme", AT)) == [Status.DONE, Status.READY]
    store.perform("acme", takes.change, AT)
    assert statuses([gives, takes], store.snapshot("acme", AT)) == [Status.DONE, Status.DONE]
