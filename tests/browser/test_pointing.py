"""Pointing: everyone who follows sees the cell that one goes to; it moves nothing and passes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, numbers, opened, path_of, turn

pytestmark = pytest.mark.browser


def finger(page: Page) -> Locator:
    """Find the cell that another points at."""
    return page.locator(".finger")


def points_at(page: Page, row: int, column: int) -> None:
    """See the frame exactly over a cell."""
    expect(finger(page)).to_be_visible()
    want, got = cell(page, row, column).bounding_box(), finger(page).bounding_box()
    assert want is not None
    assert got == want


def test_a_click_and_the_arrows_point_before_everyone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=6))
    second, third = open_page(path_of(first)), open_page(path_of(first))
    for page in (first, second, third):
        at_page(page, 1)
        expect(page.locator(".toolbar")).to_contain_text("3 here")
    focused = second.evaluate("document.activeElement.tagName")
    size = second.locator("#scroller").evaluate("element => [element.scrollWidth, element.scrollHeight]")
    cell(first, 5, 2).click()
    for page in (second, third):
        points_at(page, 5, 2)
        expect(finger(page)).to_contain_text("Guest")
    first.keyboard.press("ArrowRight")
    first.keyboard.press("ArrowDown")
    expect(cell(first, 6, 3)).to_be_focused()
    for page in (second, third):
        expect(page.locator(".finger")).to_have_attribute("style", _style(page, 6, 3))
        points_at(page, 6, 3)
    # Not for the one who points; and nothing moved, scrolled or took the focus.
    expect(finger(first)).to_have_count(0)
    assert second.evaluate("document.activeElement.tagName") == focused
    assert second.locator("#scroller").evaluate("element => [element.scrollWidth, element.scrollHeight]") == size
    expect(finger(second)).to_have_count(0)


def _style(page: Page, row: int, column: int) -> object:
    import re

    top = page.locator("#scroller").bounding_box()
    box = cell(page, row, column).bounding_box()
    assert top is not None
    assert box is not None
    return re.compile(f"left: {box['x'] - top['x']:g}px; top: {box['y'] - top['y']:g}px")


def test_it_is_seen_on_its_page_and_not_by_those_who_look_around(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=6))
    second, third = open_page(path_of(first)), open_page(path_of(first))
    at_page(second, 1)
    at_page(third, 1)
    third.get_by_role("button", name="Following").click()
    cell(first, 5, 2).click()
    expect(finger(second)).to_be_visible()
    expect(finger(third)).to_have_count(0)
    turn(second, "Next page")
    expect(finger(second)).to_have_count(0)
    # Who goes away from the others takes the finger along.
    turn(second, "Previous page")
    cell(first, 7, 1).click()
    expect(finger(second)).to_be_visible()
    first.get_by_role("button", name="Following").click()
    expect(finger(second)).to_have_count(0)


def test_one_who_was_not_yet_told_who_is_here_points_all_the_same(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=6))
    second = open_page(path_of(first), prepare=_without_presence)
    at_page(second, 1)
    cell(second, 5, 2).click()
    expect(finger(first)).to_be_visible()


def _without_presence(page: Page) -> None:
    def between(ours: WebSocketRoute) -> None:
        server = ours.connect_to_server()
        server.on_message(lambda message: None if '"type":"presence"' in str(message) else ours.send(message))

    page.route_web_socket("**/parser/ws**", between)


def test_it_goes_with_another_table(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=6))
    second = open_page(path_of(first))
    at_page(second, 1)
    cell(first, 5, 2).click()
    expect(finger(second)).to_be_visible()
    opened(second, numbers(40, columns=6), "other.tsv")
    expect(finger(second)).to_have_count(0)


def test_a_column_heading_can_be_pointed_at(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500, columns=6))
    second = open_page(path_of(first))
    at_page(second, 1)
    first.locator("thead th").nth(3).click()
    expect(finger(second)).to_be_visible()
    second.locator("#scroller").evaluate("element => element.scrollTo(0, 700)")
    heading, frame = second.locator("thead th").nth(3).bounding_box(), finger(second).bounding_box()
    assert heading is not None
    assert frame is not None
    assert (frame["x"], frame["y"]) == (heading["x"], heading["y"])
