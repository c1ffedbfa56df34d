"""`pricebook validate`."""

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import notes_option, report_option
from pricebook.manifest.load import Loaded
from pricebook.policy.judge import in_order
from pricebook.view.problems import validity_view
from pricebook.workflow.branch import base_of, every_waiver
from pricebook.workflow.validate import validate
from pricebook.workflow.waiver import NewWaiver, new_waivers, unchecked


@click.command()
@report_option
@notes_option
@click.option("--base", metavar="REF", help="Also say which waivers are new since the merge base with REF.")
@click.option("--waivers", is_flag=True, help="Also say every waiver in force, with the commit that brought it.")
@invoked("validity")
def command(invocation: Invocation, notes: bool, base: str | None, waivers: bool) -> None:
    """Check the manifests and say everything that is wrong with them, all at once.

    Every environment is checked with its overlays and its policy, or the one that --env names; what is not wrong in all
    of them says in which. Reads the project's files only; no store, no network. Rules look at the catalogue: see
    `pricebook rules`. Exit code 0 when all is well, 1 when something is wrong or a rule finds what the policy does not
    let pass.
    """
    chosen = invocation.environment[0]
    named = [chosen] if invocation.environment_name else list(invocation.project.settings.environments)
    environments = sorted(named, key=lambda name: name != chosen)
    found = validate(invocation.project, environments, invocation.as_of, wiring.reviewer())
    told = found.loaded.catalog, found.loaded.beside
    if waivers and base is not None:
        raise click.UsageError("--base says which waivers are new, --waivers all of them: say one of the two")
    fresh = _fresh(invocation, found.loaded, chosen, base) if base is not None else ()
    findings = in_order([*found.findings, *unchecked(fresh, invocation.project.policy(chosen))])
    if waivers:
        fresh = tuple(every_waiver(invocation.project, found.loaded, chosen, invocation.as_of))
    view = validity_view(*told, findings, invocation.target, found.against, fresh)
    invocation.answer(view, notes=notes)
    if found.against:
        raise click.exceptions.Exit(1)


def _fresh(invocation: Invocation, loaded: Loaded, environment: str, ref: str) -> tuple[NewWaiver, ...]:
    """The waivers that are new since a branch."""
    with base_of(invocation.project, ref) as (_, base):
        known = base.settings.environments if base is not None else {}
        elsewhere = environment if environment in known else next(iter(known), environment)
        return tuple(new_waivers(invocation.project, loaded, environment, base, elsewhere))
