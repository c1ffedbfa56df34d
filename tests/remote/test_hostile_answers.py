"""Whatever an account answers, or a proxy before it: it is read as it is, or there is one clear error; never a
traceback, and never an account that seems to hold less than it does.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import small

from pricebook.apply.ports import Provenance, StoreError
from pricebook.apply.runner import run
from pricebook.manifest.load import load
from pricebook.metronome.answer import CONTRACTS, IN_BODY, SCHEDULES
from pricebook.metronome.kind import APIS
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.preview.customer import Billed
from pricebook.store.journal import SqlJournal
from vendor import AT, Call, Vendor, vendor

OPTIONAL = {api.listed.path for api in APIS.values() if api.optional}
UNITS = {"ai-credits": "AI credits"}
LEFT_OUT = object()
ODD: list[Any] = [
    LEFT_OUT, None, [], {}, "", "x", "\ud800", 0, -1, 10**40, 1.5, True, [None], [[]], [{}], {"id": None}, {"data": []},
    "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-12:00", "2025-13-01", "ZAR", [0, "x"], {"": ""},
]  # fmt: skip
RAW = [
    b"", b"null", b"[]", b"0", b'"x"', b"{}", b"{", b'{"data":', b"NaN", b'{"data":NaN}', b"\xff\xfe{\x00}\x00",
    "{\"data\":[{\"id\":\"Zürich\"}]}".encode("latin-1"), b"\xef\xbb\xbf{}", b"[" * 5000, b'{"data":' * 3000, b"<html>",
    b'{"data":[null]}', b'{"data":[{}]}', b'{"data":{}}', b'{"data":[[]]}', b"1" * 5000,
]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything in an answer."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


def changed(answer: Any, at: tuple[Any, ...], odd: Any) -> Any:
    """The answer with something odd in one place."""
    if not at:
        return {} if odd is LEFT_OUT else odd
    answer = deepcopy(answer)
    inner = answer
    for key in at[:-1]:
        inner = inner[key]
    if odd is LEFT_OUT:
        del inner[at[-1]]
    else:
        inner[at[-1]] = odd
    return answer


class Recorded:
    """What an account answered when it was read, and what it answers in place of one of these answers."""

    def __init__(self, account: Vendor) -> None:
        self.account, self.answers = account, {}  # type: ignore[var-annotated]
        self.odd: tuple[str, bytes, int] | None = None
        account.before = self._keep
        self.whole = account.store(UNITS, concurrency=1).snapshot("acme", AT)
        account.before = self._say
        self.keys = sorted(self.answers)
        self.places = [(key, at) for key in self.keys for at in paths(json.loads(self.answers[key]))]

    def _key(self, call: Call) -> str:
        return json.dumps([call.method, call.path, dict(call.query), call.body], sort_keys=True, default=str)

    def _keep(self, call: Call) -> None:
        self.account.before = lambda call: None
        self.account.calls.clear()
        headers = {"authorization": f"Bearer {self.account.sandbox.token}"}
        content = json.dumps(call.body).encode() if call.body is not None else b""
        request = httpx.Request(
            call.method, f"https://x{call.path}", params=call.query, content=content, headers=headers
        )
        self.answers[self._key(call)] = self.account.handle(request).content
        self.account.before = self._keep

    def _say(self, call: Call) -> httpx.Response:
        key = self._key(call)
        if self.odd and self.odd[0] == key:
            return httpx.Response(self.odd[2], content=self.odd[1])
        known = key in self.answers  # what nobody has asked for so far is asked for by an odd id or cursor
        return httpx.Response(200 if known else 404, content=self.answers.get(key, b'{"message": "not there"}'))

    def read(self, key: str, content: bytes, status: int = 200) -> Snapshot | str:
        """What is read when one answer is another one, or what is said of it."""
        self.odd = (key, content, status)
        try:
            return self.account.store(UNITS, concurrency=1).snapshot("acme", AT)
        except StoreError as error:
            return error.message


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder: Path = tmp_path_factory.mktemp("small")
    desired = load(small(folder)).catalog
    with ExitStack() as stack:
        account = stack.enter_context(vendor())
        store = account.store(UNITS)
        snapshot = store.snapshot("acme", AT)
        plan = make_plan(desired, snapshot, namespace="acme", environment="local", as_of=AT)
        journal = SqlJournal(f"sqlite:///{folder}/journal.db")
        stack.callback(journal.close)
        run(plan, store, journal, owner="t@h:1:x", clock=lambda: AT, tell=lambda e: None, provenance=Provenance())
        yield Recorded(account)


@settings(max_examples=2000)
@given(st.data())
def test_an_answer_with_something_odd_in_it(recorded: Recorded, data: st.DataObject) -> None:
    key, at = data.draw(st.sampled_from(recorded.places))
    odd = data.draw(st.sampled_from(ODD))
    was = json.loads(recorded.answers[key])
    content = json.dumps(changed(was, at, odd)).encode()
    found = recorded.read(key, content)
    # An answer that is something else altogether is never taken; these lists need not say that they end.
    ends = json.loads(key)[1] in {*IN_BODY, SCHEDULES, CONTRACTS}
    assert isinstance(found, str) or at or (ends and odd == {"data": []})
    if isinstance(found, Snapshot) and not (len(at) <= 2 and odd in ([], LEFT_OUT)):  # a list may well be shorter
        # At most the one object that it is about is missing, and it is then nobody's, or it is said to be unreadable.
        assert len(found.objects) + len(found.foreign) + len(found.notes) >= len(recorded.whole.objects)


@pytest.mark.parametrize("content", RAW, ids=lambda raw: repr(raw[:20]))
def test_an_answer_that_is_no_answer_is_refused_wherever_it_comes(recorded: Recorded, content: bytes) -> None:
    for key in recorded.keys:
        assert isinstance(recorded.read(key, content), str), key


@pytest.mark.parametrize("status", [300, 304, 400, 404, 418, 429, 500, 503, 599])
def test_an_answer_of_another_status_is_refused_wherever_it_comes(recorded: Recorded, status: int) -> None:
    for key in recorded.keys:
        if status == 404 and json.loads(key)[1] in OPTIONAL:
            continue  # not every account has these: they are then said to be unread
        found = recorded.read(key, recorded.answers[key], status)
        assert (isinstance(found, str) and str(status) in found) or "too fast" in str(found), key


def test_the_place_of_what_is_odd_is_said(recorded: Recorded) -> None:
    key = next(key for key in recorded.keys if "products/list" in key)
    answer = json.loads(recorded.answers[key])
    answer["data"][1]["id"] = None
    said = recorded.read(key, json.dumps(answer).encode())
    assert said == (
        "api.vendor.example answered /v1/contract-pricing/products/list with something else than was asked for: "
        "data[1].id is null, not text"
    )


class Contracts(Recorded):
    """The same of who is billed: contracts on a package and on none, with terms of their own, and a credit."""

    def __init__(self, account: Vendor) -> None:
        super().__init__(account)
        account.before = self._keep
        self.billed = list(account.store(UNITS, concurrency=1).billed("acme", AT))
        account.before = self._say
        asked = ("/v1/customers", "/v2/contracts/list", "/v1/contracts/customerBalances/list")
        self.keys = sorted(key for key in self.answers if json.loads(key)[1] in asked)
        self.places = [(key, at) for key in self.keys for at in paths(json.loads(self.answers[key]))]

    def bill(self, key: str, content: bytes, status: int = 200) -> list[Billed] | str:
        """Who is billed when one answer is another one, or what is said of it."""
        self.odd = (key, content, status)
        store = self.account.store(UNITS, concurrency=1)
        try:
            found = list(store.billed("acme", AT))
            return store.unlisted or found
        except StoreError as error:
            return error.message


def agreed(account: Vendor) -> None:
    """Two customers with contracts of every sort, and a credit of one of them."""
    snapshot, client = account.store(UNITS).snapshot("acme", AT), account.client()
    ids = {str(ref): id_ for ref, id_ in snapshot.ids.items()}
    start = "2025-10-01T00:00:00Z"
    override = {
        "type": "OVERWRITE",
        "starting_at": start,
        "overwrite_rate": {"rate_type": "FLAT", "price": 7},
        "override_specifiers": [{"product_id": ids["product:usage"], "pricing_group_values": {"model": "small"}}],
    }
    seats = {
        "subscription_rate": {"product_id": ids["product:fee"], "billing_frequency": "MONTHLY"},
        "collection_schedule": "ADVANCE",
        "proration": {"is_prorated": True},
        "initial_quantity": 3,
    }
    item = {"amount": 500, "starting_at": start, "ending_before": "2026-10-01T00:00:00Z"}
    paid = {"timestamp": start, "unit_price": 500, "quantity": 1}
    credit = {"access_schedule": {"schedule_items": [item]}, "priority": 1, "product_id": ids["product:grant"]}
    commit = {**credit, "type": "PREPAID", "invoice_schedule": {"schedule_items": [paid]}}
    number = count()

    def post(path: str, **body: Any) -> str:
        return str(client.write("POST", path, body, f"somebody-{next(number)}")["data"]["id"])

    for name in ("ada", "bob"):
        customer = post("/v1/customers", name=name, ingest_aliases=[f"{name}-1"])
        on: dict[str, Any] = {"customer_id": customer, "starting_at": start}
        post("/v1/contracts/create", **on, package_id=ids["package:pro@1"])
        own = {"overrides": [override], "subscriptions": [seats], "commits": [commit], "credits": [credit]}
        post("/v1/contracts/create", **on, rate_card_id=ids["rate-card:list"], **own)
    post("/v1/contracts/customerCredits/create", customer_id=customer, **credit)


@pytest.fixture(scope="module")
def contracts(recorded: Recorded) -> Iterator[Contracts]:
    with recorded.account.copied() as account:
        agreed(account)
        yield Contracts(account)


@settings(max_examples=500)
@given(st.data())
def test_a_contract_with_something_odd_in_it_is_not_billed_as_if_it_said_less(
    contracts: Contracts, data: st.DataObject
) -> None:
    key, at = data.draw(st.sampled_from(contracts.places))
    odd = data.draw(st.sampled_from(ODD))
    was = json.loads(contracts.answers[key])
    found = contracts.bill(key, json.dumps(changed(was, at, odd)).encode())
    ends = "/v1/customers" not in key and odd == {"data": []}  # lists paged in the body need not say that they end
    assert isinstance(found, str) or at or ends, "an answer that is something else altogether is never taken"
    gone = len(at) <= 2 and odd in ([], LEFT_OUT)  # a list may well be shorter
    if (
        isinstance(found, list)
        and not gone
        and not ends
        and not set(at) & {"archived_at", "ending_before", "package_id"}
    ):
        # Whoever is billed is still there, by its terms or as one of which they are not known.
        one = 2 if "/v1/customers" in key else 1  # a customer with another id has other contracts, or none
        assert len(found) >= len(contracts.billed) - one


@pytest.mark.parametrize("content", RAW, ids=lambda raw: repr(raw[:20]))
def test_what_is_no_list_of_contracts_is_no_empty_one(contracts: Contracts, content: bytes) -> None:
    for key in contracts.keys:
        assert isinstance(contracts.bill(key, content), str), key
