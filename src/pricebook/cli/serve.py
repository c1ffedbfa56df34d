"""`pricebook serve`."""

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import FILE
from pricebook.problem import Problem, missing_extra, quote
from pricebook.project.project import read_project
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.service import TOKEN, Sandbox
from pricebook.workflow.seed import seed


@click.command()
@click.option("--store", metavar="URL", help="Keep the account: sqlite:///sandbox.db. Without it, it is in memory.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8044, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option(
    "--token-env", metavar="NAME", help="The variable that holds the bearer token; otherwise it is `sandbox`."
)
@click.option("--read-only-token-env", metavar="NAME", help="The variable with a second token, which cannot write.")
@click.option("--latency", default=0.0, type=click.FloatRange(0), metavar="MS", help="Milliseconds before an answer.")
@click.option("--rate-limit", type=click.FloatRange(0, min_open=True), metavar="N", help="Requests a second; then 429.")
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[@WHEN][:PATH]", help="Go wrong on purpose; see docs/sandbox.md."
)
@click.option(
    "--seed",
    "seed_from",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIRECTORY",
    help="Fill the account with what the manifests of a project say, those of --env.",
)
@click.option("--request-log", type=FILE, metavar="FILE", help="Add a line of JSON to FILE for each request.")
@invoked()
def command(
    invocation: Invocation,
    store: str | None,
    host: str,
    port: int,
    token_env: str | None,
    read_only_token_env: str | None,
    latency: float,
    rate_limit: float | None,
    faults: tuple[str, ...],
    seed_from: Path | None,
    request_log: Path | None,
) -> None:
    """Serve an account that speaks Metronome's API, for laptops, CI and tests.

    Point pricebook, the vendor's SDK or your own code at the URL that it prints. Its invoices are worked out by
    pricebook's own bill engine from the events that it is given, and sent to nobody.
    """
    with ExitStack() as stack:
        try:
            from pricebook.sandbox.server import Server  # an extra
        except ModuleNotFoundError as error:
            raise missing_extra("the sandbox", "sandbox", error) from None
        problems = []
        parsed = []
        for text in faults:
            try:
                parsed.append(Fault.parse(text))
            except ValueError as error:
                problems.append(Problem("fault", str(error), hint="docs/sandbox.md lists the faults"))
        tokens = {}
        for name in (token_env, read_only_token_env):
            if name is not None and not os.environ.get(name):
                problems.append(
                    Problem("unset-token", f"the variable {quote(name)} is not set", hint=f"export {name}=...")
                )
            elif name is not None:
                tokens[name] = os.environ[name]
        if problems:
            invocation.fail(problems)
        account = SandboxAccount(store)
        stack.callback(account.close)
        sandbox = Sandbox(
            account,
            token=tokens[token_env] if token_env is not None else TOKEN,
            read_only_token=tokens[read_only_token_env] if read_only_token_env is not None else None,
            latency=latency / 1000,
            rate_limit=rate_limit,
            faults=parsed,
            log=stack.enter_context(request_log.open("a", encoding="utf-8", newline="\n"))
            if request_log is not None
            else None,
        )
        try:
            server = Server(sandbox, host, port)
        except OSError as error:
            message = f"nobody can listen on {quote(host)}, port {port}: {error.strerror or error}"
            invocation.fail([Problem("address", message, hint="--port 0 takes any that is free")])
        if seed_from is not None:
            stack.callback(server.stop, server.start())
            said = _seeded(invocation, seed_from, server.url, sandbox)
        token = f"${token_env}" if token_env is not None else TOKEN
        where = "in memory: it ends with this process" if store is None else f"in {account.where}"
        invocation.say(
            [
                f"Serving Metronome's API at {server.url} (Ctrl-C ends it)",
                f"  account  {where}",
                f"  token    {token}",
                f"  try      curl -H 'Authorization: Bearer {token}' {server.url}/v1/credit-types/list",
                f"  SDK      Metronome(bearer_token=..., base_url={server.url!r})",
                *([f"  seed     {said}"] if seed_from is not None else []),
            ]
        )
        with suppress(KeyboardInterrupt):
            server.run() if seed_from is None else Event().wait()


def _seeded(invocation: Invocation, directory: Path, url: str, sandbox: Sandbox) -> str:
    """Make the account say what a project says, without the faults and the latency that others meet; in words."""
    project = read_project(directory)
    name, environment = project.environment(invocation.environment_name)
    faults, latency, limit = sandbox.faults, sandbox.latency, sandbox.rate_limit
    sandbox.faults, sandbox.latency, sandbox.rate_limit = [], 0.0, None
    try:
        with TemporaryDirectory(prefix="pricebook-seed-") as scratch:
            store = wiring.open_served(environment, url, sandbox.token)
            beside = environment.model_copy(update={"journal": f"sqlite:///{scratch}/j.db"})
            journal = wiring.open_journal(project, beside)
            changes = seed(project, name, store, journal, owner=wiring.owner(), clock=wiring.now)
    finally:
        sandbox.faults, sandbox.latency, sandbox.rate_limit = faults, latency, limit
    return f"{changes} changes, from {directory} ({name})"
