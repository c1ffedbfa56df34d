"""Waivers that a change brings along: whoever made the change must not be the one who accepts it.

Whether somebody else approved it, only the code host knows (`codehost.github.check_reviews`); here it is said that it
was not checked.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pricebook.manifest.load import Loaded, load
from pricebook.policy.waiver import approver_of
from pricebook.problem import Problem, Severity, quote
from pricebook.project.policy import Policy
from pricebook.project.project import Project
from pricebook.project.signed import Signed, signed_waivers
from pricebook.span import Span


class NewWaiver(NamedTuple):
    """A waiver that the base does not have, or has otherwise. `people` may sign it; nobody in particular when empty.
    `commit` is one that brought it where every waiver is asked about, empty when that is not known."""

    rule: str
    covers: str
    by: str
    people: tuple[str, ...]
    at: Span
    commit: str | None = None


def new_waivers(
    project: Project, loaded: Loaded, environment: str, base: Project | None, elsewhere: str
) -> Iterator[NewWaiver]:
    """The waivers of the project that its base, where there is one, does not have; `elsewhere` is the base's
    environment. Who may sign is what the base says: nobody gives themselves leave in the change that needs it. Raises
    Rejected for a base that cannot be read."""
    own = signed_waivers(project, loaded)
    known = set(map(_content, signed_waivers(base, load(base, elsewhere)))) if own and base is not None else set()
    policy = project.policy(environment) if base is None else base.policy(elsewhere)
    for waiver in own:
        if _content(waiver) not in known:
            yield asked(waiver, policy)


def asked(waiver: Signed, policy: Policy, commit: str | None = None) -> NewWaiver:
    """A waiver with those who may sign it by a policy."""
    found = approver_of(waiver.rule, waiver.covers.partition("/")[0], policy.approvers)
    people = found.people if found is not None else ()
    return NewWaiver(waiver.rule, waiver.covers, waiver.by, people, waiver.at, commit)


def unchecked(waivers: Iterable[NewWaiver], policy: Policy) -> Iterator[Problem]:
    """What is said of them where no code host can be asked: nothing that a policy would stop the change for."""
    severity: Severity = "note" if policy.fail_on in ("warning", "note") else "warning"
    for waiver in waivers:
        what = f"the waiver of {waiver.rule} for {quote(waiver.covers)} by {quote(waiver.by)} is new in this change"
        whom = f"one of {', '.join(waiver.people)}" if waiver.people else "somebody"
        hint = f"{whom} other than its author has to approve the change; CI checks it before the plan is applied"
        message = f"{what}: unchecked whether somebody else approved it"
        yield Problem("waiver-unchecked", message, waiver.at, hint, severity=severity)


def _content(waiver: Signed) -> tuple[object, ...]:
    return (waiver.rule, waiver.covers, waiver.reason, waiver.by, waiver.until)
