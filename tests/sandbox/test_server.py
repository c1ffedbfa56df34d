"""The sandbox over real sockets: faults as a client meets them, and `pricebook serve` as a process to be killed."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread
from metronome import InternalServerError, Metronome

from pricebook import SITE
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.server import Served, Server, serving
from pricebook.sandbox.service import Sandbox

pytestmark = pytest.mark.whole
UNITS = "/v1/credit-types/create"


def test_what_is_too_large_or_never_ends_is_not_waited_for() -> None:
    head = b"POST /v1/ingest HTTP/1.1\r\nhost: a\r\nauthorization: Bearer sandbox\r\n"
    texts = {
        head + b"content-length: 99999999999\r\n\r\n[": b"413",
        head + b"content-length: 20\r\n\r\n[": b"408",
        head: b"",
        b"": b"",
    }
    server = Server(Sandbox(SandboxAccount()), patience=0.2)
    with ExitStack() as stack:
        clients = []
        for text in texts:  # what they send is there before anybody waits for it
            client = socket.create_connection((server.host, server.port), timeout=600)
            clients.append(stack.enter_context(client))
            client.sendall(text)
        stack.callback(server.stop, server.start())
        for client, status in zip(clients, texts.values(), strict=True):
            answer = b"".join(iter(partial(client.recv, 4096), b""))
            assert answer.partition(b" ")[2][:3] == status
        assert not server.sandbox.entries, "nothing of it was a request"


@contextmanager
def command(*arguments: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str, list[str]]]:
    """`pricebook serve` at a free port: the process, its URL and what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pricebook", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    try:
        assert process.stdout is not None
        printed = [process.stdout.readline().rstrip("\n") for _ in range(5)]
        found = re.search(r"http://\S+", printed[0])
        assert found, (printed, process.stderr.read() if process.stderr and process.poll() is not None else "")
        yield process, found[0], printed
    finally:
        process.kill()
        process.communicate(timeout=600)


def post(url: str, name: str = "credits", **more: Any) -> httpx.Response:
    headers = {"Authorization": "Bearer sandbox"}
    return httpx.post(url + UNITS, json={"name": name}, headers=headers, timeout=600, **more)


def names(url: str) -> list[str]:
    headers = {"Authorization": "Bearer sandbox"}
    data = httpx.get(f"{url}/v1/credit-types/list", headers=headers, timeout=600).json()["data"]
    return [unit["name"] for unit in data if not unit["is_currency"]]


def test_what_a_client_meets_of_every_fault() -> None:
    texts = ("drop-before@1", "drop-after@2", "500-after@3", "truncate@4", "slow=0.4@5", "429@6")
    read = threading.Event()
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        """For as long as the headers are not read: a body that is slow, behind headers that are not."""
        waited.append(seconds)
        await to_thread.run_sync(read.wait)

    with serving(faults=[Fault.parse(text) for text in texts], wait=wait) as served:
        for name in ("1", "2"):
            with pytest.raises(httpx.TransportError):
                post(served.url, name)
        assert post(served.url, "3").status_code == 500
        with pytest.raises(json.JSONDecodeError):
            post(served.url, "4").json()
        with httpx.stream(
            "POST", served.url + UNITS, json={"name": "5"}, headers={"Authorization": "Bearer sandbox"}
        ) as slow:
            assert waited in ([], [0.04])
            read.set()
            body = slow.read()
        assert json.loads(body)["data"]["id"]
        assert set(waited) == {0.04}
        assert 5 <= len(waited) <= 10, "as many as the body has pieces"
        limited = post(served.url, "6")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
        assert post(served.url, "7").status_code == 200
        assert names(served.url) == ["2", "3", "4", "5", "7"]
        assert [entry.status for entry in served.requests[:7]] == [0, 0, 500, 200, 200, 429, 200]


def test_the_vendors_sdk_sends_a_create_again_after_an_error(served: Served) -> None:
    """Why pricebook does not use it to write: without an idempotency key three 504s make three objects."""
    served.sandbox.faults = [Fault.parse("504-after")]
    with Metronome(bearer_token=served.token, base_url=served.url, max_retries=2) as client:
        with pytest.raises(InternalServerError):
            client.v1.pricing_units.create(name="credits")
        served.sandbox.faults = []
        assert [unit.name for unit in client.v1.pricing_units.list() if not unit.is_currency] == ["credits"] * 3


def test_latency_is_waited_by_all_clients_together() -> None:
    async def together(url: str) -> list[int]:
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": "Bearer sandbox"}, timeout=600) as client:
            answers = [await each for each in [asyncio.create_task(client.get("/v1/customers")) for _ in range(3)]]
        return [answer.status_code for answer in answers]

    met = threading.Barrier(3)

    async def wait(seconds: float) -> None:
        """Until all three wait: if one had to wait for another, none would ever go on."""
        assert seconds == 0.2
        await to_thread.run_sync(met.wait)

    # The client's loop runs in a thread of its own: tests in a browser may have left one in this.
    with serving(latency=0.2, wait=wait) as served, ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, together(served.url)).result() == [200, 200, 200]


def test_an_account_survives_kill_9_of_its_server(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/account.db"
    with command("--store", store) as (process, url, printed):
        assert printed[1] == f"  account  in {tmp_path}/account.db"
        for number in range(20):
            assert post(url, f"u{number}").status_code == 200
        process.send_signal(signal.SIGKILL)
        process.wait(600)
    with command("--store", store) as (_, url, _printed):
        assert names(url) == [f"u{number}" for number in range(20)]


def test_the_command_says_how_to_use_it_and_ends_on_an_interrupt(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    options = ("--request-log", str(log), "--fault", "500-before@2", "--latency", "1", "--rate-limit", "1000")
    with command(*options, "--token-env", "TOKEN", TOKEN="tok-SECRET") as (process, url, printed):
        assert printed == [
            f"Serving Metronome's API at {url} (Ctrl-C ends it)",
            "  account  in memory: it ends with this process",
            "  token    $TOKEN",
            f"  try      curl -H 'Authorization: Bearer $TOKEN' {url}/v1/credit-types/list",
            f"  SDK      Metronome(bearer_token=..., base_url='{url}')",
        ]
        assert post(url).status_code == 401
        headers = {"Authorization": "Bearer tok-SECRET"}
        statuses = [httpx.get(f"{url}/v1/customers", headers=headers).status_code for _ in range(3)]
        assert statuses == [500, 200, 200]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=600)
        assert (process.returncode, rest, errors) == (0, "", "")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines] == [401, 500, 200, 200]
    assert "tok-SECRET" not in log.read_text(encoding="utf-8")


def refused(*arguments: str, before: str = "pass") -> str:
    """What the command says when it cannot start."""
    script = (
        f"import sys; {before}; sys.argv = ['pricebook', 'serve', *{arguments!r}]; from pricebook.cli.start import main"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; main()"], capture_output=True, text=True, check=False, timeout=600
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_what_keeps_the_command_from_starting(tmp_path: Path) -> None:
    assert refused("--port", "0", before="sys.modules['uvicorn'] = None") == (
        "error[missing-extra]\n"
        "  the sandbox needs uvicorn, which is not installed\n"
        "  pip install 'pricebook[sandbox]'\n"
        f"more: {SITE}/errors/#missing-extra\n"
    )
    said = refused("--fault", "500", "--fault", "429@0", "--token-env", "NOT_SET")
    assert [line for line in said.splitlines() if line.startswith("error")] == [
        "error[fault]", "error[fault]", "error[unset-token]"
    ]  # fmt: skip
    assert "3 problems" in said
    nowhere = refused("--store", f"sqlite:///{tmp_path}/missing/account.db")
    assert "missing of the store account.db does not exist" in " ".join(nowhere.split())
    with serving() as other:
        said = refused("--port", other.url.rpartition(":")[2])
    assert said.startswith("error[address]")
    assert "Traceback" not in said
