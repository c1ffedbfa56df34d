"""Invoices worked out by hand, with their arithmetic, in `worked/*.yaml`: the code has to come to the same amounts."""

from functools import cache
from pathlib import Path

import pytest

from pricebook.catalog.calendar import later
from pricebook.catalog.scenario import Scenario
from pricebook.manifest.load import Loaded, load
from pricebook.preview.bill import bill
from pricebook.preview.invoice import Ledger
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.verdict import judge
from pricebook.project.project import read_project
from pricebook.view.price import Units
from pricebook.view.tests import difference

WORKED = Path(__file__).parent / "worked"


@cache
def worked() -> Loaded:
    """The catalogue and its scenarios."""
    return load(read_project(WORKED))


SCENARIOS = {ref.name: noun for ref, noun in sorted(worked().beside.items()) if isinstance(noun, Scenario)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_invoice_comes_to_what_was_worked_out(name: str) -> None:
    verdict = judge(name, SCENARIOS[name], worked().catalog)
    units = Units(Tariff(worked().catalog, None).scales)
    assert [difference(mismatch, units) for mismatch in verdict.mismatches] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_month_by_month_it_is_the_same(name: str) -> None:
    scenario, verdict = SCENARIOS[name], judge(name, SCENARIOS[name], worked().catalog)
    prices = Prices(Tariff(worked().catalog, verdict.card), verdict.terms)
    seats = [entry.change() for entry in scenario.seats]
    invoices, ledger, month = [], Ledger(), 1
    while ledger.through is None or ledger.through < scenario.end:
        until = min(later(scenario.starting_at, month, "MONTHS"), scenario.end)
        made = bill(prices, scenario.quantities(), seats, until, ledger)
        invoices += made.invoices
        ledger, month = made.closing, month + 1
    assert tuple(invoices) == verdict.bill.invoices


def test_after_its_true_up_a_commit_is_used_up() -> None:
    (balance,) = judge("true-up", SCENARIOS["true-up"], worked().catalog).bill.balances
    assert (balance.grant.amount, balance.left) == (10_000, 0)


def test_there_are_enough_of_them() -> None:
    invoices = [i for s in SCENARIOS.values() if s.expect is not None for i in s.expect.invoices or ()]
    assert len(invoices) >= 80
    assert sum(invoice.lines is not None for invoice in invoices) >= 35


def test_every_line_says_where_it_comes_from() -> None:
    """Of a usage line: the segment of the card, or the override. Of a payment: the balance, before and after."""
    for name, scenario in SCENARIOS.items():
        for invoice in judge(name, scenario, worked().catalog).bill.invoices:
            for line in invoice.lines:
                why = line.why
                match line.kind:
                    case "usage" | "composite" | "subscription":
                        assert why.segment is not None or why.override
                    case "applied":
                        assert line.balance
                        assert why.left is not None
                        assert why.left[0] > why.left[1] >= 0
                    case "scheduled" | "commit_purchase" | "true_up":
                        assert why.term
