"""Git, as far as pricebook asks it: the one place that starts it. No shell, no prompt, no hook, nothing is written but
where a caller says so.

Names of branches and commits come from people and from CI: they are looked up with `--end-of-options` before them, so
that none is taken for an option, and only full commit ids are used after that.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pricebook import trace
from pricebook.apply.ports import Provenance

TIMEOUT = 60
"""Seconds; git asks nobody anything, so it has no reason to take longer."""


class GitFailed(Exception):  # noqa: N818 - named for what happened
    """Git is not there, or said no. The text is what it said, in one line."""


def git(root: Path, *words: str, data: bytes | None = None) -> bytes:
    """What a git command in a directory answers. Raises GitFailed."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    line = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *words]
    try:
        with trace.timed("git.asked", command=words[0]) as told:
            answer = subprocess.run(
                line, input=data, capture_output=True, check=False, timeout=TIMEOUT, env=environment
            )
            told["exit_code"] = answer.returncode
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


def brought(root: Path, file: str, lines: Iterable[int]) -> tuple[str, ...]:
    """The commits of the branch itself, merges among them, that brought lines of a file as they are now; an empty one
    where that is not known: of what is not committed, or where the history is cut off."""
    words = [word for line in sorted(lines) for word in ("-L", f"{line},{line}")]
    try:
        answer = git(root, "blame", "--first-parent", "--porcelain", *words, "--", file).decode(errors="replace")
    except GitFailed:
        return ("",)
    found = dict.fromkeys(re.findall(r"^([0-9a-f]{40}) \d+ \d+ \d+$", answer, re.MULTILINE))
    cut = ask(root, "rev-parse", "--is-shallow-repository") == "true" and re.search("^boundary$", answer, re.MULTILINE)
    return ("",) if cut or not found else tuple(commit.replace("0" * 40, "") for commit in found)


COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "BITBUCKET_COMMIT", "GIT_COMMIT")
"""GitHub, GitLab, Buildkite, CircleCI, Bitbucket, Jenkins: the first that says something counts."""
BRANCH = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH",
    "BITBUCKET_BRANCH",
    "GIT_BRANCH",
)
ACTOR = (
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BUILD_USER_ID",
)
MANIFESTS = ("*.yaml", "*.yml", "*.csv", "*.tsv")
"""What git is asked about: a store's file beside them changes with every apply."""
_LONGEST = 200
EDITED = "+edited"
"""Follows the commit when the manifests were not as the commit has them."""


def provenance(root: Path, variables: Mapping[str, str], approved: str = "") -> Provenance:
    """Where the manifests below `root` come from, and who ordered this: what the CI says in its variables, else git.

    A value is remembered as text and means nothing to pricebook; it is cut to a length and never interpreted.
    """
    commit = _first(variables, COMMIT)
    if (
        not commit
        and (commit := ask(root, "rev-parse", "HEAD"))
        and ask(root, "status", "--porcelain", "--", *MANIFESTS)
    ):
        commit += EDITED
    branch = _first(variables, BRANCH) or ask(root, "symbolic-ref", "--short", "-q", "HEAD")
    actor = _first(variables, ACTOR) or ask(root, "config", "user.email")
    return Provenance(actor, commit[:_LONGEST], branch[:_LONGEST], approved.lower())


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := variables.get(name, "").strip()[:_LONGEST])), "")
