"""GitLab: one note on a merge request, as for GitHub.

The token of a CI job may not write notes, so a project access token is needed; what is ours is what its user wrote and
bears our marker.
"""

import re
from collections.abc import Mapping
from typing import Any

from pricebook.codehost.api import CodeHostApi, number_of
from pricebook.codehost.github import marked
from pricebook.problem import quote, reject


def put_note(environment: Mapping[str, str], text: str, name: str | None) -> str:
    """The one note of that name on the merge request of the job says the text; its number. Raises Rejected."""
    token, project = environment.get("PRICEBOOK_GITLAB_TOKEN", ""), environment.get("CI_PROJECT_ID", "")
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    if not token:
        hint = "a project access token with the scope api, as a masked variable"
        raise reject("code-host", "PRICEBOOK_GITLAB_TOKEN is not set", hint=hint)
    for variable, value in (("CI_PROJECT_ID", project), ("CI_MERGE_REQUEST_IID", number)):
        if not re.match(r"[1-9]\d*\Z", value):
            raise reject("code-host", f"{variable} {quote(value)} is no number", hint="run in a merge request pipeline")
    api = CodeHostApi(environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4", {"PRIVATE-TOKEN": token}, token)
    body, marker = marked(text, name)
    path = f"/projects/{project}/merge_requests/{number}/notes"
    author = number_of(api.one("/user"), "id")

    def ours() -> dict[str, Any] | None:
        found = (note for note in api.pages(path) if isinstance(note, dict) and not note.get("system"))
        return next(
            (
                note
                for note in found
                if (note.get("author") or {}).get("id") == author and str(note.get("body")).rstrip().endswith(marker)
            ),
            None,
        )

    note, made = api.found_or_made(ours, path, {"body": body}, "note was not posted")
    if not made and str(note.get("body")).rstrip() != body.rstrip():
        api.repeat("PUT", f"{path}/{number_of(note, 'id')}", {"body": body})
    return str(number_of(note, "id"))
