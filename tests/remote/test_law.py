"""Law 2 over HTTP: whatever catalogue is applied to an account, planning again finds nothing to do.

What the vendor's API has no way to do is taken out of the catalogues, and every request is held to its document.
"""

from dataclasses import replace
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from openapi import request_problems

from pricebook.apply.ports import Provenance
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.store.journal import SqlJournal
from strategy import catalogs
from vendor import AT, Vendor, vendor


def planned(desired: Catalog, account: Vendor, units: dict[str, str]) -> tuple[Plan, RemoteStore]:
    """A plan against the account, and the store that it was made from."""
    store = account.store(units)
    snapshot = store.snapshot("acme", AT)
    return make_plan(desired, snapshot, namespace="acme", environment="test", as_of=AT), store


def fill(desired: Catalog, account: Vendor, directory: str) -> tuple[Catalog, dict[str, str]]:
    """What an account has a way to keep of a catalogue, once it is applied, and the vendor's names of its units."""
    units = {name: unit.name for name, unit in desired.units.items()}
    assume(all(unit.name.strip() for unit in desired.units.values()))
    made, store = planned(desired, account, units)
    impossible = {step.change.ref for step in made.steps if list(store.cannot("acme", step.change))}
    assume(all(ref.kind is Kind.PACKAGE for ref in impossible))
    left = {ref: noun for ref, noun in desired.nouns.items() if Ref(ref.kind, ref.name, 1) not in impossible}
    desired = replace(desired, nouns=left)
    made, store = planned(desired, account, units)
    journal = SqlJournal(f"sqlite:///{directory}/journal.db")
    receipt = run(made, store, journal, owner="t@h:1:x", clock=lambda: AT, tell=lambda e: None, provenance=Provenance())
    journal.close()
    assert receipt.complete, receipt
    return desired, units


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(catalogs())
def test_what_was_applied_needs_no_plan(desired: Catalog) -> None:
    with vendor() as account, TemporaryDirectory() as directory:
        desired, units = fill(desired, account, directory)
        again, _ = planned(desired, account, units)
        assert (again.steps, again.findings) == ((), ())
        found = {
            (call.path, problem)
            for call in account.calls
            for problem in request_problems(call.method, call.path, call.body)
        }
        assert not found
