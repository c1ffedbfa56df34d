"""`pricebook account`."""

from collections.abc import Iterator

import click

from pricebook.cli.invocation import Invocation, say
from pricebook.cli.session import errors


@click.command()
@click.option("--mark", is_flag=True, help="Mark the account as this environment's, whatever it is marked as.")
@click.pass_context
def command(ctx: click.Context, mark: bool) -> None:
    """Say which account an environment is: the mark in the account, and what pricebook.yaml remembers.

    The first apply marks an account, in the account itself. Afterwards no other environment is planned against it, and
    with `account:` in pricebook.yaml no other account is taken for this environment's. With --mark the account gets a
    new mark: after an environment was renamed, or moved to another account.
    """
    invocation = Invocation.of(ctx)
    with errors(invocation):
        invocation.answers_in("text", "json")
        from pricebook import wiring
        from pricebook.apply.target import AccountMark
        from pricebook.workflow.account import mark_anew

        project, (name, environment) = invocation.project, invocation.environment
        namespace = project.settings.namespace
        store = wiring.open_store(project, environment, say=say)
        if mark:
            found = mark_anew(store, namespace, name, wiring.new_id, wiring.now()).mark
        else:
            found = AccountMark.read(store.snapshot(namespace, invocation.as_of).account)
        invocation.print(
            [_document(name, found, environment.account)]
            if invocation.json
            else _lines(namespace, name, found, environment.account)
        )


def _document(name: str, mark: "tuple[str, str] | None", remembered: str | None) -> str:
    from pricebook.catalog.canonical import encode
    from pricebook.format.escape import escape_json

    marked_as, id_ = mark or (None, None)
    return escape_json(encode({"environment": name, "marked_as": marked_as, "id": id_, "remembered": remembered}))


def _lines(namespace: str, name: str, mark: "tuple[str, str] | None", remembered: str | None) -> Iterator[str]:
    from pricebook.format.escape import escape_terminal
    from pricebook.format.receipt import remember_line

    if mark is None:
        yield f"The account of {escape_terminal(name)} bears no mark: the first apply gives it one."
        return
    environment, id_ = mark
    shown = escape_terminal(f"{namespace}/{environment}")
    yield f"The account of {escape_terminal(name)} is {escape_terminal(id_)}, marked as {shown}."
    if remembered == id_:
        yield "pricebook.yaml remembers it: no other account is taken for it."
    else:
        if remembered is not None:
            yield f"pricebook.yaml remembers another one: {escape_terminal(remembered)}."
        yield remember_line(name, id_)
