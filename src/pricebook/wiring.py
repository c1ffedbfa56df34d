"""The only file that names concrete classes: from an environment of the project to a store and a journal.

A command goes through one or two of the doors below and pays for no other: a module that names a driver or a client is
imported by the function that opens it. Nothing is opened before it is used.
"""

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pricebook.apply.ports import AccountStore, Journal
from pricebook.machine import user
from pricebook.manifest.text import read_text
from pricebook.problem import missing_extra, quote, reject
from pricebook.project.project import LOOPBACK, METRONOME, VENDOR, Environment, Project
from pricebook.span import Span
from pricebook.store.location import masked
from pricebook.workflow.python_rule import PythonRule, Reviewer

if TYPE_CHECKING:  # as in `open_copy`, `open_export` and `open_engine`
    from pricebook.apply.copied import Copier
    from pricebook.metronome.export import AccountRecord, Export
    from pricebook.usage.engine import Engine

SQLITE = "sqlite:///"
MAX_EXPORT = 1 << 30
"""Bytes of an export."""
JOURNAL = "sqlite:///pricebook-journal.db"
"""Where the journal of an account is kept, unless the environment says otherwise."""


def open_store(
    project: Project,
    environment: Environment,
    tell: Callable[[int], None] | None = None,
    check: Callable[[str], None] = lambda mark: None,
    record: "AccountRecord | None" = None,
    say: Callable[[str], None] = lambda line: None,
) -> AccountStore:
    """The store of an environment. Raises Rejected for a URL of no known kind, and for a token that is not there.

    `tell` hears how many requests the first reading of an account took so far, and 0 at its end. `check` is given the
    mark of the account whenever it is read, and raises for one that is not meant (`apply.target`). `record` hears all
    that is read of an account. `say` is given a line for people.
    """
    if environment.store == METRONOME:
        _check_host(environment, _place(project, environment, "base_url"))
        return _open_account(environment, tell, check, record)
    from pricebook.store.sql import SqlStore  # not for an account behind an API

    return SqlStore(_url(project, environment.store, _place(project, environment, "store")), check=check, tell=say)


def open_journal(project: Project, environment: Environment, say: Callable[[str], None] = lambda line: None) -> Journal:
    """The journal and lock of an environment: in the store's own database unless the environment says otherwise.

    `say` is given a line for people.
    """
    from pricebook.store.journal import SqlJournal  # plans need none

    return SqlJournal(_journal_url(project, environment), tell=say)


def open_copy(project: Project, environment: Environment, url: str) -> "Copier":
    """The way from where an environment keeps its store and journal, of an account the journal, to a URL.

    Raises Rejected for a URL of no known kind, StoreError for one that cannot be meant.
    """
    from pricebook.store.copy import SqlCopy  # for one command

    here = _place(project, environment, "store")
    store = _url(project, environment.store, here) if environment.store != METRONOME else None
    return SqlCopy(store, _journal_url(project, environment), _url(project, url), masked(url))


def _journal_url(project: Project, environment: Environment) -> str:
    beside = JOURNAL if environment.store == METRONOME else environment.store
    field = "journal" if environment.journal else "store"
    return _url(project, environment.journal or beside, _place(project, environment, field))


def _place(project: Project, environment: Environment, field: str) -> Callable[[], Span]:
    """Where the project file says a field of the environment, once somebody asks."""
    names = (name for name, each in project.settings.environments.items() if each is environment)
    return lambda: project.place(("environments", next(names, ""), field))


def open_export(environment: Environment, path: Path) -> "Export":
    """An account as it was exported to a file. Raises Rejected and StoreError."""
    from pricebook.metronome.export import Export  # brings the HTTP client

    return Export(read_text(path, str(path), limit=MAX_EXPORT), environment.pricing_units)


TRUSTED = "PRICEBOOK_TRUST_HOST"
"""What `--trust-host` says, for a whole machine: one more host that may be given the token."""


def _check_host(environment: Environment, place: Callable[[], Span | None]) -> None:
    """Whoever may write the project file must not be able to send the token to a host of theirs."""
    host = urlsplit(environment.base_url).hostname or ""
    if host in LOOPBACK or VENDOR.search(host) or host == os.environ.get(TRUSTED, "").lower():
        return
    message = f"{quote(host)} is no host of the vendor's, and would be given the token of {environment.token_env}"
    raise reject(
        "untrusted-host", message, place(), f"if it is yours, say so: --trust-host {host}, or {TRUSTED}={host}"
    )


def _open_account(
    environment: Environment,
    tell: Callable[[int], None] | None,
    check: Callable[[str], None],
    record: "AccountRecord | None",
) -> AccountStore:
    """The account behind an API. The token is read here and goes to the client alone."""
    token = os.environ.get(environment.token_env, "").strip()
    if not token:
        message = f"{environment.token_env} is not set: it holds the token for {environment.base_url}"
        raise reject("unset-token", message, hint="a token that may read is enough for plan and drift")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise reject("unset-token", f"{environment.token_env} does not hold a token", hint="copy it again, and only it")
    return _account(environment, token, tell, check, record)


def open_served(environment: Environment, url: str, token: str) -> AccountStore:
    """The account that `pricebook serve` serves at a URL, to be filled with what an environment says."""
    here = {"base_url": url, "requests_per_minute": 1_000_000}
    return _account(environment.model_copy(update=here), token)


def _account(
    environment: Environment,
    token: str,
    tell: Callable[[int], None] | None = None,
    check: Callable[[str], None] = lambda mark: None,
    record: "AccountRecord | None" = None,
) -> AccountStore:
    # These bring the HTTP client, which takes longer to import than a plan against a store takes.
    from pricebook.metronome.client import Client
    from pricebook.metronome.remote import RemoteStore

    client = Client(
        environment.base_url,
        token,
        requests_per_minute=environment.requests_per_minute,
        concurrency=environment.concurrency,
        connect_timeout=float(environment.connect_timeout),
        read_timeout=float(environment.read_timeout),
        probe=environment.probe_customer or "",
    )
    client.hear = record.hear if record is not None else None
    return RemoteStore(
        client,
        environment.pricing_units,
        nonce=lambda: os.urandom(8).hex(),
        most=environment.max_customers if record is None else 0,
        tell=tell,
        check=check,
    )


def open_engine(name: str) -> "Engine":
    """What counts usage: `duckdb` or `spark`. Raises Rejected when it is not installed."""
    try:
        if name == "spark":
            from pricebook.usage.spark import SparkEngine  # an extra, which brings Java

            return SparkEngine()
        from pricebook.usage.duck import DuckEngine  # an extra

        return DuckEngine()
    except ImportError as error:
        raise missing_extra("counting usage", "spark" if name == "spark" else "usage", error) from None


def _url(project: Project, url: str, place: Callable[[], Span | None] = lambda: None) -> str:
    """The URL with a relative SQLite path made relative to the project. The database itself judges a server's."""
    if url.startswith("postgres"):
        return url
    if not url.startswith(SQLITE) or not url.removeprefix(SQLITE):
        message = f"store {quote(masked(url))} is of no known kind"
        hint = f"a store is written {SQLITE}pricebook.db, postgresql+psycopg://user@host/database, or {METRONOME}"
        raise reject("unknown-store", message, place(), hint)
    return SQLITE + str((project.root / url.removeprefix(SQLITE)).absolute())


def now() -> datetime:
    """The present, in UTC: the one place that reads the clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random name for an account."""
    return os.urandom(8).hex()


def errors_page() -> str:
    """The page of all error codes: beside this module where it is installed, among the documents in a working copy."""
    here = Path(__file__).parent
    for path in (here / "errors.md", here.parents[1] / "docs" / "errors.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def examples() -> dict[str, Path]:
    """Where each example lies, by its name: beside this module where it is installed, else in the working copy."""
    here = Path(__file__).parent
    roots = (here / "examples", here.parents[1] / "examples")
    found = (path.parent for root in roots for path in root.glob("**/pricebook.yaml"))
    return {folder.name: folder for folder in found}


PYTHON_RULES = "PRICEBOOK_PYTHON_RULES"
"""The switch of this machine for rules in Python: `allow`. Manifests have none."""


def python_rules() -> list[PythonRule]:
    """The rules in Python that installed packages offer; none unless this machine allows them."""
    if os.environ.get(PYTHON_RULES) != "allow":
        return []
    from importlib.metadata import entry_points  # looks through every installed distribution

    found = []
    for point in sorted(entry_points(group="pricebook.rules"), key=lambda point: point.name):
        code = point.load()
        found.append(PythonRule(point.name, getattr(code, "severity", "error"), code))
    return found


def reviewer() -> Reviewer:
    """What runs rules here, held against the CPU seconds of this process."""
    return Reviewer(time.process_time, python_rules())


def owner() -> str:
    """Who applies: `user@host:pid:nonce`."""
    return f"{user()}@{platform.node()}:{os.getpid()}:{os.urandom(4).hex()}"
