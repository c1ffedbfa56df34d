"""The policy of an environment, once every word of it is known: hazards, rules, and who may sign."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Path, Violation
from pricebook.plan.hazard import Hazard
from pricebook.policy.judge import failing, known_ids
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.project.policy import Policy
from pricebook.project.project import Project
from pricebook.project.table import read_lookups

if TYPE_CHECKING:  # as in `company_rules`
    from pricebook.policy.company import Compiled


def checked_policy(project: Project, environment: str) -> Policy:
    """The policy that holds in an environment. Raises Rejected, with places, for words that mean nothing."""
    settings = project.settings
    own = settings.environments[environment].policy
    said = [(("policy",), settings.policy), *([(("environments", environment, "policy"), own)] if own else [])]
    problems = []
    for base, policy in said:
        known = known_ids([rule.id for rule in (*settings.policy.company_rules, *policy.company_rules)])
        for violation in _violations(policy, known):
            at = project.place((*base, *violation.at))
            problems.append(Problem(violation.code, violation.message, at, violation.hint))
    if problems:
        raise Rejected(problems)
    return project.policy(environment)


def _violations(policy: Policy, known: Collection[str]) -> Iterator[Violation]:
    for name in ("refuse", "need_approval"):
        for index, word in enumerate(getattr(policy, name) or ()):
            if word.upper() not in Hazard.__members__:
                hint = did_you_mean(word, Hazard) or f"hazards: {', '.join(Hazard)}"
                yield Violation("unknown-hazard", f"{quote(word)} is no hazard", (name, index), hint)
    named: list[tuple[Path, str]] = [(("levels", id_), id_) for id_ in policy.levels]
    for index, approver in enumerate(policy.approvers):
        named += [(("approvers", index, "accepts", i), word) for i, word in enumerate(approver.accepts)]
    for path, word in named:
        if word.lower().replace("_", "-") not in known:
            hint = did_you_mean(word, known) or "see: pricebook rules"
            yield Violation("unknown-rule", f"there is no rule {quote(word)}", path, hint)


def company_rules(project: Project, environment: str) -> "list[Compiled]":
    """The company's rules that hold in an environment, ready to be asked. Raises Rejected, with places, for expressions
    and tables that cannot be used."""
    policy = project.policy(environment)
    if not policy.company_rules:
        return []
    # CEL and the view that it sees are for policies that have expressions.
    from pricebook.policy.company import compiled

    tables = read_lookups(project, policy, _said_in(project, environment, "tables"))
    found, wrong = compiled(policy, tables)
    if wrong:
        base = _said_in(project, environment, "company_rules")
        raise Rejected([Problem(v.code, v.message, project.place((*base, *v.at)), v.hint) for v in wrong])
    return found


def _said_in(project: Project, environment: str, field: str) -> tuple[str, ...]:
    """Which of the two policies says a field."""
    own = project.settings.environments[environment].policy
    said_here = own is not None and field in own.model_fields_set
    return ("environments", environment, "policy") if said_here else ("policy",)


def stopping(findings: Sequence[Problem], policy: Policy, now: datetime | None = None) -> tuple[Problem, ...]:
    """The findings that the policy does not let pass; at the instant of an apply also a freeze that has come since."""
    found = list(failing(findings, policy))
    if now is not None and not any(finding.code == "frozen" for finding in found):
        found += [
            Problem(
                "frozen",
                f"nothing may be applied until {instant_words(freeze.ending_before)}: {freeze.reason}",
                hint=f"apply from {instant_words(freeze.ending_before)} on",
            )
            for freeze in policy.freezes
            if freeze.starting_at <= now < freeze.ending_before and policy.levels.get("frozen") != "off"
        ]
    return tuple(found)
