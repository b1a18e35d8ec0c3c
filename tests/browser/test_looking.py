"""Following and looking around alone: where I am stands in my address, and nobody else is moved by it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, numbers, opened, path_of, turn

pytestmark = pytest.mark.browser


def alone(page: Page) -> None:
    """See that this page looks around alone."""
    expect(page.locator(".pill")).to_be_visible()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "false")


def test_who_looks_around_moves_nobody_and_returns(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(path_of(first))
    at_page(second, 1)
    second.get_by_role("button", name="Following").click()
    alone(second)
    turn(second, "Last page")
    at_page(second, 13)
    second.wait_for_url(re.compile(r"\?page=13$"))
    turn(first, "Next page")
    at_page(first, 2)
    expect(second.locator(".pill")).to_contain_text("page 2")
    at_page(second, 13)
    # What only my screen does leaves nobody.
    cell(second, 1210, 1).click()
    second.keyboard.press("PageUp")
    at_page(second, 12)
    at_page(first, 2)
    second.get_by_role("button", name="Return").click()
    at_page(second, 2)
    second.wait_for_url(re.compile(r"/[0-9a-f-]{36}$"))
    turn(second, "Next page")
    at_page(first, 3)


def test_a_key_leaves_and_returns(page: Page) -> None:
    opened(page, numbers(300))
    cell(page, 2, 0).click()
    page.keyboard.press("f")
    alone(page)
    page.keyboard.press("f")
    expect(page.locator(".pill")).to_be_hidden()


def test_scrolling_selecting_and_copying_do_not_leave_following(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=40))
    second = open_page(path_of(first))
    cell(second, 2, 0).click()
    for key in ("Shift+ArrowDown", "Shift+End", "Control+C", "+", "Enter", "Escape", "Escape"):
        second.keyboard.press(key)
    second.mouse.wheel(300, 800)
    expect(second.locator(".pill")).to_be_hidden()
    assert "page=" not in second.url
    turn(first, "Next page")
    at_page(second, 2)


def test_a_link_with_a_page_opens_there_alone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(f"{path_of(first)}?page=5")
    at_page(second, 5)
    alone(second)
    expect(second.locator(".pill")).to_contain_text("page 1")
    second.reload()
    at_page(second, 5)
    at_page(first, 1)
    beyond = open_page(f"{path_of(first)}?page=999")
    at_page(beyond, 13)


def test_a_link_with_a_row_opens_its_page_and_marks_it(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(f"{path_of(first)}#row=678")
    at_page(second, 7)
    alone(second)
    row = second.locator("tr.marked")
    expect(row).to_have_attribute("aria-rowindex", "678")
    expect(cell(second, 678, 0)).to_be_focused()
    expect(cell(second, 678, 0)).to_be_in_viewport()
    second.get_by_role("link", name="690", exact=True).click()
    expect(row).to_have_attribute("aria-rowindex", "690")
    second.wait_for_url(re.compile(r"\?page=7#row=690$"))
    at_page(first, 1)
    # A row of the room's page needs no other one.
    third = open_page(f"{path_of(first)}#row=50")
    expect(third.locator("tr.marked")).to_have_attribute("aria-rowindex", "50")
    expect(cell(third, 50, 0)).to_be_in_viewport()
    expect(third.locator(".pill")).to_be_hidden()


def test_my_page_is_that_of_the_table_that_takes_its_place(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(f"{path_of(first)}?page=9")
    at_page(second, 9)
    opened(first, numbers(350, name="other "), "other.tsv")
    at_page(second, 4)
    expect(second.get_by_role("columnheader", name="other 2")).to_be_visible()
    first.locator(".badge").click()
    first.get_by_label("First row").select_option(label="Is data")
    expect(second.get_by_role("columnheader", name="C", exact=True)).to_be_visible()
    at_page(second, 4)


def test_a_half_typed_page_number_is_left_alone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(path_of(first))
    field = second.get_by_label("Page", exact=True)
    field.click()
    turn(first, "Next page")
    at_page(second, 2)
    second.keyboard.type("1")
    turn(first, "Next page")
    expect(second.locator("tbody th").first).to_have_text("201")
    expect(field).to_have_value("1")
    second.keyboard.type("1")
    second.keyboard.press("Enter")
    for page in (first, second):
        at_page(page, 11)
    field.fill("7")
    field.press("Escape")
    expect(field).to_have_value("11")
