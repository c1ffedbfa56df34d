"""Laws of migrations: whatever the contracts, the waves and the moment of a kill, every customer has exactly one
contract at every instant, none is ever without one, and nothing is done twice."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import NOW, PACKAGE, V1, V2, V3, Killed, Notes, World, coverage, day

from pricebook.apply.runner import Receipt, run
from pricebook.catalog.migration import Migration, Whom
from pricebook.plan.contract import Contract, gathered, keyed
from pricebook.plan.document import read, write
from pricebook.plan.migration.planner import Choice, Setting, plan_migration, position
from pricebook.plan.migration.rollback import plan_back
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import LEAD

TRANSITIONS = ("END_AND_PROVISION", "SUPERSEDE", "RENEWAL")
ENDS = (None, None, day(2), day(3), day(4), day(6, 15), day(1, 1, 2027))


WAVES = ({"starting_at": "2026-02-01", "percentage": "40%"}, {"starting_at": "2026-04-01"})


def migration(transition: str, day: str = "") -> Migration:
    """A migration of everybody to version 3, in two waves or all on one day."""
    waves = ({"starting_at": day},) if day else WAVES
    return Migration.model_validate({"package": PACKAGE, "waves": waves, "transition": transition})


def planned(world: World, wanted: Migration, as_of: datetime = NOW) -> Plan:
    lives = gathered(world.cohort("acme", as_of, PACKAGE, ended=True))
    lives = keyed(lives, V3, lambda customer: world.customer_contracts("acme", customer))
    return plan_migration("spring", wanted, V3, Choice("spring", wanted), lives, Setting("acme", "local", as_of))


def applied(plan: Plan, world: World, notes: Notes | None = None, now: datetime = NOW) -> Receipt:
    journal = (notes or Notes()).journal
    return run(plan, world.store, journal, owner="me", clock=lambda: now, tell=lambda _: None)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Customers with a contract, some with one after another, some with several at a time."""
    world = World(supersedes=draw(st.booleans()), shows_keys=draw(st.booleans()))
    for number in range(draw(st.integers(1, 6))):
        customer, start = f"customer-{number}", day(draw(st.integers(1, 12)), 1, 2025)
        end = draw(st.sampled_from(ENDS))
        world.add(f"old-{number}", customer, draw(st.sampled_from((V1, V2))), start, end)
        kind = draw(st.sampled_from(("one", "one", "one", "earlier", "after", "beside")))
        if kind == "earlier":
            world.add(f"past-{number}", customer, V1, start - timedelta(days=90), start)
        elif kind == "after" and end is not None:
            world.add(f"next-{number}", customer, V1, end)
        elif kind == "beside":
            world.add(f"twin-{number}", customer, V2, start + timedelta(days=31), end)
    return world


def check(before: World, after: World, plan: Plan) -> None:
    """Who is moved has one contract at every instant; everybody else has what they had."""
    was, now = coverage(before.contracts.values()), coverage(after.contracts.values())
    moving = {move.customer: move for move in plan.moves}
    for customer, course in now.items():
        if customer not in moving:
            assert course == was[customer]
            continue
        assert [(start, end) for start, end, count in course if count > 1 and end > moving[customer].at] == []
        assert all(count for _, _, count in course)
    keys = [c.uniqueness_key for c in after.contracts.values() if c.uniqueness_key is not None]
    assert len(keys) == len(set(keys))


@settings(max_examples=150, deadline=None)
@given(worlds(), st.sampled_from(TRANSITIONS), st.data())
def test_a_kill_anywhere_and_another_run_end_as_one_run(world: World, transition: str, data: st.DataObject) -> None:
    wanted = migration(transition)
    before = replace(world, contracts=dict(world.contracts))
    plan = planned(world, wanted)
    for _ in range(data.draw(st.integers(0, 4), "kills")):
        world.kill_at = len(world.calls) + data.draw(st.integers(0, 12), "call")
        world.after, world.lost = data.draw(st.booleans(), "after"), data.draw(st.booleans(), "lost")
        with suppress(Killed):
            applied(plan, world)
        for customer, course in coverage(world.contracts.values()).items():
            ours = [move for move in plan.moves if move.customer == customer]
            # In every state in between: nobody is without a contract, and what is doubled has not begun.
            assert all(count for _, _, count in course) or not ours
            assert all(count == 1 or start >= move.at for start, _, count in course for move in ours if start >= NOW)
        if data.draw(st.booleans(), "plan again"):
            plan = planned(world, wanted)
    world.kill_at = None
    last = planned(world, wanted)
    receipt = applied(last, world)
    check(before, world, planned(before, wanted))
    assert receipt.report.sound
    assert {fate for _, fate in receipt.report.fates} <= {"moved"}
    calls = len(world.calls)
    assert planned(world, wanted).moves == ()
    assert applied(last, world).complete
    assert len(world.calls) == calls


@settings(max_examples=100, deadline=None)
@given(worlds(), st.integers(0, 4), st.booleans())
def test_what_was_begun_is_finished_as_it_began_whatever_became_of_the_dates(
    world: World, call: int, after: bool
) -> None:
    was = coverage(world.contracts.values())
    plan = planned(world, migration("END_AND_PROVISION"))
    world.kill_at, world.after = call, after
    with suppress(Killed):
        applied(plan, world)
    world.kill_at = None
    later = migration("END_AND_PROVISION", "2026-05-01")
    assert applied(planned(world, later), world).report.sound
    for customer, course in coverage(world.contracts.values()).items():
        assert [count for _, _, count in was[customer]] != [1] or {count for _, _, count in course} == {1}


@settings(max_examples=100, deadline=None)
@given(worlds(), st.sampled_from(TRANSITIONS), st.data())
def test_the_way_back_leads_to_where_it_began(world: World, transition: str, data: st.DataObject) -> None:
    before = dict(world.contracts)
    plan = planned(world, migration(transition))
    if data.draw(st.booleans(), "killed before"):
        world.kill_at = data.draw(st.integers(0, 12), "call")
        with suppress(Killed):
            applied(plan, world)
    else:
        applied(plan, world)
    way = plan_back(plan, gathered(world.cohort("acme", NOW, PACKAGE, ended=True)), NOW)
    world.kill_at, world.after = len(world.calls) + data.draw(st.integers(0, 12), "call back"), False
    try:
        applied(way, world)
    except Killed:
        assert all(count for course in coverage(world.contracts.values()).values() for _, _, count in course)
    world.kill_at = None
    receipt = applied(way, world)
    assert receipt.complete
    assert coverage(world.contracts.values()) == coverage(before.values())
    # Who was moved back is not moved again under the same key, and least of all left without a contract.
    applied(plan, world)
    applied(planned(world, migration(transition)), world)
    assert all(count for course in coverage(world.contracts.values()).values() for _, _, count in course)
    moved_back = {move.contract for move in way.moves}
    assert {id_: world.contracts[id_].ending_before for id_ in moved_back} == {
        id_: before[id_].ending_before for id_ in moved_back
    }


def test_who_gave_notice_meanwhile_is_not_taken_back() -> None:
    """Somebody ends the old contract after a run was killed between the two calls; then that end stays."""
    world = World(kill_at=1)
    world.add("old", "ada", V1, day(1, 1, 2025))
    plan = planned(world, migration("END_AND_PROVISION"))
    with suppress(Killed):
        applied(plan, world)
    notice = plan.moves[0].at - timedelta(days=10)
    world.contracts["old"] = replace(world.contracts["old"], ending_before=notice)
    world.kill_at = None
    receipt = applied(plan, world)
    assert [(one.outcome, one.detail) for one in receipt.results] == [
        ("skipped", "the contract was given another end since this was planned")
    ]
    assert world.contracts["old"].ending_before == notice
    assert [(breach.contracts, breach.starting_at) for breach in receipt.report.breaches] == [((), notice)]
    way = plan_back(plan, gathered(world.cohort("acme", NOW, PACKAGE, ended=True)), NOW)
    assert (way.moves, way.moving.left) == ((), {"the old contract was given another end": 1})


@given(worlds(), st.sampled_from(TRANSITIONS))
def test_a_plan_is_the_same_bytes_when_it_is_read_and_written(world: World, transition: str) -> None:
    plan = planned(world, migration(transition))
    text = write(plan)
    assert write(read(text, "plan", migration=True)) == text
    assert read(text, "plan", migration=True) == plan


@given(st.lists(st.text(max_size=12), unique=True, max_size=40), st.decimals(0, 1), st.decimals(0, 1))
def test_who_is_chosen_stays_chosen(customers: list[str], one: Decimal, other: Decimal) -> None:
    small, large = sorted((one, other))
    chosen = {customer for customer in customers if position("salt", customer) < small}
    assert chosen <= {customer for customer in customers if position("salt", customer) < large}


def test_the_hash_spreads_evenly() -> None:
    positions = sorted(position("spring", f"customer-{number}") for number in range(20_000))
    assert max(abs(found - Decimal(number) / 20_000) for number, found in enumerate(positions)) < Decimal("0.015")


@given(worlds(), st.integers(0, 5))
def test_a_wave_does_not_change_because_contracts_come_and_go(world: World, gone: int) -> None:
    wanted = migration("END_AND_PROVISION")
    waves = {move.contract: move.wave for move in planned(world, wanted).moves}
    world.contracts = {id_: c for id_, c in world.contracts.items() if c.customer != f"customer-{gone}"}
    world.add("another", "another", V1, day(5, 1, 2025))
    assert {
        m.contract: m.wave for m in planned(world, wanted).moves if m.contract != "another"
    }.items() <= waves.items()


def moved(world: World) -> Plan:
    """A contract of ada's on version 1 has moved to version 3 in one wave."""
    world.add("old", "ada", V1, day(1, 1, 2025))
    plan = planned(world, migration("END_AND_PROVISION"))
    assert applied(plan, world).complete
    return plan


def lives(world: World) -> dict[str, list[Contract]]:
    return gathered(world.cohort("acme", NOW, PACKAGE, ended=True))


@pytest.mark.parametrize("gone", [True, False], ids=["the new one is archived", "the new one is there"])
def test_the_way_back_overwrites_no_end_that_somebody_gave_meanwhile(gone: bool) -> None:
    world = World()
    plan = moved(world)
    way, given = plan_back(plan, lives(world), NOW), plan.moves[0].at + timedelta(days=10)
    if gone:
        given -= timedelta(days=20)
        world.contracts["new-1"] = replace(world.contracts["new-1"], archived_at=NOW)
    world.contracts["old"] = replace(world.contracts["old"], ending_before=given)
    receipt = applied(way, world)
    assert [(one.outcome, one.detail) for one in receipt.results] == [
        ("skipped", "the contract was given another end since this was planned")
    ]
    assert world.contracts["old"].ending_before == given
    assert [fate for _, fate in receipt.report.fates] == ["edited"]
    assert plan_back(plan, lives(world), NOW).moves == ()


def test_a_new_contract_that_was_ended_where_it_starts_is_not_taken_for_one() -> None:
    world = World(kill_at=1)
    world.add("old", "ada", V1, day(1, 1, 2025))
    plan = planned(world, migration("END_AND_PROVISION"))
    with suppress(Killed):
        applied(plan, world)
    world.kill_at = None
    world.contracts["new-1"] = replace(world.contracts["new-1"], ending_before=plan.moves[0].at)
    (result,) = applied(plan, world).results
    assert (result.outcome, world.contracts["old"].ending_before) == ("skipped", None)
    assert planned(world, migration("END_AND_PROVISION")).moves == ()


def test_what_somebody_changes_while_it_runs_is_seen_before_the_calls() -> None:
    """Each customer is looked at again directly before its calls, not only when the run starts."""
    world = World()
    for name in ("ada", "bob", "cyd"):
        world.add(name, name, V1, day(1, 1, 2025))
    plan = planned(world, migration("END_AND_PROVISION", "2026-04-01"))

    def meanwhile() -> None:
        world.contracts["ada"] = replace(world.contracts["ada"], ending_before=day(3))
        world.contracts["bob"] = replace(world.contracts["bob"], archived_at=NOW)

    receipt = applied(plan, world, Notes(meanwhile=meanwhile))
    whose = [move.customer for move in plan.moves]
    assert {who: (one.outcome, one.detail) for who, one in zip(whose, receipt.results, strict=True)} == {
        "ada": ("skipped", "the contract was given another end since this was planned"),
        "bob": ("skipped", "the contract is archived, or gone"),
        "cyd": ("done", ""),
    }
    assert world.contracts["ada"].ending_before == day(3)
    assert world.calls == ["provision", "end"]


@given(worlds(), st.integers(1, 99), st.integers(1, 99), st.sampled_from(TRANSITIONS))
def test_a_larger_share_moves_whom_a_smaller_one_moves(world: World, one: int, other: int, transition: str) -> None:
    small, large = (
        migration(transition).model_copy(update={"whom": Whom.model_validate({"percentage": f"{share}%"})})
        for share in sorted((one, other))
    )
    moving = [{(move.contract, move.at) for move in planned(world, wanted).moves} for wanted in (small, large)]
    assert moving[0] <= moving[1] <= {(move.contract, move.at) for move in planned(world, migration(transition)).moves}


@given(worlds(), st.sampled_from(TRANSITIONS), st.randoms(use_true_random=False))
def test_a_plan_is_the_same_bytes_in_whatever_order_contracts_come(
    world: World, transition: str, chance: random.Random
) -> None:
    wanted, ordered = migration(transition), list(world.contracts.values())
    chance.shuffle(ordered)
    setting = Setting("acme", "local", NOW)
    plans = [
        write(plan_migration("spring", wanted, V3, Choice("spring", wanted), gathered(contracts), setting))
        for contracts in (world.contracts.values(), ordered)
    ]
    assert plans[0] == plans[1]


@given(worlds(), st.sampled_from(TRANSITIONS), st.sampled_from((NOW, day(2), day(3, 15), day(6))))
def test_a_rollback_moves_every_contract_back_or_says_why_not(world: World, transition: str, as_of: datetime) -> None:
    plan = planned(world, migration(transition))
    applied(plan, world)
    way = plan_back(plan, lives(world), as_of)
    assert len(way.moves) + sum(way.moving.left.values()) == len(plan.moves)
    assert {move.contract for move in way.moves} == {move.contract for move in plan.moves if move.at - LEAD >= as_of}
