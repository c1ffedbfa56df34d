"""`pricebook mcp`."""

import sys

import click

from pricebook.cli.invocation import Invocation, invoked, say
from pricebook.problem import missing_extra


@click.command()
@invoked()
def command(invocation: Invocation) -> None:
    """Serve the project's price list to agents (MCP, over standard input and output), to read and to plan.

    The tools are validate, plan, show, preview, test, explain and cohorts, with the answers of those commands in JSON.
    There is none that applies, or writes anywhere. The project is the one in this folder or in -C DIR, for good: no
    tool reads a file outside of it. docs/agents.md says how to register it.
    """
    try:
        # Of an extra.
        from pricebook.cli.mcp_server import serve
    except ModuleNotFoundError as error:
        raise missing_extra("the server", "mcp", error) from None
    root = invocation.project.root.resolve()
    said = click.get_current_context().find_root().ensure_object(dict)
    log = said.get("log_of")
    given = {"--env": invocation.environment_name, "--as-of": invocation.as_of_text, "--log": log and log.form}
    if sys.stdin.isatty():
        say("An MCP client starts this and speaks with it; docs/agents.md says how. Ctrl-C ends it.")
    serve(root, [f"{name}={value}" for name, value in given.items() if value])
