"""GitHub: a comment for a pull request, an issue for drift, a status that carries a digest, findings for code scanning.

What is ours is found by a marker *and* by its author, so that nobody else can put one there for us to edit or believe.
Texts are put in place whole; what says the same already is left alone, and nothing is posted twice.
"""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote as urlquote

from pricebook.codehost.api import CodeHostApi, number_of
from pricebook.codehost.review import AGAIN, Reviewed
from pricebook.problem import quote, reject

BOT = "github-actions[bot]"
"""Who writes with the token that GitHub gives to a workflow."""
MOST = 65_536
"""Characters of a comment or an issue."""
_MARKER = re.compile(r"<!-- pricebook[^<>]*-->\Z")
_PLACE = re.compile(r"[A-Za-z0-9][\w./-]{0,99}\Z", re.ASCII)
_DIGEST = re.compile(r"plan ([0-9a-f]{24})\Z")
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_NAME = re.compile(r"[\w.-]+/[\w.-]+\Z")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, and as whom we write to it."""

    api: CodeHostApi
    name: str
    author: str = BOT

    @property
    def path(self) -> str:
        """Where its resources are."""
        return f"/repos/{self.name}"


def repository(environment: Mapping[str, str]) -> Repository:
    """The repository of the job that runs, from the variables that GitHub sets. Raises Rejected."""
    token = environment.get("GITHUB_TOKEN", "")
    name = environment.get("GITHUB_REPOSITORY", "")
    if not token:
        raise reject("code-host", "GITHUB_TOKEN is not set", hint="env: {GITHUB_TOKEN: ${{ github.token }}}")
    if not _NAME.match(name):
        message = f"GITHUB_REPOSITORY {quote(name)} is no owner/name"
        raise reject("code-host", message, hint="this runs in GitHub Actions")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    api = CodeHostApi(environment.get("GITHUB_API_URL") or "https://api.github.com", headers, token)
    return Repository(api, name, environment.get("PRICEBOOK_BOT") or BOT)


def pull_request(environment: Mapping[str, str]) -> int:
    """The number of the pull request that the job is about, from the event. Raises Rejected."""
    event = _event(environment)
    number = (event.get("pull_request") or {}).get("number") or event.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise reject("code-host", "the event is about no pull request", hint="run on pull_request, or say --number")
    return number


def _event(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):
        event = None
    return event if isinstance(event, dict) else {}


def marked(text: str, name: str | None) -> tuple[str, str]:
    """A text within the limit, and the hidden marker in its last line, by which it is found again. Raises Rejected.

    A name stands in place of the marker that the text has; without one that marker says whose text it is, so that each
    environment has a place of its own.
    """
    if name is not None and not _PLACE.match(name):
        raise reject("code-host", f"{quote(name)} is no name for a place", hint="letters, digits, and any of _ . / -")
    rest, _, last = text.rstrip().rpartition("\n")
    own = _MARKER.match(last) is not None
    kept = (rest if own else text).rstrip()
    marker = last if own and name is None else f"<!-- pricebook {name or 'plan'} -->"
    tail = f"\n\n{marker}\n"
    if len(kept) + len(tail) > MOST:
        tail = f"\n\n_Cut: this is too long for a comment._{tail}"
        kept = kept[: MOST - len(tail)]
    return kept + tail, marker


def put_comment(repo: Repository, number: int, text: str, name: str | None) -> str:
    """The one comment of that name says the text; its address. Raises Rejected."""
    body, marker = marked(text, name)
    path = f"{repo.path}/issues/{number}/comments"

    def ours() -> dict[str, Any] | None:
        return next((c for c in repo.api.pages(path) if _is_ours(repo, c, marker)), None)

    found, made = repo.api.found_or_made(ours, path, {"body": body}, "comment was not posted")
    if made or _says(found, body):
        return _address(found)
    return _address(repo.api.repeat("PATCH", f"{repo.path}/issues/comments/{number_of(found, 'id')}", {"body": body}))


def put_issue(repo: Repository, text: str, title: str, name: str, *, clean: bool) -> str:
    """The one open issue of that name says the text, or is closed when all is clean. Its address, empty when there is
    none and none is needed. Raises Rejected."""
    body, marker = marked(text, name)
    path = f"{repo.path}/issues?state=open&creator={urlquote(repo.author, safe='')}"

    def ours() -> dict[str, Any] | None:
        found = (issue for issue in repo.api.pages(path) if _is_ours(repo, issue, marker))
        return next((issue for issue in found if "pull_request" not in issue), None)

    if clean:
        left = ours()
        if left is None:
            return ""
        closed = {"body": body, "state": "closed", "state_reason": "completed"}
        return _address(repo.api.repeat("PATCH", f"{repo.path}/issues/{_number(left)}", closed))
    wanted = {"title": title, "body": body}
    found, made = repo.api.found_or_made(ours, f"{repo.path}/issues", wanted, "issue was not opened")
    if made or (_says(found, body) and found.get("title") == title):
        return _address(found)
    return _address(repo.api.repeat("PATCH", f"{repo.path}/issues/{_number(found)}", wanted))


def put_status(repo: Repository, commit: str, context: str, digest: str) -> None:
    """The commit's status says which plan was shown for it. The last one with the context counts."""
    path = f"{repo.path}/statuses/{checked(commit)}"
    body = {"state": "success", "context": context, "description": f"plan {digest}"}
    repo.api.repeat("POST", path, body)  # a second one that says the same does no harm


def approved(repo: Repository, commit: str, context: str) -> str:
    """The digest of the plan that was shown for the pull request whose merge the commit is. Raises Rejected."""
    by_hand = "look at the plan of this run, and apply it by hand with its digest"
    pull = _merged(repo, commit, by_hand)
    head = _head(pull)
    for status in repo.api.pages(f"{repo.path}/commits/{checked(head)}/statuses"):
        author = (status.get("creator") or {}).get("login")
        if status.get("context") == context and author == repo.author:
            found = _DIGEST.match(str(status.get("description")))
            if found is not None:
                return found[1]
            break
    message = f"no plan was shown for {head[:12]}, the head of pull request {_number(pull)}"
    raise reject("not-approved", message, hint=by_hand)


def reviewed(repo: Repository, commit: str) -> Reviewed:
    """The pull request whose merge the commit is, and who approved its head. Raises Rejected."""
    pull = _merged(repo, commit, AGAIN)
    head, number = _head(pull), _number(pull)
    last: dict[str, tuple[str, str]] = {}
    for review in repo.api.pages(f"{repo.path}/pulls/{number}/reviews"):
        if review.get("state") in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[_login(review)] = (str(review["state"]), str(review.get("commit_id")))
    yes = frozenset(who for who, found in last.items() if found == ("APPROVED", head))
    return Reviewed(f"pull request {number}", _login(pull), yes)


def _merged(repo: Repository, commit: str, hint: str) -> dict[str, Any]:
    merged: list[dict[str, Any]] = [
        p for p in repo.api.pages(f"{repo.path}/commits/{checked(commit)}/pulls") if p.get("merged_at")
    ]
    if len(merged) != 1:
        many = "no pull request" if not merged else f"{len(merged)} pull requests"
        raise reject("not-approved", f"{commit[:12]} is the merge of {many}", hint=hint)
    return merged[0]


def _head(pull: Mapping[str, Any]) -> str:
    return str((pull.get("head") or {}).get("sha", ""))


def _login(item: Mapping[str, Any]) -> str:
    return str((item.get("user") or {}).get("login", "")).lower()


def send_findings(repo: Repository, sarif: str, commit: str, ref: str) -> None:
    """Hand a SARIF file to code scanning. Raises Rejected, also where code scanning is not switched on."""
    if not re.match(r"refs/(heads|tags|pull)/\S+\Z", ref):
        raise reject("code-host", f"{quote(ref)} is no full reference", hint="refs/heads/main or refs/pull/1/merge")
    packed = b64encode(gzip.compress(sarif.encode(), mtime=0)).decode()
    body = {"commit_sha": checked(commit), "ref": ref, "sarif": packed, "tool_name": "pricebook"}
    # The same findings of the same commit replace each other.
    repo.api.repeat("POST", f"{repo.path}/code-scanning/sarifs", body)


def _is_ours(repo: Repository, item: object, marker: str) -> bool:
    if not isinstance(item, dict) or (item.get("user") or {}).get("login") != repo.author:
        return False
    return str(item.get("body") or "").rstrip().endswith(marker)


def _says(item: Mapping[str, Any], body: str) -> bool:
    return str(item.get("body") or "").replace("\r\n", "\n").rstrip() == body.rstrip()


def _number(item: Mapping[str, Any]) -> int:
    return number_of(item, "number")


def _address(item: object) -> str:
    return str(item.get("html_url", "")) if isinstance(item, dict) else ""


def checked(commit: str) -> str:
    """A commit by its full id. Raises Rejected."""
    if not _SHA.match(commit):
        raise reject("code-host", f"{quote(commit)} is no full commit id", hint="40 hexadecimal digits")
    return commit
