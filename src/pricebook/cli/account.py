"""`pricebook account`."""

import click

from pricebook import wiring
from pricebook.apply.target import AccountMark
from pricebook.cli.invocation import Invocation, invoked, say
from pricebook.view.storage import AccountView
from pricebook.workflow.apply import mark_anew


@click.command()
@click.option("--mark", is_flag=True, help="Mark the account as this environment's, whatever it is marked as.")
@invoked("account")
def command(invocation: Invocation, mark: bool) -> None:
    """Say which account an environment is: the mark in the account, and what pricebook.yaml remembers.

    The first apply marks an account, in the account itself. Afterwards no other environment is planned against it, and
    with `account:` in pricebook.yaml no other account is taken for this environment's. With --mark the account gets a
    new mark: after an environment was renamed, or moved to another account.
    """
    project, (name, environment) = invocation.project, invocation.environment
    namespace = project.settings.namespace
    store = wiring.open_store(project, environment, say=say)
    found = mark_anew(store, namespace, name, wiring.new_id, wiring.now()).mark if mark else None
    snapshot = store.snapshot(namespace, invocation.as_of)
    marked_as, id_ = found or AccountMark.read(snapshot.account) or (None, None)
    invocation.answer(AccountView(name, marked_as, id_, environment.account, snapshot.keys, namespace))
