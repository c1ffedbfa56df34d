"""Who may sign waivers in a new project: those who are asked for a review of its policy anyway."""

import json
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pricebook.manifest.scope import PROJECT_FILE
from pricebook.manifest.text import read_text
from pricebook.workflow.git import ask

CODEOWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
"""Where code hosts look for who reviews what."""
MAX_OWNERS = 1 << 20
"""Bytes of such a file."""


class Owners(NamedTuple):
    """Who reviews changes of a project's policy, and where that was read; nobody when nothing says so."""

    people: tuple[str, ...]
    source: str


NOBODY = Owners((), "")


def owners_of(directory: Path) -> Owners:
    """Those that the repository's CODEOWNERS asks for a review of `pricebook.yaml` there; else whoever git knows here,
    who should not stay alone. As in such a file of several lines that fit the last one counts. Raises Rejected."""
    top = next((f for f in (directory.absolute(), *directory.absolute().parents) if (f / ".git").exists()), None)
    if top is None:
        return NOBODY
    path = (directory.absolute() / PROJECT_FILE).relative_to(top).as_posix()
    for name in CODEOWNERS:
        if not (top / name).is_file():
            continue
        people: tuple[str, ...] = ()
        for line in read_text(top / name, name, limit=MAX_OWNERS).splitlines():
            pattern, *owners = line.partition("#")[0].split() or [""]
            if pattern and not pattern.startswith(("[", "^[")) and _fits(pattern, path):
                people = tuple(owner.removeprefix("@") for owner in owners)
        if people:
            return Owners(people, name)
    me = ask(directory, "config", "user.email")
    return Owners((me,) if me else (), "git config user.email")


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern of a CODEOWNERS file is about a path: from the root when it has a slash within, else at any
    depth; one of a folder is about all that is in it."""
    anchored = "/" in pattern.rstrip("/")
    pattern = pattern.strip("/").removeprefix("**/")
    below = [path, *(parent.as_posix() for parent in PurePosixPath(path).parents if parent.name)]
    return any(fnmatchcase(one if anchored else PurePosixPath(one).name, pattern) for one in below)


def approver_lines(owners: Owners) -> str:
    """Who may sign waivers, as lines of a policy in `pricebook.yaml`."""
    if not owners.people:
        return """\
  # Nobody is named here, so anybody may sign a waiver. Say who may, by their names on the code host; the last one that
  # fits counts, as in a CODEOWNERS file, and the same people should review changes of this file:
  # approvers: [{covers: ["*"], people: [ada, grace]}, {covers: ["rate-card:*"], people: [grace]}]
"""
    people = ", ".join(json.dumps(name, ensure_ascii=False) for name in owners.people)
    alone = "\n  # Add somebody: nobody approves a waiver of their own." if len(owners.people) == 1 else ""
    return f"""\
  # Who may sign waivers, from {owners.source}; of several that fit the last one counts.{alone}
  approvers:
    - {{covers: ["*"], people: [{people}]}}
"""
