"""Waivers: findings that somebody accepts, for a reason and for a time.

A waived finding stays visible. A waiver that has run out, that nobody needs, that names no rule, or that was signed by
somebody who may not, is a finding itself.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from pricebook.catalog.instant import instant_words
from pricebook.policy.finding import Judged
from pricebook.problem import Problem, did_you_mean, quote
from pricebook.project.policy import Approver, Policy
from pricebook.project.signed import Signed

NOT_WAIVED = frozenset(
    (
        *("rule-failed", "rule-slow", "waiver-expired", "waiver-unused", "waiver-unknown", "waiver-refused"),
        "waiver-unchecked",
    )
)
"""Findings about the rules and waivers themselves, which no waiver covers."""


def matches(pattern: str, text: str) -> bool:
    """What `covers` means: the whole text, with `*` for any text, also none. No regular expression, so none is slow."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    last = rest.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in rest:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def waived(judged: Judged, waivers: Sequence[Signed], policy: Policy, now: datetime) -> tuple[str, list[int]]:
    """Why a finding is accepted, or nothing; and the positions of the waivers that are about it, in force or not."""
    about = [i for i, waiver in enumerate(waivers) if is_about(waiver, judged)]
    for index in about:
        waiver = waivers[index]
        if now < waiver.until and may_sign(waiver, judged, policy.approvers):
            return f"{waiver.reason} ({waiver.by}, until {instant_words(waiver.until)})", about
    return "", about


def is_about(waiver: Signed, judged: Judged) -> bool:
    """Whether a waiver names the finding's rule, and covers what it is about."""
    if judged.rule in NOT_WAIVED or waiver.rule != judged.rule:
        return False
    finding = judged.finding
    return matches(waiver.covers, finding.part) or matches(waiver.covers, finding.subject)


def may_sign(waiver: Signed, judged: Judged, approvers: Sequence[Approver]) -> bool:
    """Whether the signer may accept that finding. As in a CODEOWNERS file the last approver that fits counts; where
    none fits, anybody may."""
    approver = approver_of(judged.rule, judged.finding.subject, approvers)
    return approver is None or waiver.by in approver.people


def approver_of(rule: str, subject: str, approvers: Sequence[Approver]) -> Approver | None:
    """Who may accept a finding, or None when nobody in particular."""
    for approver in reversed(approvers):
        accepts = {word.lower().replace("_", "-") for word in approver.accepts}
        if accepts and rule not in accepts:
            continue
        if any(matches(pattern, subject) for pattern in approver.covers):
            return approver
    return None


def check_waivers(
    waivers: Sequence[Signed],
    used: Iterable[tuple[int, Judged]],
    policy: Policy,
    now: datetime,
    *,
    known: Collection[str],
    ran: Collection[str],
) -> list[Problem]:
    """The findings about the waivers themselves. `used` are the waivers that are about a finding, with the finding;
    `known` are the ids that a waiver can name, `ran` those of the rules that were run."""
    findings: dict[int, list[Judged]] = {}
    for index, judged in used:
        findings.setdefault(index, []).append(judged)
    problems = []
    for index, waiver in enumerate(waivers):
        about = findings.get(index, [])
        refused = [judged for judged in about if not may_sign(waiver, judged, policy.approvers)]
        if waiver.rule not in known:
            hint = did_you_mean(waiver.rule, known) or "see: pricebook rules"
            message = f"the waiver is for {quote(waiver.rule)}, and there is no such rule"
            problems.append(Problem("waiver-unknown", message, waiver.at, hint, severity="error"))
        elif waiver.until <= now:
            state = "the finding is back" if about else "and nothing needs it any more"
            ended = instant_words(waiver.until)
            message = f"the waiver of {waiver.rule} for {quote(waiver.covers)} ended on {ended}: {state}"
            hint = "mend what it was for, or sign it again" if about else "take it out"
            problems.append(Problem("waiver-expired", message, waiver.at, hint, severity="warning"))
        elif refused:
            approver = approver_of(refused[0].rule, refused[0].finding.subject, policy.approvers)
            people = ", ".join(approver.people) if approver is not None else ""
            message = f"{quote(waiver.by)} may not accept {waiver.rule} for {quote(refused[0].finding.subject)}"
            problems.append(
                Problem("waiver-refused", message, waiver.at, f"it takes one of: {people}", severity="error")
            )
        elif not about and waiver.rule in ran:
            message = f"the waiver of {waiver.rule} for {quote(waiver.covers)} is about nothing that was found"
            problems.append(Problem("waiver-unused", message, waiver.at, "take it out", severity="note"))
    return problems
