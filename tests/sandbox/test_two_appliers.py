"""Two processes apply the same change to one account at once, over HTTP: the result of one, and the loser says why."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import boundary_project
import pytest
from metronome import Metronome

from pricebook.sandbox.server import Served, serving

pytestmark = pytest.mark.whole


@pytest.fixture
def slow() -> Iterator[Served]:
    """An account whose every answer takes a little, so that the two are at it at the same time."""
    with serving(latency=0.005) as found:
        yield found


def project(root: Path, served: Served, manifests: str) -> Path:
    """A project whose environment is the sandbox."""
    boundary_project.write(root, manifests)
    text = boundary_project.PROJECT.replace("http://127.0.0.1:8044", served.url)
    text = text.replace("base_url", "requests_per_minute: 1000000, base_url")
    (root / "pricebook.yaml").write_text(text, encoding="utf-8")
    return root


def started(root: Path, *words: str) -> "subprocess.Popen[str]":
    """A pricebook in a project."""
    return subprocess.Popen(
        [sys.executable, "-m", "pricebook", "-C", str(root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "METRONOME_BEARER_TOKEN": "sandbox"},
    )


def marks(served: Served) -> Counter[str]:
    """How often each mark stands in the account, and each price on each card."""
    with Metronome(bearer_token="sandbox", base_url=served.url, _strict_response_validation=True) as client:
        cards = list(client.v1.contracts.rate_cards.list())
        found = [*client.v1.billable_metrics.list(), *client.v1.contracts.products.list(archive_filter="ALL"), *cards]
        names = [(one.custom_fields or {})["pricebook_ref"] for one in found]
        names += [one.uniqueness_key or "" for one in client.v1.packages.list(archive_filter="ALL")]
        names += [unit.name or "" for unit in client.v1.pricing_units.list()]
        for card in cards:
            schedule = client.v1.contracts.rate_cards.retrieve_rate_schedule(
                rate_card_id=card.id, starting_at="2000-01-01T00:00:00Z", limit=100
            )
            assert schedule.next_page is None
            names += [
                f"{card.name} {one.product_name} {one.billing_frequency} {one.pricing_group_values} {one.starting_at}"
                for one in schedule.data
            ]
        return Counter(names)


@pytest.mark.parametrize("together", [True, False], ids=["one-journal", "a-journal-each"])
def test_two_appliers_end_as_one(together: bool, slow: Served, tmp_path: Path) -> None:
    roots = [project(tmp_path / name, slow, boundary_project.after()) for name in ("a", "a" if together else "b")]
    if not together:
        # A pricing unit has no mark and no unique name at the vendor's: nothing but the lock keeps two of them apart.
        with Metronome(bearer_token="sandbox", base_url=slow.url) as client:
            client.v1.pricing_units.create(name="tokens")
    children = [started(root, "apply", "--yes") for root in roots]
    answers = [(*child.communicate(timeout=600), child.returncode) for child in children]
    statuses = sorted(status for _, _, status in answers)
    assert set(statuses) <= {0, 1, 3}, answers
    assert 0 in statuses or not together, answers
    for printed, errors, status in answers:
        assert "Traceback" not in errors
        if status == 0:
            assert "Read back and verified" in " ".join(printed.split())
        elif together:
            assert "is applying" in errors or "changed since the plan was made" in errors
        else:
            assert re.search("somebody else|changed since the plan was made", printed + errors), printed + errors
    again = started(roots[0], "apply", "--yes")
    printed, errors, status = (*again.communicate(timeout=600), again.returncode)
    assert status == 0, errors
    found = marks(slow)
    assert set(found.values()) == {1}, {name: count for name, count in found.items() if count > 1}
    assert len([name for name in found if "/product:" in name]) == 19 + 2 + 7
    assert len([name for name in found if name.startswith("pricebook/acme/")]) == 12
    last = started(roots[-1], "plan", "--exit-code")
    printed, errors, status = (*last.communicate(timeout=600), last.returncode)
    assert (status, errors) == (0, ""), printed
