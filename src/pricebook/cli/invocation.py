"""What every command shares: the project, the environment, the instant, and how results and refusals are printed."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from pricebook import wiring
from pricebook.cli import screen
from pricebook.problem import Problem, Rejected, quote, reject

if TYPE_CHECKING:
    from pricebook.apply.ports import Journal, Store
    from pricebook.manifest.project import Environment, Project

CHANGES, STALE = 2, 3


@dataclass
class Invocation:
    """One call of the command line."""

    directory: Path
    environment_name: str | None
    as_of_text: str | None
    json: bool
    heard: list[str] | None = None
    """The lines printed so far, once somebody wants to know them."""

    @classmethod
    def of(cls, ctx: click.Context) -> "Invocation":
        """The invocation of a command's context."""
        o = ctx.find_root().obj
        return cls(o["directory"], o["environment"], o["as_of"], o["format"] == "json")

    @cached_property
    def project(self) -> "Project":
        """The project. Raises Rejected."""
        from pricebook.manifest.project import read_project

        return read_project(self.directory)

    @cached_property
    def environment(self) -> "tuple[str, Environment]":
        """The environment's name and settings. Raises Rejected."""
        return self.project.environment(self.environment_name)

    def store(self) -> "Store":
        """The store of the environment."""
        return wiring.open_store(self.project, self.environment[1])

    def journal(self) -> "Journal":
        """The journal of the environment."""
        return wiring.open_journal(self.project, self.environment[1])

    @property
    def as_of(self) -> datetime:
        """The instant asked for, or now. Raises Rejected."""
        if self.as_of_text is None:
            return wiring.now()
        try:
            value = datetime.fromisoformat(self.as_of_text)
        except ValueError:
            hint = "write 2026-01-01 or 2026-01-01T09:00:00Z"
            raise reject("instant", f"--as-of {quote(self.as_of_text)} is no instant", hint=hint) from None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @property
    def colour(self) -> bool:
        """Whether to colour."""
        return screen.colour()

    @property
    def width(self) -> int:
        """Columns of the output."""
        return screen.width()

    def print(self, lines: Iterable[str]) -> None:
        """Write lines to standard output."""
        if self.heard is not None:
            lines = list(lines)
            self.heard.extend(lines)
        write_lines(lines, sys.stdout)

    def fail(self, problems: Iterable[Problem], status: int = 1) -> NoReturn:
        """Print problems, to standard error or as JSON, and exit."""
        problems = tuple(problems)
        if self.json:
            from pricebook.render.document import problems_json

            self.print([problems_json(problems)])
        else:
            from pricebook.render.refusal import draw_problems

            colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            write_lines(draw_problems(problems, self.width, colour), sys.stderr)
        raise click.exceptions.Exit(status)


def write_lines(lines: Iterable[str], stream: object) -> None:
    """Write lines in large pieces: thousands of them are printed quickly."""
    text = "\n".join(lines)
    if text:
        click.echo(text, file=stream)  # type: ignore[arg-type]


@contextmanager
def refusals(invocation: Invocation) -> Iterator[None]:
    """Turns everything that can be wrong for a user into one clear answer and an exit code; never a traceback."""
    try:
        yield
    except Rejected as rejected:
        invocation.fail(rejected.problems)
    except BrokenPipeError:
        # The reader of our output has gone, as in `| head`: that is no failure, and what is left to flush is lost.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
    except PermissionError as error:
        invocation.fail([Problem("permission", f"no permission: {quote(error.filename)}")])
    except OSError as error:
        invocation.fail([Problem("system", f"{error.strerror or error}: {quote(error.filename or '')}")])
