"""`pricebook plan`."""

from datetime import datetime
from pathlib import Path

import click

from pricebook import wiring
from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import (
    assume_migrated_option,
    engine_option,
    impact_from_option,
    impact_option,
    impact_out_option,
    notice_option,
    plan_file_option,
    prune_option,
    report_option,
    rows_option,
)
from pricebook.problem import Problem
from pricebook.view.plan import DigestView, plan_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.plan import plan
from pricebook.workflow.policy import checked_policy, obstacles, refused_hazards


@click.command()
@plan_file_option
@rows_option
@report_option
@prune_option
@click.option("--digest", is_flag=True, help="Print only the digest of what the plan means, for apply --expect.")
@click.option(
    "--base", metavar="REF", help="Plan what this branch changes against its merge base with REF (origin/main)."
)
@impact_option
@impact_from_option
@impact_out_option
@notice_option
@assume_migrated_option
@engine_option
@click.option(
    "--exit-code", is_flag=True, help="Exit with 2 when there are changes, or something is in no manifest any more."
)
@invoked("plan")
def command(
    invocation: Invocation,
    output: Path | None,
    rows: str | None,
    prune: bool,
    digest: bool,
    base: str | None,
    impact: tuple[str, ...],
    impact_from: datetime | None,
    impact_out: str | None,
    notice: Path | None,
    assume_migrated: bool,
    engine: str,
    exit_code: bool,
) -> None:
    """Show what would change, in money and in customers. Writes nothing to the store.

    Reads the manifests and the store, writes to neither. The plan has been rehearsed: applied to what was observed, it
    leads to what the manifests say. With -o the plan is written to a file, and `pricebook apply FILE` does exactly it.

    Rules look at the catalogue and at the plan. Exit code 1 when one finds what the policy does not let pass.

    The digest names what the plan means, whatever machine made it and when. Who approves a plan approves its digest:
    `pricebook apply --expect DIGEST` does that, or nothing.

    With --base the plan, its digest and its file are those of the branch's own change, on the store as it will be when
    everything of the merge base has been applied; what of that is pending is shown beside it.

    With --impact the usage of customers is billed twice, under what is observed and what is desired, each customer on
    the contract that there is: the plan then says what it does to bills. --impact-out lists all of them, --notice those
    who pay more.
    """
    if digest:
        invocation.answers_in(DigestView.answer, reports=False)
    project, (environment, _) = invocation.project, invocation.environment
    if not impact and (impact_out or notice):
        named = " and ".join(name for name, path in (("--impact-out", impact_out), ("--notice", notice)) if path)
        hint = "say --impact USAGE: who pays what is found by billing usage"
        invocation.fail([Problem("conflict", f"{named} without --impact", hint=hint)])
    policy = checked_policy(project, environment)
    target = project, environment, invocation.store(), invocation.as_of
    if base is None:
        made = plan(*target, prune=prune, reviewer=wiring.reviewer(), billed=target[2])
    else:
        # Asks git, in a process of its own.
        from pricebook.workflow.branch import plan_on_base

        made = plan_on_base(*target, base, prune=prune, reviewer=wiring.reviewer())
    bills = None
    if impact:
        # Billing usage brings the models of packages, contracts and invoices, which take longer than most plans.
        from pricebook.cli.impact import ImpactRequest, assessed

        request = ImpactRequest(impact, impact_from, assume_migrated, engine, impact_out, notice)
        made, bills = assessed(invocation, made, policy, request)
    if output is not None:
        from pricebook.plan.document import write  # brings the schema of a plan file

        output.write_text(write(made), encoding="utf-8", newline="\n")
    refused = refused_hazards(made, (), policy, made.as_of)
    view = plan_view(made, RowChoice.parse(rows), refused, bills, obstacles=obstacles(made.findings, policy))
    if digest:
        invocation.report(view)
        invocation.tell(DigestView(view.id))
    else:
        invocation.answer(view)
        if output is not None:
            invocation.say(["", f"The plan is in {output}. Apply exactly it with: pricebook apply {output}"])
    if view.decision.rules:
        raise click.exceptions.Exit(1)
    if exit_code and (made.steps or made.leftovers):
        raise click.exceptions.Exit(CHANGES)
