"""`pricebook copy`."""

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.waiting import waiting
from pricebook.project.project import METRONOME
from pricebook.view.storage import copied_view
from pricebook.workflow.copy import copy


@click.command()
@click.option(
    "--to",
    "url",
    required=True,
    metavar="URL",
    help="Where it goes: postgresql+psycopg://user@host/database, or sqlite:///file.db.",
)
@invoked("copy")
def command(invocation: Invocation, url: str) -> None:
    """Copy an environment's store and journal to another database, and verify that it is the same there.

    All of it: every namespace, archived objects, contracts, the log of aliases, and every apply with its plan. Of an
    account the journal is copied. It is one transaction: killed anywhere, there is nothing at the new place and all of
    it at the old one. Nobody can apply meanwhile. A place that holds something is refused, unless it is the very copy.

    The old place is left as it is. What to write into pricebook.yaml is printed; no password is.
    """
    project, (name, environment) = invocation.project, invocation.environment
    copier = wiring.open_copy(project, environment, url)
    stores = None
    if environment.store != METRONOME:
        stores = invocation.store(), wiring.open_store(project, environment.model_copy(update={"store": url}))
    tell = waiting("copying: {:,} rows") or (lambda _: None)
    found = copy(
        project,
        name,
        copier,
        invocation.journal(),
        stores,
        owner=wiring.owner(),
        clock=wiring.now,
        tell=tell,
    )
    tell(0)
    invocation.answer(copied_view(found))
