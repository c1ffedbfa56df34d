"""Real mistakes, reconstructed: each is caught by the rule, hazard or error that docs/mistakes.md names."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_bench import Bench, instant

from pricebook.policy.judge import rules
from pricebook.policy.outlier import RULES as AMOUNTS
from pricebook.policy.sample import AFTER_RATES, SAMPLE
from pricebook.problem import Rejected
from pricebook.workflow.compare import CompareRequest, compare

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mistakes.md"
CASES: list[dict[str, Any]] = yaml.load((Path(__file__).parent / "mistakes.yaml").read_text(), yaml.BaseLoader)
LARGE = "model: large}, starting_at: 2025-01-01, price: $2.50"
MODELS = next(rule.example.good for rule in AMOUNTS if rule.id == "price-outlier")
RUPEES = """\
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: inr}
spec: {name: Rupees, currency: INR}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: india}
spec:
  name: India
  fiat_credit_type: inr
  rates:
    - {product: tokens, pricing_group_values: {model: large}, starting_at: 2025-01-01, price: 212}
"""


def edited(edits: list[list[str]]) -> str:
    """The sample with the edits of a case. Two words stand for more: a list of models, and a card in rupees."""
    text = SAMPLE
    for old, new in edits:
        if old == "MODELS":
            for before, after in MODELS:
                text = text.replace(before, after)
            text = text.replace(LARGE, LARGE.replace("price: $2.50", new))
        elif old == "RUPEES":
            text = text.replace(AFTER_RATES, AFTER_RATES + RUPEES.replace("price: 212", new))
        else:
            assert old in text, old
            text = text.replace(old, new)
    return text


def compared(theirs: dict[str, str], folder: Path) -> set[str]:
    """What is told of the sample beside a list of theirs."""
    bench, file = Bench(folder), folder / "theirs.csv"
    loaded = bench.load(SAMPLE)
    rows = (f"tokens,{model},{price}\n" for model, price in theirs.items())
    file.write_text("product,model,usd\n" + "".join(rows))
    columns = {"product": "product", "pricing_group_values": {"model": "model"}, "price": "usd"}
    request = CompareRequest(None, file, {"columns": columns}, None, None)
    found = compare(bench.project, loaded, request, instant("2026-01-01"))
    return {f"compare, {one.section}" for one in found.differences}


def caught(case: dict[str, Any], folder: Path) -> set[str]:
    """Every code of an error, a finding, and every hazard."""
    if "theirs" in case:
        return compared(case["theirs"], folder)
    example = rules()[case["like"]].example if "like" in case else None
    bench = Bench(folder, example.policy if example is not None else case.get("policy", ""))
    text = example.text(example.bad) if example is not None else edited(case["edits"])
    planned = "held" in case or (example is not None and rules()[case["like"]].check is None)
    try:
        if not planned:
            return {finding.code for finding in bench.lint(text)}
        contracts = dict(example.contracts) if example is not None else {"rate-card:standard": 3}
        held = example.text(example.observed) if example is not None else SAMPLE
        plan, findings = bench.planned(
            text, held=held, contracts=contracts, prune=example is not None and example.prune
        )
    except Rejected as rejected:
        return {problem.code for problem in rejected.problems}
    return {finding.code for finding in findings} | {hazard.value for hazard in plan.hazards}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["story"][:50])
def test_it_is_caught(case: dict[str, Any], tmp_path: Path) -> None:
    assert case["caught"] in caught(case, tmp_path)


def test_there_are_enough_and_the_page_lists_them_all() -> None:
    assert len(CASES) >= 40
    assert len({case["story"] for case in CASES}) == len(CASES)
    if "PRICEBOOK_UPDATE_GOLDEN" in os.environ:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "PRICEBOOK_UPDATE_GOLDEN=1 pytest writes it anew"


def page() -> str:
    """The text of docs/mistakes.md."""
    rows = "\n".join(f"| {case['story']} | {_linked(case['caught'])} | {case['source']} |" for case in CASES)
    return f"""\
# Mistakes that are caught

{len(CASES)} mistakes that have cost money or nearly did, each reconstructed on a small catalogue
(`tests/policy/mistakes.yaml`) and caught by a rule, a hazard, an error or [`compare`](compare.md). All are; a test
holds them to it.

| what happened | caught by | told in |
|---|---|---|
{rows}

## What is not a mistake

A rule that cries wolf is switched off. These are judged without a false alarm:

| catalogue | prices | errors | warnings | notes |
|---|---|---|---|---|
| `examples/starter-plan` | 12 | 0 | 0 | 3 rates that no package sells |
| every other example, and the recipes | | 0 | 0 | |
| six forms of price list that companies use (`tests/policy/test_no_alarm.py`) | | 0 | 0 | |
| `examples/llm-prices`, release 1.57.2 | 1,856 | 0 | 2 | 54 products of later releases |
| release 1.67.0 | 2,435 | 0 | 1 for 2 prices | 48 |
| release 1.80.0 | 4,615 | 0 | 5 for 36 prices | 26 |
| release 1.97.0 | 8,212 | 0 | 5 for 37 prices | 8 |

The warnings about the published lists are true. `unit-outlier`: a price per token where the others are per query.
`price-outlier`, a thousand times the median: those of `wandb`,
`jais-30b-chat`, `mt0-xxl-13b` and `jais-13b-chat` are the ones that the list's own maintainers call unit mistakes
(BerriAI/litellm pull request 38167). Those a ten-thousandth of it: a price per token where the component is a query, an
image or a step. `look-alike-name` is one model that stands there in two spellings.
"""


def _linked(word: str) -> str:
    if word.startswith("compare, "):
        return f"[`compare`](compare.md), {word.removeprefix('compare, ')}"
    return f"[`{word}`](rules/{word}.md)" if word in rules() else f"`{word}`"
