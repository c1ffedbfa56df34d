"""What every command shares: the project, the environment, the instant, and how results and refusals are printed."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from pricebook import wiring
from pricebook.problem import Problem, Rejected, quote, reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from pricebook.apply.ports import AccountStore, Journal
    from pricebook.format.table import Format
    from pricebook.metronome.export import Record
    from pricebook.project.project import Environment, Project

CHANGES, STALE = 2, 3
WIDTH = 100
"""Columns of what is no terminal."""
LINES_AT_ONCE = 5_000
"""Of a list that is written while it is read."""


@dataclass
class Invocation:
    """One call of the command line."""

    directory: Path
    environment_name: str | None
    as_of_text: str | None
    format: str
    reports: tuple[tuple[str, Path], ...] = ()
    """Files to write besides, each with its format."""

    @classmethod
    def of(cls, ctx: click.Context) -> "Invocation":
        """The invocation of a command's context."""
        said = ctx.find_root().ensure_object(dict)
        return cls(
            said.get("directory", Path()),
            said.get("environment"),
            said.get("as_of"),
            said.get("format_", "text"),
            said.get("reports", ()),
        )

    @property
    def json(self) -> bool:
        """Whether JSON was asked for."""
        return self.format == "json"

    @property
    def text(self) -> bool:
        """Whether the answer is plain lines for people."""
        return self.format == "text"

    def answers_in(self, *formats: str) -> None:
        """Refuse a format that the command has no answer in. Raises Rejected."""
        for name in (self.format, *(name for name, _ in self.reports)):
            if name not in formats:
                hint = f"formats of this command: {', '.join(formats)}"
                raise reject("format", f"there is no {name} of this", hint=hint)

    @cached_property
    def project(self) -> "Project":
        """The project. Raises Rejected."""
        from pricebook.project.project import read_project

        return read_project(self.directory)

    @cached_property
    def environment(self) -> "tuple[str, Environment]":
        """The environment's name and settings. Raises Rejected."""
        return self.project.environment(self.environment_name)

    def store(self, record: "Record | None" = None) -> "AccountStore":
        """The store of the environment. `record` hears what is read of an account."""
        return self.store_of(self.environment[0], record)

    def store_of(self, environment: str, record: "Record | None" = None) -> "AccountStore":
        """The store of an environment of the project, which refuses an account that is not that environment's. Raises
        Rejected for an environment that there is not."""
        from pricebook.apply.target import check_account
        from pricebook.cli.waiting import waiting

        name, settings = self.project.environment(environment)
        check = partial(check_account, self.project.settings.namespace, name, settings.account)
        tell = waiting("reading the account: {:,} requests")
        return wiring.open_store(self.project, settings, tell, check, record, say)

    def journal(self) -> "Journal":
        """The journal of the environment."""
        return wiring.open_journal(self.project, self.environment[1], say)

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
        """Whether to colour: on a terminal, unless NO_COLOR is set."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """Columns of the output: those that COLUMNS says, or the terminal's."""
        said = os.environ.get("COLUMNS", "")
        if said.isdecimal() and int(said):
            return int(said)
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0
        except (ValueError, OSError):
            columns = 0
        return columns or WIDTH

    @property
    def base(self) -> str:
        """The project's folder as seen from the root of its repository, empty when that is the same or not known."""
        root = self.directory.absolute()
        if "project" in self.__dict__:
            root = self.project.root.absolute()
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        base = root.relative_to(top).as_posix()
        return "" if base == "." else base

    @property
    def target(self) -> str:
        """`namespace/environment`, as far as it is known already."""
        if "project" not in self.__dict__:
            return ""
        settings = self.project.settings
        name = self.environment_name or settings.default_environment or next(iter(settings.environments))
        return f"{settings.namespace}/{name}"

    def print(self, lines: Iterable[str]) -> None:
        """Write lines to standard output."""
        write_lines(lines, sys.stdout)

    def stream(self, lines: Iterable[str]) -> None:
        """Write lines that may be too many to hold, some thousands at a time."""
        left = iter(lines)
        while part := list(islice(left, LINES_AT_ONCE)):
            self.print(part)

    def report(self, document: "Callable[[Format], str]") -> None:
        """Write the files that were asked for besides. `document` gives the whole answer in a format."""
        from pricebook.format.table import Format

        for name, path in self.reports:
            path.write_text(document(Format(name)).rstrip("\n") + "\n", encoding="utf-8", newline="\n")

    def fail(self, problems: Iterable[Problem], status: int = 1) -> NoReturn:
        """Print problems, to standard error or in the format asked for, write them to the reports, and exit."""
        problems = tuple(problems)
        if self.text:
            from pricebook.format.problem_text import draw_problems

            colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            write_lines(draw_problems(problems, self.width, colour), sys.stderr)
        if not self.text or self.reports:
            from pricebook.format.table import Format, problems_document

            def document(form: Format) -> str:
                return problems_document(form, problems, base=self.base, target=self.target)

            if not self.text:
                self.print([document(Format(self.format)).rstrip("\n")])
            try:
                self.report(document)
            except OSError as error:
                click.echo(f"a report was not written: {error.strerror or error}: {error.filename}", err=True)
        raise click.exceptions.Exit(status)


def say(line: str) -> None:
    """Tell whoever watches, beside the answer."""
    from pricebook.format.escape import escape_terminal

    click.echo(escape_terminal(line), err=True)


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
