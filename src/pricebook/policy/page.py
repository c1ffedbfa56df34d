"""The page of a rule, in Markdown: what is wrong, why that costs money, the way out, and an example of both."""

import textwrap
from difflib import unified_diff

from pricebook.policy.rule import Rule

CONTEXT = 1
"""Lines around a difference."""


def rule_page(rule: Rule) -> str:
    """The whole page."""
    about = "the catalogue, so `validate` and `plan` run it" if rule.check is not None else "a plan, so `plan` runs it"
    parts = [
        f"# `{rule.id}`",
        rule.title,
        f"Severity: **{rule.severity}**. The rule is about {about}.",
        f"## Why\n\n{_filled(rule.why)}",
        f"## Way out\n\n{_filled(rule.way_out)}",
        _example(rule),
    ]
    if rule.source:
        parts.append(f"## Source\n\n{_filled(rule.source)}")
    parts.append(
        "## Accepting it\n\n```yaml\n# waivers.yaml\nwaivers:\n"
        f'  - {{rule: {rule.id}, covers: "…", reason: …, by: …, until: 2026-12-31}}\n```'
    )
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    return "\n".join(textwrap.wrap(" ".join(text.split()), 118))


def _example(rule: Rule) -> str:
    example = rule.example
    good, bad = (example.text(edits).splitlines(keepends=True) for edits in (example.good, example.bad))
    held = example.text(example.observed).splitlines(keepends=True)
    text = "## Example\n\n"
    if rule.check is None:
        if example.policy:
            text += f"With `policy: {{{example.policy}}}`, from what the store holds to what is refused:\n\n"
        else:
            text += "From what the store holds to what is refused:\n\n"
        text += _diff(held, bad)
        if example.good:
            text += f"\n\nThis is not:\n\n{_diff(held, good)}"
        if example.prune:
            text += "\n\nThe plan is made with `--prune`."
        return text
    return text + f"From good to bad:\n\n{_diff(good, bad)}"


def _diff(before: list[str], after: list[str]) -> str:
    lines = [line.rstrip("\n") for line in unified_diff(before, after, n=CONTEXT)][2:]
    shown = [line for line in lines if not line.startswith("@@")]
    return "```diff\n" + "\n".join(shown) + "\n```"
