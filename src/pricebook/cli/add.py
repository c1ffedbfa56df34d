"""`pricebook add`."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from pricebook.catalog.reference import Kind, Ref
from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, invoked
from pricebook.manifest.rate_fact import FREQUENCIES
from pricebook.problem import reject
from pricebook.view.manifests import edits_view
from pricebook.workflow.adding import added, metric_spec, package_spec, product_spec, write

_TYPES = ("USAGE", "SUBSCRIPTION", "FIXED", "COMPOSITE", "PROFESSIONAL_SERVICE")
_COUNTED = ("COUNT", "SUM", "MAX", "UNIQUE", "LATEST")
_name = click.argument("name")
_called = click.option("--called", metavar="TEXT", help="The name for people; made of NAME otherwise.")
_groups = click.option(
    "--group", "groups", multiple=True, metavar="PROPERTY", help="Prices by this property; repeatable."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Print the manifest as a unified diff, and write nothing.")


@click.group()
def command() -> None:
    """Write the manifest of a new product, metric or package: asks on a terminal, or takes options."""


@command.command()
@_name
@_called
@click.option("--type", "type_", type=click.Choice(_TYPES, case_sensitive=False), help="What sort of product.")
@click.option(
    "--metric", metavar="NAME", shell_complete=complete_objects("billable-metric"), help="Of USAGE: what is priced."
)
@_groups
@click.option("--unit", metavar="WORD", help="What one unit is: token, seat, call.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; repeatable.")
@_dry_run
@invoked("edits")
def product(
    invocation: Invocation,
    name: str,
    called: str | None,
    type_: str | None,
    metric: str | None,
    groups: tuple[str, ...],
    unit: str | None,
    tags: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Add a product."""
    type_ = _asked(type_, "--type", "Type", _TYPES)
    if type_ == "USAGE":
        metric = _asked(metric, "--metric", "Metric whose quantity is priced")
    spec = product_spec(called or _words(name), type_, metric, groups, unit, tags)
    _add(invocation, Ref(Kind.PRODUCT, name), spec, dry_run=dry_run)


@command.command()
@_name
@_called
@click.option("--event", metavar="TYPE", help="The type of the events that count.")
@click.option("--aggregation", type=click.Choice(_COUNTED, case_sensitive=False), help="How they are counted.")
@click.option("--key", metavar="PROPERTY", help="What is summed up, or counted: not of COUNT.")
@_groups
@_dry_run
@invoked("edits")
def metric(
    invocation: Invocation,
    name: str,
    called: str | None,
    event: str | None,
    aggregation: str | None,
    key: str | None,
    groups: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Add a billable metric."""
    aggregation = _asked(aggregation, "--aggregation", "How are events counted", _COUNTED)
    if aggregation == "COUNT":
        event = _asked(event, "--event", "Type of the events")
    else:
        key = _asked(key, "--key", "Property of the events")
    spec = metric_spec(called or _words(name), event, aggregation, key, groups)
    _add(invocation, Ref(Kind.BILLABLE_METRIC, name), spec, dry_run=dry_run)


@command.command()
@_name
@_called
@click.option("--card", metavar="NAME", shell_complete=complete_objects("rate-card"), help="The rate card.")
@click.option("--sells", multiple=True, metavar="PRODUCT:FREQUENCY", help="A subscription: seat:MONTHLY; repeatable.")
@click.option("--duration", metavar="TEXT", help="How long contracts last: '12 months'; without end otherwise.")
@_dry_run
@invoked("edits")
def package(
    invocation: Invocation,
    name: str,
    called: str | None,
    card: str | None,
    sells: tuple[str, ...],
    duration: str | None,
    dry_run: bool,
) -> None:
    """Add a package, which entitles what it sells."""
    card = _asked(card, "--card", "Rate card")
    sold = tuple(map(_sold, sells))
    spec = package_spec(invocation.project, called or _words(name), name, card, duration, sold)
    _add(invocation, Ref(Kind.PACKAGE, name), spec, dry_run=dry_run)


def _add(invocation: Invocation, ref: Ref, spec: Mapping[str, Any], *, dry_run: bool) -> None:
    change = added(invocation.project, invocation.environment[0], ref, spec)
    if not dry_run:
        write(invocation.project, ref, change)
    invocation.answer(edits_view([change], (), written=not dry_run))


def _asked(value: str | None, option: str, question: str, choices: Sequence[str] = ()) -> str:
    """What an option says, or else somebody on a terminal. Raises Rejected where nobody can be asked."""
    if value is not None:
        return value
    if not sys.stdin.isatty():
        hint = f"one of {', '.join(choices)}" if choices else f"say {option}"
        raise reject("missing-option", f"{option} is not given, and nobody can be asked here", hint=hint)
    kind = click.Choice(choices, case_sensitive=False) if choices else None
    answer: str = click.prompt(question, type=kind, err=True)
    return answer


def _sold(text: str) -> tuple[str, str]:
    product, colon, frequency = text.rpartition(":")
    if not colon or frequency.upper() not in FREQUENCIES:
        hint = f"with one of {', '.join(FREQUENCIES)}, as in seat:MONTHLY"
        raise reject("value", f"--sells {text!r} is not PRODUCT:FREQUENCY", hint=hint)
    return product, frequency.upper()


def _words(name: str) -> str:
    """A name for people: `input-tokens` is "Input tokens"."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
