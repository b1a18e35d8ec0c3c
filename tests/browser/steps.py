"""What people do and see in the viewer, in the words of the tests."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

expect.set_options(timeout=30_000)


def tsv(rows: Iterable[Iterable[object]]) -> bytes:
    """Write rows as a tab-separated file."""
    return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()


def numbers(rows: int, columns: int = 3, name: str = "c") -> bytes:
    """Write a table with a header and `rows` rows in all; a cell says its row and column."""
    head = [[f"{name}{column}" for column in range(columns)]]
    return tsv(head + [[f"{row}.{column}" for column in range(columns)] for row in range(2, rows + 1)])


def upload(page: Page, content: bytes, name: str = "table.tsv") -> None:
    """Choose a file."""
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


def opened(page: Page, content: bytes, name: str = "table.tsv", shown: str | None = None) -> None:
    """Choose a file and wait until it is whole in the viewer, under its name or the one `shown` for it."""
    upload(page, content, name)
    expect(page.locator(".name")).to_have_text(shown or name)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    # Before it appears it is hidden too; and what the end of an upload brings may move the table.
    expect(page.get_by_role("grid")).to_have_attribute("aria-busy", "false")


def grid(page: Page) -> Locator:
    """Find the table."""
    return page.get_by_role("grid")


def first_row(page: Page) -> Locator:
    """Find the number of the first row on screen."""
    return page.locator("tbody th").first


def at_page(page: Page, number: int) -> None:
    """See page `number` of a table with a header, in the table and in the pager."""
    expect(first_row(page)).to_have_text("2" if number == 1 else str((number - 1) * 100 + 1))
    expect(page.get_by_label("Page", exact=True)).to_have_value(str(number))


def turn(page: Page, button: str) -> None:
    """Press a button of the pager."""
    page.get_by_role("button", name=button).click()


def cell(page: Page, row: int, column: int) -> Locator:
    """Find a cell by the file's row number and the column from 0, in a table with a header."""
    return page.locator(f"tbody tr[aria-rowindex='{row}'] td[aria-colindex='{column + 2}']")


def path_of(page: Page) -> str:
    """Return the room's address, once it has one."""
    expect(page).to_have_url(re.compile(r"/[0-9a-f-]{36}"))
    return page.evaluate("location.pathname")


def paste(page: Page, text: str) -> None:
    """Paste text as the browser does."""
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          (document.activeElement ?? document.body).dispatchEvent(event);
        }""",
        text,
    )


class HeldAcks:
    """Keep an uploader from getting acknowledgements but the first, so that its window fills and it stands still."""

    def __init__(self) -> None:
        self._passing = 1.0
        """How many acknowledgements still pass."""
        self._release: list[Callable[[], None]] = []
        self._lines: list[WebSocketRoute] = []

    def prepare(self, page: Page) -> None:
        """Stand between the page and the server."""
        page.route_web_socket("**/parser/ws**", self._between)

    def cut(self) -> None:
        """Break every line that is open now."""
        lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def _between(self, ours: WebSocketRoute) -> None:
        self._lines.append(ours)
        server = ours.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            is_ack = isinstance(message, str) and '"type":"ack"' in message
            if is_ack and not self._passing:
                self._release.append(lambda: ours.send(message))
            else:
                self._passing -= is_ack
                ours.send(message)

        server.on_message(pass_on)

    def release(self) -> None:
        """Let the upload go on."""
        self._passing = math.inf
        for send in self._release:
            send()
