"""Replacing a table, taking that back, and deleting all for good."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, numbers, opened, path_of, turn
from tests.browser.test_driving import watch_path

pytestmark = pytest.mark.browser


def more(page: Page, item: str) -> None:
    """Choose from the menu."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name=item).click()


def test_a_replaced_table_can_be_undone_by_anyone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    at_page(second, 1)
    opened(second, numbers(30, name="x"), "wrong.tsv")
    news = first.locator(".told-news")
    expect(news).to_contain_text("brought wrong.tsv")
    news.get_by_role("button", name="Undo").click()
    for page in (first, second):
        expect(page.locator(".name")).to_have_text("table.tsv")
        expect(cell(page, 2, 0)).to_have_text("2.0")
    expect(second.locator(".told-news")).to_contain_text("brought table.tsv back")


def test_the_one_who_replaced_it_can_undo_it_too(open_page: OpenPage) -> None:
    page = open_page()
    opened(page, numbers(500))
    expect(page.locator(".told-news")).to_have_count(0)
    opened(page, numbers(30), "wrong.tsv")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".name")).to_have_text("table.tsv")


def test_former_tables_are_listed_and_come_back(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500), "one.tsv")
    second = open_page(path_of(first))
    look_only = open_page(watch_path(first))
    for name in ("two.tsv", "three.tsv"):
        opened(first, numbers(40), name)
    more(second, "Former tables")
    dialog = second.get_by_role("dialog", name="Former tables")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    expect(dialog.get_by_role("listitem").first).to_contain_text("two.tsv")
    expect(dialog.get_by_role("listitem").nth(1)).to_contain_text("500 rows · 8.")
    dialog.get_by_role("button", name="Bring back one.tsv").click()
    for page in (first, second, look_only):
        expect(page.locator(".name")).to_have_text("one.tsv")
    expect(dialog).to_be_hidden()
    more(look_only, "Former tables")
    expect(look_only.get_by_role("button", name="Bring back three.tsv")).to_be_disabled()


def test_a_deleted_table_is_gone_for_everyone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    look_only = open_page(watch_path(first))
    for page in (second, look_only):
        at_page(page, 1)
    more(first, "Delete this table")
    dialog = first.get_by_role("alertdialog")
    expect(dialog).to_contain_text("This cannot be undone")
    expect(dialog).to_contain_text("table.tsv")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    turn(first, "Next page")
    at_page(second, 2)
    first.get_by_role("button", name="Share").click()
    first.get_by_role("button", name="Delete this table").click()
    dialog.get_by_role("button", name="Delete for everyone").click()
    for page in (first, second, look_only):
        expect(page.get_by_role("alert")).to_contain_text("This table was deleted")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.get_by_role("grid")).to_be_hidden()
    second.reload()
    expect(second.get_by_role("alert")).to_contain_text("This table was deleted")
    second.get_by_role("link", name="Start a new table").click()
    expect(second.get_by_role("button", name="Choose file")).to_be_visible()
    opened(second, numbers(3), "new.tsv")
