"""What is promoted is the same afterwards, twice is once, and parity is seen from both sides alike."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import BEFORE, NOW, folded, plan, variations

from pricebook.catalog.catalog import Catalog
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.applied import applied, from_now_on
from pricebook.plan.parity import Parity, Side, parity
from strategy import catalogs


def differ(one: Snapshot, other: Snapshot, declared: Catalog, as_of: datetime = NOW) -> Parity:
    """The parity of two environments with the same manifests."""
    sides = Side("one", one, declared), Side("other", other, declared)
    return parity(*sides, namespace="acme", as_of=as_of, places={})


@given(st.data())
@settings(max_examples=40)
def test_after_promoting_both_hold_the_same(data: st.DataObject) -> None:
    declared = data.draw(catalogs())
    one = folded(Snapshot(BEFORE), plan(declared, Snapshot(BEFORE), BEFORE))
    assert not differ(one, one, declared).apart
    other = one if data.draw(st.booleans()) else Snapshot(BEFORE)
    for _ in range(2):
        one = folded(one, plan(data.draw(variations(declared)), one))
        other = folded(other, plan(data.draw(variations(declared)), other))
    before = differ(one, other, declared)
    content = from_now_on(applied(one, declared.nouns), other.catalog, NOW)
    made = plan(content, other)
    after = folded(other, made)
    found = differ(one, after, declared)
    assert not found.differs
    assert not found.missing
    assert set(found.only_there) == set(before.only_there)
    assert plan(from_now_on(applied(one, declared.nouns), after.catalog, NOW), after).steps == ()
    assert bool(made.steps) == bool(before.differs or before.missing)
    back = differ(other, one, declared)
    assert {drift.ref._replace(version=None) for drift in back.missing} == set(before.only_there)
