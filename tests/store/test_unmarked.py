"""Objects of an embedded store that bear no mark: read by id as if they were ours, or left alone."""

import sqlite3

import pytest
from account import AT, CARD, STARTER, TOKENS, fill

from observed import contracts_of, marks_of
from pricebook.apply.ports import StoreRefused
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import RateMark
from pricebook.plan.adoption import adoptions
from pricebook.plan.verb.table import Adopt, Release
from pricebook.store.sql import SqlStore

SPEECH, OTHERS, THEIRS = Ref(Kind.PRODUCT, "speech"), Ref(Kind.RATE_CARD, "others"), Ref(Kind.PACKAGE, "theirs")
UNMARKED = """
INSERT INTO product SELECT 'p', NULL, 'Speech', NULL, spec, created_at, NULL, type FROM product WHERE name = 'Tokens';
INSERT INTO rate_card (id, name, spec, created_at, product_order, rates_digest, rates_count)
VALUES ('c', 'Others', '{"name":"Others"}', '2025-01-01T00:00:00Z', '["p"]', NULL, 1);
INSERT INTO rate_timeline
SELECT 'c', '["their-name",null,{"model":"large"}]', 'p', schedule FROM rate_timeline WHERE key LIKE '["tokens"%';
INSERT INTO package (id, name, spec, created_at, rate_card_id)
VALUES ('k', 'Theirs', '{"name":"Theirs","rate_card":"c"}', '2025-01-01T00:00:00Z', 'c');
INSERT INTO contract (id, customer_id, package_id, rate_card_id, starting_at, custom_fields)
VALUES ('1', 'somebody', 'k', 'c', '2025-01-01T00:00:00Z', '{}');
INSERT INTO billable_metric (id, name, spec, created_at) VALUES ('m', 'Odd', '{"name":1}', '2025-01-01T00:00:00Z');
"""


@pytest.fixture
def unmarked(sql: SqlStore, sqlite_url: str) -> SqlStore:
    """The account of the suite, and what somebody put beside it."""
    fill(sql)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.executescript(UNMARKED)
    connection.close()
    return sql


def test_what_bears_no_mark_is_listed(unmarked: SqlStore) -> None:
    snapshot = unmarked.snapshot("acme", AT)
    assert [(each.kind, each.id, each.name, each.owner) for each in snapshot.foreign] == [
        (Kind.BILLABLE_METRIC, "m", "Odd", ""),
        (Kind.PRODUCT, "p", "Speech", ""),
        (Kind.RATE_CARD, "c", "Others", ""),
        (Kind.PACKAGE, "k", "Theirs", ""),
    ]


def test_what_is_asked_for_is_read_with_our_names(unmarked: SqlStore) -> None:
    before = unmarked.snapshot("acme", AT)
    snapshot = unmarked.snapshot("acme", AT, {SPEECH: "p", OTHERS: "c", THEIRS: "k"})
    theirs = THEIRS._replace(version=1)
    assert snapshot.unmarked == {SPEECH, OTHERS, theirs}
    assert snapshot.ids == {**before.ids, SPEECH: "p", OTHERS: "c", theirs: "k"}
    assert all(marks_of(snapshot, name) == marks_of(before, name) for name in ("content", "rates"))
    assert spec_of(snapshot.catalog.nouns[OTHERS])["product_order"] == ("speech",)
    assert spec_of(snapshot.catalog.nouns[theirs])["rate_card"] == "others"
    assert [key for key, _ in snapshot.catalog.rates["others"].items()] == ['["speech",null,{"model":"large"}]']
    assert contracts_of(snapshot) == {theirs: 1, OTHERS: 1}
    assert [each.id for each in snapshot.foreign] == ["m"]


def test_an_entry_that_cannot_be_is_passed_over(unmarked: SqlStore) -> None:
    before = unmarked.snapshot("acme", AT)
    odd, starter = Ref(Kind.BILLABLE_METRIC, "odd"), Ref(Kind.PACKAGE, "starter")
    wrong = {odd: "m", TOKENS: "p", SPEECH: "c", OTHERS: before.ids[CARD], starter: "k"}
    snapshot = unmarked.snapshot("acme", AT, wrong)
    assert (snapshot.ids, snapshot.unmarked) == (before.ids, frozenset())
    assert STARTER in snapshot.ids
    assert [each.id for each in snapshot.foreign if each.unreadable] == ["m"]


def test_another_namespace_is_a_foreign_owner(unmarked: SqlStore) -> None:
    snapshot = unmarked.snapshot("other", AT, {TOKENS: unmarked.snapshot("acme", AT).ids[TOKENS]})
    assert not snapshot.ids
    assert {each.owner for each in snapshot.foreign if each.name == "Tokens"} == {"acme/product:tokens"}


def test_what_is_adopted_bears_our_mark_and_our_names(unmarked: SqlStore) -> None:
    asked = {SPEECH: "p", OTHERS: "c", THEIRS: "k"}
    before = unmarked.snapshot("acme", AT, asked)
    changes = list(adoptions(Catalog(before.catalog.nouns), before))
    assert [change.ref for change in changes] == [SPEECH, OTHERS]
    for change in changes:
        assert unmarked.perform("acme", change, AT) == change.id
        assert unmarked.perform("acme", change, AT) == change.id
    snapshot = unmarked.snapshot("acme", AT)
    assert (snapshot.ids[SPEECH], snapshot.ids[OTHERS]) == ("p", "c")
    assert marks_of(snapshot, "content").items() >= {SPEECH: changes[0].digest, OTHERS: changes[1].digest}.items()
    rates = snapshot.catalog.rates["others"]
    assert [key for key, _ in rates.items()] == ['["speech",null,{"model":"large"}]']
    mark = RateMark.read(snapshot.of(OTHERS).marks.rates)
    assert mark is not None
    assert mark.speaks_for(rates)
    assert rates.digest == before.catalog.rates["others"].digest
    assert not snapshot.of(SPEECH).drifted
    assert not snapshot.of(OTHERS).repointed
    assert {each.id for each in snapshot.foreign} == {"m", "k"}


def test_the_rule_about_keys_stands_again_afterwards(unmarked: SqlStore, sqlite_url: str) -> None:
    before = unmarked.snapshot("acme", AT, {SPEECH: "p"})
    for change in adoptions(Catalog(before.catalog.nouns), before):
        unmarked.perform("acme", change, AT)
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    with pytest.raises(sqlite3.IntegrityError, match="a rate cannot move"):
        connection.execute("UPDATE rate_timeline SET key = 'x'")
    connection.close()


@pytest.mark.parametrize(("ref", "id_", "why"), [
    (SPEECH, "nobody", "there is no product nobody"),
    (TOKENS, "p", "product:tokens is another object already"),
    (Ref(Kind.PRODUCT, "other"), "", "bears the mark acme/product:tokens"),
])  # fmt: skip
def test_what_is_not_nobodys_is_refused(unmarked: SqlStore, ref: Ref, id_: str, why: str) -> None:
    held = unmarked.snapshot("acme", AT)
    change = Adopt(ref, id_ or held.ids[TOKENS], held.catalog.nouns[TOKENS], "digest")
    with pytest.raises(StoreRefused, match=why):
        unmarked.perform("acme", change, AT)


def test_what_was_let_go_can_be_adopted_again(unmarked: SqlStore) -> None:
    held = unmarked.snapshot("acme", AT)
    unmarked.perform("acme", Release(CARD), AT)
    again = Ref(Kind.RATE_CARD, "again")
    snapshot = unmarked.snapshot("acme", AT, {again: held.ids[CARD]})
    assert snapshot.unmarked == {again}
    (change,) = adoptions(Catalog({again: snapshot.catalog.nouns[again]}), snapshot)
    unmarked.perform("acme", change, AT)
    adopted = unmarked.snapshot("acme", AT)
    assert adopted.catalog.rates["again"].digest == held.catalog.rates["list"].digest
    assert adopted.ids[again] == held.ids[CARD]
