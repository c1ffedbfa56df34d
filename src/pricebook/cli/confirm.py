"""Asking before something is written."""

import sys

import click

from pricebook.cli.invocation import Invocation
from pricebook.problem import Problem


def confirm(invocation: Invocation, question: str) -> None:
    """Ask on a terminal; without one nobody can answer, so --yes must be said."""
    if not sys.stdin.isatty() or not invocation.text:
        message = "nobody can be asked here: standard input is no terminal"
        invocation.fail([Problem("confirmation", message, hint="say --yes when the plan was reviewed")])
    click.echo()
    if not click.confirm(question, default=False):
        invocation.fail([Problem("declined", "nothing was written")])
