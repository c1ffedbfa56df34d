"""The command line: a table of commands, each a module of its own that is imported only when it runs.

The options of every command stand before its name or behind it; what stands behind wins.
"""

from copy import copy
from importlib import import_module

import click

from pricebook import __version__
from pricebook.cli.options import SHARED

SECTIONS = {
    "Write a price list": {
        "init": "Start a project: pricebook.yaml, a first catalogue, editor settings.",
        "add": "Write the manifest of a new product, metric or package: asks on a terminal, or takes options.",
        "price": "Write a price into the manifests, from a day on, for review. The store is not touched.",
        "reprice": "Write other prices into the manifests, from a day on, for review. The store is not touched.",
        "fmt": "Write manifests in the house form, where they stand: comments stay, and what they say stays the same.",
        "import": "Write manifests of what an account has, or update them. Reads the account only.",
    },
    "Check it": {
        "validate": "Check the manifests and say everything that is wrong with them, all at once.",
        "test": "Run the price tests: the scenarios and policy tests among the manifests, or those named.",
        "preview": "Show what a contract on PACKAGE is billed, line by line, and why.",
        "rules": "List the rules, with the severity that each has in this environment.",
        "explain": "Show the page of a rule, a hazard or an error code.",
        "schema": "Print or write the JSON Schemas of manifests and plans.",
    },
    "Change the account": {
        "plan": "Show what would change, in money and in customers. Writes nothing to the store.",
        "apply": "Make the store say what the manifests say, or what a plan file says.",
        "promote": "Plan to make environment TO hold what environment FROM holds. Writes to neither.",
        "migrate": "Move customers from older versions of a package to another one, as a reviewed plan.",
        "provision": "Give a customer a contract on a package, and nothing else: what it will be is shown first.",
    },
    "Look things up": {
        "ls": "List what the manifests declare: names, what it is called, how many prices, where it stands.",
        "graph": "Show what needs what among the manifests: as lines, or as a picture with --format mermaid or dot.",
        "show": "Look up what something costs on a date, how that came to be, and who an alias stands for.",
        "history": "The journal as an audit log: when, who, from which commit, which plan, what was done.",
        "cohorts": "Say who is on which version of a package: since when, until when, and under which alias they came.",
        "site": "Write the price list as a web site: any date, history, changes, packages, a JSON feed.",
    },
    "Compare": {
        "drift": "Say what somebody changed in the account, and what git has that it does not. Reads only.",
        "diff": "Compare what two environments hold: the same, different, missing, only there. Reads only.",
        "compare": "Hold our list against another one: a provider's, a competitor's, or what we pay.",
        "reconcile": "Compare our bill of each contract with the vendor's finalized invoices of a month, line by line.",
    },
    "Accounts, CI and agents": {
        "account": "Say which account an environment is: the mark in the account, and what pricebook.yaml remembers.",
        "copy": "Copy an environment's store and journal to another database, and verify that it is the same there.",
        "post": "Put what was found where reviewers are: comments, issues and findings of GitHub and GitLab.",
        "serve": "Serve an account that speaks Metronome's API, for laptops, CI and tests.",
        "mcp": "Serve the project's price list to agents (MCP, over standard input and output), to read and to plan.",
    },
}
"""Commands by what they are for, in the order of use, with the first paragraph of their help."""
COMMANDS = {name: text for section in SECTIONS.values() for name, text in section.items()}

MODULES = {"import": "importing"}
"""Commands whose name cannot be a module's."""


class Commands(click.Group):
    """The group of commands, by name: help needs no command's module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        return _sharing(import_module(f"pricebook.cli.{MODULES.get(cmd_name, cmd_name)}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from their one-line descriptions, as wide as the longest name in each section."""
        width = max(map(len, COMMANDS))
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command named for a mistyped one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from pricebook.problem import did_you_mean  # for mistakes only

            near = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; {near}" if near else ""))
        return super().resolve_command(ctx, args)


def _sharing(command: click.Command) -> click.Command:
    """The command, and those in it, with the options that every command has."""
    made = copy(command)
    made.params = [*command.params, *SHARED]
    if isinstance(made, click.Group):
        made.commands = {name: _sharing(each) for name, each in made.commands.items()}
    return made


@click.command(
    cls=Commands,
    params=list(SHARED),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="pricebook", message="%(prog)s %(version)s")
def root() -> None:
    """Pricing as code for companies that bill with Metronome.

    Prices live as manifests in git; pricebook plans what a change would do, and applies exactly that.
    """
