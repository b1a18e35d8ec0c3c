"""axe finds nothing to complain of where people meet: the list, the menu, the wheel, what somebody did."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, numbers, opened, path_of, turn
from tests.browser.test_accessible import complaints_of_axe, options  # noqa: F401  # fixtures
from tests.browser.test_driving import present, watch_path
from tests.browser.test_former import more
from tests.browser.test_people import people

pytestmark = pytest.mark.browser


def test_axe_finds_nothing_where_people_meet(open_page: OpenPage, options: dict[str, object]) -> None:  # noqa: F811
    first = open_page(**options)
    opened(first, numbers(500))
    second = open_page(path_of(first))
    at_page(second, 1)
    opened(second, numbers(400), "other.tsv")
    cell(second, 6, 1).click()
    expect(first.locator(".told-news")).to_be_visible()
    expect(first.locator(".finger")).to_be_visible()
    found = complaints_of_axe(first, "news and a finger")
    people(first)
    found += complaints_of_axe(first, "people")
    first.keyboard.press("Escape")
    first.get_by_role("button", name="More", exact=True).click()
    found += complaints_of_axe(first, "menu")
    first.keyboard.press("Escape")
    for item, role in [("Former tables", "dialog"), ("Delete this table", "alertdialog")]:
        more(first, item)
        expect(first.get_by_role(role)).to_be_visible()
        found += complaints_of_axe(first, item)
        first.keyboard.press("Escape")
        expect(first.locator("dialog")).to_have_count(0)
    present(first)
    second.get_by_role("button", name="Ask for the wheel").click()
    expect(first.locator(".asks")).to_be_visible()
    found += complaints_of_axe(first, "presenting, and asked for the wheel")
    first.get_by_role("button", name="Hand over").click()
    expect(first.get_by_role("button", name="Take control back")).to_be_visible()
    found += complaints_of_axe(first, "another presents")
    look_only = open_page(watch_path(first), **options)
    expect(look_only.locator(".chip")).to_be_visible()
    found += complaints_of_axe(look_only, "look only")
    turn(second, "Next page")
    more(second, "Delete this table")
    second.get_by_role("button", name="Delete for everyone").click()
    expect(first.get_by_role("alert")).to_be_visible()
    found += complaints_of_axe(first, "deleted")
    assert found == []
