"""Remembering an answer, for `recall`: only when there was nothing to do, and all that it stands on is known."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from click import Context
from click.core import ParameterSource

from pricebook import wiring
from pricebook.apply.ports import NOTHING, Store
from pricebook.catalog.model import Violation
from pricebook.catalog.reference import Ref
from pricebook.cli import memo, screen
from pricebook.cli.invocation import Invocation
from pricebook.manifest.source import PROJECT_FILE, WAIVERS_FILE, digest_of, find_root, manifest_files
from pricebook.manifest.text import noted
from pricebook.plan.change import Change
from pricebook.plan.snapshot import Snapshot
from pricebook.plan.step import Plan

KNOWN = frozenset(("directory", "environment", "as_of", "format_", "prune", "exit_code"))
"""Options under which an answer is remembered; it is kept under the words of the command line, so their values may be
any. Whatever else is asked for may do more than print."""
FORMATS = ("text", "json")
SETTLED = 0.05
"""Seconds: a file that was changed less than this before it was read may change again without looking changed."""


@dataclass
class Witness:
    """Stands before the store while a plan is made, and notes what the answer stands on: what the store showed last, as
    its head, and the files that were opened, as they were then."""

    store: Store
    since: datetime
    head: str = ""
    files: dict[Path, os.stat_result] = field(default_factory=dict)

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """See `apply.ports.Store`."""
        found = self.store.snapshot(namespace, at, adopt)
        self.head = found.head
        return found

    def perform(self, namespace: str, change: Change, at: datetime, expects: str | None = None) -> str:
        """See `apply.ports.Store`."""
        return self.store.perform(namespace, change, at, expects)

    def cannot(self, namespace: str, change: Change) -> Iterable[Violation]:
        """See `apply.ports.Store`."""
        return self.store.cannot(namespace, change)


@contextmanager
def watching(invocation: Invocation) -> Iterator[Witness]:
    """Notes every file of the project that is opened meanwhile."""
    since = wiring.now()
    with noted() as files:
        yield Witness(invocation.store(), since, files=files)


def may_remember(ctx: Context) -> bool:
    """Whether the answer to this command line may be remembered."""
    asked = {
        name
        for each in (ctx, ctx.find_root())
        for name in each.params
        if each.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    root = ctx.find_root()
    prints_only = asked <= KNOWN and root.params["format_"] in FORMATS and not root.obj.get("reports")
    return memo.folder() is not None and prints_only


def remember(invocation: Invocation, made: Plan, witness: Witness) -> None:
    """Keep what was printed for a plan without steps, if it can be kept; otherwise silently not."""
    place = memo.folder()
    store = wiring.store_file(invocation.project, invocation.environment[1])
    if place is None or store is None or made.steps or not witness.head:
        return
    try:
        text = _with_hole(invocation, made.as_of)
        known = _inputs(invocation, witness)
        if text is not None and known is not None:
            where = (store, made.namespace, witness.head)
            when = (made.as_of.isoformat(), invocation.as_of_text or "")
            name = memo.name_of(sys.argv[1:], screen.width(), screen.colour())
            memo.write(place, name, memo.Memo(*known, *where, *when, text))
    except (OSError, ValueError):
        return


def _with_hole(invocation: Invocation, as_of: datetime) -> str | None:
    """What was printed, with a hole where the present stood; None when it might stand elsewhere too."""
    text = "".join(f"{line}\n" for line in invocation.heard or ())
    moment = as_of.isoformat()
    if not text or memo.HOLE in text:
        return None
    if invocation.as_of_text is not None:
        return text
    field = f'"as_of":"{moment}"'
    if text.count(moment) != (1 if invocation.json else 0) or text.count(field) != text.count(moment):
        return None
    return text.replace(field, f'"as_of":"{memo.HOLE}"')


def _inputs(invocation: Invocation, witness: Witness) -> tuple[str, str, str, str, str] | None:
    """Where the project was looked for and found, its manifests and the other files that were opened, and the digest of
    all; None unless those are the files that were opened, unchanged since."""
    project = invocation.project
    tops = project.tops(invocation.environment[0])
    directory = str(invocation.directory)
    root = find_root(directory)
    if root is None or Path(root) != project.root:
        return None
    listed = {PROJECT_FILE, *(shown for _, shown in manifest_files(root, tops))}
    opened = {os.path.relpath(path, root) for path in witness.files}
    others = sorted(opened - listed - {WAIVERS_FILE})
    inputs = digest_of(root, tops, others)
    if not listed <= opened or any("\t" in name for name in (*tops, *others)):
        return None
    if not all(_settled(path, known, witness.since) for path, known in witness.files.items()):
        return None
    return directory, root, "\t".join(tops), "\t".join(others), inputs


def _settled(path: Path, known: os.stat_result, since: datetime) -> bool:
    """Whether the file still is what was opened, and had been that for a while before."""
    now = os.stat(path)
    same = all(
        getattr(now, name) == getattr(known, name)
        for name in ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    )
    return same and known.st_ctime < since.timestamp() - SETTLED
