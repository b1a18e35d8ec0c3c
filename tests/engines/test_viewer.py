"""The main job in Firefox and in Safari's engine; what the viewer does in detail is tested with Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.steps import numbers
from tests.engines.conftest import OpenTab
from tests.support.server import Server
from tests.support.tab import Tab
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser

PAGE = "input[name=to]"
"""The first field of this name: the page. The second is the row."""

Upload = Callable[..., None]


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    """Choose a file in a tab, and wait until the viewer shows all of it."""

    def upload_one(tab: Tab, content: bytes, name: str = "table.tsv") -> None:
        path = tmp_path / name
        path.write_bytes(content)
        tab.choose_file("#file", path)
        tab.shows(".name", name)
        tab.shows("[role=grid][aria-busy=false]")
        tab.hides("progress")

    return upload_one


@pytest.fixture
def pair(open_tab: OpenTab, upload: Upload) -> tuple[Tab, Tab]:
    """Upload a table of five pages in one tab and join its room in another."""
    first = open_tab()
    upload(first, numbers(500))
    second = open_tab(path_of(first))
    at_page(second, 1)
    for tab in (first, second):
        tab.shows(".toolbar", "2 here")
    return first, second


def path_of(tab: Tab) -> str:
    """Return the path of the room, once it has one."""
    return tab.wait_for("/^.[0-9a-f-]{36}$/.test(location.pathname) && location.pathname")


def at_page(tab: Tab, number: int) -> None:
    """Wait until a page of a table with a header is shown, both by the table and by the pager."""
    row = 2 if number == 1 else (number - 1) * 100 + 1
    tab.wait_for(f"visible('tbody th')?.textContent === '{row}' && visible('{PAGE}').value === '{number}'")


def cell(row: int, column: int) -> str:
    """Return the selector of a cell by the file's row number and the column from 0, in a table with a header."""
    return f"tbody tr[aria-rowindex='{row}'] td[aria-colindex='{column + 2}']"


@pytest.mark.parametrize(
    "script",
    [
        "console.error('to be noticed')",
        "setTimeout(() => { throw new Error('to be noticed'); })",
        "(new Image()).src = 'http://to-be-noticed.example/'",
    ],
    ids=["console", "exception", "policy"],
)
def test_an_error_in_the_console_is_noticed(open_tab: OpenTab, expected_complaints: list[str], script: str) -> None:
    expected_complaints.append("to.be.noticed")  # Firefox reports a violation of the policy twice
    tab = open_tab()
    tab.take_complaints()
    tab.evaluate(script)
    reported: list[str] = []
    wait_until(lambda: reported.extend(tab.take_complaints()) or bool(reported))
    assert re.search("to.be.noticed", reported[0])


def test_an_uploaded_table_is_shown_in_a_second_browser(pair: tuple[Tab, Tab]) -> None:
    for tab in pair:
        at_page(tab, 1)
        tab.shows(".toolbar", "500 rows")
        tab.shows(cell(2, 1), "2.1")
        assert tab.evaluate("document.title") == "table.tsv · tsvapp"


def test_either_browser_turns_the_page_for_both(pair: tuple[Tab, Tab]) -> None:
    first, second = pair
    first.click("button", "Next page")
    at_page(second, 2)
    second.click("button", "Last page")
    at_page(first, 5)
    first.shows(cell(401, 0), "401.0")
    first.wait_for("named('button', 'Next page').ariaDisabled === 'true'")


def test_a_typed_page_number_turns_the_page_for_both(pair: tuple[Tab, Tab]) -> None:
    first, second = pair
    first.click(PAGE)
    first.press("Control", "a")
    first.type("4")
    first.press("Enter")
    for tab in (first, second):
        at_page(tab, 4)


def test_a_clicked_cell_is_framed_in_the_other_browser(pair: tuple[Tab, Tab]) -> None:
    first, second = pair
    first.click(cell(5, 2))
    second.shows(".finger", "Guest")
    first.press("ArrowDown")
    second.wait_for(f"""(([one, other]) => one.left === other.left && one.top === other.top)(
        [".finger", "{cell(6, 2)}"].map((selector) => visible(selector).getBoundingClientRect()))""")
    first.hides(".finger")


def test_a_replaced_table_is_restored_by_undo_in_the_other_browser(pair: tuple[Tab, Tab], upload: Upload) -> None:
    first, second = pair
    upload(second, numbers(30, name="x"), "wrong.tsv")
    first.shows(".name", "wrong.tsv")
    first.shows("thead th", "x0")
    first.shows(".told-news", "wrong.tsv")
    first.click(".told-news button", "Undo")
    for tab in pair:
        tab.shows(".name", "table.tsv")
        tab.shows("thead th", "c0")


def test_a_reload_shows_the_same_page_and_stays_live(pair: tuple[Tab, Tab]) -> None:
    first, second = pair
    first.click("button", "Next page")
    at_page(second, 2)
    second.reload()
    at_page(second, 2)
    first.click("button", "Next page")
    at_page(second, 3)


def test_copied_cells_are_pasted_as_a_new_table_in_another_browser(pair: tuple[Tab, Tab], open_tab: OpenTab) -> None:
    first, _ = pair
    first.click(cell(3, 1))
    first.press("Shift", "ArrowRight")
    first.press("Shift", "ArrowDown")
    first.wait_for("document.querySelectorAll('[aria-selected]').length === 4")
    first.press("Control", "c")
    first.shows(".told", "4 cells copied.")
    third = open_tab()
    third.shows(".start button.main", "Choose file")
    third.press("Control", "v")
    third.shows("[role=grid][aria-busy=false]")
    shown = "[...document.querySelectorAll('thead th, tbody td')].map((each) => each.textContent)"
    assert {"3.1", "3.2", "4.1", "4.2"} <= set(third.evaluate(shown))
    assert path_of(third) != path_of(first)


def test_the_share_dialog_shows_the_link_and_copies_it(pair: tuple[Tab, Tab]) -> None:
    first, _ = pair
    first.click("button", "Share")
    first.shows("dialog.share .scan svg")
    assert first.evaluate("visible('input.link').value") == first.evaluate("location.href")
    first.click("button", "Copy the link")
    first.wait_for("named('button', 'Copy the link').dataset.told === 'Copied'")
    first.press("Escape")
    first.hides("dialog")
    first.click("button", "Share")
    first.click("dialog.share button", "Close")
    first.hides("dialog")


def test_typing_after_a_click_into_the_page_field_replaces_its_number(pair: tuple[Tab, Tab]) -> None:
    first, second = pair
    first.click("button", "Next page")
    at_page(first, 2)
    first.click(PAGE)
    first.type("4")
    assert first.evaluate(f"visible('{PAGE}').value") == "4"
    first.press("Enter")
    at_page(second, 4)


def test_the_link_is_selected_when_the_share_dialog_opens(pair: tuple[Tab, Tab]) -> None:
    first, _ = pair
    first.click("button", "Share")
    first.wait_for("document.activeElement === visible('input.link')")
    first.wait_for(
        "(({ value, selectionStart: start, selectionEnd: end }) => value.slice(start, end))(visible('input.link'))"
        " === location.href"
    )


def test_a_click_beside_a_dialog_closes_it(pair: tuple[Tab, Tab]) -> None:
    first, _ = pair
    first.click("button", "Share")
    first.shows("dialog.share")
    first.click_at(20, 400)
    first.hides("dialog")


class TestKilledServer:
    @pytest.fixture
    def server(self, start_server: Callable[..., Server]) -> Server:
        return start_server()

    def test_both_browsers_are_live_again_after_its_start(
        self, pair: tuple[Tab, Tab], server: Server, expected_complaints: list[str]
    ) -> None:
        expected_complaints.append("ws://")  # Firefox reports each lost connection
        first, second = pair
        server.kill()
        for tab in pair:
            tab.shows(".status", "Reconnecting…")
        server.start()
        for tab in pair:
            tab.shows(".status", "Live")
            at_page(tab, 1)
        second.click("button", "Next page")
        at_page(first, 2)
