"""The contract suite: what every store does alike, seen through its port alone."""

from dataclasses import replace
from decimal import Decimal

import pytest
from account import (
    ACCOUNT,
    AT,
    CARD,
    CREDIT,
    FEB,
    FIRST,
    JAN,
    METRIC,
    ORDER,
    SEAT_RATE,
    SEATS,
    STARTER,
    TOKENS,
    add,
    comparable,
    create,
    fill,
    flat,
    key,
    repoint,
    revise,
    seen,
    supersede,
)

from observed import marks_of
from pricebook.apply.ports import Store, StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import alias_digest
from pricebook.observe.normalise import normalise
from pricebook.observe.renames import renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.rehearse import rehearse
from pricebook.plan.verb.add_rates import after
from pricebook.plan.verb.table import Adopt, Archive, Release
from pricebook.plan.verb.verb import Verb

SECOND = Ref(Kind.PACKAGE, "starter", 2)
LARGE = key(model="large")


def unlisted(store: Store, ref: Ref) -> bool:
    """Whether the store shows nothing of an archived object: the vendor lists archived rate cards no more."""
    return store.snapshot("acme", AT).partial and ref.kind is Kind.RATE_CARD


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert comparable(store.snapshot("acme", AT)) == comparable(Snapshot(AT))


def test_what_is_applied_is_what_is_read(store: Store) -> None:
    fill(store)
    told = rehearse(Snapshot(AT), ACCOUNT)
    assert seen(store, told) == comparable(told)


def test_every_step_leaves_what_its_rehearsal_says(store: Store) -> None:
    changes: tuple[Verb, ...] = (
        *ACCOUNT,
        revise(TOKENS, name="Tokens, all models", tags=("ai",)),
        add(
            (LARGE, flat("0.5"), flat("0.4", "2026-01-01T00:00:00Z")), (key(model="small"), None, flat("0.00000000013"))
        ),
        supersede(SECOND, name="Starter 2", duration=None, aliases=None),
        revise(CARD, name="List prices of 2026"),
        repoint([Alias(name="List", ending_before=JAN), Alias(name="Prices", starting_at=FEB)], order=("seats",)),
        Archive(CREDIT),
    )
    rehearsed = Snapshot(AT)
    for change in changes:
        rehearsed = rehearse(rehearsed, [change])
        id_ = store.perform("acme", change, AT)
        assert store.snapshot("acme", AT).ids[change.ref] == id_
        assert seen(store, rehearsed) == comparable(rehearsed)


def test_a_change_that_is_sent_again_is_done_once(store: Store) -> None:
    ids = fill(store)
    before = comparable(store.snapshot("acme", AT))
    assert fill(store) == ids
    assert comparable(store.snapshot("acme", AT)) == before


@pytest.mark.parametrize("ref", [METRIC, TOKENS, CARD, STARTER], ids=str)
def test_a_mark_that_is_taken_by_other_content_is_a_conflict(store: Store, ref: Ref) -> None:
    fill(store)
    before = comparable(store.snapshot("acme", AT))
    with pytest.raises(StoreRefused, match=f"{ref} is there already with other content") as refused:
        store.perform("acme", create(ref, name="Something else"), AT)
    assert refused.value.status == 409
    assert comparable(store.snapshot("acme", AT)) == before


@pytest.mark.parametrize("ref", [METRIC, CREDIT, CARD, STARTER], ids=str)
def test_archiving_is_for_good(store: Store, ref: Ref) -> None:
    ids = fill(store)
    assert store.perform("acme", Archive(ref), AT) == ids[ref]
    archived = comparable(store.snapshot("acme", AT))
    if unlisted(store, ref):
        assert archived["archived"] == set()
        with pytest.raises(StoreRefused, match=f"{ref} is not there"):
            store.perform("acme", Archive(ref), JAN)
    else:
        assert archived["archived"] == {ref}
        assert store.perform("acme", Archive(ref), JAN) == ids[ref]
    with pytest.raises(StoreRefused) as refused:
        store.perform("acme", create(ref), AT)
    assert "keeps its mark" in f"{refused.value.message} ({refused.value.hint})"
    assert refused.value.status == 409
    assert comparable(store.snapshot("acme", AT)) == archived


def test_a_card_keeps_the_mark_that_came_with_its_rates(store: Store) -> None:
    fill(store)
    assert marks_of(store.snapshot("acme", AT), "rates") == {}
    longest = "x" * 200
    store.perform("acme", replace(add((LARGE, flat("0.5"), flat("0.4", "2026-01-01T00:00:00Z"))), mark=longest), AT)
    store.perform("acme", add((key(model="small"), None, flat("0.1"))), AT)
    assert marks_of(store.snapshot("acme", AT), "rates") == {CARD: longest}


def test_a_mark_is_written_when_the_rates_are_there_already(store: Store) -> None:
    fill(store)
    rates = add((LARGE, None, flat("0.5")))
    store.perform("acme", replace(rates, mark="first"), AT)
    assert marks_of(store.snapshot("acme", AT), "rates") == {CARD: "first"}


def test_a_card_is_marked_with_the_aliases_that_it_was_given(store: Store) -> None:
    for change in ACCOUNT[:6]:
        store.perform("acme", change, AT)
    assert marks_of(store.snapshot("acme", AT), "aliases") == {}
    given = [Alias(name="Prices", starting_at=FEB), Alias(name="List", ending_before=JAN)]
    store.perform("acme", repoint(given, order=("seats",), observed=(), observed_order=()), AT)
    card = create(CARD, aliases=given, product_order=("seats",)).noun
    snapshot = normalise(store.snapshot("acme", AT), {CARD: card})
    assert marks_of(snapshot, "aliases") == {CARD: alias_digest(given, ["seats"])}
    assert not snapshot.of(CARD).repointed


def test_an_archived_card_has_no_rates_any_more(store: Store) -> None:
    fill(store)
    store.perform("acme", Archive(CARD), AT)
    snapshot = store.snapshot("acme", AT)
    assert (CARD in snapshot.catalog.nouns, dict(snapshot.catalog.rates)) == (False, {})
    assert (marks_of(snapshot, "rates"), marks_of(snapshot, "aliases")) == ({}, {})


def test_old_package_versions_stay_readable(store: Store) -> None:
    fill(store)
    store.perform("acme", supersede(SECOND, name="Starter 2"), AT)
    store.perform("acme", Archive(STARTER), AT)
    meant = create(STARTER).noun
    snapshot = normalise(store.snapshot("acme", AT), {STARTER: meant})
    if snapshot.partial:  # an account shows no aliases of what is archived
        meant = meant.model_copy(update={"aliases": ()})
    assert snapshot.catalog.nouns[STARTER] == meant
    assert snapshot.latest(Ref(Kind.PACKAGE, "starter")) == SECOND


REFUSED: dict[str, tuple[Verb, int, str]] = {
    "revise what is not there": (revise(Ref(Kind.PRODUCT, "ghost")), 404, "product:ghost is not there"),
    "archive what is not there": (Archive(Ref(Kind.PRODUCT, "ghost")), 404, "product:ghost is not there"),
    "rates on a card that is not there": (
        add((LARGE, None, flat("1")), card="ghost"),
        404,
        "rate-card:ghost is not there",
    ),
    "repoint a card that is not there": (repoint([], card="ghost"), 404, "rate-card:ghost is not there"),
    "a product's type": (revise(SEATS, type="FIXED"), 400, "type of product:seats cannot change"),
    "a metric's aggregation": (
        revise(METRIC, aggregation_type="MAX", aggregation_key="n", property_filters=({"name": "n"},)),
        400,
        "aggregation_key of billable-metric:calls cannot change",
    ),
    "a metric that is not there": (
        create(Ref(Kind.PRODUCT, "more"), billable_metric="ghost"),
        400,
        "product:more refers to billable-metric:ghost, which is not there",
    ),
    "a unit that is not there": (
        create(Ref(Kind.RATE_CARD, "more"), fiat_credit_type="ghost"),
        400,
        "rate-card:more refers to pricing-unit:ghost, which is not there",
    ),
    "an order of products that are not there": (
        repoint([], order=("ghost",)),
        400,
        "rate-card:list refers to product:ghost, which is not there",
    ),
    "a rate of a product that is not there": (
        add((LARGE, None, flat("1")), (key("ghost"), None, flat("1"))),
        400,
        "rate-card:list refers to product:ghost, which is not there",
    ),
    "a rate that stands twice": (
        add((key(model="a"), None, flat("1")), (key(model="a"), None, flat("2"))),
        400,
        "a rate of rate-card:list stands twice in one request",
    ),
    "a package on a card that is not there": (
        create(SECOND, rate_card="ghost"),
        400,
        "package:starter@2 refers to rate-card:ghost, which is not there",
    ),
    "a package on an alias that nobody has": (
        create(SECOND, rate_card=None, rate_card_alias="ghost"),
        400,
        'package:starter@2: no rate card has the alias "ghost"',
    ),
    "a subscription without a rate": (
        create(
            SECOND,
            subscriptions=(
                {
                    "subscription_rate": {"product": "seats", "billing_frequency": "ANNUAL"},
                    "collection_schedule": "ADVANCE",
                    "proration": {},
                    "initial_quantity": 1,
                },
            ),
        ),
        400,
        "package:starter@2: rate-card:list has no ANNUAL rate for product:seats",
    ),
}
VENDORS = {
    "a package on an alias that nobody has": "no rate card has the alias 'ghost'",
    "a subscription without a rate": "the rate card has no ANNUAL rate for the product",
}
"""What an account alone can judge is told in its own words."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_vendor_refuses_is_refused_and_leaves_no_trace(store: Store, case: str) -> None:
    change, status, message = REFUSED[case]
    fill(store)
    before = comparable(store.snapshot("acme", AT))
    with pytest.raises(StoreRefused) as refused:
        store.perform("acme", change, AT)
    assert refused.value.status == status
    assert refused.value.message == message or (case in VENDORS and VENDORS[case] in refused.value.message)
    assert comparable(store.snapshot("acme", AT)) == before


@pytest.mark.parametrize(
    ("gone", "change"),
    [
        (CREDIT, create(SECOND)),
        (METRIC, create(Ref(Kind.PRODUCT, "more"), billable_metric="calls")),
        (TOKENS, add((key(model="new"), None, flat("1")))),
        (CARD, create(SECOND)),
        (CARD, add((key(model="new"), None, flat("1")))),
        (CARD, repoint([])),
        (CARD, revise(CARD, name="Other")),
    ],
    ids=["package", "product", "rate", "card", "rate of card", "alias", "revise"],
)
def test_nothing_new_is_built_on_what_is_archived(store: Store, gone: Ref, change: Verb) -> None:
    fill(store)
    store.perform("acme", Archive(gone), AT)
    before = comparable(store.snapshot("acme", AT))
    with pytest.raises(StoreRefused, match="is not there" if unlisted(store, gone) else "is archived") as refused:
        store.perform("acme", change, AT)
    assert refused.value.status in (400, 404)
    assert comparable(store.snapshot("acme", AT)) == before


def test_a_product_can_be_revised_although_its_metric_is_archived(store: Store) -> None:
    fill(store)
    store.perform("acme", Archive(METRIC), AT)
    change = revise(TOKENS, name="Old tokens")
    store.perform("acme", change, AT)
    assert store.snapshot("acme", AT).catalog.nouns[TOKENS] == change.noun


def test_conversions_of_a_card_only_grow(store: Store) -> None:
    unit = create(Ref(Kind.PRICING_UNIT, "credits"), name="Credits")
    conversion = {"custom_credit_type": "credits", "fiat_per_custom_credit": Decimal("1.5")}
    fill_with = (unit, create(CARD), grown := revise(CARD, credit_type_conversions=(conversion,)))
    for change in fill_with:
        store.perform("acme", change, AT)
    for conversions in ((), ({**conversion, "fiat_per_custom_credit": Decimal(2)},)):
        with pytest.raises(StoreRefused, match="conversions of rate-card:list can be added"):
            store.perform("acme", revise(CARD, credit_type_conversions=conversions), AT)
    assert store.snapshot("acme", AT).catalog.nouns[CARD] == grown.noun


def test_a_rate_is_compared_and_set(store: Store) -> None:
    fill(store)
    raised = add((LARGE, flat("0.5"), flat("0.6", "2026-01-01T00:00:00Z")))
    late = add((LARGE, flat("0.5"), flat("0.7", "2026-01-01T00:00:00Z")), (key(model="new"), None, flat("1")))
    store.perform("acme", raised, AT)
    store.perform("acme", raised, AT)  # already so
    with pytest.raises(
        StoreRefused, match="tokens · model=large of rate-card:list was changed by somebody else"
    ) as refused:
        store.perform("acme", late, AT)
    assert refused.value.status == 409
    rates = store.snapshot("acme", AT).catalog.rates["list"]
    assert dict(rates.items()) == {LARGE: after(raised.rates[0]), SEAT_RATE: flat("1000")}


def test_a_rate_that_is_there_is_not_new(store: Store) -> None:
    fill(store)
    with pytest.raises(StoreRefused, match="was changed by somebody else"):
        store.perform("acme", add((LARGE, None, flat("9"))), AT)
    store.perform("acme", add((LARGE, None, flat("0.5"))), AT)


def test_an_object_is_compared_and_set(store: Store) -> None:
    fill(store)
    seen_by_both = create(TOKENS).digest
    renamed_first = revise(TOKENS, name="Tokens, all models")
    store.perform("acme", renamed_first, AT, seen_by_both)
    store.perform("acme", renamed_first, AT, seen_by_both)  # already so
    before = comparable(store.snapshot("acme", AT))
    with pytest.raises(StoreRefused, match="product:tokens was changed by somebody else") as refused:
        store.perform("acme", revise(TOKENS, name="Old name", tags=("late",)), AT, seen_by_both)
    assert refused.value.status == 409
    assert comparable(store.snapshot("acme", AT)) == before
    store.perform("acme", revise(TOKENS, name="Newer"), AT, renamed_first.digest)


NEW, OTHERS, NEXT = Alias(name="New"), Ref(Kind.RATE_CARD, "other"), Ref(Kind.RATE_CARD, "next")
MEANWHILE: dict[str, tuple[Verb, Verb]] = {
    "it was given more": (repoint((*FIRST, NEW), order=ORDER), repoint((*FIRST, Alias(name="Late")), order=ORDER)),
    "its alias went to another card": (
        repoint(FIRST, "other", held_by=("list",)),
        repoint((*FIRST, NEW), order=ORDER),
    ),
    "another card has got the name since": (repoint((NEW,), "other"), repoint((NEW,), "next")),
    "the name went elsewhere": (
        repoint(FIRST, "other", held_by=("list",)),
        repoint(FIRST, "next", held_by=("list",)),
    ),
}
"""What came in between, and what was planned before it did."""


@pytest.mark.parametrize("case", MEANWHILE)
def test_aliases_are_compared_and_set(store: Store, case: str) -> None:
    fill(store)
    for ref in (OTHERS, NEXT):
        store.perform("acme", create(ref), AT)
    came, late = MEANWHILE[case]
    store.perform("acme", came, AT)
    store.perform("acme", came, AT)  # already so
    before = comparable(store.snapshot("acme", AT))
    with pytest.raises(StoreRefused, match=f"{late.ref}, or who has its aliases, was changed") as refused:
        store.perform("acme", late, AT)
    assert refused.value.status == 409
    assert comparable(store.snapshot("acme", AT)) == before


@pytest.mark.parametrize("first", [0, 1])
def test_an_alias_goes_from_card_to_card_in_either_order(store: Store, first: int) -> None:
    fill(store)
    store.perform("acme", create(OTHERS), AT)
    steps = [repoint(FIRST, "other", held_by=("list",)), repoint((), order=ORDER)]
    for step in (steps[first], steps[1 - first], *steps):
        store.perform("acme", step, AT)
    cards = store.snapshot("acme", AT).catalog.cards
    assert (cards["list"].aliases, cards["other"].aliases) == ((), FIRST)


def test_rates_know_their_digest_count_and_entries(store: Store) -> None:
    fill(store)
    for start in range(0, 3000, 1000):
        rates = ((key(model=f"m{n}"), None, flat(f"0.{n}1")) for n in range(start, start + 1000))
        store.perform("acme", add(*rates), AT)
    changed = ((key(model=f"m{n}"), flat(f"0.{n}1"), flat("3")) for n in range(0, 3000, 7))
    store.perform("acme", add(*changed), AT)
    expected = {LARGE: flat("0.5"), SEAT_RATE: flat("1000")}
    expected |= {key(model=f"m{n}"): flat("3") if n % 7 == 0 else flat(f"0.{n}1") for n in range(3000)}
    rates = store.snapshot("acme", AT).catalog.rates["list"]
    assert (dict(rates.items()), len(rates), rates.digest) == (expected, 3002, RateBook(expected).digest)
    assert (rates.get(LARGE), rates.get(key(model="none"))) == (flat("0.5"), None)


def test_a_card_is_created_without_aliases_and_keeps_them_when_revised(store: Store) -> None:
    store.perform("acme", create(CARD, aliases=({"name": "List"},)), AT)
    bare = store.snapshot("acme", AT).catalog.nouns[CARD]
    store.perform("acme", repoint([Alias(name="List")], observed=(), observed_order=()), AT)
    store.perform("acme", revise(CARD, name="Renamed"), AT)
    assert bare == create(CARD).noun
    assert (
        store.snapshot("acme", AT).catalog.nouns[CARD] == create(CARD, name="Renamed", aliases=({"name": "List"},)).noun
    )


def test_a_package_finds_its_card_by_an_alias_that_starts_later(store: Store) -> None:
    fill(store)
    store.perform("acme", repoint([Alias(name="Next", starting_at=JAN)]), AT)
    change = supersede(SECOND, rate_card=None, rate_card_alias="Next")
    store.perform("acme", change, AT)
    snapshot = normalise(store.snapshot("acme", AT), {SECOND: change.noun})
    assert snapshot.catalog.nouns[SECOND] == change.noun


def test_a_card_that_is_found_by_an_alias_needs_the_rate_too(store: Store) -> None:
    fill(store)
    store.perform("acme", create(Ref(Kind.RATE_CARD, "other")), AT)
    store.perform("acme", repoint([Alias(name="Other")], card="other"), AT)
    with pytest.raises(StoreRefused, match="has no MONTHLY rate for"):
        store.perform("acme", supersede(SECOND, rate_card=None, rate_card_alias="Other"), AT)
    store.perform("acme", Archive(Ref(Kind.RATE_CARD, "other")), AT)
    with pytest.raises(StoreRefused, match=r"no rate card has the alias .Other."):
        store.perform("acme", supersede(SECOND, rate_card=None, rate_card_alias="Other"), AT)


def test_an_override_with_dates_is_kept(store: Store) -> None:
    fill(store)
    january = {
        "override_specifiers": ({"product": "tokens"},),
        "starting_at": JAN,
        "ending_before": FEB,
        "type": "MULTIPLIER",
        "multiplier": Decimal("0.8"),
    }
    change = supersede(SECOND, overrides=(january,))
    if list(store.cannot("acme", change)):  # so a plan with it is refused before anything is sent
        with pytest.raises(StoreRefused, match="starting_at_offset is required"):
            store.perform("acme", change, AT)
        return
    store.perform("acme", change, AT)
    assert store.snapshot("acme", AT).catalog.nouns[SECOND] == change.noun


def test_a_snapshot_is_of_its_time(store: Store) -> None:
    fill(store)
    before = store.snapshot("acme", AT)
    told = rehearse(Snapshot(AT), ACCOUNT)
    store.perform("acme", add((LARGE, flat("0.5"), flat("0.7"))), AT)
    store.perform("acme", revise(CARD, name="Renamed"), AT)
    assert comparable(normalise(before, told.catalog.nouns)) == comparable(told)


MOVES = tuple(
    (Ref(kind, old), Ref(kind, new))
    for kind, old, new in (
        (Kind.BILLABLE_METRIC, "calls", "requests"),
        (Kind.PRODUCT, "tokens", "inference"),
        (Kind.PRODUCT, "seats", "users"),
        (Kind.RATE_CARD, "list", "prices"),
    )
)


def test_what_is_ours_gets_another_name_and_stays_what_it_is(store: Store) -> None:
    fill(store)
    before = store.snapshot("acme", AT)
    named = renamed(before, MOVES)
    changes = [Adopt(new, before.ids[old], named.catalog.nouns[new], "", was=old) for old, new in MOVES]
    for change in changes:
        assert store.perform("acme", change, AT) == change.id
        assert store.perform("acme", change, AT) == change.id
    assert comparable(store.snapshot("acme", AT)) == comparable(rehearse(named, changes))
    inference, plain = key("inference", model="large"), {"billable_metric": None, "pricing_group_key": None}
    store.perform("acme", add((inference, flat("0.5"), flat("0.4", "2026-01-01T00:00:00Z")), card="prices"), AT)
    store.perform("acme", revise(Ref(Kind.PRODUCT, "users"), name="Users", type="SUBSCRIPTION", **plain), AT)
    with pytest.raises(StoreRefused, match="product:tokens is not there"):
        store.perform("acme", Archive(TOKENS), AT)


def test_a_name_that_is_taken_is_not_given_again(store: Store) -> None:
    fill(store)
    held = store.snapshot("acme", AT)
    before = comparable(held)
    with pytest.raises(StoreRefused, match="product:seats is another object already") as refused:
        store.perform("acme", Adopt(SEATS, held.ids[TOKENS], held.catalog.nouns[TOKENS], "", was=TOKENS), AT)
    assert refused.value.status == 409
    assert comparable(store.snapshot("acme", AT)) == before


def test_what_is_let_go_stays_and_is_nobodys(store: Store) -> None:
    ids = fill(store)
    before = store.snapshot("acme", AT)
    changes = [Release(CREDIT), Release(CARD)]
    for change in changes:
        assert store.perform("acme", change, AT) == ids[change.ref]
    observed = store.snapshot("acme", AT)
    assert comparable(observed) == comparable(rehearse(before, changes))
    assert {(each.kind, each.id, each.released_mark.removeprefix("acme/")) for each in observed.foreign} == {
        (ref.kind, ids[ref], str(ref)) for ref in (CREDIT, CARD)
    }
    assert store.perform("acme", Release(CREDIT), AT) == ids[CREDIT]
    assert comparable(store.snapshot("acme", AT)) == comparable(observed)
    with pytest.raises(StoreRefused, match="product:nothing is not there"):
        store.perform("acme", Release(Ref(Kind.PRODUCT, "nothing")), AT)
