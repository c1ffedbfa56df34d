"""`pricebook provision`."""

import os

import click

from pricebook import wiring
from pricebook.apply.provision import provision
from pricebook.cli.invocation import Invocation, hour_of, invoked
from pricebook.cli.options import yes_option
from pricebook.view.provision import provision_view
from pricebook.workflow.git import provenance
from pricebook.workflow.present import present_store
from pricebook.workflow.provision import proposal, read_back


@click.command()
@click.option("--customer", required=True, metavar="ID", help="Who: the id by which the account knows the customer.")
@click.option(
    "--package", required=True, metavar="ALIAS", help="The package by an alias as of the start, or as NAME@VERSION."
)
@click.option("--starting-at", required=True, metavar="DATE", help="When it starts: 2026-01-01, or with an hour.")
@click.option(
    "--uniqueness-key", metavar="TEXT", help="What makes it one contract; otherwise one is made of what is asked."
)
@yes_option
@invoked("provision")
def command(
    invocation: Invocation, customer: str, package: str, starting_at: str, uniqueness_key: str | None, yes: bool
) -> None:
    """Give a customer a contract on a package, and nothing else: what it will be is shown first.

    Shows what it will be (its terms in dates, its end, the first invoice without usage) and asks. The vendor takes
    nothing else of a contract on a package: whatever should be different belongs into the package. Asking twice makes
    one contract. It takes the environment's lock and is written to the journal.
    """
    start = hour_of(starting_at, "--starting-at")
    project, (environment, _) = invocation.project, invocation.environment
    store = present_store(invocation.store(), project, environment)
    namespace = project.settings.namespace
    snapshot = store.snapshot(namespace, invocation.as_of)
    proposed = proposal(
        store,
        namespace,
        snapshot,
        customer=customer,
        package=package,
        starting_at=start,
        uniqueness_key=uniqueness_key,
    )
    present = proposed.present
    if present is not None:
        invocation.answer(provision_view(proposed, snapshot.catalog, present.id, present))
        return
    invocation.show(provision_view(proposed, snapshot.catalog))
    if not yes:
        invocation.confirm(f"Make this contract in {environment}?")
    id_ = provision(
        proposed.wanted,
        store,
        invocation.journal(),
        namespace=namespace,
        environment=environment,
        owner=wiring.owner(),
        clock=wiring.now,
        provenance=provenance(project.root, os.environ),
    )
    made = read_back(id_, proposed, store, namespace)
    invocation.say([""])
    invocation.answer(provision_view(proposed, snapshot.catalog, made.id, made.contract, made.other))
