"""Whoever writes the project file can send no secret of a machine to a host of theirs."""

from pathlib import Path

import pytest

from pricebook import wiring
from pricebook.manifest.text import read_text
from pricebook.problem import Rejected
from pricebook.project.project import read_project


def project(folder: Path, settings: str, manifests: str = "[catalog]") -> Path:
    """A project with one account."""
    (folder / "pricebook.yaml").write_text(
        f"namespace: acme\nmanifests: {manifests}\nenvironments:\n  prod: {{store: metronome, {settings}}}\n"
    )
    return folder


def opened(folder: Path) -> None:
    found = read_project(folder)
    wiring.open_store(found, found.environment(None)[1])


@pytest.mark.parametrize(
    ("url", "trusted", "taken"),
    [
        ("https://api.metronome.com", "", True),
        ("https://eu.api.metronome.com/x", "", True),
        ("http://127.0.0.1:8000", "", True),
        ("http://[::1]:8000", "", True),
        ("https://prices.example", "", False),
        ("https://metronome.com.evil.example", "", False),
        ("https://evilmetronome.com", "", False),
        ("https://prices.example", "prices.example", True),
        ("https://prices.example.evil.example", "prices.example", False),
    ],
)
def test_where_a_token_goes(
    url: str, trusted: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRONOME_BEARER_TOKEN", "t0ken-t0ken")
    monkeypatch.setenv("PRICEBOOK_TRUST_HOST", trusted)
    project(tmp_path, f'base_url: "{url}"')
    if taken:
        opened(tmp_path)
        return
    with pytest.raises(Rejected, match="untrusted-host") as refused:
        opened(tmp_path)
    assert "t0ken" not in str(refused.value)


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "XMETRONOME_A", "METRONOME_A B"])
def test_no_other_variable_is_a_token(name: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="has another form"):
        read_project(project(tmp_path, f'token_env: "{name}"'))


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/self/cmdline", "/sys/kernel/notes"])
def test_what_the_system_says_of_itself_is_no_file(path: str) -> None:
    with pytest.raises(Rejected):
        read_text(Path(path), path, limit=1 << 20)
