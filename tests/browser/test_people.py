"""Who is here: the count, faces, names and where each one is; every remote move names its author."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import at_page, cell, first_row, numbers, opened, path_of, tsv, turn
from tests.support.server import Server

pytestmark = pytest.mark.browser

WIDTHS = (1280, 390)
PILED = "Z" + "\u0335\u0321\u0322\u035a\u0347" * 4 + "algo"


def people(page: Page) -> Locator:
    """Open the list of people."""
    page.get_by_role("button", name=re.compile("here$")).click()
    return page.get_by_role("dialog", name=re.compile("here$"))


def call(page: Page, name: str) -> None:
    """Give oneself a name."""
    listed = people(page)
    listed.get_by_label("My name").fill(name)
    page.keyboard.press("Enter")
    expect(listed.get_by_label("My name")).to_have_value(" ".join(name.split())[:40])
    page.keyboard.press("Escape")


def test_everyone_has_a_name_and_a_face(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(300))
    others = [open_page(path_of(first)) for _ in range(2)]
    for page in (first, *others):
        expect(page.locator(".toolbar .face")).to_have_count(3)
        expect(page.locator(".toolbar")).to_contain_text("3 here")
    listed = people(first)
    expect(listed.get_by_role("listitem")).to_have_count(3)
    expect(listed.get_by_role("listitem").first).to_contain_text(re.compile(r"Guest \w+ you"))
    expect(listed.get_by_role("listitem").nth(2)).to_contain_text("following")
    others[0].context.close()
    expect(listed.get_by_role("listitem")).to_have_count(2)


def test_four_faces_and_a_number_stand_for_many(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(3))
    for _ in range(5):
        open_page(path_of(first))
    expect(first.locator(".toolbar .face")).to_have_count(5)
    expect(first.locator(".toolbar .face").last).to_have_text("+2")


def test_a_name_and_a_colour_are_mine_for_good(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(300))
    second = open_page(path_of(first))
    call(second, "Blue")
    people(second).get_by_label("Colour 145").check()
    listed = people(first)
    ada = listed.get_by_role("listitem", name="").filter(has_text="Blue")
    expect(ada.locator(".face")).to_have_text("B")
    expect(ada.locator(".face")).to_have_attribute("style", re.compile("--hue: 145"))
    second.reload()
    expect(ada).to_be_visible()
    mine = people(second)
    expect(mine.get_by_label("My name")).to_have_value("Blue")
    expect(mine.get_by_label("Colour 145")).to_be_checked()
    # In another room too.
    second.goto("/")
    opened(second, numbers(3))
    expect(people(second).get_by_label("My name")).to_have_value("Blue")


def test_a_name_is_kept_over_a_reconnect(open_page: OpenPage, server: Server, complaints: Complaints) -> None:
    complaints.expect("WebSocket connection to")
    first = open_page()
    opened(first, numbers(300))
    second = open_page(path_of(first))
    call(second, "Blue")
    server.restart()
    expect(first.locator(".toolbar")).to_contain_text("2 here", timeout=30_000)
    expect(people(first).get_by_role("listitem").filter(has_text="Blue")).to_be_visible()


def test_the_list_says_where_each_one_is(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1000))
    second = open_page(path_of(first))
    at_page(second, 1)
    second.get_by_role("button", name="Following").click()
    turn(second, "Last page")
    listed = people(first)
    expect(listed.get_by_role("listitem").nth(1)).to_contain_text("on page 10")
    second.get_by_role("button", name="Return").click()
    expect(listed.get_by_role("listitem").nth(1)).to_contain_text("following")


def test_a_move_names_its_author_to_the_others(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, tsv([["a", "b"], *([['"x"', "y"]] * 300)]))
    second = open_page(path_of(first))
    at_page(first, 1)
    call(second, "Blue")
    turn(second, "Next page")
    expect(first.get_by_text("Blue turned to page 2")).to_have_count(2)  # the chip, and the status line
    expect(first.get_by_role("status")).to_have_text("Blue turned to page 2")
    expect(first.locator(".frame")).to_have_count(1)
    second.locator(".badge").click()
    second.get_by_label("Quotes").select_option(label="Are plain text")
    expect(first.locator(".told-news")).to_have_text(re.compile("Blue reads quotes as plain text"))
    second.keyboard.press("Escape")
    opened(second, numbers(30), "flights.tsv")
    expect(first.locator(".told-news")).to_contain_text("Blue brought flights.tsv")
    # What I did myself is no news, but for what I can undo.
    expect(second.locator(".frame")).to_have_count(0)
    expect(second.locator(".told-news")).to_contain_text("You brought flights.tsv")


def test_my_own_moves_are_no_news(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1000))
    second = open_page(path_of(first))
    at_page(second, 1)
    turn(first, "Next page")
    expect(second.locator(".told-news")).to_be_visible()
    expect(first.get_by_role("status")).to_have_text("Page 2 of 10.")
    expect(first.locator(".told-news")).to_have_count(0)
    # It goes by itself.
    expect(second.locator(".told-news")).to_have_count(0)


def test_who_looks_around_alone_sees_who_moved_the_room(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1000))
    second = open_page(path_of(first))
    call(second, "Blue")
    first.get_by_role("button", name="Following").click()
    expect(first.locator(".pill")).to_have_text(re.compile("The room is on page 1"))
    turn(second, "Last page")
    expect(first.locator(".pill")).to_contain_text("Blue turned to page 10")
    first.get_by_role("button", name="Return").click()
    at_page(first, 10)


def test_names_are_text_and_the_layout_holds(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(300), "W" * 120 + ".tsv")
    names = ["<b>x</b><script>console.error('ran')</script>", "\u202egnp.exe \u2066", PILED, "W" * 40, "الكل معا"]
    for name in names:
        other = open_page(path_of(first))
        at_page(other, 1)
        listed = people(other)
        listed.get_by_label("My name").fill(name)
        other.keyboard.press("Enter")
        other.keyboard.press("Escape")
        for width in WIDTHS:
            first.set_viewport_size({"width": width, "height": 700})
            turn(other, "Last page")
            expect(first_row(first)).to_have_text("201")
            expect(first.locator(".told-news")).to_contain_text("turned to page 3")
            cell(other, 201, 1).click()
            expect(first.locator(".finger .flag")).to_be_visible()
            flag = first.locator(".finger .flag").evaluate("flag => flag.getBoundingClientRect().toJSON()")
            assert flag["height"] == 16
            assert flag["width"] <= 150
            chip = first.locator(".told-news").evaluate("chip => chip.getBoundingClientRect().toJSON()")
            assert chip["height"] <= 40
            assert 0 <= chip["x"] <= chip["x"] + chip["width"] <= width
            turn(other, "First page")
            at_page(first, 1)
        other.context.close()
    open_page(path_of(first))
    listed = people(first)
    items = listed.get_by_role("listitem")
    expect(items.first).to_be_visible()
    for width in WIDTHS:
        first.set_viewport_size({"width": width, "height": 700})
        # All at once: somebody may come or go between two looks.
        assert max(items.evaluate_all("items => items.map((item) => item.getBoundingClientRect().height)")) <= 44
        assert first.evaluate("document.documentElement.scrollWidth") == width
    expect(first.locator("body :is(img, script, b, object, iframe):not(.sending b)")).to_have_count(0)
