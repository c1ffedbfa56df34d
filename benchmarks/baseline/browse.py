"""A site's prices and a plan's report in a browser: CPU seconds of the page's thread to open them and to search.

browse.py SITE REPORT FEW...: the folder of a site, the page of a plan, and the same two of a tenth as many prices. What
it prints are the least seconds of several goes. `plain` is the least that a search can be: a script of three lines that
goes through as many texts and draws as many rows.
"""

import json
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

REPEATS = 5
WORDS = ("claude", "gpt-4o mini", "o", "zzz", "output azure", "")
PLAIN = """([texts, word]) => {
    const words = word.split(" ").filter(Boolean);
    const found = texts.filter((text) => words.every((part) => text.includes(part)));
    document.querySelector("tbody").innerHTML = found.slice(0, 100).map((text) => `<tr><td>${text}</td></tr>`).join("");
}"""
SEARCH = """(word) => {
    const field = document.querySelector("[type=search]");
    field.value = word;
    const changed = document.querySelector("[type=checkbox]");
    if (changed) changed.dispatchEvent(new Event("change"));
    else field.dispatchEvent(new Event("input"));
}"""
"""Not by the site's own "input", which waits until somebody has stopped writing."""


class Watched:
    """A page whose thread is watched."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page()
        self._session = self.page.context.new_cdp_session(self.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent(self) -> float:
        """CPU seconds of the page's thread until now, when all that it had to do is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        metrics = {each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def cost(self, script: str, argument: object) -> float:
        """CPU seconds of a script and of what is drawn after it."""
        before = self.spent()
        self.page.evaluate(script, argument)
        return self.spent() - before


def opened(browser: Browser, path: Path) -> float:
    """The least CPU seconds until a page is there."""
    costs = []
    for _ in range(REPEATS):
        watched = Watched(browser)
        watched.page.goto(path.as_uri())
        costs.append(watched.spent())
        watched.page.close()
    return min(costs)


def searched(browser: Browser, path: Path) -> tuple[float, float]:
    """The most that a word costs, each the least of several goes, and what it costs the plain script."""
    watched = Watched(browser)
    watched.page.goto(path.as_uri())
    texts = [f"claude {n} gpt-4o mini {n % 7} azure output row {n} of a table" for n in range(20_000)]
    worst = max(min(watched.cost(SEARCH, word) for _ in range(REPEATS)) for word in WORDS)
    watched.page.evaluate("(texts) => { window.texts = texts; }", texts)
    plain = PLAIN.replace("[texts, word]", "word")
    least = max(min(watched.cost(plain, word) for _ in range(REPEATS)) for word in WORDS)
    watched.page.close()
    return worst, least


site, report, small_site, small_report = map(Path, sys.argv[1:])
chromium = next(path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path)
with sync_playwright() as playwright:
    started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    found = {}
    pages = {"site": (site / "prices.html", small_site / "prices.html"), "report": (report, small_report)}
    for name, (page, small) in pages.items():
        search, plain = searched(started, page)
        found[name] = {"open": opened(started, page), "few": opened(started, small), "search": search, "plain": plain}
    started.close()
sys.stdout.write(json.dumps(found))
