"""A real browser: Debian's Chromium, driven by Playwright. Where there is none, these tests are skipped and say so; in
CI that is an error. A page that writes to the console, or that reaches for the network, fails its test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
HANGS = 600_000
"""Milliseconds after which something hangs; a busy machine does not."""
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        message = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--force-color-profile=srgb", "--disable-gpu"],
            timeout=HANGS,
        )
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a file in a fresh window: `open_page(path, "?on=2026-01-01", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def request(asked: Request) -> None:
        if not asked.url.startswith(("file:", "data:")):
            said.append(f"reaches for {asked.url}")

    def opened(path: Path, suffix: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(HANGS)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", request)
        page.goto(path.resolve().as_uri() + suffix)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []
