"""What every command shares: the project, the environment, the instant, and how results and refusals are printed."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial, wraps
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, NoReturn, ParamSpec

import click

from pricebook import __version__, trace, wiring
from pricebook.apply.ports import AccountStore, Journal, LeaseLost, LeaseTaken, StalePlan, StoreError
from pricebook.apply.target import check_account
from pricebook.catalog.instant import parse_instant, read_moment
from pricebook.cli.waiting import waiting
from pricebook.format.escape import escape_terminal
from pricebook.format.page import Page
from pricebook.format.table import draw, formats_of, text_of
from pricebook.problem import Problem, Rejected, quote, reject
from pricebook.project.project import Environment, Project, read_project
from pricebook.view.plain import View

if TYPE_CHECKING:  # brings how the vendor writes nouns
    from pricebook.metronome.export import AccountRecord

CHANGES, STALE = 2, 3
_PLANNING = ("plan", "apply", "promote", "validate")
"""Commands of which a pull request has one comment, whatever they come to."""
WIDTH = 100
"""Columns of what is no terminal."""
_LONGEST = 4_000
"""Characters of a line that is no drawn answer."""
LINES_AT_ONCE = 5_000
"""Of a list that is written while it is read."""
P = ParamSpec("P")


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
    def text(self) -> bool:
        """Whether the answer is plain lines for people."""
        return self.format == "text"

    def answers_in(self, answer: str, *, reports: bool = True) -> None:
        """Refuse a format in which there is no answer of this sort, before anything is done. `reports`: those that were
        asked for besides are of this sort, too. Raises Rejected."""
        known = formats_of(answer) if answer else ("text",)
        for name in (self.format, *(name for name, _ in self.reports if reports)):
            if name not in known:
                hint = f"formats of this command: {', '.join(known)}"
                raise reject("format", f"there is no {name} of this", hint=hint)

    @cached_property
    def project(self) -> Project:
        """The project. Raises Rejected."""
        return read_project(self.directory)

    @property
    def project_if_any(self) -> Project | None:
        """The project; None where there is none. Raises Rejected for one that cannot be read."""
        try:
            return self.project
        except Rejected as rejected:
            if [problem.code for problem in rejected.problems] != ["no-project"]:
                raise
            return None

    @cached_property
    def environment(self) -> tuple[str, Environment]:
        """The environment's name and settings. Raises Rejected."""
        return self.project.environment(self.environment_name)

    def store(self, record: "AccountRecord | None" = None) -> AccountStore:
        """The store of the environment. `record` hears what is read of an account."""
        return self.store_of(self.environment[0], record)

    def store_of(self, environment: str, record: "AccountRecord | None" = None) -> AccountStore:
        """The store of an environment of the project, which refuses an account that is not that environment's. Raises
        Rejected for an environment that there is not."""
        name, settings = self.project.environment(environment)
        check = partial(check_account, self.project.settings.namespace, name, settings.account)
        tell = waiting("reading the account: {:,} requests")
        return wiring.open_store(self.project, settings, tell, check, record, say)

    def journal(self) -> Journal:
        """The journal of the environment."""
        return wiring.open_journal(self.project, self.environment[1], say)

    @property
    def as_of(self) -> datetime:
        """The instant asked for, or now. Raises Rejected."""
        return instant_of(self.as_of_text, "--as-of") or wiring.now()

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

    def answer(self, view: View, *, notes: bool | None = None) -> None:
        """Give the answer: to the files that were asked for, and to standard output in the format that was asked for.
        `notes` as for `Page`."""
        self.report(view)
        self.tell(view, notes=notes)

    def tell(self, view: View, *, notes: bool | None = None) -> None:
        """Write an answer to standard output: a list that may be too long to hold goes out some thousands at a time."""
        if not self.text and isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # a document is the same bytes on every system
        lines = draw(view, self.format, self.page._replace(notes=notes))
        while part := list(islice(lines, LINES_AT_ONCE)):
            write_lines(part, sys.stdout)

    def show(self, view: View) -> None:
        """What a person sees on the way to the answer."""
        if self.text:
            self.tell(view)

    def say(self, lines: Iterable[str]) -> None:
        """What a person is told besides the answer, in lines in which nothing acts."""
        if self.text:
            write_lines((escape_terminal(line, _LONGEST) for line in lines), sys.stdout)

    def report(self, view: View) -> None:
        """Write the answer to the files that were asked for besides."""
        for form, path in self.reports:
            if form not in formats_of(view.answer):
                continue
            text = text_of(view, form, Page(base=self.base))
            path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")

    @property
    def page(self) -> Page:
        """Where answers are drawn."""
        return Page(self.width, self.colour, self.base)

    def fail(self, problems: Iterable[Problem], status: int = 1) -> NoReturn:
        """Print problems, to standard error or in the format asked for, write them to the reports, and exit."""
        from pricebook.view.problems import problems_view  # for refusals only

        view = problems_view(problems, self.target if click.get_current_context().info_name in _PLANNING else "")
        if self.format not in formats_of(view.answer):
            self.format = "text"
        if self.text:
            colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            write_lines(draw(view, "text", self.page._replace(colour=colour)), sys.stderr)
        else:
            self.tell(view)
        try:
            self.report(view)
        except OSError as error:
            say(f"a report was not written: {error.strerror or error}: {error.filename}")
        raise click.exceptions.Exit(status)

    def confirm(self, question: str, hint: str = "say --yes when the plan was reviewed") -> None:
        """Ask before something is written; without a terminal nobody can answer, so --yes must be said."""
        if not sys.stdin.isatty() or not self.text:
            message = "nobody can be asked here: standard input is no terminal"
            self.fail([Problem("confirmation", message, hint=hint)])
        click.echo()
        if not click.confirm(question, default=False):
            self.fail([Problem("declined", "nothing was written")])


def instant_of(text: str | None, option: str) -> datetime | None:
    """The instant that an option says, None when it is not given. Raises Rejected."""
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError:
        hint = "write 2026-01-01 or 2026-01-01T09:00:00Z"
        raise reject("instant", f"{option} {quote(text)} is no instant", hint=hint) from None


def hour_of(text: str, option: str) -> datetime:
    """The instant on the hour that an option says. Raises Rejected."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise reject("instant", f"{option}: {error}", hint="write 2025-10-01 or 2025-10-01T09:00:00Z") from None


def say(line: str) -> None:
    """Tell whoever watches, beside the answer."""
    click.echo(escape_terminal(line, _LONGEST), err=True)


def write_lines(lines: Iterable[str], stream: object) -> None:
    """Write lines in large pieces: thousands of them are printed quickly."""
    text = "\n".join(lines)
    if text:
        click.echo(text, file=stream)  # type: ignore[arg-type]


def invoked(answer: str = "") -> Callable[[Callable[Concatenate[Invocation, P], None]], Callable[P, None]]:
    """Give a command its invocation. Everything that can be wrong for a user becomes one clear answer and an exit code;
    never a traceback. A format in which there is no `answer` of this sort is refused before anything is done; without
    one there are lines for people alone."""

    def decorate(function: Callable[Concatenate[Invocation, P], None]) -> Callable[P, None]:
        @wraps(function)
        def command(*args: P.args, **kwargs: P.kwargs) -> None:
            context = click.get_current_context()
            invocation = Invocation.of(context)
            with _traced(context.command_path, invocation), _refusals(invocation):
                invocation.answers_in(answer)
                function(invocation, *args, **kwargs)

        return command

    return decorate


@contextmanager
def _traced(command: str, invocation: Invocation) -> Iterator[None]:
    """Tell that a command begins, and what it ends with."""
    where = {"directory": str(invocation.directory), "environment": invocation.environment_name}
    trace.tell("command.started", command=command, version=__version__, **where)
    status = 1
    try:
        yield
        status = 0
    except click.exceptions.Exit as ended:
        status = ended.exit_code
        raise
    except (click.Abort, KeyboardInterrupt):
        status = 4
        raise
    finally:
        trace.tell("command.ended", command=command, exit_code=status)


@contextmanager
def _refusals(invocation: Invocation) -> Iterator[None]:
    try:
        yield
    except Rejected as rejected:
        invocation.fail(rejected.problems)
    except StoreError as error:
        invocation.fail([Problem("store", error.message, hint=error.hint)])
    except LeaseTaken as held:
        message = f"{held.owner} is applying to this environment since {held.since:%Y-%m-%d %H:%M:%S} UTC"
        hint = f"wait for it; when it has died, its lease ends at {held.expires_at:%H:%M:%S} UTC and apply goes on"
        invocation.fail([Problem("locked", message, hint=hint)])
    except LeaseLost as lost:
        hint = "somebody else applies now; look at `pricebook plan` when they are done"
        invocation.fail([Problem("lease-lost", f"the lock was taken over: {lost}", hint=hint)])
    except StalePlan as stale:
        hint = "nothing was written; plan again and review what is different"
        words = (f"{step.change.ref} changed since the plan was made ({step.id})" for step in stale.steps)
        invocation.fail([Problem("stale-plan", word, hint=hint) for word in words], STALE)
    except BrokenPipeError:
        # The reader of our output has gone, as in `| head`: that is no failure, and what is left to flush is lost.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
    except PermissionError as error:
        invocation.fail([Problem("permission", f"no permission: {quote(error.filename)}")])
    except OSError as error:
        invocation.fail([Problem("system", f"{error.strerror or error}: {quote(error.filename or '')}")])
