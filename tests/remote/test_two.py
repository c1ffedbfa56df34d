"""Two who apply at once, each with a journal of their own: the result of one, and the other says what happened."""

from pathlib import Path

from small import BEFORE, changed, small

from project import applied, planned
from vendor import Call, Vendor


def test_two_with_the_same_manifests_end_as_one(vendor: Vendor, tmp_path: Path) -> None:
    one, other = small(tmp_path / "one"), small(tmp_path / "other")
    made, theirs = planned(one, vendor.store()), planned(other, vendor.store())
    store, count = vendor.store(), 0

    def between(call: Call) -> None:
        """Before the eighth write of the one, the other does everything."""
        nonlocal count
        count += call.key is not None
        if call.key is not None and count == 8:
            assert applied(other, vendor.store(), theirs).complete

    vendor.before = between
    assert applied(one, store, made).complete
    assert count > 8
    again = planned(one, vendor.store())
    assert (again.steps, again.findings) == ((), ())
    items = vendor.client().read("POST", "/v1/contract-pricing/products/list", {})["data"]
    assert sorted(item["current"]["name"] for item in items) == ["Fee", "Grant", "Usage"]


def test_the_loser_says_what_happened(vendor: Vendor, tmp_path: Path) -> None:
    one = small(tmp_path / "one")
    other = small(tmp_path / "other", BEFORE.replace("name: Grant, type", "name: Another grant, type"))
    made, theirs = planned(one, vendor.store()), planned(other, vendor.store())
    store, done = vendor.store(), False

    def between(call: Call) -> None:
        nonlocal done
        if call.path.endswith("products/create") and not done:
            done = True
            assert applied(other, vendor.store(), theirs).complete

    vendor.before = between
    receipt = applied(one, store, made)
    assert not receipt.complete
    failed = next(result for result in receipt.results if result.outcome == "failed")
    assert failed.step_id == "product:grant"
    assert "is there already with other content" in failed.detail
    assert "somebody else applied in between; plan again" in failed.detail
    vendor.before = lambda call: None
    settled = small(tmp_path / "one", changed())
    assert applied(settled, vendor.store(), planned(settled, vendor.store())).complete
