"""Whether the waivers that a change brought along were approved by somebody else, as a code host tells who approved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pricebook.problem import Problem, Rejected, quote

AGAIN = "sign the waiver anew in a change that somebody else approves"
"""The way out of a waiver that came without one."""


class Reviewed(NamedTuple):
    """A change, `pull request 12`, with the login of its author and of those who approved what was merged: its last
    commit, and no earlier one. Logins are in small letters."""

    what: str
    author: str
    approved: frozenset[str]


def check_reviews(waivers: Sequence[Mapping[str, Any]], change: Callable[[str], Reviewed], commit: str = "") -> None:
    """Every waiver (`workflow.waiver.NewWaiver`, as data) was approved by somebody other than the author of the change
    that brought it: by one of those who may sign it, where the policy names any. `change` asks the code host about the
    merge of a commit: the waiver's own (empty: not known), or `commit` where it says none. Raises Rejected, with each.
    """
    known: dict[str, Reviewed | None] = {}
    problems: list[Problem] = []
    for waiver in waivers:
        own = waiver.get("commit")
        at = commit if own is None else str(own)
        if at and at not in known:
            try:
                known[at] = change(at)
            except Rejected as rejected:
                known[at] = None
                problems += rejected.problems
        reviewed = known.get(at)
        if not at:
            hint = "fetch the whole history (fetch-depth: 0, GIT_DEPTH: 0), and commit what is not"
            problems.append(Problem("not-approved", f"which change brought {_words(waiver)} is not known", hint=hint))
        elif reviewed is not None:
            problems += _unapproved(waiver, reviewed)
    if problems:
        raise Rejected(problems)


def _unapproved(waiver: Mapping[str, Any], change: Reviewed) -> list[Problem]:
    people = {str(name).lstrip("@").lower() for name in waiver.get("people") or ()}
    yes = change.approved - {change.author, ""}
    if yes & people if people else yes:
        return []
    by = f"approved by {', '.join(sorted(yes))} alone" if yes else "approved by nobody"
    others = sorted(people - {change.author})
    whom = f"one of {', '.join(others)}" if others else "somebody other than the author"
    message = f"{_words(waiver)} came with {change.what} of {change.author or 'nobody known'}, {by}"
    return [Problem("not-approved", message, hint=f"{whom} has to approve its last commit")]


def _words(waiver: Mapping[str, Any]) -> str:
    return f"the waiver of {waiver.get('rule')} for {quote(waiver.get('covers'))} by {quote(waiver.get('by'))}"
