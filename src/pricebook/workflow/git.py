"""Git, as far as pricebook asks it: the one place that starts it. No shell, no prompt, no hook, nothing is written but
where a caller says so.

Names of branches and commits come from people and from CI: they are looked up with `--end-of-options` before them, so
that none is taken for an option, and only full commit ids are used after that.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

TIMEOUT = 60
"""Seconds; git asks nobody anything, so it has no reason to take longer."""


class GitFailed(Exception):  # noqa: N818 - named for what happened
    """Git is not there, or said no. The text is what it said, in one line."""


def git(root: Path, *words: str, data: bytes | None = None) -> bytes:
    """What a git command in a directory answers. Raises GitFailed."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    line = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *words]
    try:
        answer = subprocess.run(line, input=data, capture_output=True, check=False, timeout=TIMEOUT, env=environment)
    except FileNotFoundError:
        raise GitFailed("git is not installed, or not on PATH") from None
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git {words[0]} took longer than {TIMEOUT} seconds") from None
    except (OSError, ValueError) as error:
        raise GitFailed(str(error)) from None
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise GitFailed(said[-1] if said else f"git {words[0]} failed")
    return answer.stdout


def ask(root: Path, *words: str) -> str:
    """The same as one line of text; empty when git has no answer."""
    try:
        return git(root, *words).decode(errors="replace").strip()
    except GitFailed:
        return ""


def uncommitted(root: Path, files: Sequence[str]) -> list[str]:
    """Which of the files, relative to a directory, git has no copy of as they are now: changed, new or ignored ones.
    None where there is no repository."""
    if not files:
        return []
    try:
        words = ("status", "--porcelain", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames", "--")
        answer = git(root, *words, *(f":(literal){file}" for file in files)).decode(errors="surrogateescape")
        prefix = git(root, "rev-parse", "--show-prefix").decode(errors="surrogateescape").rstrip("\n")
    except GitFailed:
        return []
    found = {entry[3:] for entry in answer.split("\0") if entry}
    folders = tuple(each for each in found if each.endswith("/"))
    return [file for file in files if f"{prefix}{file}" in found or f"{prefix}{file}".startswith(folders)]
