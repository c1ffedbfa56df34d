"""Two runs without a common lock, interleaved at every request: of two objects that no key keeps apart one stays."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Condition, Thread
from typing import Any, cast

import pytest
from small import BEFORE, small

from pricebook.apply.ports import Journal, StalePlan
from pricebook.apply.runner import Receipt
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import load
from pricebook.metronome.kind import APIS
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.step import Plan
from pricebook.project.project import Project
from pricebook.workflow.drift import drift, revert
from project import applied, planned, settle
from vendor import AT, Call, Vendor

GRANT = "unit_price: $5.00"
UNIT = """
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: tokens}
spec: {name: Tokens}
---
apiVersion: pricebook/v1
kind: OffsetNotification
metadata: {name: ending}
spec: {name: Ending, policy: {type: contract.end, offset: -P7D}}
"""
SIX, SEVEN = (BEFORE.replace(GRANT, f"unit_price: ${price}.00") + UNIT for price in (6, 7))
KINDS = (Kind.PACKAGE, Kind.PRICING_UNIT, Kind.OFFSET_NOTIFICATION)


def live(vendor: Vendor) -> Counter[str]:
    """What is there of each kind that no key keeps apart, by what it is known by."""
    found: Counter[str] = Counter()
    for kind in KINDS:
        method, path, body, query, *_ = APIS[kind].listed
        for item in vendor.client().read(method, path, body, query)["data"]:
            if not item.get("archived_at"):
                numbered = item.get("uniqueness_key", "").rpartition("/")[0]  # without the digest
                found[numbered or f"{kind} {item['name']}"] += 1
    return found


def run(project: Project, store: RemoteStore, made: Plan) -> Receipt | None:
    """What comes of an apply; None where the other one was done before it began."""
    try:
        return applied(project, store, made)
    except StalePlan:
        return None


def started(vendor: Vendor, folder: Path, text: str) -> tuple[Project, Plan]:
    """A project beside others, and what it plans."""
    project = small(folder, text)
    return project, planned(project, vendor.store())


@pytest.fixture
def settled(vendor: Vendor, tmp_path: Path) -> Vendor:
    settle(small(tmp_path / "first"), vendor)
    vendor.calls.clear()
    return vendor


def converges(vendor: Vendor, folder: Path, *receipts: Receipt | None) -> None:
    """Exactly one of each is there; who lost says so, and a new plan of either ends as it should."""
    assert set(live(vendor).values()) == {1}, live(vendor)
    for receipt in filter(None, receipts):
        for result in receipt.results:
            said = "by another run" in result.detail or "somebody else" in result.detail or "changed" in result.detail
            assert result.outcome in ("done", "already", "blocked") or said, result
    last = small(folder, SEVEN)
    assert applied(last, vendor.store()).complete
    again = planned(last, vendor.store())
    assert (again.steps, again.findings) == ((), ())
    assert set(live(vendor).values()) == {1}, live(vendor)


def boundaries(vendor: Vendor, folder: Path) -> int:
    """How many requests one of them sends."""
    with vendor.copied() as alone:
        project, made = started(alone, folder, SIX)
        alone.calls.clear()
        assert applied(project, alone.store(), made).complete
        return len(alone.calls)


def test_one_does_everything_between_any_two_requests_of_the_other(settled: Vendor, tmp_path: Path) -> None:
    count = boundaries(settled, tmp_path / "alone")
    assert count > 20
    for number in range(count + 1):
        with settled.copied() as account:
            one, made = started(account, tmp_path / f"one-{number}", SIX)
            other, theirs = started(account, tmp_path / f"other-{number}", SEVEN)
            account.calls.clear()
            receipts = [*interleaved(account, number, (one, made), (other, theirs))]
            converges(account, tmp_path / f"last-{number}", *receipts)


def interleaved(
    account: Vendor, number: int, one: tuple[Project, Plan], other: tuple[Project, Plan]
) -> Iterator[Receipt | None]:
    """One applies, and before its request of this number the other does everything."""
    found: list[Receipt | None] = []

    def between(call: Call) -> None:
        if len(account.calls) == number + 1:
            account.before = lambda call: None
            found.append(run(other[0], account.store(), other[1]))

    account.before = between
    yield run(one[0], account.store(), one[1])
    account.before = lambda call: None
    yield from found


class Turns:
    """Two threads whose requests take turns: so many of the one, then so many of the other."""

    def __init__(self, first: int, second: int) -> None:
        self.ready = Condition()
        self.due = self.pattern(first, second)
        self.next, self.over = next(self.due), set[int]()

    @staticmethod
    def pattern(first: int, second: int) -> Iterator[int]:
        while True:
            yield from (0,) * first + (1,) * second

    def take(self, who: int) -> None:
        with self.ready:
            self.ready.wait_for(lambda: self.next == who or 1 - who in self.over, timeout=600)
            self.next = next(self.due)
            self.ready.notify_all()

    def leave(self, who: int) -> None:
        with self.ready:
            self.over.add(who)
            self.ready.notify_all()


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (2, 1), (3, 1), (1, 3), (2, 3)])
def test_their_requests_take_turns(first: int, second: int, settled: Vendor, tmp_path: Path) -> None:
    runs = [started(settled, tmp_path / name, text) for name, text in (("one", SIX), ("other", SEVEN))]
    turns, receipts = Turns(first, second), dict[int, Receipt | None]()

    def apply(who: int) -> None:
        store = settled.store(concurrency=1)
        ask = store._client.http.ask

        def asked(*arguments: Any, **more: Any) -> Any:
            turns.take(who)
            return ask(*arguments, **more)

        store._client.http.ask = asked  # type: ignore[method-assign]
        try:
            receipts[who] = run(runs[who][0], store, runs[who][1])
        finally:
            turns.leave(who)

    threads = [Thread(target=apply, args=(who,)) for who in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    converges(settled, tmp_path / "last", *receipts.values())


def test_what_an_older_run_left_is_told_and_mended(settled: Vendor, tmp_path: Path) -> None:
    project = small(tmp_path / "mending")
    item = settled.client().read("POST", "/v1/packages/list", {"archive_filter": "ALL"})["data"][0]
    twin = {"name": "Pro v1", "rate_card_id": item["rate_card_id"], "uniqueness_key": item["uniqueness_key"][:-1] + "0"}
    second = settled.client().write("POST", "/v1/packages/create", twin, "somebody")["data"]["id"]
    assert set(live(settled).values()) == {1, 2}
    made = planned(project, settled.store())
    assert [(note.code, note.subject) for note in made.findings] == [("made-twice", "package:pro@1")]
    store = settled.store()
    snapshot = store.snapshot("acme", AT)
    loaded = load(project, "local")
    report = drift(loaded, snapshot, cast(Journal, _NoJournal()), namespace="acme", environment="local")
    assert [(each.ref, each.facet) for each in report.open] == [(Ref(Kind.PACKAGE, "pro", 1), "twice")]
    plan, left = revert(report, loaded, snapshot, ())
    assert left == ()
    assert [step.id for step in plan.steps] == [f"archive:package:pro@1#{second}"]
    assert applied(project, settled.store(), plan).complete
    assert set(live(settled).values()) == {1}
    assert planned(project, settled.store()).findings == ()


class _NoJournal:
    """A journal that knows nothing."""

    def runs(self, environment: str) -> list[Any]:
        return []
