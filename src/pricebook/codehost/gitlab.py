"""GitLab: one note on a merge request, one issue, and who approved, as for GitHub.

The token of a CI job may do nothing of that, so a project access token is needed; what is ours is what its user wrote
and bears our marker.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pricebook.codehost.api import CodeHostApi, number_of
from pricebook.codehost.github import checked, marked
from pricebook.codehost.review import AGAIN, Reviewed
from pricebook.problem import quote, reject

_APPROVED = "approved this merge request"
"""What GitLab notes when somebody approves."""


class GitlabProject(NamedTuple):
    """A project on GitLab, and the path of its resources."""

    api: CodeHostApi
    path: str


def project(environment: Mapping[str, str]) -> GitlabProject:
    """The project of the job that runs, from the variables that GitLab sets. Raises Rejected."""
    token = environment.get("PRICEBOOK_GITLAB_TOKEN", "")
    if not token:
        hint = "a project access token with the scope api, as a masked variable"
        raise reject("code-host", "PRICEBOOK_GITLAB_TOKEN is not set", hint=hint)
    api = CodeHostApi(environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4", {"PRIVATE-TOKEN": token}, token)
    return GitlabProject(api, f"/projects/{_numbered(environment, 'CI_PROJECT_ID', 'this runs in GitLab CI')}")


def _numbered(environment: Mapping[str, str], variable: str, hint: str) -> str:
    value = environment.get(variable, "")
    if not re.match(r"[1-9]\d*\Z", value, re.ASCII):
        raise reject("code-host", f"{variable} {quote(value)} is no number", hint=hint)
    return value


def put_note(environment: Mapping[str, str], text: str, name: str | None) -> str:
    """The one note of that name on the merge request of the job says the text; its number. Raises Rejected."""
    api, path = project(environment)
    number = _numbered(environment, "CI_MERGE_REQUEST_IID", "run in a merge request pipeline")
    body, marker = marked(text, name)
    path = f"{path}/merge_requests/{number}/notes"
    author = number_of(api.one("/user"), "id")

    def ours() -> dict[str, Any] | None:
        found = (note for note in api.pages(path) if not note.get("system"))
        return next((note for note in found if _is_ours(note, author, "body", marker)), None)

    note, made = api.found_or_made(ours, path, {"body": body}, "note was not posted")
    if not made and str(note.get("body")).rstrip() != body.rstrip():
        api.repeat("PUT", f"{path}/{number_of(note, 'id')}", {"body": body})
    return str(number_of(note, "id"))


def put_issue(environment: Mapping[str, str], text: str, title: str, name: str, *, clean: bool) -> str:
    """The one open issue of that name says the text, or is closed when all is clean. Its address, empty when there is
    none and none is needed. Raises Rejected."""
    api, path = project(environment)
    path = f"{path}/issues"
    body, marker = marked(text, name)
    author = number_of(api.one("/user"), "id")

    def ours() -> dict[str, Any] | None:
        found = api.pages(f"{path}?state=opened&author_id={author}")
        return next((issue for issue in found if _is_ours(issue, author, "description", marker)), None)

    wanted = {"title": title, "description": body}
    if clean:
        issue, made = ours(), False
        wanted = {"description": body, "state_event": "close"}
    else:
        issue, made = api.found_or_made(ours, path, wanted, "issue was not opened")
    if issue is None:
        return ""
    if not made and any(str(issue.get(field)).rstrip() != said.rstrip() for field, said in wanted.items()):
        api.repeat("PUT", f"{path}/{number_of(issue, 'iid')}", wanted)
    return str(issue.get("web_url", ""))


def _is_ours(item: Mapping[str, Any], author: int, field: str, marker: str) -> bool:
    mine = (item.get("author") or {}).get("id") == author
    return mine and str(item.get(field)).rstrip().endswith(marker)


def reviewed(environment: Mapping[str, str], commit: str) -> Reviewed:
    """The merge request whose merge the commit is, and who approved it after its last version was pushed. Raises
    Rejected.

    Who approves it now is what GitLab counts, without those who took that back or were reset by a push. When they did
    so stands there since GitLab 18; before, the merge request's own notes say it.
    """
    api, path = project(environment)
    commits = api.pages(f"{path}/repository/commits/{checked(commit)}/merge_requests")
    merged = [each for each in commits if each.get("state") == "merged"]
    if len(merged) != 1:
        many = "no merge request" if not merged else f"{len(merged)} merge requests"
        raise reject("not-approved", f"{commit[:12]} is the merge of {many}", hint=AGAIN)
    number = number_of(merged[0], "iid")
    path = f"{path}/merge_requests/{number}"
    pushed = max((_instant(version.get("created_at")) for version in api.pages(f"{path}/versions")), default=_NEVER)
    given = api.one(f"{path}/approvals").get("approved_by") or ()
    when = {_username(each, "user"): _instant(each.get("approved_at")) for each in given}
    if _NEVER in when.values():
        for note in api.pages(f"{path}/notes"):
            who = _username(note, "author")
            if note.get("system") is True and note.get("body") == _APPROVED and who in when:
                when[who] = max(when[who], _instant(note.get("created_at")))
    yes = frozenset(who for who, at in when.items() if at > pushed > _NEVER)
    return Reviewed(f"merge request {number}", _username(merged[0], "author"), yes)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _instant(text: object) -> datetime:
    """An instant of an answer; one that is not said was before all others."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return _NEVER
    return found.astimezone(UTC) if found.tzinfo is not None else _NEVER


def _username(item: Mapping[str, Any], field: str) -> str:
    return str((item.get(field) or {}).get("username", "")).lower()
