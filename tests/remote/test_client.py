"""HTTP: what is repeated and what never is, what errors say, exact decimals, and a token that nobody sees."""

import base64
import json
import logging
import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Event, Thread
from urllib.parse import quote

import httpx
import pytest

from pricebook.apply.ports import OutcomeUnknown, StoreError, StoreRefused
from pricebook.metronome.client import READ_TRIES, WRITE_TRIES, Client

TOKEN = "s3cr3t/T0ken+with=signs"
Handler = Callable[[httpx.Request], httpx.Response]


class Waits:
    """A clock that moves only when somebody sleeps, and remembers for how long."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, [0.0]

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.slept.append(seconds)


def client(handler: Handler, waits: Waits | None = None) -> Client:
    waits = waits or Waits()
    return Client(
        "https://api.vendor.example",
        TOKEN,
        requests_per_minute=100_000,
        concurrency=2,
        connect_timeout=1,
        read_timeout=5,
        transport=httpx.MockTransport(handler),
        clock=waits,
        sleep=waits.sleep,
    )


def in_turn(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A handler that gives these answers one after the other, the last one for ever, and what it was asked."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    return handler, asked


OK = httpx.Response(200, json={"data": {"id": "x"}})
LOST = [
    httpx.Response(500, json={"message": "internal error"}),
    httpx.Response(504),
    httpx.ReadTimeout("no"),
    httpx.ReadError("no"),
    httpx.WriteError("no"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.Response(200, content=b'{"data": {"id": '),
]


@pytest.mark.parametrize("lost", LOST, ids=str)
def test_a_read_is_repeated(lost: httpx.Response | Exception) -> None:
    handler, asked = in_turn(lost, lost, OK)
    assert client(handler).read("POST", "/v1/x/list", {}) == {"data": {"id": "x"}}
    assert len(asked) == 3


@pytest.mark.parametrize("lost", LOST, ids=str)
def test_a_write_whose_outcome_is_unknown_is_sent_once(lost: httpx.Response | Exception) -> None:
    handler, asked = in_turn(lost, OK)
    with pytest.raises(OutcomeUnknown):
        client(handler).write("POST", "/v1/x/create", {}, "key")
    assert len(asked) == 1


def test_a_read_is_given_up_in_the_end() -> None:
    handler, asked = in_turn(httpx.Response(502, json={"message": "bad gateway"}))
    with pytest.raises(StoreError, match="bad gateway") as failed:
        client(handler).read("POST", "/v1/x/list", {})
    assert not isinstance(failed.value, OutcomeUnknown)
    assert len(asked) == READ_TRIES


def test_what_was_never_sent_is_sent_again() -> None:
    handler, asked = in_turn(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), OK)
    assert client(handler).write("POST", "/v1/x/create", {}, "key") == {"data": {"id": "x"}}
    assert len(asked) == 3


def test_an_account_that_cannot_be_reached_is_no_unknown_outcome() -> None:
    handler, _ = in_turn(httpx.ConnectError("refused"))
    with pytest.raises(StoreError, match=r"api\.vendor\.example could not be reached") as failed:
        client(handler).write("POST", "/v1/x/create", {}, "key")
    assert not isinstance(failed.value, OutcomeUnknown)
    assert failed.value.hint == "nothing was sent; try again"


def test_too_many_requests_wait_as_long_as_they_are_told() -> None:
    waits = Waits()
    slow = httpx.Response(429, headers={"Retry-After": "7"}, json={"message": "slow down"})
    handler, asked = in_turn(slow, slow, OK)
    client(handler, waits).write("POST", "/v1/x/create", {}, "key")
    assert waits.now == pytest.approx(14, abs=0.1)
    keys = [request.headers["Idempotency-Key"] for request in asked]
    assert keys == ["key", "key.1", "key.2"]  # an answer kept under the first key would be 429 for ever


def test_too_many_requests_end_at_last() -> None:
    handler, asked = in_turn(httpx.Response(429, json={"message": "slow down"}))
    with pytest.raises(StoreRefused, match="slow down") as refused:
        client(handler).write("POST", "/v1/x/create", {}, "key")
    assert refused.value.status == 429
    assert "requests_per_minute" in refused.value.hint
    assert len(asked) == WRITE_TRIES


@pytest.mark.parametrize("after", ["3600", "Wed, 21 Oct 2199 07:28:00 GMT"])
def test_nobody_waits_for_an_hour(after: str) -> None:
    handler, asked = in_turn(httpx.Response(429, headers={"Retry-After": after}))
    with pytest.raises(StoreRefused):
        client(handler).read("POST", "/v1/x/list", {})
    assert len(asked) == 1


@pytest.mark.parametrize("after", ["", "soon", "-5", "Wed, 21 Oct 2015 07:28:00 GMT", "²"])
def test_a_strange_retry_after_is_no_obstacle(after: str) -> None:
    handler, _ = in_turn(httpx.Response(429, headers={b"Retry-After": after.encode("latin-1")}), OK)
    assert client(handler).read("POST", "/v1/x/list", {}) == {"data": {"id": "x"}}


@pytest.mark.parametrize(
    ("status", "method", "path", "hint"),
    [
        (401, "POST", "/v1/packages/list", "the token is not valid"),
        (403, "POST", "/v1/packages/list", "the token lacks the permission to read packages"),
        (403, "POST", "/v1/contract-pricing/products/create", "the token lacks the permission to write products"),
        (403, "PUT", "/v1/billable-metrics/1", "the token lacks the permission to write billable metrics"),
        (403, "POST", "/v1/customFields/addKey", "the token lacks the permission to write custom fields"),
    ],
)
def test_a_permission_that_is_missing_is_named(status: int, method: str, path: str, hint: str) -> None:
    handler, asked = in_turn(httpx.Response(status, json={"message": "no"}))
    one = client(handler)
    with pytest.raises(StoreRefused) as refused:
        one.read(method, path, {}) if "read" in hint or status == 401 else one.write(method, path, {}, "key")
    assert hint in refused.value.hint
    assert len(asked) == 1


def test_numbers_are_exact_both_ways() -> None:
    price = Decimal("0.000012345678901234567")

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.content == b'{"price":0.000012345678901234567}'
        return httpx.Response(200, content=request.content)

    assert client(handler).write("POST", "/v1/x", {"price": price}, "key") == {"price": price}


def drip(waits: Waits) -> Iterator[bytes]:
    """A body that never ends, a byte every second."""
    while True:
        waits.now += 1
        yield b" "


def test_an_answer_that_drips_is_not_waited_for() -> None:
    waits = Waits()
    one = client(lambda request: httpx.Response(200, content=drip(waits)), waits)
    with pytest.raises(OutcomeUnknown, match="did not finish its answer in 5 s"):
        one.write("POST", "/v1/x", {}, "key")


ECHOES = [
    TOKEN,
    json.dumps(TOKEN)[1:-1],
    quote(TOKEN, safe=""),
    base64.b64encode(TOKEN.encode()).decode(),
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 403, 409, 429, 500])
@pytest.mark.parametrize("as_json", [True, False])
def test_the_token_is_nowhere(echo: str, status: int, as_json: bool, caplog: pytest.LogCaptureFixture) -> None:
    text = f"Authorization: Bearer {echo} is not known"
    content = json.dumps({"message": text}) if as_json else text
    handler, _ = in_turn(httpx.Response(status, content=content, headers={"Retry-After": echo, "X-Token": echo}))
    caplog.set_level(logging.DEBUG)
    one = client(handler)
    for call in (lambda: one.read("POST", "/v1/x/list", {}), lambda: one.write("POST", "/v1/x/create", {}, "key")):
        with pytest.raises(StoreError) as failed:
            call()
        said = [str(failed.value), failed.value.message, failed.value.hint, repr(failed.value), repr(one)]
        seen = failed.value.__cause__, failed.value.__context__ if not failed.value.__suppress_context__ else None
        assert seen == (None, None)
        assert not any(form in words for words in [*said, caplog.text] for form in ECHOES)


def test_the_token_is_cut_out_of_what_the_connection_says() -> None:
    handler, _ = in_turn(httpx.LocalProtocolError(f"Illegal header value Bearer {TOKEN}"))
    with pytest.raises(StoreError) as failed:
        client(handler).write("POST", "/v1/x/create", {}, "key")
    assert TOKEN not in failed.value.message


def test_further_tries_have_what_is_left_of_the_time() -> None:
    waits, given = Waits(), list[float]()

    def handler(request: httpx.Request) -> httpx.Response:
        given.append(request.extensions["timeout"]["read"])
        waits.now += 2
        raise httpx.ReadTimeout("no")

    with pytest.raises(StoreError):
        client(handler, waits).read("POST", "/v1/x/list", {})
    assert given == [5, 3, 1], "and whoever does not answer is waited for once in all"


def test_an_answer_that_stops_is_cut_off_when_its_time_is_over() -> None:
    """Of the server's connection the other end is closed, though a byte may take ten minutes."""
    beginning = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    begun, ended = Event(), Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(100_000)
                begun.set()
                connection.sendall(beginning)
                while connection.recv(100_000):
                    pass
                ended.set()

        server = Thread(target=serve, daemon=True)
        server.start()
        asking = Client(
            f"http://127.0.0.1:{listening.getsockname()[1]}",
            TOKEN,
            requests_per_minute=100_000,
            concurrency=2,
            connect_timeout=5,
            read_timeout=600,
            clock=lambda: 599.95 if begun.is_set() else 0.0,
            sleep=lambda seconds: None,
        )
        with pytest.raises(StoreError):
            asking.read("POST", "/v1/x/list", {})
        asking.close()
        assert ended.wait(30)
        server.join(30)
