"""What surrounds the endpoints: tokens, idempotency keys, faults, the rate limit, the log. Asked without a socket."""

import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pricebook.apply.ports import StoreError
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Answer, Request

UNITS = "/v1/credit-types/create"


def ask(sandbox: Sandbox, path: str = UNITS, body: Any = None, *, key: str = "", token: str = "sandbox") -> Answer:
    headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})
    text = json.dumps({"name": "credits"} if body is None else body).encode()
    return sandbox.handle(Request("POST", path, {}, headers, text))


def units(sandbox: Sandbox) -> int:
    """How many custom units there are."""
    answer = sandbox.handle(Request("GET", "/v1/credit-types/list", {}, {"authorization": "Bearer sandbox"}))
    return sum(not unit["is_currency"] for unit in json.loads(answer.body)["data"])


def message(answer: Answer) -> str:
    return str(json.loads(answer.body)["message"])


def with_faults(*texts: str, **options: Any) -> Sandbox:
    return Sandbox(SandboxAccount(), faults=[Fault.parse(text) for text in texts], **options)


def test_an_idempotency_key_gives_the_same_answer_again() -> None:
    sandbox = Sandbox(SandboxAccount())
    first = ask(sandbox, key="k")
    assert ask(sandbox, key="k") == first
    other_layout = b'{ "name" : "credits" }'
    headers = {"authorization": "Bearer sandbox", "idempotency-key": "k"}
    assert sandbox.handle(Request("POST", UNITS, {}, headers, other_layout)) == first
    assert [entry.replayed for entry in sandbox.entries] == [False, True, True]
    assert units(sandbox) == 1
    changed = ask(sandbox, body={"name": "tokens"}, key="k")
    assert (changed.status, message(changed)) == (409, "the idempotency key was used for another request")
    assert ask(sandbox, "/v1/credit-types/archive", {"id": json.loads(first.body)["data"]["id"]}, key="k").status == 409
    assert ask(sandbox, key="another").body != first.body
    assert units(sandbox) == 2


def test_a_request_that_never_began_is_not_kept_under_its_key() -> None:
    sandbox = Sandbox(SandboxAccount())
    for body in ({"nam": "credits"}, {"name": " "}):
        assert ask(sandbox, body=body, key="k").status == 400
    assert ask(sandbox, body={"name": "credits"}, key="k").status == 200
    assert ask(sandbox, body={"name": "other"}, key="k").status == 409


def test_a_name_that_stands_twice_in_an_object_is_refused() -> None:
    headers = {"authorization": "Bearer sandbox"}
    answer = Sandbox(SandboxAccount()).handle(Request("POST", UNITS, {}, headers, b'{"name": "a", "name": "b"}'))
    assert (answer.status, '"name" stands twice in one object' in message(answer)) == (400, True)


def test_errors_are_kept_under_their_key_too() -> None:
    sandbox = Sandbox(SandboxAccount())
    body = {"id": "00000000-0000-4000-8000-000000000000"}
    assert ask(sandbox, "/v1/billable-metrics/archive", body, key="k").status == 404
    assert sandbox.entries[-1].replayed is False
    assert ask(sandbox, "/v1/billable-metrics/archive", body, key="k").status == 404
    assert sandbox.entries[-1].replayed is True


@pytest.mark.parametrize(
    ("fault", "status", "done", "again", "done_then"),
    [
        ("500-before@1", 500, 0, 500, 0),
        ("503-after@1", 503, 1, 503, 1),
        ("echo@1", 500, 0, 500, 0),
        ("429@1", 429, 0, 200, 1),
        ("drop-before@1", 0, 0, 200, 1),
        ("drop-after@1", 0, 1, 200, 1),
        ("truncate@1", 200, 1, 200, 1),
        ("slow=0.5@1", 200, 1, 200, 1),
    ],
)
def test_what_a_fault_does_and_what_its_key_keeps(
    fault: str, status: int, done: int, again: int, done_then: int
) -> None:
    sandbox = with_faults(fault)
    answer = ask(sandbox, key="k")
    assert (answer.status, answer.broken) == (status, fault.startswith("drop"))
    assert sandbox.entries[0].fault == fault.removesuffix("@1")
    assert units(sandbox) == done
    assert ask(sandbox, key="k").status == again, "a stored error is replayed, what never arrived is not"
    assert units(sandbox) == done_then


def test_half_a_body_is_no_json_and_a_slow_one_is_whole() -> None:
    sandbox = with_faults("truncate@1", "slow=2.5@2")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(ask(sandbox).body)
    slow = ask(sandbox)
    assert slow.slowly == 2.5
    assert "id" in json.loads(slow.body)["data"]


def test_faults_after_a_refusal_change_the_answer_too() -> None:
    sandbox = with_faults("drop-after@1", "500-after@2")
    assert ask(sandbox, body={}).broken
    assert ask(sandbox, body={}).status == 500


def test_a_fault_says_when_and_where() -> None:
    def hits(text: str, paths: list[str]) -> list[bool]:
        fault = Fault.parse(text)
        return [fault.hits(path) for path in paths]

    assert hits("429", ["/a", "/b"]) == [True, True]
    assert hits("429@2", ["/a", "/b", "/c"]) == [False, True, False]
    assert hits("429@2+", ["/a", "/b", "/c"]) == [False, True, True]
    assert hits("429@2:/a", ["/a", "/b", "/a", "/a"]) == [False, False, True, False]
    often = hits("500-before@25%", ["/a"] * 1000)
    assert 200 < sum(often) < 300
    assert often == hits("500-before@25%", ["/a"] * 1000), "the same every time"


@pytest.mark.parametrize("text", ["", "500", "418-before", "drop", "slow", "429@0", "429@x", "429@-1", "@3", "429@2%%"])
def test_what_is_no_fault(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no fault|does not say when"):
        Fault.parse(text)


def test_the_rate_limit_says_when_to_come_again() -> None:
    sandbox = Sandbox(SandboxAccount(), rate_limit=0.001)
    answers = [ask(sandbox), ask(sandbox)]
    assert [answer.status for answer in answers] == [200, 429]
    assert 1 <= int(answers[1].headers["retry-after"]) <= 1000
    assert units_without_limit(sandbox) == 1


def units_without_limit(sandbox: Sandbox) -> int:
    sandbox.rate_limit = None
    return units(sandbox)


def test_tokens_open_and_a_read_only_one_cannot_write() -> None:
    sandbox = Sandbox(SandboxAccount(), token="secret", read_only_token="reader")
    assert ask(sandbox, token="secret").status == 200
    for token in ("", "sandbox", "secre", "secret2"):
        assert ask(sandbox, token=token).status == 401
    assert sandbox.handle(Request("GET", "/v1/credit-types/list")).status == 401
    denied = ask(sandbox, token="reader")
    assert (denied.status, "read-only" in message(denied)) == (403, True)
    assert ask(sandbox, "/v1/packages/list", {}, token="reader").status == 200


def test_only_the_echo_fault_shows_a_token_and_the_log_never_does() -> None:
    log = io.StringIO()
    sandbox = with_faults("echo@2", token="tok-SECRET", log=log)
    answers = [ask(sandbox, token="tok-SECRET"), ask(sandbox, token="tok-SECRET"), ask(sandbox, token="tok-SECRET-2")]
    assert [b"tok-SECRET" in answer.body for answer in answers] == [False, True, False]
    assert "tok-SECRET" not in log.getvalue()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["number"], line["path"], line["status"], line["fault"]) for line in lines] == [
        (1, UNITS, 200, ""), (2, UNITS, 500, "echo"), (3, UNITS, 401, "")
    ]  # fmt: skip
    assert set(lines[0]) == {
        "number", "at", "method", "path", "query", "status", "fault", "replayed", "milliseconds"
    }  # fmt: skip


def test_paths_and_methods_that_nobody_has() -> None:
    sandbox = Sandbox(SandboxAccount())
    assert ask(sandbox, "/v1/packages/creates").status == 404
    assert ask(sandbox, "/v1/billable-metrics/x").status == 405
    assert ask(sandbox, "/v1/credits/createGrant").status == 501
    get = Request("GET", "/v1/billable-metrics/x", {}, {"authorization": "Bearer sandbox"})
    assert (sandbox.handle(get).status, message(sandbox.handle(get))) == (
        400, "billable_metric_id must be a UUID, not 'x'"
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b'{"name": 1e999999}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b'{"name": null}',
        b'{"name": ["x"]}',
    ],
)
def test_bodies_that_cannot_be_meant(body: bytes) -> None:
    sandbox = Sandbox(SandboxAccount())
    answer = sandbox.handle(Request("POST", UNITS, {}, {"authorization": "Bearer sandbox"}, body))
    assert answer.status == 400
    assert message(answer)
    assert units(sandbox) == 0


def test_hostile_text_is_kept_as_it_is(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxAccount(f"sqlite:///{tmp_path}/account.db"))
    name = "'; DROP TABLE object; -- <script>\u202e\x1b[31m|`\n" + "ж" * 10_000
    assert ask(sandbox, body={"name": name}).status == 200
    answer = sandbox.handle(Request("GET", "/v1/credit-types/list", {}, {"authorization": "Bearer sandbox"}))
    assert json.loads(answer.body)["data"][-1]["name"] == name
    sandbox.account.close()


def test_what_is_current_goes_by_the_clock_of_the_sandbox() -> None:
    now = datetime(2025, 6, 1, tzinfo=UTC)
    sandbox = Sandbox(SandboxAccount(), clock=lambda: now)
    made = ask(sandbox, "/v1/contract-pricing/products/create", {"name": "A", "type": "FIXED"})
    id_ = json.loads(made.body)["data"]["id"]
    update = {"product_id": id_, "starting_at": "2025-07-01T00:00:00Z", "name": "B"}
    assert ask(sandbox, "/v1/contract-pricing/products/update", update).status == 200

    def name() -> str:
        answer = ask(sandbox, "/v1/contract-pricing/products/get", {"id": id_})
        return str(json.loads(answer.body)["data"]["current"]["name"])

    assert name() == "A"
    now = datetime(2025, 7, 1, tzinfo=UTC)
    assert name() == "B"


def test_clients_at_once_make_one_object_under_one_key() -> None:
    sandbox = Sandbox(SandboxAccount())
    ask(sandbox, "/v1/customFields/addKey", {"entity": "contract_product", "key": "ref", "enforce_uniqueness": True})
    answers: list[Answer] = []

    def create(number: int) -> None:
        body = {"name": "A", "type": "FIXED", "custom_fields": {"ref": "same"}}
        answers.append(ask(sandbox, "/v1/contract-pricing/products/create", body, key="k" if number % 2 else ""))

    threads = [Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = json.loads(ask(sandbox, "/v1/contract-pricing/products/list", {}).body)["data"]
    assert len(found) == 1
    assert {answer.status for answer in answers} <= {200, 409}
    assert {json.loads(answer.body)["data"]["id"] for answer in answers if answer.status == 200} == {found[0]["id"]}


def test_an_account_is_kept_in_its_file_and_nobody_elses_is_taken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/account.db"
    first, second = SandboxAccount(url), SandboxAccount(url)
    ask(Sandbox(first))
    assert units(Sandbox(second)) == 1, "two servers may share a file"
    for account in (first, second):
        account.close()
    reopened = SandboxAccount(url)
    assert units(Sandbox(reopened)) == 1
    reopened.close()
    (tmp_path / "other.db").write_text("not a database, but long enough to be taken for one", encoding="utf-8")
    for wrong in ("other.db", "missing/account.db"):
        with pytest.raises(StoreError):
            SandboxAccount(f"sqlite:///{tmp_path}/{wrong}")
    with pytest.raises(StoreError, match="not a store that can be opened"):
        SandboxAccount("postgresql://billing:secret@db/prices")


def test_the_store_of_plan_and_apply_is_not_an_account(tmp_path: Path) -> None:
    from pricebook.store.journal import SqlJournal

    url = f"sqlite:///{tmp_path}/pricebook.db"
    journal = SqlJournal(url)
    journal.acquire("local", "u@h:1:n", datetime(2025, 1, 1, tzinfo=UTC))
    journal.close()
    with pytest.raises(StoreError, match="a database of something else"):
        SandboxAccount(url)


def test_a_file_of_an_earlier_release_is_taken_forward(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/account.db"
    account = SandboxAccount(url)
    body = {"name": "List", "aliases": [{"name": "current"}]}
    assert ask(Sandbox(account), "/v1/contract-pricing/rate-cards/create", body).status == 200
    kinds = "SELECT DISTINCT kind FROM alias"
    account._connection.executescript(
        "PRAGMA ignore_check_constraints = ON; UPDATE alias SET kind = 'rate_card'; PRAGMA user_version = 1"
    )
    account.close()
    for _ in range(2):
        account = SandboxAccount(url)
        assert account._connection.execute(kinds).fetchall() == [("rate-card",)]
        (found,) = json.loads(ask(Sandbox(account), "/v1/contract-pricing/rate-cards/list", {}).body)["data"]
        assert found["aliases"] == [{"name": "current"}]
        account.close()
    with closing(sqlite3.connect(tmp_path / "account.db")) as connection:
        connection.execute("PRAGMA user_version = 3")
    with pytest.raises(StoreError, match="a database of something else"):
        SandboxAccount(url)
