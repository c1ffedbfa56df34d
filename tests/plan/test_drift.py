"""Drift laws over random catalogues, and each way in which an account can move, named with its origin."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observed import by_hand, marks_of, remarked
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest, noun_of
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.drift import Comparison, compare
from pricebook.plan.origin import Origin
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.revert import revert_plan
from strategy import catalogs, schedules

BEFORE, NOW = datetime(2023, 12, 1, tzinfo=UTC), datetime(2025, 6, 1, 9, 30, tzinfo=UTC)


def applied(desired: Catalog, snapshot: Snapshot | None = None, as_of: datetime = BEFORE) -> Snapshot:
    """The account after an apply."""
    before = snapshot or Snapshot(as_of)
    plan = make_plan(desired, before, namespace="acme", environment="test", as_of=as_of)
    return rehearse(before, [step.change for step in plan.steps])


def compared(desired: Catalog, snapshot: Snapshot, applied: frozenset[str] = frozenset()) -> Comparison:
    """The comparison."""
    return compare(desired, snapshot, namespace="acme", environment="test", as_of=NOW, places={}, applied=applied)


def told(desired: Catalog, snapshot: Snapshot) -> list[str]:
    """`ref facet origin money` of each drift."""
    drifts = compared(desired, snapshot).drifts
    return [f"{d.ref} {d.facet} {d.origin}{' money' if d.money else ''}" for d in drifts]


@st.composite
def edits(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    """The account after somebody worked in it by hand: products renamed, prices changed, ended and added."""
    nouns, rates = dict(snapshot.catalog.nouns), dict(snapshot.catalog.rates)
    for ref, noun in snapshot.catalog.nouns.items():
        if ref.kind is Kind.PRODUCT and draw(st.booleans()):
            nouns[ref] = noun.model_copy(update={"name": draw(st.sampled_from(["edited", "$1 | <b>\x1b[31m"]))})
        elif ref.kind is Kind.RATE_CARD and draw(st.booleans()):
            nouns[ref] = noun.model_copy(update={"aliases": (Alias(name="by hand"),)})
    for card, book in snapshot.catalog.rates.items():
        fiat = snapshot.catalog.cards[card].fiat_credit_type
        entries = dict(book.items())
        for key in sorted(entries):
            if draw(st.integers(0, 2)) == 0:
                entries[key] = draw(schedules(fiat, (fiat,)))
        if entries and draw(st.booleans()):
            entries['["nobody",null,{}]'] = draw(schedules(fiat, (fiat,)))
        rates[card] = RateBook(entries)
    return by_hand(snapshot, Catalog(nouns, rates))


@settings(max_examples=settings().max_examples // 4)
@given(catalogs())
def test_nobody_touched_the_account(desired: Catalog) -> None:
    assert compared(desired, applied(desired)).drifts == ()


@settings(max_examples=settings().max_examples // 4)
@given(catalogs(packages=1), catalogs(packages=1))
def test_what_git_does_is_pending(before: Catalog, desired: Catalog) -> None:
    origins = {drift.origin for drift in compared(desired, applied(before)).drifts}
    assert origins <= {Origin.PENDING}


@settings(max_examples=settings().max_examples // 3)
@given(st.data())
def test_what_the_account_does_is_drift_and_reverting_ends_it(data: st.DataObject) -> None:
    desired = data.draw(catalogs(packages=1))
    held = applied(desired)
    moved = data.draw(edits(held))
    comparison = compared(desired, moved)
    assert {drift.origin for drift in comparison.drifts} <= {Origin.DRIFTED}
    plan, left = revert_plan(comparison.drifts, comparison, desired, moved)
    assert left == ()
    mended = rehearse(moved, [step.change for step in plan.steps])
    assert compared(desired, mended).drifts == ()
    for ref, text in marks_of(mended, "rates").items():
        assert text == held.of(ref).marks.rates or '["nobody"' in str(list(moved.catalog.rates[ref.name].items()))


@settings(max_examples=settings().max_examples // 5)
@given(st.data())
def test_reverting_leaves_what_is_pending(data: st.DataObject) -> None:
    before, desired = data.draw(catalogs(packages=1)), data.draw(catalogs(packages=1))
    moved = data.draw(edits(applied(before)))
    comparison = compared(desired, moved)
    plan, _ = revert_plan(comparison.drifts, comparison, desired, moved)
    pending = [(d.ref, d.facet, d.parts) for d in comparison.drifts if d.origin is Origin.PENDING]
    after = compared(desired, rehearse(moved, [step.change for step in plan.steps]))
    assert [(d.ref, d.facet, d.parts) for d in after.drifts if d.origin is Origin.PENDING] == pending
    assert not [d for d in after.drifts if d.origin is Origin.DRIFTED]


PRO, CARD, STARTER = Ref(Kind.PRODUCT, "pro"), Ref(Kind.RATE_CARD, "list"), Ref(Kind.PACKAGE, "starter")


def catalog(**names: str) -> Catalog:
    """A product, a card with an alias, and a package."""
    name = {"product": "Pro", "kind": "FIXED", "card": "List", "package": "Starter", **names}
    return Catalog(
        {
            PRO: noun_of(Kind.PRODUCT, {"name": name["product"], "type": name["kind"]}),
            CARD: noun_of(Kind.RATE_CARD, {"name": name["card"], "aliases": ({"name": "list"},)}),
            STARTER: noun_of(Kind.PACKAGE, {"name": name["package"], "rate_card": "list"}),
        }
    )


def edited(snapshot: Snapshot, ref: Ref, **fields: object) -> Snapshot:
    """The account after somebody changed fields of a noun."""
    nouns: dict[Ref, Noun] = dict(snapshot.catalog.nouns)
    nouns[ref] = nouns[ref].model_copy(update=fields)
    return by_hand(snapshot, Catalog(nouns, snapshot.catalog.rates))


def archived(snapshot: Snapshot, ref: Ref) -> Snapshot:
    """The account after somebody archived something."""
    from pricebook.plan.verb.archive import Archive

    return rehearse(snapshot, [Archive(ref)])


HELD = applied(catalog())


@pytest.mark.parametrize(
    ("desired", "snapshot", "expected"),
    [
        (catalog(), HELD, []),
        (catalog(product="Pro!"), HELD, ["product:pro fields pending"]),
        (catalog(), edited(HELD, PRO, name="Hand"), ["product:pro fields drifted"]),
        (catalog(product="Git"), edited(HELD, PRO, name="Hand"), ["product:pro fields both"]),
        (catalog(product="Same"), edited(HELD, PRO, name="Same"), []),
        (catalog(), edited(HELD, PRO, type="PROFESSIONAL_SERVICE"), ["product:pro fields drifted money"]),
        (catalog(kind="PROFESSIONAL_SERVICE"), HELD, ["product:pro fields pending money"]),
        (
            catalog(),
            remarked(edited(HELD, PRO, name="X"), content=None),
            ["product:pro fields unclear", "package:starter@2 version pending"],
        ),
        (catalog(), edited(HELD, CARD, aliases=()), ["rate-card:list aliases drifted money"]),
        (catalog(), edited(HELD, CARD, product_order=("pro",)), ["rate-card:list aliases drifted"]),
        (catalog(), archived(HELD, PRO), ["product:pro archived drifted money"]),
        (catalog(product="Git"), archived(HELD, PRO), ["product:pro archived both money"]),
        (catalog(), archived(HELD, STARTER._replace(version=1)), ["package:starter@1 archived drifted money"]),
        (catalog(package="B"), archived(HELD, STARTER._replace(version=1)), ["package:starter@1 archived both money"]),
        (catalog(package="B"), HELD, ["package:starter@2 version pending"]),
        (
            catalog(package="B", card="C"),
            edited(edited(HELD, PRO, name="X"), CARD, aliases=()),
            [
                "rate-card:list aliases drifted money",
                "product:pro fields drifted",
                "rate-card:list fields pending",
                "package:starter@2 version pending",
            ],
        ),
    ],
)
def test_each_way_to_move(desired: Catalog, snapshot: Snapshot, expected: list[str]) -> None:
    assert told(desired, snapshot) == expected


def test_what_the_journal_knows_to_be_applied_is_gone() -> None:
    without = replace(HELD, objects={ref: each for ref, each in HELD.objects.items() if ref != PRO})
    assert [d.origin for d in compared(catalog(), without).drifts] == [Origin.PENDING]
    assert [d.origin for d in compared(catalog(), without, frozenset({"product:pro"})).drifts] == [Origin.DRIFTED]


def test_a_package_that_reads_back_otherwise_is_said_not_to_be_verified() -> None:
    latest = STARTER._replace(version=1)
    lossy = edited(HELD, latest, name="read back lossily")
    assert HELD.of(latest).marks.content == content_digest(catalog().nouns[STARTER])
    comparison = compared(catalog(), lossy)
    assert comparison.drifts == ()
    words = "read back otherwise than it was sent (name); its key says that it is as desired"
    assert comparison.unverified == ((str(latest), words),)


def test_a_message_that_another_one_replaces_is_one_difference() -> None:
    ref = Ref(Kind.THRESHOLD_NOTIFICATION, "busy")
    spec = {"name": "Busy", "alert_type": "spend_threshold_reached", "threshold": 3000}
    there = applied(Catalog({ref: noun_of(ref.kind, spec)}))
    dearer = Catalog({ref: noun_of(ref.kind, spec | {"threshold": 3500})})
    assert told(dearer, there) == ["threshold-notification:busy@2 version pending money"]
    made = make_plan(dearer, there, namespace="acme", environment="test", as_of=NOW)
    half = rehearse(there, [step.change for step in made.steps[:1]])
    assert told(dearer, half) == ["threshold-notification:busy@1 wanted pending"]
