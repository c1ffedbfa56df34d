"""Projects of the adapter's tests, and what a person does with them: plan, apply, plan again."""

import shutil
from pathlib import Path

from pricebook.apply.ports import Provenance
from pricebook.apply.runner import Receipt
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.step import Plan
from pricebook.project.project import Project, read_project
from pricebook.store.journal import SqlJournal
from pricebook.workflow.apply import apply
from pricebook.workflow.plan import plan
from vendor import AT, Vendor

EXAMPLES = Path(__file__).parents[2] / "examples"
DATED = "      starting_at: 2026-01-01\n      ending_before: 2026-02-01\n"
RELATIVE = "      starting_at_offset: {value: 0, unit: MONTHS}\n      duration: {value: 1, unit: MONTHS}\n"


def example(name: str, directory: Path) -> Project:
    """A copy of an example."""
    root = directory / name
    shutil.copytree(EXAMPLES / name, root, ignore=shutil.ignore_patterns("pricebook.db*"))
    return read_project(root)


def dated(project: Project) -> None:
    """Give the starter plan what the vendor's API does not have yet: an override with dates."""
    edit(project.root / "catalog" / "packages" / "good.yaml", RELATIVE, DATED)


def edit(path: Path, before: str, after: str) -> None:
    """Replace text in a manifest."""
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{before!r} is not in {path}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def planned(project: Project, store: RemoteStore, *, prune: bool = False) -> Plan:
    """The plan of a project against an account."""
    return plan(project, "local", store, AT, prune=prune)


def applied(project: Project, store: RemoteStore, made: Plan | None = None, *, prune: bool = False) -> Receipt:
    """The receipt of an apply, with the journal beside the project."""
    made = made if made is not None else planned(project, store, prune=prune)
    journal = SqlJournal(f"sqlite:///{project.root.absolute()}/pricebook-journal.db")
    try:
        return apply(
            made,
            store,
            journal,
            owner="test@here:1:x",
            clock=lambda: AT,
            tell=lambda event: None,
            provenance=Provenance(),
        )
    finally:
        journal.close()


def settle(project: Project, vendor: Vendor, *, prune: bool = False) -> None:
    """Apply, and hold that everything was done and that nothing is left to do, nor to say."""
    receipt = applied(project, vendor.store(), prune=prune)
    assert receipt.complete, receipt
    again = planned(project, vendor.store(), prune=prune)
    assert (again.steps, again.findings) == ((), ())
