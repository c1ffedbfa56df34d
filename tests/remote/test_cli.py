"""The command line against a served sandbox: settings, what is refused, and a token that is nowhere."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small import changed, small

from pricebook.sandbox.fault import Fault
from pricebook.sandbox.server import Served, serving

TOKEN = "s3cr3t-bearer-0123456789"


@pytest.fixture
def served() -> Iterator[Served]:
    """A sandbox that knows the token."""
    with serving(token=TOKEN) as found:
        yield found


def settings(directory: Path, url: str, more: str = "") -> None:
    """Point the small project at a sandbox."""
    small(directory)
    text = (directory / "pricebook.yaml").read_text()
    more = f"token_env: PRICEBOOK_ACME_TOKEN, requests_per_minute: 100000{more}"
    local = f"local: {{store: metronome, base_url: '{url}', {more}}}"
    (directory / "pricebook.yaml").write_text(text.replace("local: {store: metronome}", local))


def pricebook(directory: Path, *arguments: str, token: str | None = TOKEN) -> subprocess.CompletedProcess[str]:
    """The command in the project's directory."""
    environment = {name: value for name, value in os.environ.items() if name != "PRICEBOOK_ACME_TOKEN"}
    if token is not None:
        environment["PRICEBOOK_ACME_TOKEN"] = token
    argv = [sys.executable, "-m", "pricebook", *arguments]
    return subprocess.run(
        argv, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def test_the_token_is_in_nothing_that_is_printed_or_kept(served: Served, tmp_path: Path) -> None:
    settings(tmp_path, served.url)
    said = [pricebook(tmp_path, "plan", "-o", "plan.json")]
    served.sandbox.faults = [Fault.parse("echo:/v1/contract-pricing/products/create")]
    said.append(pricebook(tmp_path, "apply", "plan.json", "--yes"))
    assert said[-1].returncode == 1
    assert "unknown: product:" in said[-1].stderr
    served.sandbox.faults = [Fault.parse("echo:/v1/packages/list")]
    said.append(pricebook(tmp_path, "plan", token=TOKEN))
    assert said[-1].returncode == 1
    assert "Bearer [token]" in said[-1].stderr
    served.sandbox.faults = []
    said.append(pricebook(tmp_path, "--format", "json", "apply", "--yes"))
    assert said[-1].returncode == 0
    assert (tmp_path / "pricebook-journal.db").exists()
    assert not [each for each in said if TOKEN in each.stdout + each.stderr]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_a_token_that_is_not_there_is_asked_for_by_its_variable(served: Served, tmp_path: Path) -> None:
    settings(tmp_path, served.url)
    for token in (None, "", "  ", "two words"):
        refused = pricebook(tmp_path, "plan", token=token)
        assert refused.returncode == 1
        assert "PRICEBOOK_ACME_TOKEN" in refused.stderr
        assert "two words" not in refused.stderr
    assert not served.sandbox.entries


@pytest.mark.parametrize(
    ("more", "code"),
    [(", concurrency: 0", "out-of-range"), (", read_timeout: 0", "out-of-range"), (", retries: 3", "unknown-field")],
)
def test_settings_that_cannot_be(tmp_path: Path, more: str, code: str) -> None:
    settings(tmp_path, "http://127.0.0.1:1", more)
    refused = pricebook(tmp_path, "plan")
    assert refused.returncode == 1
    assert f"error[{code}] pricebook.yaml:" in refused.stderr


@pytest.mark.parametrize("url", ["http://api.metronome.com", "https://user:pass@host", "ftp://x", "https://x?token=1"])
def test_a_token_is_not_sent_in_the_open(tmp_path: Path, url: str) -> None:
    settings(tmp_path, url)
    refused = pricebook(tmp_path, "plan")
    assert refused.returncode == 1
    assert "pricebook.yaml:4" in refused.stderr


def test_what_is_for_an_account_stands_beside_no_other_store(tmp_path: Path) -> None:
    small(tmp_path)
    path = tmp_path / "pricebook.yaml"
    path.write_text(path.read_text().replace("{store: metronome}", "{store: 'sqlite:///x.db', concurrency: 3}"))
    refused = pricebook(tmp_path, "plan")
    assert "concurrency is for the store metronome" in refused.stderr


def test_an_account_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    settings(tmp_path, "http://127.0.0.1:9")
    refused = pricebook(tmp_path, "plan")
    assert refused.returncode == 1
    assert "127.0.0.1:9 could not be reached" in refused.stderr


def test_apply_refuses_when_the_lock_cannot_be_reached(served: Served, tmp_path: Path) -> None:
    settings(tmp_path, served.url, ", journal: 'sqlite:///nowhere/journal.db'")
    refused = pricebook(tmp_path, "apply", "--yes")
    assert refused.returncode == 1
    assert not [entry for entry in served.sandbox.entries if entry.path.endswith(("create", "addKey"))]


def test_a_long_reading_is_seen_on_a_terminal_only(served: Served, tmp_path: Path) -> None:
    settings(tmp_path, served.url)
    assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    (tmp_path / "catalog" / "all.yaml").write_text(changed())
    served.sandbox.latency = 0.6
    assert "reading the account" not in pricebook(tmp_path, "plan").stderr
    master, slave = pty.openpty()
    environment = {**os.environ, "PRICEBOOK_ACME_TOKEN": TOKEN, "TERM": "xterm"}
    argv = [sys.executable, "-m", "pricebook", "--format", "json", "plan"]
    with subprocess.Popen(argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        out = process.stdout.read() if process.stdout is not None else b""
    seen = os.read(master, 10_000).decode()
    os.close(master)
    assert json.loads(out)
    assert "reading the account: " in seen
    assert seen.endswith("\r\x1b[K")
