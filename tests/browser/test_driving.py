"""Who may drive: the link to look only, and the wheel of one who presents."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, numbers, opened, path_of, turn, upload
from tests.browser.test_people import call, people
from tests.support.server import Server

pytestmark = pytest.mark.browser

PILL = re.compile("is presenting")


def watch_path(page: Page) -> str:
    """Read the look-only link's path in the share dialog."""
    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Look-only link", exact=True)
    expect(link).to_have_value(re.compile(r"/[0-9a-f-]{36}$"))
    path = "/" + link.input_value().rsplit("/", 1)[1]
    page.keyboard.press("Escape")
    return path


def present(page: Page) -> None:
    """Take the wheel."""
    people(page).get_by_role("button", name="Present").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("You are presenting")).to_be_visible()


def test_both_links_are_there_to_be_copied(open_page: OpenPage) -> None:
    page = open_page(prepare=lambda page: page.add_init_script("delete Navigator.prototype.clipboard"))
    opened(page, numbers(3))
    page.get_by_role("button", name="Share").click()
    look_only = page.get_by_label("Look-only link", exact=True)
    assert look_only.input_value() != page.url
    page.get_by_role("button", name="Copy the look-only link").click()
    expect(page.locator("[data-told='Copied']")).to_have_count(1)
    assert page.evaluate("getSelection().toString()") == look_only.input_value()


def test_who_may_only_look_moves_nobody(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    watch = watch_path(first)
    second = open_page(watch)
    at_page(second, 1)
    assert path_of(second) == watch
    expect(second.locator(".chip", has_text="Look only")).to_be_visible()
    for button in ("Next page", "Last page"):
        expect(second.get_by_role("button", name=button)).to_be_disabled()
    expect(second.get_by_label("Page", exact=True)).to_be_disabled()
    expect(second.get_by_role("button", name="Open…")).to_be_disabled()
    second.locator(".badge").click()
    expect(second.get_by_label("Quotes")).to_be_disabled()
    second.keyboard.press("Escape")
    # Nor by keys, pointing or a file.
    cell(second, 5, 1).click()
    second.keyboard.press("PageDown")
    expect(second.locator(".told")).to_have_text("This link is for looking only.")
    upload(second, numbers(10), "mine.tsv")
    expect(second.locator(".name")).to_have_text("table.tsv")
    turn(first, "Next page")
    at_page(second, 2)
    expect(first.locator(".finger")).to_have_count(0)
    expect(people(first).get_by_role("listitem").nth(1)).to_contain_text("looking only")
    # It looks around, copies and downloads all the same.
    second.get_by_role("button", name="Following").click()
    turn(second, "Last page")
    at_page(second, 5)
    assert path_of(second) == watch
    at_page(first, 2)
    with second.expect_download() as waiting:
        second.get_by_role("link", name="Download").click()
    assert waiting.value.path().read_bytes() == numbers(500)
    # Nothing on its page names the other link.
    second.get_by_role("button", name="Share").click()
    expect(second.get_by_label("Look-only link", exact=True)).to_have_value(re.compile(f"{watch}$"))
    expect(second.get_by_label("Link", exact=True)).to_have_count(0)
    assert path_of(first)[1:] not in second.content()


def test_a_new_look_only_link_ends_the_former(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    other = open_page(path_of(first))
    watch = watch_path(first)
    second = open_page(watch)
    at_page(second, 1)
    first.get_by_role("button", name="Share").click()
    first.get_by_role("button", name="New look-only link").click()
    link = first.get_by_label("Look-only link", exact=True)
    expect(link).not_to_have_value(re.compile(f"{watch}$"))
    expect(second.get_by_role("alert")).to_contain_text("This link was replaced")
    expect(second.get_by_role("link", name="Start a new table")).to_be_visible()
    fresh = "/" + link.input_value().rsplit("/", 1)[1]
    assert watch_path(other) == fresh
    at_page(open_page(fresh), 1)


def test_only_the_presenter_moves_the_room(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    at_page(second, 1)
    call(first, "Blue")
    present(first)
    expect(second.get_by_label("Presenting")).to_contain_text("Blue is presenting")
    expect(second.get_by_role("button", name="Open…")).to_be_disabled()
    expect(second.get_by_role("button", name="Open…")).to_have_attribute("title", PILL)
    cell(second, 5, 1).click()
    second.keyboard.press("PageDown")
    expect(second.locator(".told")).to_have_text(PILL)
    turn(first, "Next page")
    at_page(second, 2)
    # Looking around is everyone's own.
    second.get_by_role("button", name="Following").click()
    turn(second, "Last page")
    at_page(second, 5)
    second.get_by_role("button", name="Return").click()
    first.get_by_role("button", name="Stop presenting").click()
    expect(second.get_by_label("Presenting")).to_be_hidden()
    turn(second, "Last page")
    at_page(first, 5)


def test_the_wheel_is_asked_for_and_handed_over(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second, third = open_page(path_of(first)), open_page(path_of(first))
    at_page(second, 1)
    call(second, "Red")
    present(first)
    second.get_by_role("button", name="Ask for the wheel").click()
    expect(second.get_by_role("button", name="Asked for the wheel")).to_be_disabled()
    card = first.locator(".asks")
    expect(card).to_contain_text("Red asks for the wheel")
    expect(first.get_by_role("status")).to_contain_text("Red asks for the wheel")
    card.get_by_role("button", name="Not now").click()
    expect(card).to_have_count(0)
    third.get_by_role("button", name="Ask for the wheel").click()
    card.get_by_role("button", name="Hand over").click()
    expect(third.get_by_text("You are presenting")).to_be_visible()
    expect(card).to_have_count(0)
    expect(first.get_by_label("Presenting")).to_contain_text(PILL)
    # And to anyone in the list.
    people(third).get_by_role("listitem").filter(has_text="Red").get_by_role("button", name="Hand over").click()
    expect(second.get_by_text("You are presenting")).to_be_visible()
    expect(people(first).get_by_role("listitem").filter(has_text="Red")).to_contain_text("presenting")
    turn(second, "Next page")
    at_page(third, 2)


def test_a_presenter_who_comes_back_still_presents(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    at_page(second, 1)
    present(first)
    first.reload()
    expect(first.get_by_text("You are presenting")).to_be_visible()
    turn(first, "Next page")
    at_page(second, 2)


@pytest.mark.long  # ten seconds; the server's part is tested with a shorter time
def test_a_presenter_who_is_gone_lets_go_of_the_wheel(open_page: OpenPage, server: Server) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    at_page(second, 1)
    present(first)
    expect(second.get_by_label("Presenting")).to_be_visible()
    first.context.close()
    expect(second.get_by_label("Presenting")).to_be_hidden(timeout=25_000)
    turn(second, "Next page")
    at_page(second, 2)
