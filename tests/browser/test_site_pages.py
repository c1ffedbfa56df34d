"""The price list in a real browser, opened from a disk: what it says on a date, how fast it filters, and to whom."""

import csv
import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from observed import holding
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.money import ratio
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.view.price import change_text
from pricebook.view.price_list import PriceList, price_list
from published import instant, models, starter, write_site

Open = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}}
PAGES = [
    "index.html",
    "prices.html",
    "changes.html",
    "packages.html",
    "packages/starter-plan.html",
    "products.html",
    "products/input-tokens.html",
    "rate-cards.html",
    "rate-cards/tokens.html",
    "feed.html",
]
WICKED = "\"><img src=x onerror=alert(1)><script>alert(1)</script>\u202e&lt;b&gt;\x1b[31m\n${alert(1)}`'</title>"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the starter plan."""
    scratch = tmp_path_factory.mktemp("starter")
    return write_site(scratch / "site", starter(scratch), None)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PriceList]:
    """The site of four releases on two cards, 18,396 prices, and what it was made from."""
    scratch = tmp_path_factory.mktemp("models")
    held = models(scratch, cards=2)
    return write_site(scratch / "site", held, "2026-10-01"), price_list(held, "acme")


def test_a_price_on_a_date(open_page: Open, small: Path) -> None:
    page = open_page(small / "products" / "input-tokens.html", "?on=2025-12-31")
    row = page.locator("tbody tr").first
    assert row.locator(".money").inner_text() == "$2.50 per 1M input tokens"
    assert row.locator("td").last.inner_text() == "$2.00 (-20.0 %) on 2026-01-01"
    page.get_by_label("As of").fill("2026-01-01")
    assert row.locator(".money").inner_text() == "$2.00 per 1M input tokens"
    assert page.url.endswith("?on=2026-01-01"), "what is shown can be linked to"
    page.get_by_role("link", name="Packages").first.click()
    assert "on=2026-01-01" in page.url, "links keep the date"


def test_a_link_to_a_price_opens_its_history(open_page: Open, small: Path) -> None:
    page = open_page(small / "prices.html", "?on=2026-03-01&q=large input")
    page.get_by_role("button", name="Input tokens").click()
    target = page.get_by_role("link", name="Link to this price").get_attribute("href")
    assert target == "products/input-tokens.html?on=2026-03-01#tokens;;model%3Dlarge"
    linked = open_page(small / "products" / "input-tokens.html", target.partition(".html")[2])
    history = linked.locator("tr.detail table").first
    said = history.inner_text().split()
    assert " ".join(said[3:]) == (
        "from 2026-01-01 $2.00 per 1M input tokens -20.0 % from 2025-04-01 until 2026-01-01 $2.50 per 1M input tokens"
    )
    label = linked.locator("svg.chart").first.get_attribute("aria-label")
    assert (
        label == "Price over time: $2.50 per 1M input tokens from 2025-04-01, $2.00 per 1M input tokens from 2026-01-01"
    )


def test_a_package_on_a_date(open_page: Open, small: Path) -> None:
    page = open_page(small / "index.html", "?on=2026-01-15")
    card = page.locator("a.card", has_text="Starter Plan")
    assert card.inner_text().split("\n") == [
        "Starter Plan (as of Oct 2025)",
        "$10.00 a month · Starter subscription",
        "Sign-up credit: $10.00 of credit a month for Input tokens, Output tokens, priority 1, for 3 months",
        "version 1 of 2",
        "1 version to come",
    ]
    card.click()
    page.locator("#v1 h2", has_text="sold on").wait_for()  # the page says what was sold once its script has run
    assert page.locator("#v1 h2").inner_text() == "Version 1 sold on 2026-01-15"
    assert page.locator("#v2 h2").inner_text() == "Version 2 not there yet on 2026-01-15"
    page.get_by_label("As of").fill("2026-02-01")
    assert page.locator("#v2 h2").inner_text() == "Version 2 sold on 2026-02-01"
    assert page.locator("#v1 h2").inner_text() == "Version 1"


@pytest.mark.parametrize(
    ("day", "sold"),
    [("2024-12-31", 0), ("2025-01-01", 1856), ("2025-05-01", 2435), ("2026-08-31", 4615), ("2026-09-01", 8212)],
)
def test_as_many_prices_as_the_release_of_the_day_has(
    open_page: Open, large: tuple[Path, PriceList], day: str, sold: int
) -> None:
    page = open_page(large[0] / "rate-cards" / "models.html", f"?on={day}")
    rest = "" if sold == 9198 else f"; {9198 - sold:,} ended or upcoming"
    assert page.locator(".count").inner_text() == f"{sold:,} prices{rest}"


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("2025-01-01", "2025-05-01", "12 up · 31 down · 583 new · 4 ended"),
        ("2025-05-01", "2025-12-01", "4 up · 24 down · 2,282 new · 102 ended"),
        ("2025-12-01", "2026-09-01", "36 up · 76 down · 4,477 new · 880 ended"),
    ],
)
def test_the_change_log_between_two_releases(
    open_page: Open, large: tuple[Path, PriceList], first: str, second: str, counts: str
) -> None:
    """Each price that moved, with the change that a plan would say; the counts are those of the example's page."""
    folder, listed = large
    page = open_page(folder / "changes.html", f"?from={first}&to={second}")
    numbers = [part.split() for part in counts.split(" · ")]
    both = " · ".join(f"{int(n.replace(',', '')) * 2:,} {word}" for n, word in numbers)
    assert page.locator(".group h2 small").inner_text() == both, "twice, for there are two cards"
    expected = sorted(moved(listed, f"{first}T00:00:00Z", f"{second}T00:00:00Z"))
    shown = []
    for kind in ("up", "down"):
        page = open_page(folder / "changes.html", f"?from={first}&to={second}&kind={kind}")
        for more in page.get_by_role("button", name="Show all").all():
            more.click()
        read = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
        cells = page.eval_on_selector_all(".group tbody tr", read)
        shown += [(row[0].rpartition(" · ")[0], row[1], row[2].partition(" per")[0], row[3]) for row in cells]
    assert sorted(shown) == expected


def moved(listed: PriceList, first: str, second: str) -> Iterator[tuple[str, str, str, str]]:
    for card in listed.prices:
        for key, stretches in listed.prices[card]:
            was, now = (
                next((s for s in stretches if s.starting_at <= at and (s.ending_before or "9") > at), None)
                for at in (first, second)
            )
            if was is None or now is None or was.amount is None or now.amount is None or not now.terms.entitled:
                continue
            relative = ratio(was.amount, now.amount)
            if was.terms.entitled and was.amount != now.amount:
                values = (value for _, value in key.pricing_group_values)
                what = " · ".join([listed.products[key.product].name, *values])
                yield what, was.text, now.text, change_text(relative) if relative is not None else ""


def test_a_search_draws_one_screenful_of_what_it_finds(open_page: Open, large: tuple[Path, PriceList]) -> None:
    """Why a search is quick (`benchmarks/page.py` has how quick): rows that nobody has scrolled to are not made."""
    page = open_page(large[0] / "prices.html")
    assert page.locator(".count").inner_text() == "16,424 prices; 1,972 ended or upcoming"
    for text in ("claude", "gpt-4o mini", "", "o", "zzz", "output azure"):
        page.evaluate(
            """(text) => {
                document.querySelector("[type=search]").value = text;
                document.querySelector("[type=checkbox]").dispatchEvent(new Event("change"));
            }""",
            text,
        )
        found = int(page.locator(".count").inner_text().partition(" ")[0].replace(",", ""))
        rows = page.locator("tbody tr").all_text_contents()
        assert len(rows) == min(found, 100)
        assert all(word in row.lower() for row in rows for word in text.split())


def test_search_and_filters_are_part_of_the_address(open_page: Open, large: tuple[Path, PriceList]) -> None:
    page = open_page(large[0] / "prices.html")
    page.get_by_label("Search prices").fill("GPT-4o input")
    page.get_by_label("Any provider").select_option("azure")
    page.wait_for_url("**/prices.html?q=GPT-4o+input&for.provider=azure")
    count = page.locator(".count").inner_text()
    again = open_page(large[0] / "prices.html", "?q=GPT-4o+input&for.provider=azure")
    assert again.locator(".count").inner_text() == count
    rows = again.locator("tbody tr").all_inner_texts()
    assert rows
    assert all("gpt-4o" in row.lower() and "azure" in row.lower() for row in rows)


def test_what_is_listed_can_be_taken_into_a_spreadsheet(open_page: Open, small: Path) -> None:
    page = open_page(small / "prices.html", "?on=2026-01-15&q=large", accept_downloads=True)
    with page.expect_download() as waited:
        page.get_by_role("button", name="CSV").click()
    assert waited.value.suggested_filename == "prices-2026-01-15.csv"
    text = Path(waited.value.path()).read_text(encoding="utf-8-sig")
    header, *rows = csv.reader(text.splitlines())
    assert header == [
        "rate_card",
        "product",
        "name",
        "model",
        "billing_frequency",
        "state",
        "amount",
        "unit",
        "text",
        "since",
    ]
    day = "2026-01-01T00:00:00Z"
    assert rows[0] == [
        "tokens",
        "input-tokens",
        "Input tokens",
        "large",
        "",
        "sold",
        "2",
        "usd",
        "$2.00 per 1M input tokens",
        day,
    ]
    assert len(rows) == 2


def test_sorting_by_keyboard(open_page: Open, large: tuple[Path, PriceList]) -> None:
    page = open_page(large[0] / "products" / "input_cost_per_token.html")
    page.locator("[data-by=price]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Price")
    assert page.evaluate("document.activeElement.dataset.by") == "price", "the focus stays where it was"
    first, second = page.locator("tbody tr .money").all_inner_texts()[:2]
    assert float(first.split()[0].strip("$").replace(",", "")) >= float(second.split()[0].strip("$").replace(",", ""))
    page.locator("tbody .open").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("tr.detail svg.chart").count() == 1


@pytest.mark.parametrize(("scheme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})])
def test_everybody_can_read_it(open_page: Open, small: Path, scheme: str, rules: dict[str, Any]) -> None:
    """Contrast, labels, headings, focus: the rules of axe, on every page, with a price opened; in the dark contrast."""
    page = open_page(small / PAGES[0], color_scheme=scheme)
    for path in PAGES:
        page.goto((small / path).as_uri() + "?on=2026-01-15")
        for opened in page.locator(".open[aria-expanded=false]").all()[:2]:
            opened.click()
        found: list[dict[str, Any]] = Axe().run(page, options=rules)["violations"]
        assert [(path, rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_no_page_is_wider_than_a_phone(open_page: Open, small: Path, large: tuple[Path, PriceList]) -> None:
    page = open_page(small / PAGES[0], **PHONE)
    for site, path in [*((small, path) for path in PAGES), (large[0], "prices.html"), (large[0], "changes.html")]:
        page.goto((site / path).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_on_paper_there_are_prices_and_no_controls(open_page: Open, small: Path) -> None:
    page = open_page(small / "prices.html")
    page.emulate_media(media="print")
    assert page.locator("tbody tr").first.is_visible()
    assert not page.locator(".tools").is_visible()
    assert not page.get_by_label("As of").is_visible()


def test_without_scripts_the_terms_are_there(open_page: Open, small: Path) -> None:
    page = open_page(small / "packages" / "starter-plan.html", java_script_enabled=False)
    assert page.locator("#v2 .diff tbody tr").inner_text().split("\t")[1:] == ["$10.00", "$15.00", "+50.0 %"]
    assert "Without scripts" in page.locator("noscript").inner_text()


def test_hostile_names_are_only_text(open_page: Open, tmp_path: Path) -> None:
    flat = '{"entitled":true,"price":100,"rate_type":"FLAT"}'
    key = key_text(RateKey("one", None, ((WICKED, WICKED),)))
    nouns = {
        Ref(Kind.PRODUCT, "one"): noun_of(Kind.PRODUCT, {"name": WICKED, "type": "FIXED", "tags": (WICKED,)}),
        Ref(Kind.RATE_CARD, "list"): noun_of(Kind.RATE_CARD, {"name": WICKED, "aliases": ({"name": WICKED},)}),
        Ref(Kind.PACKAGE, "pro", 1): noun_of(Kind.PACKAGE, {"name": WICKED, "aliases": ({"name": WICKED},)}),
    }
    rates = RateBook({key: schedule_text([Segment("2026-01-01T00:00:00Z", None, read_terms(flat))])})
    held = holding(Catalog(nouns, {"list": rates}), instant("2026-06-01"))
    site = write_site(tmp_path / "site", held, "2026-06-01")
    shown = WICKED.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b").replace("\n", "\\n")
    page = open_page(site / "index.html")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri() + "?q=%3Cimg%20src=x%20onerror=alert(1)%3E&from=<script>&on=<b>")
        assert page.locator("img, main script").count() == 0
        if path.name in ("one.html", "pro.html", "list.html"):
            assert page.locator("h1").inner_text() == shown
    page.goto((site / "prices.html").as_uri())
    page.locator(".open").click()
    assert page.locator(".open").inner_text() == shown
    with page.expect_download() as waited:
        page.get_by_role("button", name="CSV").click()
    _, row = csv.reader(Path(waited.value.path()).read_text(encoding="utf-8-sig").splitlines())
    assert row[2] == shown, "one cell, and one line"
    page.get_by_role("link", name="Link to this price").click()
    assert page.locator("tr.detail").count() == 1, "the link finds the price, whatever its name"


def test_below_any_path_of_a_server(browser: Browser, small: Path) -> None:
    """Under the policy of the pages, from an origin: scripts and styles load, and nothing is reported."""
    handler = partial(Quiet, directory=str(small.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.set_default_timeout(600_000)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"http://127.0.0.1:{server.server_port}/{small.name}/products/input-tokens.html?on=2026-01-15")
        assert page.locator("tbody .money").first.inner_text() == "$2.00 per 1M input tokens"
        page.get_by_role("link", name="Prices").first.click()
        assert page.locator("tbody tr").count() == 12
        page.close()
        server.shutdown()
    assert said == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that does not write about it."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
