"""A contract that is proposed: what it will be, and everything that speaks against it before anything is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.snapshot import Snapshot, objects_of
from pricebook.plan.contract import Contract, Provision
from pricebook.preview.proposal import WantedContract, propose
from pricebook.problem import Rejected

START = datetime(2026, 1, 5, tzinfo=UTC)
FEBRUARY, YEAR = datetime(2026, 2, 1, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
FIRST, SECOND, OLD, LATER, BARE = (
    Ref(Kind.PACKAGE, name, version)
    for name, version in (("starter", 1), ("starter", 2), ("old", 1), ("later", 1), ("bare", 1))
)
CARD, FEE = Ref(Kind.RATE_CARD, "list"), Ref(Kind.PRODUCT, "fee")
SUBSCRIPTION: dict[str, Any] = {
    "key": "fee",
    "subscription_rate": {"product": "fee", "billing_frequency": "MONTHLY"},
    "collection_schedule": "ADVANCE",
    "proration": {"is_prorated": False},
    "initial_quantity": 1,
}
TERMS: dict[str, Any] = {
    "name": "Starter",
    "rate_card_alias": "List",
    "duration": {"value": 12, "unit": "MONTHS"},
    "subscriptions": (SUBSCRIPTION,),
}
SPECS: dict[Ref, dict[str, Any]] = {
    FEE: {"name": "Fee", "type": "SUBSCRIPTION"},
    CARD: {"name": "List", "aliases": ({"name": "List"}, {"name": "Next list", "starting_at": YEAR})},
    FIRST: TERMS | {"aliases": ({"name": "starter"},)},
    SECOND: TERMS | {"aliases": ({"name": "starter", "starting_at": FEBRUARY},)},
    OLD: TERMS | {"aliases": ({"name": "old"},)},
    LATER: TERMS | {"aliases": ({"name": "later", "starting_at": YEAR},), "rate_card_alias": "Next list"},
    BARE: {"name": "Bare", "rate_card": "somebody-elses"},
}
HELD = objects_of(
    Catalog(
        {ref: noun_of(ref.kind, spec) for ref, spec in SPECS.items()},
        {
            "list": RateBook(
                {
                    key_text(RateKey("fee", "MONTHLY", ())): schedule_text(
                        [
                            Segment(
                                "2025-01-01T00:00:00Z",
                                None,
                                Terms.of({"entitled": True, "price": 1000, "rate_type": "FLAT"}),
                            )
                        ]
                    )
                }
            )
        },
    )
)
SNAPSHOT = Snapshot(
    START,
    {
        ref: replace(
            each,
            archived=ref == OLD,
            made=datetime(2025, ref.version or 1, 1, tzinfo=UTC) if ref.kind is Kind.PACKAGE else None,
        )
        for ref, each in HELD.items()
    },
)


def asked(package: str = "starter", start: datetime = START, customer: str = "ada", key: str = "k1") -> WantedContract:
    """A wish for a contract."""
    return WantedContract(customer, package, start, key)


def contract(id_: str, start: datetime, end: datetime | None = None, **more: Any) -> Contract:
    """A contract of the customer on the first version."""
    return Contract(id=id_, customer="ada", package=FIRST, card=CARD, starting_at=start, ending_before=end, **more)


def test_it_is_what_the_alias_names_at_the_start() -> None:
    made = propose(asked(), SNAPSHOT, ())
    assert made.wanted == Provision("ada", START, "k1", alias="starter")
    assert (made.package, made.card, made.ending_before, made.present) == (FIRST, "list", YEAR, None)
    (invoice,) = made.first.invoices
    assert invoice.total == Decimal(1000)
    assert propose(asked(start=FEBRUARY), SNAPSHOT, ()).package == SECOND
    assert propose(asked(start=FEBRUARY - timedelta(hours=1)), SNAPSHOT, ()).package == FIRST


@pytest.mark.parametrize("text", ["starter@2", "package:starter@2"])
def test_it_is_the_version_that_is_named(text: str) -> None:
    made = propose(asked(text), SNAPSHOT, ())
    assert made.wanted == Provision("ada", START, "k1", package=SECOND)


def test_a_package_without_an_end_and_on_a_card_of_somebody_else() -> None:
    made = propose(asked("bare@1"), SNAPSHOT, ())
    assert (made.card, made.ending_before, made.first.total) == (None, None, Decimal(0))


def test_what_is_there_under_the_key_is_the_answer() -> None:
    there = contract("c1", START, YEAR, uniqueness_key="k1")
    assert propose(asked(), SNAPSHOT, [there]).present is there
    after = contract("c1", FEBRUARY, uniqueness_key="k1")  # it came by the alias before that moved
    assert propose(asked(start=FEBRUARY), SNAPSHOT, [after]).present is after


def test_contracts_that_run_at_the_same_time_are_told() -> None:
    others = [
        contract("before", START - timedelta(days=9), START),
        contract("across", START - timedelta(days=9), FEBRUARY),
        contract("within", FEBRUARY),
        contract("after", YEAR),
        contract("gone", START, archived_at=START),
        contract("never", FEBRUARY, FEBRUARY),
    ]
    assert [one.id for one in propose(asked(), SNAPSHOT, others).overlapping] == ["across", "within"]


REFUSED: dict[str, tuple[WantedContract, str, str]] = {
    "an alias that nobody has": (asked("startr"), "unknown-package", 'did you mean "starter"?'),
    "an alias before its time": (
        asked("later"),
        "unknown-package",
        "it stands for package:later@1 from 2027-01-05",
    ),
    "a package's name": (asked("bare"), "unknown-package", "say one of its versions, bare@1, or an alias of it"),
    "a version that is not there": (asked("starter@3"), "unknown-package", 'did you mean "starter"?'),
    "an archived version": (asked("old@1"), "archived-package", "new ones need a version that is live"),
    "an alias of an archived one": (asked("old"), "archived-package", "new ones need a version that is live"),
    "a card's alias before its time": (
        asked("later@1"),
        "unknown-reference",
        "a package picks its card as of the contract's start",
    ),
    "a long key": (asked(key="k" * 129), "uniqueness-key", "make it shorter"),
    "no key": (asked(key=""), "uniqueness-key", "make it shorter"),
    "nobody": (asked(customer=" "), "value", "say the id by which the account knows the customer"),
    "a blank behind somebody": (asked(customer="ada "), "blank", "another customer by it"),
    "another century": (asked("starter@1", START.replace(year=2206)), "instant", "check the year"),
    "long ago": (asked("starter@1", START.replace(year=1906)), "instant", "check the year"),
    "a key of another start": (asked(key="taken"), "uniqueness-key", "give another contract another uniqueness key"),
    "a key of another version": (
        asked("starter@2", YEAR, key="taken"),
        "uniqueness-key",
        "give another contract another uniqueness key",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    wish, code, hint = REFUSED[case]
    with pytest.raises(Rejected) as rejected:
        propose(wish, SNAPSHOT, [contract("c1", YEAR, uniqueness_key="taken")])
    (problem,) = rejected.value.problems
    assert problem.code == code
    assert hint in problem.hint


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Rejected) as rejected:
        propose(WantedContract("", "old@1", START, "k" * 200), SNAPSHOT, ())
    assert [problem.code for problem in rejected.value.problems] == ["value", "uniqueness-key", "archived-package"]
