"""What the person who made the link may do, and what the share dialog says about who can see the table."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, numbers, opened, path_of, turn
from tests.browser.test_people import call, people

pytestmark = pytest.mark.browser


def test_both_links_are_replaced_the_guest_is_told_and_the_owner_goes_on(open_page: OpenPage) -> None:
    owner = open_page()
    opened(owner, numbers(300))
    former = path_of(owner)
    guest = open_page(former)
    at_page(guest, 1)
    owner.get_by_role("button", name="Share").click()
    shared = owner.get_by_role("dialog", name="Share this table")
    link = shared.get_by_label("Link", exact=True)
    before = link.input_value()
    shared.get_by_role("button", name="Replace both links").click()
    expect(link).not_to_have_value(before)
    expect(guest.get_by_role("heading", name="This link was replaced")).to_be_visible()
    after = path_of(owner)
    assert after != former
    assert link.input_value().endswith(after)
    owner.keyboard.press("Escape")
    turn(owner, "Next page")
    at_page(owner, 2)
    at_page(open_page(after), 2)


def test_the_owner_takes_control_back_and_sends_the_guest_away(open_page: OpenPage) -> None:
    owner = open_page()
    opened(owner, numbers(300))
    guest = open_page(path_of(owner))
    call(guest, "Guest")
    listed = people(guest)
    expect(listed.get_by_role("button", name=re.compile("^Send"))).to_have_count(0)
    listed.get_by_role("button", name="Present").click()
    strip = owner.get_by_role("region", name="Presenting")
    strip.get_by_role("button", name="Take control back").click()
    expect(strip).to_contain_text("You are presenting")
    people(owner).get_by_role("button", name="Send away Guest").click()
    expect(guest.get_by_role("heading", name="You were sent away")).to_be_visible()


def test_people_with_names_that_look_alike_are_marked(open_page: OpenPage) -> None:
    owner = open_page()
    opened(owner, numbers(3))
    other = open_page(path_of(owner))
    call(owner, "Ann")
    call(other, "\u0410nn")
    listed = people(owner)
    for place in (0, 1):
        expect(listed.get_by_role("listitem").nth(place)).to_contain_text(re.compile("#[0-9a-f]{4}"))


def test_the_share_dialog_says_when_only_this_computer_can_open_the_link(open_page: OpenPage) -> None:
    page = open_page()
    opened(page, numbers(5))
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog", name="Share this table")).to_contain_text(
        "Only this computer can open these links"
    )


def test_the_share_dialog_says_who_can_see_the_table(open_page: OpenPage) -> None:
    owner = open_page()
    opened(owner, numbers(3))
    owner.get_by_role("button", name="Share").click()
    shared = owner.get_by_role("dialog", name="Share this table")
    shared.get_by_text("Who can see this?").click()
    for words in ("anyone with one of the links", "not encrypted", "no cookies"):
        expect(shared.get_by_text(words)).to_be_visible()
