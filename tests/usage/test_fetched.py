"""Usage behind https, fetched by the one client: tried again, whole or not at all, and sent nowhere else."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pricebook.problem import Problem, Rejected
from pricebook.usage.cloud import opened
from pricebook.usage.source import UsageSource

SECRET = "hunter2hunter2"
CONTENT = b'{"a": 1}\n' * 1000
Answer = Callable[[BaseHTTPRequestHandler], None]


class Host:
    """A server of files on this machine, which gives one answer after the other, and the last one from then on."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: list[Answer] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append((self.path, dict(self.headers)))
                (host.answers.pop(0) if len(host.answers) > 1 else host.answers[0])(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


def gives(status: int, body: bytes = b"", cut: int = 0, **headers: str) -> Answer:
    """An answer, which may end before it is whole."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(body[: len(body) - cut])
        to.close_connection = True

    return answer


@pytest.fixture
def hosts() -> Iterator[Callable[..., Host]]:
    made = []

    def make(*answers: Answer) -> Host:
        made.append(Host())
        made[-1].answers = list(answers)
        return made[-1]

    yield make
    for host in made:
        host.server.shutdown()
        host.server.server_close()


def fetched(address: str, folder: Path) -> bytes:
    (found,) = opened(UsageSource(address, "jsonl", (address,), remote=True), folder)
    return Path(found.paths[0]).read_bytes()


def refused(address: str, folder: Path) -> Problem:
    with pytest.raises(Rejected) as rejected:
        fetched(address, folder)
    (problem,) = rejected.value.problems
    assert SECRET not in f"{problem.message} {problem.hint}"
    return problem


def test_a_server_that_is_not_well_is_asked_again(hosts: Callable[..., Host], tmp_path: Path) -> None:
    host = hosts(gives(503, b"later"), gives(200, CONTENT, cut=100), gives(200, CONTENT))
    assert fetched(f"{host.url}/e.jsonl?sig={SECRET}%2Bx", tmp_path) == CONTENT
    assert len(host.asked) == 3
    path, headers = host.asked[-1]
    assert path == f"/e.jsonl?sig={SECRET}%2Bx", "what signs an address is sent as it stands"
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Content-Type", "Authorization"} & headers.keys(), "some signatures are of the type, too"


def test_a_file_that_never_comes_whole_is_refused(hosts: Callable[..., Host], tmp_path: Path) -> None:
    host = hosts(gives(200, CONTENT, cut=1))
    assert "before the answer was whole" in refused(f"{host.url}/e.jsonl?sig={SECRET}", tmp_path).message
    assert len(host.asked) == 4


def test_what_is_compressed_is_kept_so(hosts: Callable[..., Host], tmp_path: Path) -> None:
    host = hosts(gives(200, b"\x1f\x8bnot looked into", **{"Content-Encoding": "gzip"}))
    assert fetched(f"{host.url}/e.jsonl.gz", tmp_path) == b"\x1f\x8bnot looked into"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_to_another_address(hosts: Callable[..., Host], tmp_path: Path, status: int) -> None:
    other = hosts(gives(200, CONTENT))
    host = hosts(gives(status, Location=f"{other.url}/e.jsonl?sig={SECRET}"))
    problem = refused(f"{host.url}/e.jsonl?sig={SECRET}", tmp_path)
    assert f"sends /e.jsonl elsewhere ({status}), to {other.url}/e.jsonl" in problem.message
    assert "say the one where the file is" in problem.hint
    assert not other.asked


def test_what_a_server_repeats_of_a_signature_is_not_told(hosts: Callable[..., Host], tmp_path: Path) -> None:
    host = hosts(gives(403, f"<SignatureProvided>{SECRET}</SignatureProvided>".encode()))
    problem = refused(f"{host.url}/e.jsonl?X-Amz-Date=1&X-Amz-Signature={SECRET}", tmp_path)
    assert "refuses /e.jsonl with 403: Forbidden" in problem.message
    assert "ends with its time" in problem.hint
    assert len(host.asked) == 1


def test_a_path_is_no_other_host(hosts: Callable[..., Host], tmp_path: Path) -> None:
    host = hosts(gives(200, CONTENT))
    assert fetched(f"{host.url}//elsewhere.example/e.jsonl", tmp_path) == CONTENT
    assert [path for path, _ in host.asked] == ["/elsewhere.example/e.jsonl"], "as http.server tells it"


@pytest.mark.parametrize("host", ["127.0.0.1:999999", "127.0.0.1:x", "[", "-ä-.de", ""])
def test_what_is_no_address_is_refused(host: str, tmp_path: Path) -> None:
    assert refused(f"https://{host}/e.jsonl?sig={SECRET}", tmp_path).code == "usage-file"
