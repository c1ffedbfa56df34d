"""What a refusal says of an address: nothing that signs it, and nobody's password."""

from pathlib import Path

import pytest

from pricebook.problem import Rejected
from pricebook.project.project import read_project
from pricebook.usage.cloud import opened
from pricebook.usage.source import UsageSource

SECRET = "hunter2"


@pytest.mark.parametrize(
    "address",
    [
        f"https://127.0.0.1:1/e.jsonl?X-Amz-Signature={SECRET}",
        f"https://me:{SECRET}@127.0.0.1:1/e.jsonl",
        f"http://elsewhere.example/e.csv?sig={SECRET}",
        f"https://127.0.0.1:1/e.zip?sig={SECRET}",
    ],
)
def test_an_address_is_told_without_its_secrets(address: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as rejected:
        opened(UsageSource(address, "jsonl", (address,), remote=True), tmp_path)
    (problem,) = rejected.value.problems
    assert SECRET not in f"{problem.message} {problem.hint}"
    assert "://" in problem.message


def test_a_password_in_the_settings_is_not_repeated(tmp_path: Path) -> None:
    account = f"{{store: metronome, base_url: 'http://me:{SECRET}@127.0.0.1:1'}}"
    (tmp_path / "pricebook.yaml").write_text(f"namespace: acme\nenvironments: {{m: {account}}}\n")
    with pytest.raises(Rejected) as rejected:
        read_project(tmp_path)
    (problem,) = rejected.value.problems
    assert "me:***@" in problem.message
    assert SECRET not in problem.message
