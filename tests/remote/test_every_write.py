"""At every single write: the process ends before it or after it, or its answer is lost. Running again makes it good.

Every object once, none missing, no rate doubled, and nobody is asked to allow a foreign edit, because there was none.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from small import BEFORE, changed, small

from pricebook.plan.hazard import Hazard
from project import applied, planned
from vendor import Call, Vendor, vendor

KINDS = ["killed after", "500 before", "500 after", "lost after"]
"""A process that ends before a write ends after the one before it. An answer that is lost before anything was done, and
one that is cut in half, are to the adapter what a 500 is (`test_http`)."""
LISTS = [
    ("GET", "/v1/credit-types/list", "name"),
    ("GET", "/v1/billable-metrics", "custom_fields"),
    ("POST", "/v1/contract-pricing/products/list", "custom_fields"),
    ("POST", "/v1/contract-pricing/rate-cards/list", "custom_fields"),
    ("POST", "/v1/packages/list", "uniqueness_key"),
]


class Killed(BaseException):
    """The process ends here."""


class Trouble:
    """What happens at the n-th write, and only there."""

    def __init__(self, vendor: Vendor, kind: str, at: int) -> None:
        self.vendor, self.kind, self.left = vendor, kind, at
        self.hit = False

    def before(self, call: Call) -> None:
        """Called before a request is answered."""
        if call.key is None or self.hit:
            return
        if self.left > 0:
            self.left -= 1
            return
        self.hit = True
        faults = {"500 before": "500-before@1", "500 after": "500-after@1"}
        if self.kind in faults:
            self.vendor.fault(faults[self.kind])

    def after(self, call: Call) -> None:
        """Called when the answer is ready."""
        if call.key is not None and self.hit and self.kind in ("killed after", "lost after"):
            kind, self.kind = self.kind, "over"
            raise Killed if kind == "killed after" else httpx.ReadError("connection reset")


def objects(vendor: Vendor) -> dict[str, list[str]]:
    """Everything in the account that is not archived."""
    client = vendor.client()
    found: dict[str, list[str]] = {}
    for method, path, name in LISTS:
        items = client.read(method, path, {} if method == "POST" else None, {"limit": "100"})["data"]
        found[path] = [str(item[name]) for item in items]
    cards = client.read("POST", "/v1/contract-pricing/rate-cards/list", {}, {"limit": "100"})["data"]
    body = {"rate_card_id": cards[0]["id"], "starting_at": "2020-01-01T00:00:00Z"} if cards else None
    path = "/v1/contract-pricing/rate-cards/getRateSchedule"
    rates = client.read("POST", path, body, {"limit": "100"})["data"] if body else []
    found["rates"] = sorted(
        f"{rate['product_name']} {rate.get('pricing_group_values')} {rate['starting_at']} {rate['rate']['price']}"
        for rate in rates
    )
    return found


@dataclass
class Phase:
    """One apply: from which account, to what text of the manifests, in how many writes, with what there afterwards."""

    account: Vendor
    text: str
    count: int
    expected: dict[str, list[str]]


@pytest.fixture(scope="module", params=["first", "changed"])
def phase(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phase]:
    """The first apply, and one that changes everything that can be changed."""
    directory = tmp_path_factory.mktemp("expected")
    with vendor() as account:
        if request.param == "changed":
            assert applied(small(directory), account.store()).complete
        text = BEFORE if request.param == "first" else changed()
        with account.copied() as after:
            assert applied(small(directory, text), after.store(), prune=True).complete
            yield Phase(account, text, len(after.writes), objects(after))


@pytest.mark.parametrize("kind", KINDS)
def test_at_every_write(kind: str, phase: Phase, tmp_path: Path) -> None:
    assert phase.count > 15
    for at in range(phase.count):
        directory = tmp_path / str(at)
        with phase.account.copied() as account:
            project = small(directory, phase.text)
            trouble = Trouble(account, kind, at)
            account.before, account.after = trouble.before, trouble.after
            store = account.store()
            made = planned(project, store, prune=True)
            with suppress(Killed):
                applied(project, store, made)
            account.fault()
            assert trouble.hit
            if at % 2:
                (directory / "pricebook-journal.db").unlink()  # without the journal too
            store = account.store()
            again = planned(project, store, prune=True)
            assert Hazard.FOREIGN_EDIT not in again.hazards, (at, again.steps)
            # Both ways on: the plan that was begun, and a new one.
            receipt = applied(project, store, made if at % 3 else again)
            assert receipt.complete, (at, receipt)
            settled = planned(project, account.store(), prune=True)
            assert (settled.steps, settled.findings) == ((), ()), at
            assert same(objects(account), phase.expected), at


def same(found: dict[str, list[str]], expected: dict[str, list[str]]) -> bool:
    """Whether the same objects are there, each once; marks may still say how they came to be."""
    return {path: len(items) for path, items in found.items()} == {
        path: len(items) for path, items in expected.items()
    } and found["rates"] == expected["rates"]


def test_an_answer_that_is_never_found_out_is_unknown_and_says_so(vendor: Vendor, tmp_path: Path) -> None:
    project = small(tmp_path)
    made = planned(project, vendor.store())
    vendor.fault("500-before:/v1/contract-pricing/products/create")
    receipt = applied(project, vendor.store(), made)
    outcomes = Counter(result.outcome for result in receipt.results)
    assert outcomes == {"done": 3, "unknown": 3, "blocked": 3}
    unknown = next(result for result in receipt.results if result.outcome == "unknown")
    assert "run the same command again" in unknown.detail
    keys = [call.key for call in vendor.writes if call.path.endswith("products/create")]
    assert len(set(keys)) == len(keys), "the vendor would answer the same key with the same error"
    vendor.fault()
    assert applied(project, vendor.store(), made).complete
