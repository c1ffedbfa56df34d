"""The company's own rules: expressions over the typed view, compiled before the first is asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pricebook.catalog.timeline import read_key
from pricebook.catalog.violation import Path, Violation
from pricebook.policy.cel import CelError, Expressions, MissingCel
from pricebook.policy.fact import Facts, Priced
from pricebook.policy.finding import Finding
from pricebook.policy.judge import Task, level_of
from pricebook.policy.proposal import Proposal
from pricebook.policy.view import Seen, subjects
from pricebook.project.policy import CompanyRule, Policy
from pricebook.project.table import Lookup

Ask = Callable[[Mapping[str, Any]], bool]
OVER_PLANS = ("price-change", "plan")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule that can be asked."""

    rule: CompanyRule
    when: Ask | None
    require: Ask
    defaults: Mapping[str, Any]

    def verdict(self, names: Mapping[str, Any]) -> str:
        """`kept`, `broken`, or `not-asked` where `when` is false. Raises CelError."""
        if self.when is not None and not self.when(names):
            return "not-asked"
        return "kept" if self.require(names) else "broken"


def compiled(policy: Policy, tables: Mapping[str, tuple[int, Lookup]]) -> tuple[list[Compiled], list[Violation]]:
    """The company's rules, and what is wrong with those that cannot be asked; paths are below the policy."""
    found: list[Compiled] = []
    wrong: list[Violation] = []
    engines: dict[str, Expressions] = {}
    for index, rule in enumerate(policy.company_rules):
        at: Path = ("company_rules", index)
        try:
            engine = engines.setdefault(rule.each, engines.get(rule.each) or Expressions(rule.each, tables))
        except MissingCel:
            hint = "install it: pip install 'pricebook[rules]'"
            wrong.append(Violation("missing-extra", "company rules need a library that is not installed", at, hint))
            break
        asks: dict[str, Ask | None] = {"when": None}
        for field in ("when", "require"):
            source = getattr(rule, field)
            if source is None:
                continue
            try:
                asks[field] = engine.compile(source)
            except CelError as error:
                hint = f"names of a {rule.each}: {', '.join(name for name in engine.defaults)}; numbers are written 5.0"
                wrong.append(Violation("expression", str(error), (*at, field), hint))
        require = asks.get("require")
        if require is not None:
            found.append(Compiled(rule, asks["when"], require, engine.defaults))
    return found, wrong


def company_tasks(rules: Sequence[Compiled], facts: Facts, proposal: Proposal | None, policy: Policy) -> Iterator[Task]:
    """The company's rules that can be asked of a catalogue, and of a plan when there is one."""
    for one in rules:
        if proposal is None and one.rule.each in OVER_PLANS:
            continue
        severity = level_of(one.rule.id, one.rule.severity, policy)
        if severity is not None:
            yield one.rule.id, severity, partial(_asked, one, facts, proposal)


def _asked(one: Compiled, facts: Facts, proposal: Proposal | None) -> Iterator[Finding]:
    now, text = facts.now, f"{one.rule.when or ''} {one.rule.require}"
    for seen in subjects(one.rule.each, facts, proposal, text):
        try:
            verdict = one.verdict({**seen.names, "now": now})
        except CelError as error:
            raise CelError(f"of {_whom(seen)}: {error}") from None
        if verdict == "broken":
            yield _finding(one.rule, seen)


def _finding(rule: CompanyRule, seen: Seen) -> Finding:
    rate = _key(seen)
    names = seen.names
    starts = names.get("rate.starts") or names.get("change.starts")
    path: Path = (starts,) if rate is not None and starts else ()
    value = f": {names['rate.price']:.12g}" if "rate.price" in names else ""
    whom = f" ({_whom(seen)}{value})" if rate is not None else ""
    hint = rule.hint or f"it has to be so: {rule.require}"
    return Finding(seen.ref, path, f"{rule.message}{whom}", hint, rate=rate, more=seen.more)


def _key(seen: Seen) -> str | None:
    """The key of the rate that a subject is; where one stands for several, the first of them."""
    return seen.rate.key if isinstance(seen.rate, Priced) else seen.rate


def _whom(seen: Seen) -> str:
    key = _key(seen)
    return str(read_key(key)) if key is not None else str(seen.ref or "the plan")
