"""Rules: which there are, with the severity that they have here, and the page of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pricebook.plan.hazard import REFUSED, Hazard
from pricebook.policy.judge import hazard_id, rules
from pricebook.policy.page import rule_page
from pricebook.problem import address, did_you_mean, quote, reject
from pricebook.project.policy import CompanyRule, Policy


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule in a list: its severity under the policy (or `off`), what it is about, and its title."""

    id: str
    severity: str
    about: str
    title: str


def listed_rules(policy: Policy) -> list[ListedRule]:
    """The rules that come with pricebook, then those of the company."""
    found = [
        ListedRule(
            rule.id,
            policy.levels.get(rule.id, rule.severity),
            "catalogue" if rule.check is not None else "plan",
            rule.title,
        )
        for rule in rules().values()
    ]
    about = {"price-change": "plan", "plan": "plan"}
    return found + [
        ListedRule(rule.id, policy.levels.get(rule.id, rule.severity), about.get(rule.each, "catalogue"), rule.message)
        for rule in policy.company_rules
    ]


def page_of(word: str, errors: str, meanings: dict[str, str], company: Sequence[CompanyRule] = ()) -> str:
    """The page of a rule, a hazard or an error code, as Markdown. `errors` is the page of all error codes, `meanings`
    what each hazard means, `company` the company's own rules. Raises Rejected for a word that is none of them."""
    id_ = word.lower().replace("_", "-")
    own = next((rule for rule in company if rule.id == id_), None)
    if own is not None:
        return _company_page(own)
    if id_ in rules():
        return f"{rule_page(rules()[id_])}\n{address(id_)}\n"
    hazards = {hazard_id(hazard): hazard for hazard in Hazard}
    if id_ in hazards:
        return f"{_hazard_page(hazards[id_], meanings)}\n{address(hazards[id_])}\n"
    codes = _codes(errors)
    if id_ in codes:
        wrong, out = codes[id_]
        about = "An error of the manifests, or of a command."
        return f"# `{id_}`\n\n{about}\n\n## What is wrong\n\n{wrong}\n\n## Way out\n\n{out}\n\n{address(id_)}\n"
    hint = did_you_mean(id_, [*rules(), *hazards, *codes, *(rule.id for rule in company)]) or "see: pricebook rules"
    raise reject("unknown-rule", f"there is no rule, hazard or error {quote(word)}", hint=hint)


def _company_page(rule: CompanyRule) -> str:
    when = f"when: {rule.when}\n" if rule.when else ""
    out = f"\n\n## Way out\n\n{rule.hint}" if rule.hint else ""
    return (
        f"# `{rule.id}`\n\n{rule.message}\n\nSeverity: **{rule.severity}**. A rule of this project, asked once for each"
        f" {rule.each}.\n\n```\n{when}require: {rule.require}\n```{out}\n"
    )


def _hazard_page(hazard: Hazard, meanings: dict[str, str]) -> str:
    refused = (
        f"`apply` refuses it unless it is allowed: `--allow {hazard}`."
        if hazard in REFUSED
        else "It is shown, and not refused, unless the policy says so."
    )
    return (
        f"# `{hazard}`\n\nA hazard of a change: {meanings[hazard].rstrip('?')}.\n\n{refused}\n\n## In the policy\n\n"
        f"```yaml\npolicy:\n  refuse: [{hazard}]            # without --allow\n"
        f"  need_approval: [{hazard}]     # no flag: a waiver, with a name under it\n```\n"
    )


def _codes(page: str) -> dict[str, tuple[str, str]]:
    """The error codes of the page of errors: what is wrong, and the way out."""
    found: dict[str, tuple[str, str]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3:
            for code in cells[0].split(","):
                found[code.strip().strip("`")] = (cells[1], cells[2])
    return found


def rule_files() -> dict[str, str]:
    """The text of every page of a rule by its file name, and their index."""
    pages = {f"{rule.id}.md": rule_page(rule) for rule in rules().values()}
    rows = "\n".join(
        f"| [`{rule.id}`]({rule.id}.md) | {rule.severity} | {'catalogue' if rule.check is not None else 'plan'} |"
        f" {rule.title} |"
        for rule in rules().values()
    )
    head = "# Rules\n\nWritten by `pricebook rules --output docs/rules`; see [policy.md](../policy.md).\n"
    return {"README.md": f"{head}\n| rule | severity | about | |\n|---|---|---|---|\n{rows}\n", **pages}


def write_pages(directory: Path) -> list[str]:
    """Write every page to a directory, and return the names of the files."""
    directory.mkdir(parents=True, exist_ok=True)
    files = rule_files()
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")
    return list(files)
