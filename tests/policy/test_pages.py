"""The pages of rules are what the rules say, and every word of `explain` leads to a page."""

from pathlib import Path

import pytest

from pricebook.plan.hazard import Hazard
from pricebook.policy.judge import rules
from pricebook.problem import Rejected
from pricebook.view.plan import HAZARD_WORDS
from pricebook.workflow.rules import page_of, rule_files

ROOT = Path(__file__).resolve().parents[2]
MEANINGS = {hazard.value: words for hazard, words in HAZARD_WORDS.items()}
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_the_pages_are_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").iterdir()}
    assert written == rule_files(), "run: make schemas"


@pytest.mark.parametrize("word", [*rules(), *Hazard, "annual_price", "tier-gap", "csv-syntax", "unknown-reference"])
def test_every_word_has_a_page(word: str) -> None:
    page = page_of(word, ERRORS, MEANINGS)
    assert page.startswith("# `")
    assert page.endswith("\n")


def test_a_word_that_is_nothing_has_a_hint() -> None:
    with pytest.raises(Rejected) as caught:
        page_of("anual-price", ERRORS, MEANINGS)
    assert caught.value.problems[0].hint == 'did you mean "annual-price"?'
