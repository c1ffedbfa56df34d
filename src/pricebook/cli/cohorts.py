"""`pricebook cohorts`."""

import click

from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import csv_option
from pricebook.view.cohort import cohorts_view, members_view
from pricebook.view.price_list import price_list
from pricebook.workflow.cohort import cohorts, members, package_name, without_rates
from pricebook.workflow.present import present_store


@click.command()
@click.argument("package", required=False, metavar="[PACKAGE]", shell_complete=complete_objects("package"))
@click.option("--contracts", is_flag=True, help="List the contracts, one by one.")
@click.option("--ended", is_flag=True, help="Count those too that ended before, or were archived.")
@csv_option
@invoked("cohorts")
def command(invocation: Invocation, package: str | None, contracts: bool, ended: bool) -> None:
    """Say who is on which version of a package: since when, until when, and under which alias they came.

    Contracts that run, or are still to start, as of now or --as-of; without PACKAGE those of every package. Below a
    package stands in which terms its versions differ. A list of contracts is written while it is read, however long it
    is. Reads only.
    """
    at, namespace = invocation.as_of, invocation.project.settings.namespace
    store = present_store(invocation.store(), invocation.project, invocation.environment[0])
    snapshot = store.snapshot(namespace, at)
    name = package_name(package, snapshot)
    if contracts:
        found = members(store, namespace, snapshot, at, name, ended=ended)
        invocation.answer(members_view(found, at))
    else:
        counts = cohorts(store, namespace, snapshot, at, name, ended=ended)
        invocation.answer(cohorts_view(counts, price_list(without_rates(snapshot), namespace), at))
