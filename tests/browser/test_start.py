"""The start page: what it shows, an example to try, and the tables that were opened in this browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import numbers, opened, path_of

pytestmark = pytest.mark.browser


def test_the_example_opens_in_a_room_of_ones_own(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".name")).to_have_text("penguins.csv")
    expect(page.get_by_role("grid")).to_contain_text("Torgersen")
    other = open_page(path_of(page))
    expect(other.locator(".name")).to_have_text("penguins.csv")


def test_an_example_that_does_not_come_is_said(open_page: OpenPage, complaints: Complaints) -> None:
    complaints.expect("Failed to load resource")
    page = open_page()
    page.route("**/penguins-*.csv", lambda route: route.fulfill(status=503))
    page.get_by_role("button", name="Try an example").click()
    expect(page.get_by_role("alert")).to_contain_text("The example could not be loaded")


def test_tables_that_were_opened_in_this_browser_are_listed_until_they_are_forgotten(open_page: OpenPage) -> None:
    page = open_page()
    opened(page, numbers(5), "first.tsv")
    there = path_of(page)
    page.goto("/")
    listed = page.get_by_role("navigation", name="Opened in this browser")
    listed.get_by_role("link", name="first.tsv").click()
    expect(page.locator(".name")).to_have_text("first.tsv")
    assert path_of(page) == there
    page.goto("/")
    listed.get_by_role("button", name="Forget these").click()
    expect(listed).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    expect(listed).to_be_hidden()


def test_a_table_that_is_gone_is_listed_no_more(open_page: OpenPage) -> None:
    page = open_page()
    opened(page, numbers(5), "gone.tsv")
    there = path_of(page)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Delete this table").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete for everyone").click()
    expect(page.get_by_role("alert")).to_contain_text("deleted")
    page.goto("/")
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    expect(page.get_by_role("link", name="gone.tsv")).to_be_hidden()
    page.goto(there)
    expect(page.get_by_role("alert")).to_contain_text("deleted")


def test_a_phone_is_not_asked_to_drop_anything(open_page: OpenPage) -> None:
    phone = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(phone.get_by_role("button", name="Choose file")).to_be_visible()
    expect(phone.get_by_text("drop a file")).to_be_hidden()
    expect(open_page().get_by_text("drop a file")).to_be_visible()
