"""The page of a bill in a real browser, opened from a disk: with eyes, with ears, with a keyboard, and on paper."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "format"))
import sample_bill

Open = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bill with a credit that burns down, one with all kinds of balances, several at once, and a hostile one."""
    folder = tmp_path_factory.mktemp("bills")
    bills = {
        "starter": [sample_bill.starter_bill()],
        "balances": [sample_bill.worked_bill("order-of-burning-down")],
        "several": [sample_bill.starter_bill(), sample_bill.worked_bill("true-up")],
        "hostile": [sample_bill.hostile_bill()],
    }
    paths = {name: folder / f"{name}.html" for name in bills}
    for name, path in paths.items():
        path.write_text(sample_bill.page_of(*bills[name]), encoding="utf-8")
    return paths


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(open_page: Open, pages: dict[str, Path], scheme: str) -> None:
    """Contrast, labels, headings, regions: the rules of axe, with every line open."""
    for name, path in pages.items():
        page = open_page(path, color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true; })")
        found: list[dict[str, Any]] = Axe().run(page)["violations"]
        assert [(name, rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_a_line_is_opened_by_keyboard_without_a_script(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["starter"], java_script_enabled=False)
    line = page.locator(".lines summary", has_text="Input tokens").first
    reasons = page.locator(".lines dl", has_text="2,600,000 ÷ 1,000,000")
    assert not reasons.is_visible()
    line.focus()
    page.keyboard.press("Enter")
    assert reasons.is_visible()
    assert reasons.locator("dt").all_inner_texts() == ["Time", "Metered", "Rate"]
    assert reasons.locator("dd").last.inner_text() == "since 2025-04-01"


def test_an_assumption_is_one_step_away(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["starter"])
    page.locator(".lines summary", has_text="Sign-up credit").first.click()
    page.get_by_role("link", name="A fee counts at the start of the time").first.click()
    assert page.url.endswith("#assumed-1-paid-in-order")
    assert "Commits and credits" in page.locator(":target").inner_text()


def test_a_balance_burns_down_in_the_picture(open_page: Open, pages: dict[str, Path]) -> None:
    """$10.00 a month: $1.58 lapses, then all is used, then nothing is; nothing lapses where nothing was left."""
    page = open_page(pages["starter"])
    chart = page.locator(".courses .chart")
    assert chart.count() == 1
    assert chart.get_attribute("aria-label") == (
        "What is open: $10.00 on 2025-10-01; $1.58, then $10.00 on 2025-11-01; $10.00 on 2025-12-01; "
        "$10.00, then $0.00 on 2026-01-01; $0.00 on 2026-02-01"
    )
    tops = chart.locator("path.past").evaluate_all("nodes => nodes.map(node => node.getBBox().height)")
    assert max(tops) > 100


def test_paper_has_every_explanation(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["starter"], color_scheme="dark")
    page.emulate_media(media="print")
    heights = page.locator(".lines dl").evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().height)")
    assert len(heights) == 12
    assert min(heights) > 15
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_no_page_is_wider_than_a_phone(open_page: Open, pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        page = open_page(path, **PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
