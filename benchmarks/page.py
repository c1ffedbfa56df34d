"""What a reader waits for in a browser: opening the price list or a plan of many thousand prices, and searching it."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

from bench import Bench
from measure import Run, Spread, run
from report import Finding, Note, Report

FEW, MANY = 2_000, 20_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def page(bench: Bench) -> Report:
    """The site and the report of 20,000 prices in Chromium, against those of 2,000 and a search of three lines."""
    if not any(map(shutil.which, BROWSERS)) or find_spec("playwright") is None:
        yield Note("SKIPPED: that needs Chromium and playwright")
        return
    paths = [str(path) for rows in (MANY, FEW) for path in _written(bench, rows)]
    found = [json.loads(run(bench.baseline("browse", *paths)).output) for _ in range(max(bench.rounds // 3, 2))]
    for name, what in (("site", "the price list"), ("report", "the plan")):
        costs = [each[name] for each in found]
        opened = Spread.of([each["open"] / each["few"] for each in costs])
        yield Finding(f"opening {what} of {MANY:,} prices, CPU time against {FEW:,}", opened, 3)
        searched = Spread.of([each["search"] / each["plain"] for each in costs])
        yield Finding(f"a search of {what}, against as many texts and rows by a plain script", searched, 8)
        middle = {key: Spread.of([each[key] for each in costs]).middle * 1e3 for key in costs[0]}
        yield Note(f"opened in {middle['open']:.0f} ms of CPU, searched in {middle['search']:.0f} ms")


def _written(bench: Bench, rows: int) -> tuple[Path, Path]:
    """The site of so many prices that are all sold, and the page of a plan that changes every one of them."""
    site, report = bench.work / f"site-{rows}", bench.work / f"report-{rows}.html"
    _run(bench, rows, 0, "site", "--output", str(site))
    _run(bench, rows, rows, "--as-of", "2025-06-01", "plan", "--rows", "all", "--report", f"html={report}")
    return site, report


def _run(bench: Bench, rows: int, changes: int, *words: str) -> Run:
    project = bench.changed(rows, changes) if changes else bench.rates(rows)
    return run(bench.pricebook(project, *words))
