"""A real Chromium, and pages that fail the test when their console, scripts or policy have anything to complain of."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.server import Server
from tools import programs

CHROMIUM_ARGS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 30_000
"""For what the page is going to show: far above what it takes, for machines that are busy."""

TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the distribution's Chromium once for all tests."""
    path = programs.chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing, and CI needs it")
        pytest.skip("chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


class Complaints:
    """Collect what pages complain of; a test that brings complaints about says which."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Take complaints that match `pattern` as part of the test."""
        self._expected.append(pattern)

    def listen(self, page: Page) -> None:
        """Hear what `page` complains of."""
        page.on("pageerror", lambda error: self._heard.append(f"script: {error}"))
        page.on("crash", lambda _: self._heard.append("the page crashed"))
        page.on("console", lambda message: message.type == "error" and self._heard.append(message.text))

    def unexpected(self) -> list[str]:
        """Return the complaints that no test asked for."""
        return [text for text in self._heard if not any(re.search(pattern, text) for pattern in self._expected)]


@pytest.fixture
def complaints() -> Complaints:
    """Hear the complaints of every page of a test."""
    return Complaints()


@pytest.fixture
def open_page(browser: Browser, server: Server, complaints: Complaints) -> Iterator[OpenPage]:
    """Open pages, each in a context of its own as another person's browser would."""
    contexts = []

    def open_one(
        path: str = "/", prepare: Callable[[Page], None] | None = None, until: Any = "load", **options: Any
    ) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(base_url=server.url, **options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(TELL_VIOLATIONS)
        page = context.new_page()
        complaints.listen(page)
        if prepare is not None:
            prepare(page)
        page.goto(path, wait_until=until)
        if path == "/" and until == "load":
            # The scripts of the first screen are fetched only once it is painted.
            page.locator(".start button.main").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints.unexpected() == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """Open the start page."""
    return open_page()
