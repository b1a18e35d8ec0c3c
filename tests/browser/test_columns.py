"""What people do with the table on their own screen: columns, selections, copying and pasting, keys, help."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, cell, grid, numbers, opened, paste, path_of, tsv
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser


def copied(page: Page) -> str:
    """Copy what is selected, and return it."""
    page.evaluate(
        "addEventListener('copy', (event) => (window.got = event.clipboardData.getData('text/plain')), { once: true })"
    )
    page.keyboard.press("Control+c")
    return str(page.evaluate("window.got"))


def clipboard(page: Page) -> str:
    """Return what the browser's clipboard holds."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return str(page.evaluate("navigator.clipboard.readText()"))


def width(locator: Locator) -> float:
    """Return how wide something is."""
    box = locator.bounding_box()
    assert box is not None
    return box["width"]


def head(page: Page, name: str) -> Locator:
    """Find a heading."""
    return page.get_by_role("columnheader", name=name, exact=True)


def test_shift_and_arrows_select_a_rectangle_that_is_copied(page: Page) -> None:
    opened(page, tsv([["a", "b", "c"], ["1", "x y", "3"], ["4", 'say "x"', "6"]]))
    cell(page, 2, 0).click()
    assert copied(page) == "1"
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[aria-selected]")).to_have_count(4)
    assert copied(page) == '1\tx y\n4\tsay "x"'
    expect(page.locator(".told")).to_have_text("4 cells copied.")
    page.keyboard.press("Escape")
    expect(page.locator("[aria-selected]")).to_have_count(0)
    page.keyboard.press("Control+a")
    assert copied(page) == 'a\tb\tc\n1\tx y\t3\n4\tsay "x"\t6'


def test_the_mouse_selects_a_rectangle_by_dragging_or_with_shift(page: Page) -> None:
    opened(page, numbers(50, columns=8))
    start, stop = cell(page, 3, 1).bounding_box(), cell(page, 5, 2).bounding_box()
    assert start is not None
    assert stop is not None
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(stop["x"] + 9, stop["y"] + 9, steps=5)
    page.mouse.up()
    assert copied(page) == "3.1\t3.2\n4.1\t4.2\n5.1\t5.2"
    cell(page, 7, 0).click()
    cell(page, 8, 1).click(modifiers=["Shift"])
    assert copied(page) == "7.0\t7.1\n8.0\t8.1"


def test_quoted_cells_are_quoted_again_where_a_spreadsheet_needs_it(page: Page) -> None:
    opened(page, b'a\tb\n"two\nlines"\t"a\ttab"\n' * 2)
    cell(page, 2, 0).click()
    page.keyboard.press("Shift+ArrowRight")
    assert copied(page) == '"two\nlines"\t"a\ttab"'


def test_columns_and_cells_that_are_not_here_are_fetched_to_be_copied(page: Page) -> None:
    rows = [[f"c{column}" for column in range(450)], [str(column) for column in range(450)]]
    rows[1][3] = "x" * 9000
    opened(page, tsv(rows))
    clipboard(page)
    cell(page, 2, 0).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    expect(page.locator(".told")).to_have_text("900 cells copied.")
    lines = [line.split("\t") for line in clipboard(page).split("\n")]
    assert lines == rows


def test_a_column_is_made_wider_with_the_mouse_and_with_keys(page: Page) -> None:
    opened(page, numbers(50, columns=8))
    before = width(head(page, "c1"))
    box = head(page, "c1").bounding_box()
    assert box is not None
    edge = box["x"] + box["width"] - 2
    page.mouse.move(edge, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(edge + 80, box["y"] + 9, steps=3)
    page.mouse.up()
    # What is done is drawn with the next frame, which a busy machine is late with.
    wait_until(lambda: abs(width(head(page, "c1")) - before - 80) <= 1)
    page.mouse.dblclick(edge + 80, box["y"] + 9)
    wait_until(lambda: width(head(page, "c1")) < before + 20)
    expect(page.get_by_role("dialog")).to_have_count(0)
    cell(page, 2, 2).click()
    page.keyboard.press("+")
    wait_until(lambda: width(head(page, "c2")) > width(head(page, "c3")))
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("c0")
    dialog.get_by_role("button", name="Wider").click()
    page.keyboard.press("Escape")
    expect(head(page, "c0")).to_be_focused()
    wait_until(lambda: width(head(page, "c0")) > width(head(page, "c3")))


def test_no_part_of_the_edge_that_is_dragged_lies_under_the_next_heading(page: Page) -> None:
    opened(page, numbers(50, columns=8))
    for name in ("c1", "c7"):
        covered = head(page, name).evaluate(
            """(heading) => {
              const grip = heading.querySelector(".grip");
              const { left, right, top } = grip.getBoundingClientRect();
              const points = Array.from({ length: right - left }, (_, at) => left + at + 0.5);
              return points.filter((x) => document.elementFromPoint(x, top + 9) !== grip).length;
            }"""
        )
        assert covered == 0


def test_a_dialog_that_the_first_press_of_a_double_click_opened_outlasts_the_second(page: Page) -> None:
    opened(page, numbers(50, columns=8))
    box = head(page, "c7").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 9)
    page.mouse.down(click_count=1)
    page.mouse.up(click_count=1)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    expect(page.get_by_role("button", name="Freeze up to here")).to_be_visible()
    page.mouse.down(click_count=1)
    page.mouse.up(click_count=1)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_frozen_columns_stay_in_sight(page: Page) -> None:
    opened(page, numbers(50, columns=300))
    head(page, "c1").dblclick()
    page.get_by_role("button", name="Freeze up to here").click()
    page.keyboard.press("Escape")
    place = cell(page, 2, 1).bounding_box()
    page.locator("#scroller").evaluate("element => element.scrollTo(9000, 0)")
    expect(cell(page, 2, 140)).to_be_visible()
    assert cell(page, 2, 1).bounding_box() == place
    # The one that has the focus is not hidden behind them.
    cell(page, 2, 140).click()
    page.keyboard.press("Control+ArrowLeft")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(cell(page, 2, 3)).to_be_focused()
    focused = cell(page, 2, 3).bounding_box()
    assert place is not None
    assert focused is not None
    assert focused["x"] >= place["x"] + place["width"]


def test_hidden_columns_can_be_shown_again(page: Page) -> None:
    opened(page, numbers(50, columns=5))
    for name in ("c1", "c3"):
        head(page, name).hover()
        head(page, name).locator(".menu").click()
        page.get_by_role("button", name="Hide this column").click()
        expect(head(page, name)).to_have_count(0)
    cell(page, 2, 0).click()
    page.keyboard.press("ArrowRight")
    expect(cell(page, 2, 2)).to_be_focused()
    page.keyboard.press("Shift+End")
    assert copied(page) == "2.2\t2.4"
    page.get_by_role("button", name="2 hidden columns").click()
    page.get_by_role("button", name="Show c3").click()
    expect(head(page, "c3")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(head(page, "c1")).to_be_visible()
    expect(page.get_by_role("button", name="hidden column")).to_have_count(0)


def test_the_keys_are_listed_and_the_single_ones_can_be_turned_off(page: Page) -> None:
    opened(page, numbers(300))
    cell(page, 2, 0).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Go to a row")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("g")
    expect(page.get_by_label("Go to row")).to_be_focused()
    page.keyboard.type("250")
    page.keyboard.press("Enter")
    at_page(page, 3)
    page.keyboard.press("r")
    page.wait_for_url(re.compile(r"#row=250$"))
    page.get_by_role("button", name="Help").click()
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    cell(page, 201, 0).click()
    page.keyboard.press("f")
    page.keyboard.press("?")
    expect(page.locator(".pill")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_key_counts_as_soon_as_a_dialog_is_closed_though_that_is_told_later(page: Page) -> None:
    opened(page, numbers(300))
    page.evaluate("addEventListener('close', (event) => event.stopImmediatePropagation(), { capture: true })")
    cell(page, 2, 0).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_label("Go to row")).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("g")
    expect(page.get_by_label("Go to row")).to_be_focused()


def test_pasted_cells_become_a_table(open_page: OpenPage) -> None:
    first = open_page()
    expect(first.get_by_text("paste cells")).to_be_visible()
    paste(first, "just a word")
    paste(first, 'city\tpeople\nOslo\t717710\nBern\t"134\n591"\n')
    expect(first.locator(".name")).to_have_text("pasted.tsv")
    expect(cell(first, 2, 0)).to_have_text("Oslo")
    second = open_page(path_of(first))
    paste(second, "a\tb\n1\t2\n")
    dialog = second.get_by_role("dialog")
    expect(dialog).to_contain_text("2 rows of 2 columns")
    dialog.get_by_role("button", name="Keep the table").click()
    expect(dialog).to_be_hidden()
    second.get_by_label("Go to row").focus()
    paste(second, "x\ty\n1\t2\n")
    expect(dialog).to_be_hidden()
    second.get_by_label("Go to row").blur()
    paste(second, "x\ty\n1\t2\n")
    dialog.get_by_role("button", name="Replace the table").click()
    for page in (first, second):
        expect(page.get_by_role("columnheader", name="x", exact=True)).to_be_visible()


def test_a_cell_of_a_megabyte_is_clipped_in_its_row_and_whole_when_asked_for(page: Page) -> None:
    long = "\u202ez\u0321\u0322\u0323" + "x" * 1_000_000
    opened(page, tsv([["a", "b"], ["1", long], ["2", "y"]]))
    box = cell(page, 2, 1).bounding_box()
    assert box is not None
    assert box["height"] == 24
    clipboard(page)
    cell(page, 2, 1).click()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1,000,005 characters")
    expect(dialog).to_contain_text("The first 50,000 are shown; all are copied.")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copy")).to_have_attribute("data-told", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == long
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(cell(page, 2, 1)).to_be_focused()
    page.keyboard.press("Control+c")
    expect(page.locator(".told")).to_have_text("1 cell copied.")
    assert clipboard(page) == long


def test_a_cell_is_copied_though_text_was_selected_in_a_dialog_that_is_not_drawn_away_yet(page: Page) -> None:
    opened(page, tsv([["a", "b"], ["1", "x"]]))
    clipboard(page)
    cell(page, 2, 1).click()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copy")).to_have_attribute("data-told", "Copied")
    page.evaluate("""() => {
        const frame = requestAnimationFrame;
        const held = [];
        window.requestAnimationFrame = (draw) => held.push(draw);
        window.drawAgain = () => { window.requestAnimationFrame = frame; held.forEach((draw) => frame(draw)); };
    }""")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+c")
    assert clipboard(page) == "1"
    expect(dialog).to_have_count(1)
    page.evaluate("drawAgain()")
    expect(dialog).to_have_count(0)
    expect(page.locator(".told")).to_have_text("1 cell copied.")


def test_the_link_can_be_scanned_and_says_how_long_it_is_kept(page: Page) -> None:
    opened(page, numbers(30))
    page.get_by_role("button", name="Share").click()
    code = page.get_by_role("img", name="QR code")
    expect(code).to_be_visible()
    assert len(code.locator("path").get_attribute("d") or "") > 1000
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"Kept until \d+ \w+ 20\d\d if nobody uses it"))


def test_a_dialog_that_opens_while_another_closes_stays(page: Page) -> None:
    opened(page, numbers(5))
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog")).to_contain_text("Share this table")
    page.evaluate("document.querySelector('dialog').close(), document.querySelector('button[aria-label=Help]').click()")
    expect(page.get_by_role("dialog")).to_contain_text("Keys")
    page.get_by_label("Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_on_paper_there_is_the_table_and_nothing_to_press(page: Page) -> None:
    opened(page, numbers(300))
    page.emulate_media(media="print")
    expect(page.locator(".name")).to_be_visible()
    expect(page.get_by_text("rows 2–100 of 300")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.evaluate("document.body.scrollHeight") > 2400


def test_paper_has_the_columns_that_a_screen_has_no_place_for(page: Page) -> None:
    opened(page, numbers(50, columns=60))
    # A listener of the test's comes after that of the page.
    page.evaluate(
        """addEventListener("beforeprint", () => {
          window.printed = [...document.querySelectorAll("thead th[dir]")].map((th) => th.innerText);
        })"""
    )
    on_screen = page.locator("thead th[dir]").all_inner_texts()
    assert "c40" not in on_screen
    page.pdf(landscape=True)
    assert page.evaluate("window.printed.includes('c40')")
    expect(page.locator("thead th[dir]")).to_have_text(on_screen)


def test_everything_works_with_the_keyboard_alone(page: Page) -> None:
    # The browser is asked to leave its file dialog to the test, and the key would come before it has.
    page.on("filechooser", lambda _: None)
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    page.keyboard.press("Tab")
    for _ in range(10):
        if page.evaluate("document.activeElement?.closest('button')?.textContent?.includes('Choose file') ?? false"):
            break
        page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "t.tsv", "mimeType": "text/plain", "buffer": numbers(300)})
    expect(grid(page)).to_be_visible()
    for _ in range(30):
        if page.evaluate("document.activeElement?.closest('[role=grid]') !== null"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("PageDown")
    at_page(page, 2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").locator(".text")).to_have_text("102.1")
    page.keyboard.press("Escape")
    expect(cell(page, 102, 1)).to_be_focused()
