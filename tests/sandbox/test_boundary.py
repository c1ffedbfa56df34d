"""Every request of an apply of sixty steps is a boundary: the client dies there, gets an error, or loses the answer.

Whatever happens, running again leads to the same end: every object once, none missing, no rate twice. With the journal
and without it. All boundaries, not a sample; deaths that leave the same account and the same journal are survived once.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boundary_project
import httpx
import pytest
from boundary import LATER, Failing, Killing, Place, applied, asked, dumped, planned, sandbox_of

from pricebook.plan.document import read, write
from pricebook.plan.step import Plan

pytestmark = pytest.mark.whole
STEPS = 60
_UNDER_WAY = re.compile("'pricebook_(digest|rates|rates_next|aliases|order)'")
SPREAD = 6
"""Every sixth request of one run fails, and another sixth of them in the next."""


@dataclass(frozen=True)
class Change:
    """An account with a price list, a project that changes it, the plan, and the end that it leads to."""

    base: Place
    project: Path
    plan: Plan
    requests: list[str]
    end: list[str]
    nothing_left: set[tuple[str, ...]] = field(default_factory=set)


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> Change:
    """The change, carried out once without any trouble."""
    folder = tmp_path_factory.mktemp("change")
    base = Place(folder / "base")
    base.folder.mkdir()
    project = boundary_project.write(folder / "project", boundary_project.before())
    assert applied(planned(project, base), base).complete
    boundary_project.write(project, boundary_project.after())
    made = read(write(planned(project, base)), "plan.json")
    whole = base.copied(folder / "whole", journal=False)
    requests: list[str] = []
    with sandbox_of(whole) as sandbox:
        witness = Failing(sandbox, "", [], set())

        def handle(request: httpx.Request) -> httpx.Response:
            requests.append(witness.name_of(request))
            return asked(sandbox, request)

        receipt = applied(made, whole, handle)
    assert receipt.complete
    assert len(made.steps) == len(receipt.results) == STEPS
    return Change(base, project, made, requests, settled(whole.contents()))


def check_end(change: Change, place: Place) -> None:
    """Nothing is left to do, and the account is as it would be without any trouble.

    An account that is the same to the last mark as one that was planned against is not planned against again.
    """
    contents = place.contents()
    assert settled(contents) == change.end
    if tuple(contents) not in change.nothing_left:
        assert planned(change.project, place).steps == ()
        change.nothing_left.add(tuple(contents))


def settled(contents: list[str]) -> list[str]:
    """What the account holds, without the marks that say through which contents an object went, or is going.

    A change that is done although nobody came to say so keeps its mark of being under way; planning again reads it.
    """
    return [line for line in contents if not _UNDER_WAY.search(line)]


@pytest.fixture(scope="module")
def deaths(change: Change, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[int, str, Place]]]:
    """What is left of the client, the account and the journal after each death."""
    folder = tmp_path_factory.mktemp("deaths")
    place = change.base.copied(folder / "run")
    with sandbox_of(place) as sandbox:
        killing = Killing(place, sandbox, folder)
        assert applied(change.plan, place, killing.handle).complete
    assert [number for number, _, _ in killing.left] == [1 + at // 3 for at in range(3 * len(change.requests))]
    yield killing.left
    shutil.rmtree(folder)


@pytest.mark.parametrize("journal", ["kept", "deleted"])
def test_killed_at_every_request(
    journal: str, change: Change, deaths: list[tuple[int, str, Place]], tmp_path: Path
) -> None:
    survived: set[str] = set()
    places = {left.folder: (number, when, left) for number, when, left in reversed(deaths)}
    for number, when, left in places.values():
        state = "\n".join(left.contents() + (dumped(left.journal) if journal == "kept" else []))
        if state in survived:
            continue
        survived.add(state)
        place = left.copied(tmp_path / f"{number}-{when}", journal=journal == "kept")
        receipt = applied(change.plan, place, at=LATER)
        assert receipt.complete, (number, when, receipt)
        check_end(change, place)
        shutil.rmtree(place.folder)
    assert len(survived) > STEPS


@pytest.mark.parametrize("turn", range(SPREAD))
@pytest.mark.parametrize("fault", ["500-before", "500-after", "drop-before", "drop-after", "truncate", "429"])
def test_every_request_fails_once(fault: str, turn: int, change: Change, tmp_path: Path) -> None:
    place = change.base.copied(tmp_path / "run")
    chosen = set(range(turn, len(change.requests), SPREAD))
    with sandbox_of(place) as sandbox:
        failing = Failing(sandbox, fault, change.requests, chosen)
        receipt = applied(change.plan, place, failing.handle)
    assert failing.failed == chosen, "each of them failed, and only these"
    if not receipt.complete:
        assert applied(change.plan, place, at=LATER).complete
    check_end(change, place)
