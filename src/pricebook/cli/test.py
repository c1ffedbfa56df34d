"""`pricebook test`."""

import sys

import click

from pricebook.cli.invocation import Invocation, refusals
from pricebook.problem import reject


@click.command()
@click.argument("names", nargs=-1, metavar="[NAMES]...")
@click.option("--update", is_flag=True, help="Write what comes into the scenarios that fail, after asking.")
@click.option("--yes", "-y", is_flag=True, help="With --update: do not ask.")
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], update: bool, yes: bool) -> None:
    """Run the price tests: the scenarios among the manifests, or those named.

    Each one bills a contract on a package for some usage and compares the invoices. Reads the project's files only; no
    store, no network. Exit code 0 when all pass, 1 when not. docs/bills.md says by which rules is billed.
    """
    invocation = Invocation.of(ctx)
    with refusals(invocation):
        from pricebook.manifest.load import load
        from pricebook.render.bill_view import bill_view, scales_of
        from pricebook.render.outcome import draw_outcome, verdict_words
        from pricebook.render.price import Units
        from pricebook.workflow.test import run_tests, updates

        loaded = load(invocation.project)
        outcomes = run_tests(loaded, invocation.project, names)
        failed = sum(bool(outcome.failures) for outcome in outcomes)
        if invocation.json:
            from pricebook.render.bill_json import outcomes_json

            data = ((o.name, o.at, o.verdict.package, o.verdict.bill, o.failures) for o in outcomes)
            invocation.print([outcomes_json(data)])
        else:
            units = Units(scales_of(loaded.catalog))
            for outcome in outcomes:
                verdict = outcome.verdict
                view = bill_view(outcome.name, verdict.terms, verdict.bill, loaded.catalog, verdict.card)
                drawn = draw_outcome(
                    outcome.name, outcome.at, outcome.failures, view, units, invocation.width, invocation.colour
                )
                invocation.print(drawn)
            invocation.print([verdict_words(len(outcomes), failed)])
        if update and failed:
            texts = updates(outcomes, loaded, invocation.project)
            _ask(sorted(texts), yes)
            for file, text in texts.items():
                (invocation.project.root / file).write_text(text, encoding="utf-8")
            if not invocation.json:
                invocation.print([f"wrote {file}" for file in sorted(texts)])
            return
    if failed:
        ctx.exit(1)


def _ask(files: list[str], yes: bool) -> None:
    """Raises Rejected when nobody can be asked, or says no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise reject("confirmation", "nobody can be asked here", hint="--yes, once the differences were read")
    if not click.confirm(f"Expect in {', '.join(files)} what came?"):
        raise reject("declined", "you said no; nothing was written")
