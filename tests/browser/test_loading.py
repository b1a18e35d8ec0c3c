"""What travels before a table is seen: little the first time, and the page alone the next time."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import numbers, opened, path_of

pytestmark = pytest.mark.browser

FETCHED = """performance.getEntries()
    .filter((entry) => entry.transferSize > 0)
    .map((entry) => new URL(entry.name).pathname)"""


def fetched(page: Page) -> list[str]:
    """Return the paths of what came over the line for this page, and not from what the browser has kept."""
    paths: list[str] = page.evaluate(FETCHED)
    return paths


def test_few_files_are_fetched_and_on_the_next_visit_the_page_alone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(5))
    second = open_page(path_of(first))
    expect(second.locator(".name")).to_have_text("table.tsv")
    assert len(fetched(second)) <= 20
    assert any("/static/built/main-" in path for path in fetched(second))
    second.goto(path_of(first))
    expect(second.locator(".name")).to_have_text("table.tsv")
    assert fetched(second) == [path_of(first)]
