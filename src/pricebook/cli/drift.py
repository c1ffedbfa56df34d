"""`pricebook drift`."""

from collections.abc import Iterator
from pathlib import Path

import click

from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import FILE, report_option, rows_option
from pricebook.format.escape import escape_terminal
from pricebook.manifest.load import load
from pricebook.plan.document import write
from pricebook.plan.hazard import REFUSED
from pricebook.plan.step import Plan
from pricebook.view.drift import drift_view
from pricebook.view.rows import RowChoice
from pricebook.view.words import counted
from pricebook.workflow.drift import Adopted, drift
from pricebook.workflow.drift import adopt as adopted
from pricebook.workflow.drift import revert as reverted


@click.command()
@click.option("--accept", type=FILE, metavar="KNOWN.YAML", help="Drift that is known: what, why and until when.")
@click.option("--adopt", is_flag=True, help="Also write what was changed in the account into the manifests.")
@click.option(
    "--revert",
    type=FILE,
    metavar="PLAN.JSON",
    help="Also write the plan that undoes what was changed in the account, for apply.",
)
@rows_option
@report_option
@invoked("drift")
def command(invocation: Invocation, accept: Path | None, adopt: bool, revert: Path | None, rows: str | None) -> None:
    """Say what somebody changed in the account, and what git has that it does not. Reads only.

    Reads the manifests and the store; a token that can only read is enough, and only --adopt writes to the manifests.
    Tells apart what somebody changed in the account (drifted), what git has and nobody applied yet (pending), and what
    both changed.

    Exit code 0 when nobody changed the account, 2 when somebody did and it is not accepted, or when the account has
    objects of ours that are in no manifest any more, 1 when that cannot be found out.
    """
    namespace, (environment, _) = invocation.project.settings.namespace, invocation.environment
    loaded, store = load(invocation.project, environment), invocation.store()
    snapshot = store.snapshot(namespace, invocation.as_of, loaded.adopted(environment))
    report = drift(
        loaded,
        snapshot,
        invocation.journal(),
        namespace=namespace,
        environment=environment,
        accept=accept,
        moves=invocation.project.moves,
        removed=invocation.project.removed(environment),
    )
    invocation.answer(drift_view(report, RowChoice.parse(rows)))
    if adopt:
        written = adopted(report, invocation.project, loaded, snapshot)
        invocation.say(_adopted(written))
    if revert is not None:
        plan, left = reverted(report, loaded, snapshot, invocation.project.moves)
        revert.write_text(write(plan), encoding="utf-8", newline="\n")
        invocation.say(_reverted(plan, left, revert))
    if report.drifted or report.left:
        raise click.exceptions.Exit(CHANGES)


def _adopted(written: Adopted) -> Iterator[str]:
    """What was written, as a unified diff."""
    yield ""
    for change in written.files:
        yield from (escape_terminal(line, 1000) for line in change.diff_lines())
    for ref, reason in written.left:
        yield f"Not adopted: {escape_terminal(ref)}: {escape_terminal(reason, 300)}"
    yield f"{counted(len(written.files), 'file')} written. Review it, commit it; the store was not touched."


def _reverted(plan: Plan, left: tuple[tuple[str, str], ...], file: Path) -> Iterator[str]:
    yield ""
    for ref, reason in left:
        yield f"Not undone: {escape_terminal(ref)}: {reason}"
    if plan.steps:
        flags = " ".join(f"--allow {hazard}" for hazard in sorted(set(plan.hazards) & REFUSED))
        yield f"{counted(len(plan.steps), 'step')} would undo it. When that is meant:"
        yield f"  pricebook apply {file} {flags}".rstrip()
    else:
        yield f"Nothing is left to undo: the plan in {file} has no steps."
