"""`pricebook reconcile`: invoices written by hand, and what of them was changed."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pricebook.catalog.reference import Kind, Ref
from pricebook.cli.main import root
from pricebook.metronome.invoice import read_invoices
from pricebook.plan.contract import Provision
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
OCTOBER = datetime(2025, 10, 1, tzinfo=UTC)
USD = {"id": "2714e483-4ff1-48e4-9e25-ac732e8f24f2", "name": "USD (cents)"}
HOSTILE = "\x1b[31m<b>|"
Json = dict[str, Any]


class Company:
    """A project on the starter plan with two customers from October on, and their invoices of that month: 5 million
    tokens at 2.50 are 12.50, less the credit of 10.00, and the fee of 10.00 for November; and that for October."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
        self.run("--as-of", "2025-10-01", "apply", "--yes")
        store = SqlStore(f"sqlite:///{folder / 'pricebook.db'}")
        for customer in ("ada", HOSTILE):
            wanted = Provision(customer, OCTOBER, customer, package=Ref(Kind.PACKAGE, "starter-plan", 1))
            store.provision("acme", wanted, OCTOBER)
        self.contracts = {c.customer: c.id for c in store.cohort("acme", OCTOBER)}
        self.ids = {ref.name: id_ for ref, id_ in store.snapshot("acme", OCTOBER).ids.items()}
        store.close()

    def run(self, *arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(root, ["-C", str(self.folder), *arguments])
        assert result.exit_code == status, f"exit status {result.exit_code}\n{result.output}{result.stderr}"
        return result

    def line(self, kind: str, product: str, total: float, **more: Any) -> Json:
        own = {"type": kind, "product_id": self.ids[product], "name": product, "total": total, "credit_type": USD}
        return own | {"starting_at": "2025-10-01T00:00:00Z", "ending_before": "2025-11-01T00:00:00Z"} | more

    def invoices(self, customer: str) -> list[Json]:
        own = {"customer_id": customer, "contract_id": self.contracts[customer], "status": "FINALIZED"}
        own |= {"credit_type": USD}
        large = {"model": "large"}
        credit = {"applied_commit_or_credit": {"id": "c", "type": "CREDIT"}, "pricing_group_values": large}
        fee = self.line("subscription", "starter-fee", 1000, quantity=1, unit_price=1000)
        usage = [
            self.line("usage", "input-tokens", 1250, quantity=5, unit_price=250, pricing_group_values=large),
            self.line("applied_commit_or_credit", "input-tokens", -1000, **credit),
            fee | {"starting_at": "2025-11-01T00:00:00Z"},
        ]
        times = {"start_timestamp": "2025-10-01T00:00:00Z", "end_timestamp": "2025-11-01T00:00:00Z"}
        return [
            own
            | {"id": "s", "type": "SCHEDULED", "issued_at": "2025-10-01T00:00:00Z", "total": 1000, "line_items": [fee]},
            own | times | {"id": "u", "type": "USAGE", "total": 1250, "line_items": usage},
        ]

    def reconcile(self, invoices: list[Json], *more: str, status: int = 0) -> Json:
        file = self.folder / "invoices.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in invoices))
        found: Json = json.loads(self.ask("--format", "json", *more, status=status).stdout, parse_float=Decimal)
        return found

    def ask(self, *more: str, status: int = 0) -> Result:
        return self.run(
            "reconcile", "--month", "2025-10", "--invoices", str(self.folder / "invoices.jsonl"), *more, status=status
        )


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("reconcile") / "project")


def test_what_is_equal_is_only_counted(company: Company) -> None:
    found = company.reconcile([*company.invoices("ada"), *company.invoices(HOSTILE)])
    assert (found["contracts"], found["invoices"], found["share"], found["differing"]) == (2, 4, 1, [])
    assert found["money"] == [{"unit": "usd", "equal": 8500, "explained": 0, "not_explained": 0}]
    said = company.ask().stdout
    assert "2 contracts, 4 invoices" in said
    assert "100 % of the money is equal or explained; 99 % is asked for" in said


def _dearer(invoices: list[Json], _: Company) -> None:
    invoices[1]["line_items"][0] |= {"total": 1300, "unit_price": 260}


def _more_used(invoices: list[Json], _: Company) -> None:
    invoices[1]["line_items"][0] |= {"total": 1251}


def _no_fee(invoices: list[Json], _: Company) -> None:
    del invoices[1]["line_items"][2]


def _less_credit(invoices: list[Json], _: Company) -> None:
    invoices[1]["line_items"][1]["total"] = -900


def _below_a_cent(invoices: list[Json], _: Company) -> None:
    invoices[1]["line_items"][0]["total"] = 1250.4


def _tax(invoices: list[Json], company: Company) -> None:
    invoices[1]["line_items"].append(company.line("tax", "input-tokens", 237.5))


def _edited(invoices: list[Json], company: Company) -> None:
    invoices[1]["line_items"].append(company.line("scheduled", "good-plan", 5000, quantity=1, unit_price=5000))


def _seats(invoices: list[Json], _: Company) -> None:
    invoices[1]["line_items"][2] |= {"total": 3000, "quantity": 3}


def _drafted(invoices: list[Json], _: Company) -> None:
    invoices[0]["status"] = "DRAFT"


@pytest.mark.parametrize(
    ("change", "verdict", "why", "status"),
    [
        (_dearer, "not explained", "the price differs", 2),
        (_more_used, "not explained", "the amount differs", 2),
        (_no_fee, "not explained", "the vendor has no such line", 2),
        (_less_credit, "not explained", "the amount differs", 2),
        (_below_a_cent, "explained", "rounding: less than the smallest amount that can be paid", 0),
        (_tax, "explained", "tax: bills here have none", 0),
        (_edited, "explained", "an edit of the contract: its package has no such term", 0),
        (_seats, "explained", "an edit of the contract: quantity 3, ours 1", 0),
        (_drafted, "not explained", "the vendor has no such line", 2),
    ],
)
def test_what_was_changed_is_found(
    company: Company, change: Callable[[list[Json], Company], None], verdict: str, why: str, status: int
) -> None:
    invoices = company.invoices("ada")
    change(invoices, company)
    found = company.reconcile([*invoices, *company.invoices(HOSTILE)], status=status)
    ((line,),) = [one["lines"] for one in found["differing"]]
    assert (line["verdict"], line["why"]) == (verdict, why)
    assert (found["share"] == 1) == (verdict == "explained")
    said = company.ask(status=status).stdout
    assert f"{verdict}: {why}" in " ".join(said.split())


def test_who_was_not_invoiced_and_who_is_on_no_package(company: Company) -> None:
    """All that we would have billed, and all that they were billed, is not explained."""
    foreign = company.invoices("ada")[1] | {"contract_id": "foreign", "customer_id": "eve"}
    found = company.reconcile([*company.invoices("ada"), foreign], status=2)
    silent, stranger = found["differing"]
    assert silent["customer"] == HOSTILE
    assert {line["why"] for line in silent["lines"]} == {"the vendor has no such line"}
    assert (stranger["note"], stranger["package"]) == ("on no package of ours", None)
    assert found["share"] == Decimal("0.447368421")  # 4250 of 4250 + 2000 + 3250
    said = company.ask(status=2).stdout
    assert "\x1b" not in said
    assert "<b>|" in said
    company.ask("--min-explained", "40%")


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("{", (), "not JSON"),
        ('{"id": "i", "contract_id": "c"}\n', (), "invoice 1 cannot be read"),
        ("7", (), "holds no list of invoices"),
        ("[]", ("--min-explained", "most"), '--min-explained "most" is no percentage'),
        ("[]", ("--month", "October"), '--month "October" is no month'),
    ],
)
def test_what_cannot_be_reconciled(company: Company, content: str, arguments: tuple[str, ...], message: str) -> None:
    (company.folder / "invoices.jsonl").write_text(content)
    result = company.ask(*arguments, status=1)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_store_without_invoices_says_so(company: Company) -> None:
    assert "--invoices FILE" in company.run("reconcile", "--month", "2025-10", status=1).stderr


def test_an_account_is_read_page_by_page_and_customer_by_customer() -> None:
    asked = []

    class Account:
        concurrency, probe = 1, ""

        def read(self, method: str, path: str, body: Any = None, query: Any = None) -> Any:
            asked.append((method, path, query.get("next_page")))
            assert (query["status"], query["starting_on"]) == ("FINALIZED", "2025-10-01T00:00:00Z")
            more = path.startswith("/v1/customers/ada/") and "next_page" not in query
            return {"data": [{"id": len(asked)}], "next_page": "2" if more else None}

    assert [one["id"] for one in read_invoices(Account(), ["ada", "b/o b"], OCTOBER)] == [1, 2, 3]
    assert asked == [
        ("GET", "/v1/customers/ada/invoices", None),
        ("GET", "/v1/customers/ada/invoices", "2"),
        ("GET", "/v1/customers/b%2Fo%20b/invoices", None),
    ]


def test_events_are_counted_where_they_are_given(company: Company, tmp_path: Path) -> None:
    """The five million tokens as events, and not as the invoices say."""
    events = company.folder / "events.jsonl"
    tokens = [{"input_tokens": "2000000"}, {"input_tokens": "3000000"}]
    lines = [
        {
            "transaction_id": f"{customer}{at}",
            "customer_id": customer,
            "event_type": "completion",
            "timestamp": f"2025-10-0{at + 1}T00:00:00Z",
            "properties": {"model": "large", "seat_id": "s", **own},
        }
        for customer in ("ada", HOSTILE)
        for at, own in enumerate(tokens)
    ]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    both = [one for customer in ("ada", HOSTILE) for one in company.invoices(customer)]
    for invoice in both:
        for line in (line for line in invoice["line_items"] if line["type"] == "usage"):
            line["presentation_group_values"] = {"seat_id": "s"}
    whole = company.reconcile(both, "--events", str(events))
    assert whole["share"] == 1
    events.write_text(json.dumps(lines[0]) + "\n", encoding="utf-8")
    assert company.reconcile(both, "--events", str(events), status=2)["share"] < 1
