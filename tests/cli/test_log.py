"""`-v` and `--log`: what is read on the way, in every command, before it or behind; never a secret."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from pricebook import trace
from pricebook.cli.main import root
from pricebook.http.client import HttpClient, Patience, RequestLost
from pricebook.sandbox.server import serving
from pricebook.usage.source import sources

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "s3cr3t-bearer-0123456789"
PROJECT = 'namespace: acme\nenvironments:\n  local: {store: "sqlite:///a.db"}\n'
CATALOG = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {name: pro}\nspec: {name: Pro, type: SUBSCRIPTION}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one product."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return tmp_path


def logged(project: Path, *words: str) -> tuple[str, list[dict[str, object]]]:
    """The answer of a command, and the lines of its log."""
    answer = CliRunner().invoke(root, ["-C", str(project), *words], catch_exceptions=False)
    return answer.stdout, [json.loads(line) for line in answer.stderr.splitlines()]


@pytest.mark.parametrize(
    "words", [("--log", "json", "plan"), ("plan", "--log", "json"), ("-v", "plan", "--log", "json")]
)
def test_a_log_says_what_was_read(project: Path, words: tuple[str, ...]) -> None:
    answer, lines = logged(project, *words)
    assert answer == logged(project, "plan")[0]
    events = [line["event"] for line in lines]
    assert events[:4] == ["command.started", "file.opened", "file.opened", "store.opened"]
    assert set(events[4:-1]) <= {"file.opened"}  # where something stands is looked up when it is told
    assert events[-1] == "command.ended"
    for line in lines:
        assert list(line)[:3] == ["time", "level", "event"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(line["time"]))
        assert line["level"] == "info"
    assert lines[0]["command"] == "root plan"
    assert [line["file"] for line in lines[1:3]] == [str(project / name) for name in ("pricebook.yaml", "catalog.yaml")]
    assert lines[3] | {"time": 0, "milliseconds": 0} == {
        "time": 0,
        "level": "info",
        "event": "store.opened",
        "store": str(project / "a.db"),
        "table": "package",
        "there": False,
        "milliseconds": 0,
    }
    assert (lines[-1]["exit_code"], lines[-1]["files"], lines[-1]["requests"]) == (0, events.count("file.opened"), 0)
    assert trace._listeners == []


def test_people_read_lines(project: Path) -> None:
    answer = CliRunner().invoke(root, ["-C", str(project), "validate", "-v"])
    lines = answer.stderr.splitlines()
    told = [line.split()[1] for line in lines]
    assert (told[0], set(told[1:-1]), told[-1]) == ("command.started", {"file.opened"}, "command.ended")
    assert lines[1].endswith(f" file.opened file={project}/pricebook.yaml bytes={len(PROJECT)}")


def test_a_command_that_fails_says_so_in_its_last_line(project: Path) -> None:
    lines = logged(project, "--log", "json", "--format", "json", "plan", "--env", "nope")[1]
    assert (lines[-1]["level"], lines[-1]["exit_code"]) == ("error", 1)
    assert lines[0]["environment"] == "nope"


def test_names_of_files_cannot_write_lines_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "a\nb \x1b[31m"
    folder.mkdir()
    (folder / "pricebook.yaml").write_text(PROJECT)
    answer = CliRunner().invoke(root, ["-C", str(folder), "validate", "-v"])
    assert "\x1b" not in answer.stderr
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} \w+\.\w+ ", line) for line in answer.stderr.splitlines()[:2])
    opened = logged(folder, "--format", "json", "validate", "--log", "json")[1][1]
    assert opened["file"] == str(folder / "pricebook.yaml")


def in_a_process(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command as a process, which closes its connections."""
    line = [sys.executable, "-m", "pricebook", "-C", str(project), *words]
    return subprocess.run(line, capture_output=True, encoding="utf-8", check=False, timeout=600)


def test_requests_to_an_account_are_told_without_its_token(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRICEBOOK_ACME_TOKEN", TOKEN)
    asked = tmp_path / "requests.jsonl"
    with asked.open("w") as log, serving(token=TOKEN, log=log) as served:
        local = f"{{store: metronome, base_url: '{served.url}', token_env: PRICEBOOK_ACME_TOKEN}}"
        (project / "pricebook.yaml").write_text(f"namespace: acme\nenvironments:\n  local: {local}\n")
        planned = in_a_process(project, "plan", "--log", "json")
        monkeypatch.setenv("PRICEBOOK_ACME_TOKEN", "another-token-0123456789")
        refused = in_a_process(project, "plan", "--log", "json", "--format", "json")
    lines = [json.loads(line) for line in planned.stderr.splitlines()]
    sent = [json.loads(line) for line in asked.read_text().splitlines()]
    told = [line for line in lines if line["event"] == "request.ended"]
    assert sorted((line["method"], line["path"], line["status"]) for line in told) == sorted(
        (line["method"], line["path"], line["status"]) for line in sent if line["status"] != 401
    )
    assert lines[-1]["requests"] == len(told) > 5
    assert {line["host"] for line in told} == {served.url.removeprefix("http://")}
    assert [line["objects"] for line in lines if line["event"] == "account.read"] == [0]
    last = [json.loads(line) for line in refused.stderr.splitlines()]
    assert ("warning", 401) in [(line["level"], line.get("status")) for line in last]
    assert TOKEN not in json.dumps(lines)
    assert "another-token" not in refused.stderr


def test_a_request_without_an_answer_is_a_warning_and_says_no_secret() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late", request=request)

    heard: list[tuple[str, dict[str, object]]] = []
    stop = trace.listen(lambda event, fields: heard.append((event, fields)))
    patience = Patience(repeated=2, once=1, connections=1, connect_seconds=1, answer_seconds=9)
    client = HttpClient(
        "https://api.example",
        {},
        TOKEN,
        requests_per_minute=1000,
        patience=patience,
        transport=httpx.MockTransport(lost),
        sleep=lambda seconds: None,
    )
    with pytest.raises(RequestLost):
        client.ask("GET", f"/v1/{TOKEN}/things?secret=1", repeatable=True)
    stop()
    assert [(event, fields["path"], fields["status"]) for event, fields in heard] == [
        ("request.ended", "/v1/[token]/things", None)
    ] * 2


def test_what_a_signed_address_says_is_left_out() -> None:
    heard: list[dict[str, object]] = []
    stop = trace.listen(lambda _, fields: heard.append(fields))
    sources(["https://me:pass@store.example/usage.csv?X-Signature=abc#d", "s3://bucket/usage"])
    stop()
    assert [fields["source"] for fields in heard] == ["https://store.example/usage.csv", "s3://bucket/usage"]


def test_a_closed_standard_error_ends_no_command(project: Path) -> None:
    class Closed:
        def write(self, text: str) -> int:
            raise BrokenPipeError

    from pricebook.cli.log import Log

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", Closed())
        Log("json").hear("file.opened", {"file": "a"})


def test_the_page_lists_every_event_that_there_is() -> None:
    told = set()
    for path in (ROOT / "src" / "pricebook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="trace"), attr="tell" | "timed"), args=[first, *_]):
                    assert isinstance(first, ast.Constant), path
                    told.add(first.value)
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+\.\w+)` \|", page, re.MULTILINE)) == told
