"""The main job with two people: one brings a file, both look at it, either turns the page."""

from __future__ import annotations

import hashlib
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import HeldAcks, at_page, cell, first_row, grid, numbers, opened, path_of, tsv, turn, upload

pytestmark = pytest.mark.browser

BIG = numbers(200_000)
"""More than two windows of bytes: without acknowledgements such an upload cannot end."""


@pytest.fixture
def held() -> HeldAcks:
    """Hold an uploader's acknowledgements back."""
    return HeldAcks()


def test_rows_are_seen_by_all_before_the_upload_has_ended(open_page: OpenPage, held: HeldAcks) -> None:
    first = open_page(prepare=held.prepare)
    expect(first.get_by_role("button", name="Choose file")).to_be_visible()
    upload(first, BIG, "big.tsv")
    expect(cell(first, 2, 0)).to_have_text("2.0")
    second = open_page(path_of(first))
    for page in (first, second):
        expect(cell(page, 2, 1)).to_have_text("2.1")
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_label("Upload")).to_contain_text("big.tsv")
        expect(grid(page)).to_have_attribute("aria-rowcount", "-1")
        expect(page.get_by_label("Upload")).to_contain_text(re.compile(r"\d of 5,\d+ kB"))
    # What is there can be turned to by anyone, and the link is there to be copied.
    turn(second, "Next page")
    for page in (first, second):
        at_page(page, 2)
    first.get_by_role("button", name="Share").click()
    expect(first.get_by_label("Link", exact=True)).to_have_value(re.compile(re.escape(path_of(first)) + "$"))
    first.keyboard.press("Escape")
    held.release()
    for page in (first, second):
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
        expect(grid(page)).to_have_attribute("aria-rowcount", "200000")
        at_page(page, 2)


def test_either_turns_the_page_for_both(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(1234))
    second = open_page(path_of(first))
    at_page(second, 1)
    for page in (first, second):
        expect(page.locator(".toolbar")).to_contain_text("2 here")
    turn(first, "Next page")
    at_page(second, 2)
    turn(second, "Last page")
    at_page(first, 13)
    expect(first.get_by_role("button", name="Next page")).to_be_disabled()
    expect(first.locator(".pager")).to_contain_text("rows 1,201–1,234 of 1,234")
    turn(first, "Previous page")
    at_page(second, 12)
    second.get_by_label("Page", exact=True).fill("7")
    second.get_by_label("Page", exact=True).press("Enter")
    at_page(first, 7)
    turn(first, "First page")
    at_page(second, 1)
    second.context.close()
    expect(first.locator(".toolbar")).to_contain_text("1 here")


def test_a_replaced_file_is_there_for_both(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    turn(second, "Last page")
    at_page(first, 5)
    opened(second, numbers(300, columns=5, name="other "), "other.tsv")
    for page in (first, second):
        at_page(page, 1)
        expect(page.get_by_role("columnheader", name="other 4")).to_be_visible()
        expect(page).to_have_title("other.tsv · tsvapp")


def test_a_reload_shows_the_same_page(page: Page) -> None:
    opened(page, numbers(500))
    turn(page, "Next page")
    at_page(page, 2)
    page.reload()
    at_page(page, 2)


def test_a_download_is_the_uploaded_file_byte_for_byte(page: Page) -> None:
    content = b'\xef\xbb\xbfa\tb\r\n \xff\t"x\r\n\n\ttrailing\t\t\n' + numbers(5000)
    opened(page, content, 'Zürich "q".tsv')
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    got = waiting.value.path().read_bytes()
    assert hashlib.sha256(got).hexdigest() == hashlib.sha256(content).hexdigest()
    assert waiting.value.suggested_filename.startswith("Zürich ")


def test_anyone_can_cancel_and_the_former_table_is_back(open_page: OpenPage, held: HeldAcks) -> None:
    second = open_page()
    opened(second, numbers(500))
    turn(second, "Next page")
    first = open_page(path_of(second), prepare=held.prepare)
    at_page(first, 2)
    upload(first, BIG, "big.tsv")
    for page in (first, second):
        expect(page.locator(".name")).to_have_text("big.tsv")
    second.get_by_role("button", name="Cancel").click()
    for page in (first, second):
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(page.locator(".name")).to_have_text("table.tsv")
        at_page(page, 2)
        expect(page.locator(".notice")).to_be_visible()
    second.get_by_role("button", name="Dismiss").click()
    expect(second.locator(".notice")).to_be_hidden()


def test_flipping_the_quotes_in_one_changes_both(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, tsv([["name", "note"], ["Oslo", '"a ""b"""'], ["Bern", "c"]]))
    second = open_page(path_of(first))
    for page in (first, second):
        expect(cell(page, 2, 1)).to_have_text('a "b"')
        expect(page.locator(".badge")).to_contain_text("quoted")
    first.locator(".badge").click()
    first.get_by_label("Quotes").select_option(label="Are plain text")
    for page in (first, second):
        expect(cell(page, 2, 1)).to_have_text('"a ""b"""')
        expect(page.locator(".badge")).not_to_contain_text("quoted")
    first.get_by_label("Quotes").select_option(label="Automatic")
    expect(cell(second, 2, 1)).to_have_text('a "b"')


def test_flipping_the_header_changes_no_row_number(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(300))
    first.locator(".badge").click()
    first.get_by_label("First row").select_option(label="Is data")
    expect(first_row(first)).to_have_text("1")
    expect(first.get_by_role("columnheader", name="C", exact=True)).to_be_visible()
    expect(first.locator("tbody tr").nth(1).locator("td").first).to_have_text("2.0")


def test_another_delimiter_and_another_encoding_are_for_everyone(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, "name;city\nÅsa;Malmö\nJosé;Cádiz\n".encode("windows-1252"))
    second = open_page(path_of(first))
    for page in (first, second):
        expect(cell(page, 2, 1)).to_have_text("Malmö")
    first.locator(".badge").click()
    first.get_by_label("Delimiter").select_option(label="Comma ,")
    for page in (first, second):
        expect(cell(page, 2, 0)).to_have_text("Åsa;Malmö")
    first.get_by_label("Delimiter").select_option(label="Automatic")
    first.get_by_label("Encoding").select_option(label="Windows-1250")
    for page in (first, second):
        expect(cell(page, 2, 0)).to_have_text("Ĺsa")
        expect(cell(page, 3, 1)).to_have_text("Cádiz")


def test_a_file_can_be_dropped_anywhere(page: Page) -> None:
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    transfer = page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["x\\ty\\n1\\t2\\n"], "dropped.tsv"));
          return transfer;
        }"""
    )
    page.locator("body").dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop the file")).to_be_visible()
    page.locator("body").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop the file")).to_be_hidden()
    expect(page.locator(".name")).to_have_text("dropped.tsv")
    expect(page.get_by_role("gridcell", name="2", exact=True)).to_be_visible()


def test_the_link_can_be_copied_without_the_clipboard_api(open_page: OpenPage) -> None:
    page = open_page(prepare=lambda page: page.add_init_script("delete Navigator.prototype.clipboard"))
    opened(page, numbers(3))
    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Link", exact=True)
    expect(link).to_have_value(page.url)
    expect(link).to_be_focused()
    assert page.evaluate("getSelection().toString()") == page.url
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator("[data-told='Copied']")).to_be_visible()
