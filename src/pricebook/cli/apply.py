"""`pricebook apply`."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from pricebook import wiring
from pricebook.apply.ports import ContractStore, Store
from pricebook.apply.runner import Receipt
from pricebook.cli.invocation import STALE, Invocation, invoked
from pricebook.cli.options import prune_option, report_option, rows_option, yes_option
from pricebook.cli.progress import progress
from pricebook.format.escape import escape_terminal
from pricebook.format.storage import remember_line
from pricebook.plan.step import Plan
from pricebook.problem import Problem, Rejected
from pricebook.view.plan import plan_view
from pricebook.view.receipt import receipt_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.apply import (
    Approval,
    Marked,
    apply,
    archives,
    check_approved,
    check_target,
    judged_again,
    mark_once,
    read_approval,
    read_plan,
    unfinished,
)
from pricebook.workflow.git import provenance
from pricebook.workflow.plan import plan
from pricebook.workflow.policy import checked_policy, obstacles, refused_hazards


@click.command()
@click.argument("plan_file", type=click.Path(path_type=Path), required=False, metavar="[PLAN.JSON]")
@yes_option
@click.option(
    "--allow", multiple=True, metavar="HAZARD", help="Allow a hazard that is refused otherwise; repeatable, or all."
)
@click.option(
    "--expect",
    metavar="DIGEST|FILE",
    help="Apply only what was approved: the digest of `pricebook plan --digest`, or the approved plan's file.",
)
@rows_option
@report_option
@prune_option
@invoked("receipt")
def command(
    invocation: Invocation,
    plan_file: Path | None,
    yes: bool,
    allow: tuple[str, ...],
    expect: str | None,
    rows: str | None,
    prune: bool,
) -> None:
    """Make the store say what the manifests say, or what a plan file says.

    Without a file: plans, shows the plan, asks on a terminal (or takes --yes), applies. With a plan file: does exactly
    what the file says, if the store is still as it was where the plan changes it.

    With --expect nothing is written unless the plan, read from the file or made now, means exactly what was approved;
    otherwise the exit code is 3. Where there is nothing to do any more, nothing is refused; an approved apply that was
    killed is gone on with, from the journal.

    Every step is written to the journal before it is done, and everything is read back afterwards. An apply that was
    killed is continued by running it again.
    """
    if plan_file is not None and prune:
        invocation.fail([Problem("conflict", "--prune stands beside a plan file", hint="plan with --prune instead")])
    approval = read_approval(expect) if expect is not None else None
    project, (environment, _) = invocation.project, invocation.environment
    policy = checked_policy(project, environment)
    store = invocation.store()
    if plan_file is not None:
        made = read_plan(plan_file, sealed=approval is None)
        check_target(made, project.settings.namespace, environment)
        if approval is None or not check_approved(made, approval):
            made = judged_again(made, project, environment, store, invocation.as_of, wiring.reviewer())
    else:
        made = plan(
            project,
            environment,
            store,
            invocation.as_of,
            prune=prune,
            reviewer=wiring.reviewer(),
            billed=store,
        )
        if approval is not None and check_approved(made, approval):
            made = unfinished(invocation.journal(), environment, approval) or made
    refused = refused_hazards(made, allow, policy, invocation.as_of)
    stale = check_approved(made, approval) if approval is not None and (made.steps or plan_file) else None
    against = obstacles(made.findings, policy, invocation.as_of)
    view = plan_view(made, RowChoice.parse(rows), refused, obstacles=against, stale=stale is not None)
    if not made.steps and stale is None:
        invocation.answer(view)
        return
    invocation.show(view)
    if stale is not None and approval is not None:
        if plan_file is not None and approval.plan is None:
            # Of a file that was edited, what the manifests make now may be what was approved.
            with suppress(Rejected):
                present = plan(project, environment, store, invocation.as_of, prune=archives(made))
                stale = check_approved(made, Approval(approval.digest, present)) or stale
        invocation.fail([stale], STALE)
    if refused:
        flags = " ".join(f"--allow {hazard}" for hazard in refused)
        message = f"the plan bears {', '.join(refused)}; nothing was written"
        invocation.fail([Problem("hazard", message, hint=f"when it is meant, say: {flags}")])
    if against:
        hint = "mend what they are about, or let somebody who may sign a waiver; see: pricebook explain RULE"
        rules = ", ".join(sorted(one.rule for one in against))
        message = f"rules stand against it: {rules}; nothing was written"
        invocation.fail([Problem("policy", message, hint=hint)])
    if not yes:
        invocation.confirm(f"Apply this to {environment}?")
    receipt = carried_out(invocation, made, store, approved=approval.digest if approval is not None else "")
    invocation.answer(receipt_view(receipt, made))
    marked = mark_once(store, made.namespace, environment, wiring.new_id, wiring.now())
    invocation.say(_marked(marked, made.namespace))
    if not receipt.complete:
        raise click.exceptions.Exit(1)


def carried_out(
    invocation: Invocation, made: Plan, store: Store | ContractStore, *, approved: str = "", workers: int = 1
) -> Receipt:
    """Do a plan that was agreed to, and show how far it is."""
    with progress(made, quiet=not invocation.text) as tell:
        return apply(
            made,
            store,
            invocation.journal(),
            owner=wiring.owner(),
            clock=wiring.now,
            tell=tell,
            provenance=provenance(invocation.project.root, os.environ, approved),
            workers=workers,
        )


def _marked(marked: Marked, namespace: str) -> Iterator[str]:
    """What is new about the account's mark."""
    if marked.failed:
        yield f"The account could not be marked: {escape_terminal(marked.failed, 300)}"
    elif marked.new and marked.mark is not None:
        yield f"The account is marked as {escape_terminal(f'{namespace}/{marked.mark.environment}')} now."
        yield remember_line(marked.mark.environment, marked.mark.id)
