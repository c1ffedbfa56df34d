"""What a shell completes: names of objects among the manifests, and of environments."""

from collections.abc import Callable
from pathlib import Path

import click

Completing = Callable[[click.Context, click.Parameter, str], list[str]]


def complete_objects(*kinds: str) -> Completing:
    """The objects of these kinds, or of all, as Refs or by names that one alone bears; of one kind by their names."""
    return lambda ctx, _, incomplete: _names(ctx, kinds, incomplete)


def complete_environments(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The project's environments."""
    return _names(ctx, None, incomplete)


def _names(ctx: click.Context, kinds: tuple[str, ...] | None, incomplete: str) -> list[str]:
    # Whoever runs a command, or asks for help, does not complete.
    from pricebook.workflow.completion import environments, objects

    said = ctx.find_root().obj
    directory = said.get("directory", Path()) if isinstance(said, dict) else Path()
    found = environments(directory) if kinds is None else objects(directory, kinds, refs=":" in incomplete)
    return sorted(name for name in found if name.startswith(incomplete))
