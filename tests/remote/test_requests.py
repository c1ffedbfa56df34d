"""How many requests it takes, and who may make them: the bounds that are promised in docs/metronome.md."""

from collections import Counter
from pathlib import Path

import httpx
import pytest
from many import many
from small import changed, small

from pricebook.apply.ports import StoreRefused
from project import applied, planned, settle
from vendor import Vendor

SCHEDULE = "/v1/contract-pricing/rate-cards/getRateSchedule"


@pytest.mark.parametrize(
    ("cards", "products", "prices"),
    [(6, 5, 80), (1, 12, 150), (3, 1, 333), (2, 30, 7), (4, 3, 10)],
    ids=["many cards", "one long card", "one product", "more products than pages", "short cards"],
)
def test_reading_takes_a_page_for_every_hundred_rates(
    vendor: Vendor, tmp_path: Path, cards: int, products: int, prices: int
) -> None:
    project = many(tmp_path, cards, products, prices)
    assert applied(project, vendor.store()).complete
    vendor.calls.clear()
    assert not planned(project, vendor.store()).steps
    rates = cards * products * prices
    pages = len([call for call in vendor.calls if call.path == SCHEDULE])
    assert pages <= 1.1 * rates / 100 + products + cards
    if rates / cards >= 1000:
        assert pages <= 1.1 * rates / 100 + products
    assert len(vendor.calls) - pages <= 7, "the lists of the account, and nothing for each object"
    assert all(call.query.get("limit", "100") == "100" for call in vendor.calls), "an offset is paged in the body"


def test_a_long_card_is_read_by_several_workers(vendor: Vendor, tmp_path: Path) -> None:
    project = many(tmp_path, 1, 12, 100)
    assert applied(project, vendor.store()).complete
    vendor.calls.clear()
    planned(project, vendor.store())
    cursors = {str(call.body.get("selectors")) for call in vendor.calls if call.path == SCHEDULE}
    assert len(cursors) > 4


def test_rates_are_sent_in_batches(vendor: Vendor, tmp_path: Path) -> None:
    project = many(tmp_path, 2, 4, 500)
    assert applied(project, vendor.store()).complete
    count = Counter(call.path.rpartition("/")[2] for call in vendor.calls)
    assert count["addRates"] == 4
    assert "addRate" not in count
    assert len(vendor.calls) * 25 < 2 * 4 * 500, "a few large requests, whatever is read and marked besides"


def test_a_token_that_may_only_read_is_enough_to_plan(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    vendor.sandbox.read_only_token = "only-reading"
    made = planned(small(tmp_path, changed()), vendor.store(token="only-reading"))
    assert made.steps
    receipt = applied(small(tmp_path, changed()), vendor.store(token="only-reading"), made)
    assert not receipt.complete
    assert {result.outcome for result in receipt.results} == {"failed", "blocked"}
    assert any("lacks the permission to write" in result.detail for result in receipt.results)


def test_a_token_that_is_wrong_is_told_at_once(vendor: Vendor, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused) as refused:
        planned(small(tmp_path), vendor.store(token="wrong-token"))
    assert refused.value.status == 401
    assert "wrong-token" not in str(refused.value) + refused.value.hint


def test_an_account_without_our_custom_fields_says_what_to_declare(vendor: Vendor, tmp_path: Path) -> None:
    made = planned(small(tmp_path), vendor.store())
    vendor.before = lambda call: NO if call.path == "/v1/customFields/addKey" else None
    receipt = applied(small(tmp_path), vendor.store(), made)
    failed = [result for result in receipt.results if result.outcome == "failed"]
    assert failed
    assert "declare the custom field pricebook_ref" in failed[0].detail
    assert "enforce_uniqueness" in failed[0].detail
    assert [call.path for call in vendor.writes] == ["/v1/customFields/addKey"], "asked once, and nothing else written"


NO = httpx.Response(403, json={"message": "custom fields are not enabled"})
