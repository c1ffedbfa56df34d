"""Which prices were changed behind git's back, told from the mark that the last apply left on the card."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observed import by_hand, marks_of, remarked
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.mark import alias_digest, part_of
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.diff import diff
from pricebook.plan.hazard import Hazard
from pricebook.plan.origin import Origin, rate_origins
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import rehearse
from pricebook.plan.step import Plan

AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Ref(Kind.RATE_CARD, "tokens")
Prices = dict[str, int]


def key(model: str) -> str:
    """The key of a model's price."""
    return key_text(RateKey("input", None, (("model", model),)))


def book(prices: Prices) -> RateBook:
    """One FLAT price for each model, since last year."""
    terms = '{{"entitled":true,"price":{},"rate_type":"FLAT"}}'
    entries = {
        key(model): schedule_text([Segment("2025-01-01T00:00:00Z", None, read_terms(terms.format(n)))])
        for model, n in prices.items()
    }
    return RateBook(entries)


def catalog(prices: Prices, **fields: object) -> Catalog:
    """A card with prices."""
    return Catalog({CARD: RateCard.model_validate({"name": "Tokens", **fields})}, {"tokens": book(prices)})


def plan(desired: Catalog, observed: Snapshot) -> Plan:
    """The plan of it."""
    return make_plan(desired, observed, namespace="acme", environment="local", as_of=AT)


def applied(desired: Catalog, observed: Snapshot | None = None) -> Snapshot:
    """The store after an apply."""
    before = observed or Snapshot(AT)
    return rehearse(before, [step.change for step in plan(desired, before).steps])


def edited(snapshot: Snapshot, prices: Prices) -> Snapshot:
    """The store after somebody put these prices into it by hand."""
    entries = dict(snapshot.catalog.rates.get("tokens", book({})).items()) | book(prices).entries
    return by_hand(snapshot, Catalog(snapshot.catalog.nouns, {"tokens": RateBook(entries)}))


def origins(git: Prices, then: Prices, hand: Prices) -> dict[str, str]:
    """Model -> origin, of a card that was applied from git, moved by hand, when git says something else then."""
    observed = edited(applied(catalog(git)), hand)
    changes = diff(catalog(then), observed, AT).changes
    found = rate_origins(changes, catalog(then), observed)
    rates = [rate for change in changes for rate in getattr(change, "rates", ())]
    told = found.get("tokens", {})
    return {rate.key.split('"')[-2]: told.get(rate.key, Origin.PENDING).value for rate in rates}


MANY = {f"m{n}": 100 for n in range(400)}


@pytest.mark.parametrize(
    ("git", "then", "hand", "expected"),
    [
        ({"a": 1}, {"a": 2}, {}, {"a": "pending"}),
        ({"a": 1}, {"a": 1}, {"a": 3}, {"a": "drifted"}),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"a": "both"}),
        ({"a": 1}, {"a": 1}, {"b": 3}, {"b": "drifted"}),
        ({"a": 1}, {"a": 2}, {"a": 2}, {}),
        ({"a": 1}, {"a": 2, "c": 4}, {"b": 3}, {"a": "pending", "b": "drifted", "c": "pending"}),
        ({}, {"a": 1}, {"a": 2}, {"a": "both"}),
        ({}, {"a": 1}, {"b": 2}, {"a": "pending", "b": "drifted"}),
    ],
    ids=["git", "hand", "both", "added by hand", "the same in both", "side by side", "never applied", "beside new"],
)
def test_who_moved(git: Prices, then: Prices, hand: Prices, expected: dict[str, str]) -> None:
    assert origins(git, then, hand) == expected


def test_one_edit_is_found_among_hundreds_that_are_pending() -> None:
    then = dict.fromkeys(MANY, 90) | {"m7": 100}
    expected = dict.fromkeys(MANY, "pending") | {"m7": "drifted"}
    assert origins(MANY, then, {"m7": 250}) == expected


def test_hundreds_of_edits_are_found_when_git_did_not_move() -> None:
    assert set(origins(MANY, MANY, dict.fromkeys(MANY, 7)).values()) == {"drifted"}


def test_an_edit_is_found_when_the_price_list_moved_on_to_another_date() -> None:
    observed = edited(applied(catalog(MANY)), {"m7": 250})
    then = catalog(dict.fromkeys(MANY, 90) | {"m7": 100})
    later = {found: text.replace("2025-01-01", "2026-03-01") for found, text in then.rates["tokens"].items()}
    wanted = Catalog(then.nouns, {"tokens": RateBook(later)})
    told = rate_origins(diff(wanted, observed, AT).changes, wanted, observed)["tokens"]
    assert [found for found, whose in told.items() if whose is not Origin.PENDING] == [key("m7")]
    assert told[key("m7")] is Origin.DRIFTED


def test_what_cannot_be_told_is_said_to_be_unclear() -> None:
    then = dict.fromkeys(MANY, 90)
    found = origins(MANY, then, {"m7": 250})
    assert found["m7"] == "unclear"
    assert set(found.values()) == {"pending", "unclear"}


@given(st.data())
def test_it_is_never_told_wrongly(data: st.DataObject) -> None:
    models = [f"m{n}" for n in range(30)]
    git = data.draw(st.fixed_dictionaries(dict.fromkeys(models, st.integers(1, 3))))
    then = git | data.draw(st.dictionaries(st.sampled_from(models), st.integers(1, 3)))
    hand = data.draw(st.dictionaries(st.sampled_from([*models, "new"]), st.integers(1, 3)))
    store = git | hand
    for model, origin in origins(git, then, hand).items():
        moved = (then.get(model) != git.get(model), store.get(model) != git.get(model))
        truth = {(True, False): "pending", (False, True): "drifted", (True, True): "both"}[moved]
        alike = [m for m in hand if hand[m] == then.get(m) != git.get(m) and part_of(key(m)) == part_of(key(model))]
        assert origin in (truth, "unclear") or (origin == "both" and alike)


def hazards(desired: Catalog, observed: Snapshot) -> dict[str, int]:
    """How many changes bear FOREIGN_EDIT, by step."""
    steps = plan(desired, observed).steps
    return {
        step.id: sum(Hazard.FOREIGN_EDIT in rate.hazards for rate in getattr(step.change, "rates", ()))
        or int(Hazard.FOREIGN_EDIT in step.hazards)
        for step in steps
    }


def test_overwriting_a_price_of_somebody_else_is_a_foreign_edit() -> None:
    observed = edited(applied(catalog({"a": 1, "b": 1})), {"b": 3})
    assert hazards(catalog({"a": 1, "b": 1}), observed) == {"rates:tokens#1": 1}
    assert hazards(catalog({"a": 2, "b": 1}), observed) == {"rates:tokens#1": 1}
    assert hazards(catalog({"a": 2, "b": 3}), observed) == {"rates:tokens#1": 0}


def test_after_that_the_card_speaks_for_itself_again() -> None:
    observed = edited(applied(catalog({"a": 1, "b": 1})), {"b": 3})
    mended = applied(catalog({"a": 1, "b": 1}), observed)
    assert hazards(catalog({"a": 2, "b": 2}), mended) == {"rates:tokens#1": 0}


def test_taking_back_an_alias_that_somebody_gave_is_a_foreign_edit() -> None:
    mine, theirs = (Alias(name="mine"),), (Alias(name="theirs"),)
    observed = applied(catalog({"a": 1}, aliases=mine))
    moved = catalog({"a": 1}, aliases=theirs)
    assert hazards(moved, observed) == {"repoint:rate-card:tokens": 0}
    edited_by_hand = by_hand(observed, moved)
    assert hazards(catalog({"a": 1}, aliases=mine), edited_by_hand) == {"repoint:rate-card:tokens": 1}
    taken_back = applied(catalog({"a": 1}, aliases=mine), edited_by_hand)
    assert marks_of(taken_back, "aliases") == {CARD: alias_digest(mine, ())}
    never = by_hand(applied(catalog({"a": 1})), moved)
    assert hazards(catalog({"a": 1}), never) == {"repoint:rate-card:tokens": 1}


def test_a_card_whose_mark_is_none_of_ours_is_unclear() -> None:
    observed = remarked(applied(catalog({"a": 1})), rates="somebody else's note")
    changes = diff(catalog({"a": 2}), observed, AT).changes
    assert rate_origins(changes, catalog({"a": 2}), observed) == {"tokens": {key("a"): Origin.UNCLEAR}}
    assert marks_of(observed, "content") == {CARD: content_digest(RateCard(name="Tokens"))}
