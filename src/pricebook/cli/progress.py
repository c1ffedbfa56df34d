"""What a person or a CI log sees while apply works: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from pricebook.apply.events import Event, Finished, Started, Verifying
from pricebook.format.escape import escape_terminal
from pricebook.plan.step import Plan
from pricebook.plan.verb.add_rates import AddRates

EVERY_LINE = 100
"""With more steps than this, a log gets a line for every failure and one in so many steps."""


@contextmanager
def progress(plan: Plan, *, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """A function to tell events to."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(plan) as tell:
            yield tell
    else:
        yield _lines(plan)


@contextmanager
def _bar(plan: Plan) -> Iterator[Callable[[Event], None]]:
    from pricebook.cli.bar import bar  # rich, which a log does without

    with bar("applying", len(plan.steps)) as (shown, task):

        def tell(event: Event) -> None:
            if isinstance(event, Started):
                shown.update(task, completed=event.already)
            elif isinstance(event, Verifying):
                shown.update(task, description="reading back")
            else:
                shown.advance(task)
                if event.outcome != "done":
                    shown.console.print(_line(event), markup=False, highlight=False)

        yield tell


def _lines(plan: Plan) -> Callable[[Event], None]:
    every = 1 if len(plan.steps) <= EVERY_LINE else len(plan.steps) // 20
    count = 0

    def tell(event: Event) -> None:
        nonlocal count
        if isinstance(event, Started):
            count = event.already
            if event.already:
                click.echo(f"{event.already} of {event.total} steps are done already", err=True)
        elif isinstance(event, Finished):
            count += 1
            if event.outcome != "done" or count % every == 0:
                click.echo(f"[{count}/{len(plan.steps)}] {_line(event)}", err=True)
        else:
            click.echo("reading back", err=True)

    return tell


def _line(event: Finished) -> str:
    change = event.step.change
    what = f" ({len(change.rates):,} prices)" if isinstance(change, AddRates) else ""
    return f"{event.outcome}: {escape_terminal(event.step.id)}{what}" + (
        f": {escape_terminal(event.detail)}" if event.detail else ""
    )
