"""The table itself: what is drawn, keys, wide and ragged tables, whole cells, text that is not to be trusted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, first_row, grid, numbers, opened, path_of, tsv, turn

pytestmark = pytest.mark.browser

NAUGHTY = [
    "<script>console.error('ran')</script>",
    "<img src=x onerror=console.error('ran')>",
    "<b>bold</b>",
    "&lt;&amp;&#x3c;",
    "{{7*7}}${7*7}`",
    "javascript:console.error('ran')",
    "<!--?lit$1$-->",
    "\u202egnp.exe",
    "Z\u0335\u0321\u0322\u035a\u0347a\u0316\u0317lgo",
    "الكل معا",
    "a\u2028b\u0085c\x0bd\x07",
    "x" * 5000,
]


def test_the_table_says_what_it_is(page: Page) -> None:
    opened(page, numbers(250, columns=4))
    table = grid(page)
    expect(table).to_have_attribute("aria-rowcount", "250")
    expect(table).to_have_attribute("aria-colcount", "5")
    expect(page.locator("thead th").nth(2)).to_have_text("c1")
    turn(page, "Next page")
    at_page(page, 2)
    row = page.locator("tbody tr").nth(4)
    expect(row).to_have_attribute("aria-rowindex", "105")
    expect(row.locator("th")).to_have_attribute("scope", "row")
    expect(row.locator("td").nth(1)).to_have_attribute("aria-colindex", "3")
    expect(row.locator("td").nth(1)).to_have_text("105.1")
    expect(page.locator("tbody tr")).to_have_count(100)


def test_rows_are_24_pixels_and_the_heading_stays_in_sight(page: Page) -> None:
    opened(page, tsv([["a", "b"]] + [["x\x07", "القاهرة \u202e"]] * 150))
    boxes = [page.locator("tbody tr").nth(row).bounding_box() for row in (0, 1, 50)]
    assert [box["height"] for box in boxes if box] == [24, 24, 24]
    top = page.locator("thead th").first.bounding_box()
    page.locator("#scroller").evaluate("element => element.scrollTo(0, 1000)")
    assert page.locator("thead th").first.bounding_box() == top


def test_keys_move_in_the_grid_which_is_one_tab_stop(page: Page) -> None:
    opened(page, numbers(450, columns=6))
    cell(page, 2, 0).click()
    expect(cell(page, 2, 0)).to_be_focused()
    for key, row, column in [
        ("ArrowRight", 2, 1),
        ("ArrowDown", 3, 1),
        ("End", 3, 5),
        ("Control+End", 100, 5),
        ("Control+Home", 2, 0),
        ("ArrowLeft", 2, 0),
    ]:
        page.keyboard.press(key)
        expect(cell(page, row, column)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("thead th").nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    at_page(page, 2)
    expect(cell(page, 101, 0)).to_be_focused()
    page.keyboard.press("PageUp")
    at_page(page, 1)
    assert grid(page).locator("[tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    expect(
        page.get_by_role("button", name="First page").or_(page.get_by_label("Page", exact=True)).first
    ).to_be_visible()
    assert page.evaluate("document.querySelector('#scroller').contains(document.activeElement)") is False


def test_enter_opens_the_whole_cell_and_escape_closes_it(page: Page) -> None:
    long = "begin " + "x" * 9000 + " end"
    opened(page, tsv([["id", "text"], ["1", long], ["2", "a\x07b"]]))
    cell(page, 2, 1).click()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("row 2")
    expect(dialog.locator(".text")).to_have_text(long)
    expect(dialog).to_contain_text("9,010 characters")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cell(page, 2, 1)).to_be_focused()
    cell(page, 3, 1).dblclick()
    expect(dialog.locator(".sign")).to_have_text("BEL")


def test_going_to_a_row_shows_its_page_to_all_and_the_row_to_me(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1000))
    second = open_page(path_of(first))
    first.get_by_label("Go to row").fill("678")
    first.get_by_label("Go to row").press("Enter")
    expect(cell(first, 678, 0)).to_be_focused()
    expect(cell(first, 678, 0)).to_be_in_viewport()
    at_page(second, 7)
    expect(cell(second, 678, 0)).not_to_be_focused()


def test_ragged_rows_are_shown_as_they_are_and_reported(page: Page) -> None:
    rows = [["a", "b", "c"]] + [["1", "", "3"]] * 400
    rows[250] = ["short"]
    opened(page, tsv(rows))
    expect(cell(page, 2, 1)).to_have_class("")
    page.get_by_role("button", name="1 ragged row").click()
    page.get_by_role("button", name="Go to row 251").click()
    at_page(page, 3)
    expect(cell(page, 251, 0)).to_be_focused()
    expect(cell(page, 251, 1)).to_have_class("none")
    expect(cell(page, 251, 1)).to_have_attribute("aria-label", "no cell")
    expect(cell(page, 252, 1)).not_to_have_class("none")


def test_of_a_thousand_columns_only_those_in_sight_are_drawn(page: Page) -> None:
    opened(page, numbers(150, columns=1000))
    expect(grid(page)).to_have_attribute("aria-colcount", "1001")
    assert page.locator("tbody td").count() < 4000
    cell(page, 2, 0).click()
    page.keyboard.press("End")
    # Beyond the columns of the page message: they are asked for and then shown.
    expect(cell(page, 2, 999)).to_be_focused()
    expect(cell(page, 2, 999)).to_have_text("2.999")
    expect(cell(page, 2, 999)).to_be_in_viewport()
    expect(page.locator("thead th", has_text=re.compile(r"^c999$"))).to_be_visible()
    assert page.locator("tbody td").count() < 4000
    page.locator("#scroller").evaluate("element => element.scrollTo(element.scrollWidth / 2, 0)")
    middle = page.locator("tbody tr").first.locator("td.num").nth(3)
    expect(middle).to_have_text(re.compile(r"2\.[45]\d\d"))
    expect(middle).to_have_text(f"2.{int(middle.get_attribute('aria-colindex') or 0) - 2}")
    # The focused column stays drawn, out of sight as it is.
    expect(cell(page, 2, 999)).to_be_focused()
    turn(page, "Next page")
    expect(middle).to_have_text(re.compile(r"101\.[45]\d\d"))


def test_naughty_strings_are_text_in_cells_headers_and_names(open_page: OpenPage) -> None:
    name, shown = "<img src=x onerror=console.error('ran')>\u202e.tsv", "<img src=x onerror=console.error('ran')>.tsv"
    first = open_page()
    opened(first, tsv([[f"{index}{text}" for index, text in enumerate(NAUGHTY)]] + [NAUGHTY] * 3), name, shown)
    second = open_page(path_of(first))
    for page in (first, second):
        expect(page.locator(".name")).to_have_text(shown)
        for column, text in enumerate(NAUGHTY[:7]):
            page.locator("#scroller").evaluate("(element, at) => element.scrollTo(at * 300, 0)", column)
            expect(cell(page, 3, column)).to_have_text(text)
            expect(page.locator("thead th", has_text=f"{column}{text}")).to_be_attached()
        found = page.locator("body :is(img, script, b, object, iframe):not(.sending b)")
        expect(found).to_have_count(0)
        assert first_row(page).bounding_box()["height"] == 24  # type: ignore[index]
    cell(first, 3, 6).dblclick()
    expect(first.get_by_role("dialog").locator(".text")).to_have_text(NAUGHTY[6])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_the_page_sideways(open_page: OpenPage, scheme: str) -> None:
    page = open_page(viewport={"width": 390, "height": 780}, color_scheme=scheme, has_touch=True)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("document.documentElement.scrollHeight") == 780

    expect(page.get_by_role("button", name="Choose file")).to_be_in_viewport()
    fits()
    opened(page, numbers(500, columns=30), "a rather long file name that does not fit.tsv")
    fits()
    for button in ("First page", "Previous page", "Next page", "Last page"):
        box = page.get_by_role("button", name=button).bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Copy the link")).to_be_in_viewport()
    fits()
    page.keyboard.press("Escape")
    page.locator(".badge").click()
    expect(page.get_by_label("Quotes")).to_be_in_viewport()
    fits()


def test_a_phone_shows_the_pager_of_millions_of_rows_without_scrolling_sideways(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 780}, has_touch=True)
    opened(page, b"1\n" * 9_000_006)
    page.get_by_label("Page", exact=True).fill("80000")
    page.keyboard.press("Enter")
    expect(page.locator(".counts")).to_have_text("rows 7,999,901–8,000,000 of 9,000,006")
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for shown in (*page.locator(".pager button").all(), page.get_by_label("Page", exact=True), page.locator(".of")):
            box = shown.bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert page.get_by_label("Page", exact=True).evaluate("(field) => field.scrollWidth <= field.clientWidth")
        for words in (".of", ".counts"):
            assert page.locator(words).evaluate("(words) => words.scrollWidth <= words.clientWidth")
