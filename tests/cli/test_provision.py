"""`pricebook provision`: what it shows, what it refuses before anything is sent, one contract however often asked."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from metronome import Metronome

from pricebook.sandbox.server import Served, serving
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
START = "2026-01-05"
EVERY = pytest.mark.parametrize("pricebook", ["sqlite", "account"], indirect=True)


@dataclass(frozen=True)
class Said:
    """What a command said."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Place:
    """A project whose starter plan is applied in two versions, of which the second one has the alias from February
    on; in the embedded store, or in an account of the vendor's over HTTP."""

    folder: Path
    account: Served | None

    def __call__(self, *arguments: str, status: int = 0) -> Said:
        """A command in the project, as a process of its own."""
        token = {"PRICEBOOK_SANDBOX_TOKEN": self.account.token} if self.account is not None else {}
        argv = [sys.executable, "-m", "pricebook", "-C", str(self.folder), *arguments]
        done = subprocess.run(
            argv, env=os.environ | token, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False
        )
        assert done.returncode == status, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
        return Said(done.stdout, done.stderr)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Place]]:
    """The project of a kind of store, made when it is asked for first."""
    with serving() as served:
        made: dict[str, Place] = {}

        def place(kind: str) -> Place:
            if kind not in made:
                made[kind] = _place(tmp_path_factory.mktemp(kind) / "project", served if kind == "account" else None)
            return made[kind]

        yield place


def _place(folder: Path, account: Served | None) -> Place:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    (folder / "catalog" / "scenarios.yaml").unlink()
    if account is not None:
        settings = folder / "pricebook.yaml"
        text = settings.read_text(encoding="utf-8").replace(
            '{store: "sqlite:///pricebook.db"}',
            f"{{store: metronome, base_url: '{account.url}', token_env: PRICEBOOK_SANDBOX_TOKEN,"
            " requests_per_minute: 100000}",
        )
        settings.write_text(text, encoding="utf-8")
    run = Place(folder, account)
    run("--as-of", "2025-10-01", "apply", "--yes")
    manifest = folder / "catalog" / "packages" / "starter-plan.yaml"
    text = manifest.read_text(encoding="utf-8").replace("unit_price: $10.00", "unit_price: $15.00")
    text = text.replace("[{name: starter-plan}]", "[{name: starter-plan, starting_at: 2026-02-01}]")
    manifest.write_text(text, encoding="utf-8")
    run("--as-of", "2025-12-01", "apply", "--yes", "--allow", "all")
    return run


@pytest.fixture(params=["sqlite"])
def pricebook(request: pytest.FixtureRequest, places: Callable[[str], Place]) -> Place:
    """The project in the embedded store, unless a test says otherwise: an account takes longer."""
    return places(request.param)


_NUMBERS = itertools.count()


@pytest.fixture
def customer(pricebook: Place) -> str:
    """A customer whom the store knows, and who has no contract."""
    name = f"customer {next(_NUMBERS)}"
    if pricebook.account is None:
        return name
    with Metronome(bearer_token=pricebook.account.token, base_url=pricebook.account.url, max_retries=0) as client:
        return client.v1.customers.create(name=name).data.id


def provision(customer: str, package: str = "starter-plan", start: str = START, *more: str) -> tuple[str, ...]:
    """The arguments of the command."""
    return ("provision", "--customer", customer, "--package", package, "--starting-at", start, *more)


def count(pricebook: Place, customer: str) -> int:
    """How many contracts the customer has on the package."""
    told = pricebook("--format", "json", "cohorts", "starter-plan", "--contracts", "--ended").stdout
    return sum(one["customer"] == customer for one in json.loads(told)["contracts"])


@EVERY
def test_it_shows_what_the_contract_will_be_and_makes_it_once(pricebook: Place, customer: str) -> None:
    told = pricebook(*provision(customer, "starter-plan", START, "--yes")).stdout
    assert f"customer {customer} on package:starter-plan@1 (alias starter-plan)\n" in told
    assert "from 2026-01-05 until 2027-01-05; statements MONTHLY\n" in told
    assert "]: $10.00 of credit a month" in told
    assert "1 × $10.00 × 27/31 days" in told
    assert "Pays by rate card tokens. Shown is the first invoice, without any usage.\n" in told
    assert "on package:starter-plan@1 from 2026-01-05 until 2027-01-05. Read back.\n" in told
    assert "warning" not in told
    again = pricebook(*provision(customer, "starter-plan", START, "--yes")).stdout
    assert again.startswith("There is this contract already: ")
    assert count(pricebook, customer) == 1


def test_a_contract_that_was_archived_is_not_there(pricebook: Place, customer: str) -> None:
    pricebook(*provision(customer, "starter-plan", START, "--yes"))
    store = SqlStore(f"sqlite:///{pricebook.folder / 'pricebook.db'}")
    (made,) = store.customer_contracts("starter-plan", customer)
    store.archive_contract(made, datetime(2026, 1, 7, tzinfo=UTC))
    refused = pricebook(*provision(customer, "starter-plan", START, "--yes"), status=1).stderr
    assert "error[uniqueness-key]" in refused
    assert f"{made.id}, which was archived on 2026-01-07" in " ".join(refused.split())
    pricebook(*provision(customer, "starter-plan", START, "--uniqueness-key", customer, "--yes"))
    store.close()


def test_the_alias_is_taken_as_of_the_start(pricebook: Place, customer: str) -> None:
    told = pricebook("--format", "json", *provision(customer, "starter-plan", "2026-02-01", "--yes")).stdout
    found = json.loads(told)
    assert (found["package"], found["made"], found["ending_before"]) == (
        "package:starter-plan@2",
        True,
        "2027-02-01T00:00:00Z",
    )
    assert found["first_invoice"]["total"] == 1000
    again = json.loads(pricebook("--format", "json", *provision(customer, "starter-plan", "2026-02-01")).stdout)
    assert (again["made"], again["contract"]) == (False, found["contract"])


def test_a_version_can_be_named_and_who_is_billed_twice_is_said(pricebook: Place, customer: str) -> None:
    pricebook(*provision(customer, "starter-plan@2", START, "--yes"))
    told = " ".join(pricebook(*provision(customer, "package:starter-plan@1", START, "--yes")).stdout.split())
    assert (
        "warning: the customer has 1 other contract at the same time, and each is billed: "
        "package:starter-plan@2 from 2026-01-05 until 2027-01-05"
    ) in told
    assert count(pricebook, customer) == 2


def test_a_key_that_stands_for_another_contract(pricebook: Place, customer: str) -> None:
    key = ("--uniqueness-key", f"order of {customer}")
    pricebook(*provision(customer, "starter-plan", START, "--yes", *key))
    told = pricebook(*provision(customer, "starter-plan", "2026-01-06", "--yes", *key), status=1).stderr
    assert "error[uniqueness-key]" in told
    assert "on package:starter-plan@1 from 2026-01-05" in " ".join(told.split())
    assert count(pricebook, customer) == 1


def test_where_nobody_can_be_asked_nothing_is_made(pricebook: Place, customer: str) -> None:
    told = pricebook(*provision(customer), status=1)
    assert "on package:starter-plan@1" in told.stdout
    assert "error[confirmation]" in told.stderr
    assert count(pricebook, customer) == 0


def test_the_journal_knows_who_was_given_what(pricebook: Place, customer: str) -> None:
    pricebook(*provision(customer, "starter-plan", START, "--yes", "--uniqueness-key", f"order of {customer}"))
    (run,) = json.loads(pricebook("--format", "json", "history", "--last", "1").stdout)["runs"]
    (deed,) = run["deeds"]
    assert (run["result"], deed["ref"], deed["outcome"]) == ("done", f"contract:{customer}", "done")
    assert deed["what"] == f"on what starter-plan names from 2026-01-05T00:00:00Z, order of {customer}"


@pytest.mark.parametrize("pricebook", ["account"], indirect=True)
@pytest.mark.parametrize("fault", ["500-after@1"])
def test_a_lost_answer_makes_one_contract(pricebook: Place, customer: str, fault: str) -> None:
    assert pricebook.account is not None
    pricebook.account.fault(f"{fault}:/v1/contracts/create")
    assert "Read back." in pricebook(*provision(customer, "starter-plan", START, "--yes")).stdout
    assert count(pricebook, customer) == 1


@pytest.mark.parametrize("pricebook", ["account"], indirect=True)
def test_what_the_vendor_refuses_is_told_and_written_down(pricebook: Place) -> None:
    stranger = "00000000-0000-4000-8000-000000000000"
    told = pricebook(*provision(stranger, "starter-plan", START, "--yes"), status=1)
    assert "error[store]" in told.stderr
    assert "incomplete" in pricebook("history", "--last", "1").stdout
    assert pricebook.account is not None
    asked = len(pricebook.account.requests)
    told = pricebook(*provision("Harbor", "starter-plan", START, "--yes"), status=1)
    assert 'an account knows no customer by "Harbor": name the customer by the vendor\'s id' in " ".join(
        told.stderr.split()
    )
    assert not [entry for entry in pricebook.account.requests[asked:] if "contracts" in entry.path]


@pytest.mark.parametrize("pricebook", ["sqlite"], indirect=True)
def test_a_hostile_customer_is_shown_and_does_nothing(pricebook: Place) -> None:
    hostile = "\x1b[31m=1+1\n::warning::x"
    told = pricebook(*provision(hostile, "starter-plan", START, "--yes")).stdout
    assert "\x1b" not in told
    assert not [line for line in told.splitlines() if line.startswith("::")]
    store = SqlStore(f"sqlite:///{pricebook.folder / 'pricebook.db'}")
    (found,) = store.customer_contracts("acme", hostile)
    assert found.starting_at == datetime(2026, 1, 5, tzinfo=UTC)
    store.close()
