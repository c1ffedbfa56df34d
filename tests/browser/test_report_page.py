"""The page of a plan in a real browser, opened from a disk: what it shows, how fast, to whom, and that it is inert."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

from drawing import plan_document, problems_document
from pricebook import SITE
from pricebook.plan.step import Plan
from published import model_stages, planned

sys.path.insert(0, str(Path(__file__).parents[1] / "format"))
import sample_plan

Open = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}}
SAMPLES: dict[str, Callable[[], Plan]] = {
    "judged": sample_plan.judged,
    "new-version": sample_plan.new_version,
    "new-package": sample_plan.new_package,
    "refused": sample_plan.refused,
    "empty": sample_plan.empty,
    "hostile": sample_plan.hostile,
    "many": sample_plan.many,
}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each sample, and of the largest step between releases of the published price table."""
    folder = tmp_path_factory.mktemp("pages")
    plans = {name: make() for name, make in SAMPLES.items()}
    *_, (plans["released"], _) = planned(model_stages(folder), "llm")
    paths = {}
    for name, plan in plans.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(plan_document("html", plan), encoding="utf-8")
    paths["problems"] = folder / "problems.html"
    problems = [*sample_plan.problems(), *sample_plan.hostile_findings()]
    paths["problems"].write_text(problems_document("html", problems), encoding="utf-8")
    return paths


def rows(page: Page) -> list[str]:
    """The names of the prices that are listed."""
    return page.locator(".prices .open").all_inner_texts()


def test_each_changed_price_has_its_timeline(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["judged"])
    # Of the six one is new, and the same from its first day on.
    assert page.locator(".prices tr.detail svg.chart").count() == 5
    assert page.locator(".prices td.spark svg").count() == 5
    assert page.get_by_text("A new price, the same from its first day on.").count() == 1
    chart = page.get_by_role("img", name="Price over time. Before: $20.00 a month from 2025-01-01.")
    label = chart.get_attribute("aria-label")
    assert label == (
        "Price over time. Before: $20.00 a month from 2025-01-01. "
        "After: $20.00 a month from 2025-01-01 until 2026-01-01, $25.00 a month from 2026-01-01."
    )
    chart = page.locator(".detail .chart").first
    assert chart.locator(".desired.past").count() >= 1
    assert chart.locator(".desired.future").count() >= 1
    assert chart.locator(".today").count() == 1
    detail = page.locator("tr.detail").first
    assert "Reaches all 311 contracts on the card." in detail.inner_text()


def test_a_step_goes_up_where_the_price_does(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["judged"])
    for name, rises in (("Pro plan", True), ("Gpt 4o · input · us", False)):
        row = page.locator(".prices > tbody > tr", has_text=name).first
        box = row.locator("xpath=following-sibling::tr[1]").locator(".desired.future").last
        start, _, level = (box.get_attribute("d") or "").partition("V")
        before = float(start.split(" ")[1])
        after = float(level.split("H")[0])
        assert (after < before) == rises, "up is a smaller y"


def test_versions_stand_side_by_side(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["new-version"])
    table = page.get_by_role("region", name="Terms of package:starter-plan@2")
    assert table.locator("thead th").all_inner_texts() == [
        "Term",
        "package:starter-plan@1",
        "package:starter-plan@2",
        "Change",
    ]
    changed = table.locator("tr.changed", has_text="unit_price")
    assert changed.locator("td").all_inner_texts() == ["$10.00", "$5.00", "−50.0 %"]
    assert table.locator("tr.same").count() >= 5
    assert changed.locator("td").first.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_the_largest_release_is_filtered_and_drawn_by_the_screenful(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["released"])
    assert page.locator(".count").first.inner_text() == "5,469 changes"
    assert len(rows(page)) == 100
    for text, drawn in (("g", 100), ("gpt-4o", 54), ("", 100)):
        page.locator(".tools input").fill(text)
        assert len(rows(page)) == drawn
    page.locator(".tools input").fill("gpt-4o input_cost_per_token")
    shown = rows(page)
    assert shown
    assert all("gpt-4o" in row and "Input cost per token" in row for row in shown)
    assert page.locator(".count").first.inner_text().endswith("of 5,469 changes")
    page.locator(".tools input").fill("")
    page.get_by_label("Which changes").select_option("up")
    assert page.locator(".count").first.inner_text() == "36 of 5,469 changes"
    page.get_by_label("Which changes").select_option("MAGNITUDE")
    assert page.locator(".count").first.inner_text() == "14 of 5,469 changes"


def test_it_sorts_and_goes_on(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["released"])
    page.get_by_label("Order").select_option("down")
    assert page.locator(".prices tbody tr .num").first.inner_text() == "−100.0 %"
    page.get_by_label("Order").select_option("up")
    assert page.locator(".prices tbody tr .num").first.inner_text() == "+9,900.0 %"
    page.get_by_label("Order").select_option("name")
    shown = rows(page)
    assert shown == sorted(shown)
    page.get_by_role("button", name="Show 100 more").click()
    assert len(rows(page)) == 200
    assert page.evaluate("document.activeElement.innerText") == rows(page)[100], (
        "the keyboard stands at the first new row"
    )


def test_it_shows_how_far_prices_move(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["released"])
    bars = page.locator(".spread rect")
    counts = [int(text.split(": ")[1]) for text in bars.locator("title").all_text_contents()]
    assert sum(counts) == 112
    heights = [float(bar.get_attribute("height") or 0) for bar in bars.all()]
    assert max(zip(counts, heights, strict=True))[1] == max(heights) == 110


def test_everything_can_be_done_by_keyboard(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["released"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    page.keyboard.press("Enter")
    seen: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.className || document.activeElement.type || 'other'"))
        if seen[-1] == "open":
            break
    assert "search" in seen
    assert seen[-1] == "open"
    page.keyboard.press("Enter")
    assert page.locator("tr.detail").count() == 1
    page.keyboard.press("Space")
    assert page.locator("tr.detail").count() == 0
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the keyboard stands is seen"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(open_page: Open, pages: dict[str, Path], scheme: str) -> None:
    """Contrast, labels, headings, focus: the rules of axe, on every sample."""
    for name in ("judged", "new-version", "new-package", "refused", "empty", "problems", "released"):
        page = open_page(pages[name], color_scheme=scheme)
        page.locator(".open").first.click() if name == "released" else None
        page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true; })")
        found: list[dict[str, Any]] = Axe().run(page)["violations"]
        assert [(name, rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_dark_is_dark(open_page: Open, pages: dict[str, Path]) -> None:
    colours = {
        scheme: open_page(pages["judged"], color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}


def test_no_page_is_wider_than_a_phone(open_page: Open, pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        page = open_page(path, **PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        cut = page.evaluate(
            """() => [...document.querySelectorAll(".prices > tbody > tr > *, h1, .tiles li")]
                 .filter(node => node.getBoundingClientRect().right > innerWidth + 1).length"""
        )
        assert cut == 0, name
    for options in (PHONE, {"viewport": {"width": 1280, "height": 900}}):
        page = open_page(pages["judged"], **options)
        hidden = "node => node.scrollWidth > node.clientWidth + 1"
        regions = f"[...document.querySelectorAll('.history .scroll')].filter({hidden}).length"
        assert page.evaluate(regions) == 0, "before and after stand side by side, in sight"


def test_it_prints(open_page: Open, pages: dict[str, Path], tmp_path: Path) -> None:
    page = open_page(pages["judged"])
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator(".skip").is_visible()
    page.pdf(path=tmp_path / "plan.pdf", format="A4")
    assert (tmp_path / "plan.pdf").read_bytes().count(b"/Type /Page\n") >= 2
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def test_hostile_names_are_text(open_page: Open, pages: dict[str, Path]) -> None:
    for name in ("hostile", "problems"):
        page = open_page(pages[name])
        assert page.locator("img, iframe").count() == 0
        links = {link.get_attribute("href") or "" for link in page.locator("a:not(.skip)").all()}
        assert links
        assert all(re.fullmatch(re.escape(f"{SITE}/errors/#") + r"[\w%-]+", link) for link in links)
        assert page.locator("script").count() == (2 if name == "hostile" else 1)
        assert page.evaluate("typeof window.alerted") == "undefined"
    page = open_page(pages["hostile"])
    assert "product:<script>alert(1)</script>" in page.locator(".object code").all_inner_texts()


def test_a_thousand_objects_are_found(open_page: Open, tmp_path: Path) -> None:
    step = sample_plan.supersede("plan", 2, sample_plan.starter(), sample_plan.starter(1500), reach=3)
    change: Any = step.change
    steps = [
        replace(step, id=f"{i}", change=replace(change, ref=change.ref._replace(name=f"plan-{i:04d}")))
        for i in range(5000)
    ]
    path = tmp_path / "objects.html"
    path.write_text(plan_document("html", sample_plan.plan(steps)), encoding="utf-8")
    page = open_page(path)
    assert page.locator("details.object").count() == 100
    page.get_by_label("Find an object").fill("plan-4321")
    assert page.locator(".count").inner_text() == "1 of 5,000 objects"
    page.locator("details.object summary").click()
    page.locator("details.object", has_text="$15.00").wait_for()  # it is drawn when the browser says that it is open


def test_without_scripts_it_still_says_what_matters(open_page: Open, pages: dict[str, Path]) -> None:
    page = open_page(pages["judged"], java_script_enabled=False)
    text = page.locator("main").inner_text()
    assert "5 prices change for 311 contracts" in text
    assert "--allow ENTITLEMENT_LOST" in text
    assert "Without scripts" in text
