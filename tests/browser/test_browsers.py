"""Browsers that lack what the viewer needs, or do some things otherwise than Chromium does."""

from __future__ import annotations

import urllib.request
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, WebSocket, WebSocketRoute, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import at_page, grid, numbers, opened, path_of, turn
from tests.support.server import Server

pytestmark = pytest.mark.browser

MISSING = {
    "deflate-raw": """
        const Known = DecompressionStream;
        window.DecompressionStream = class { constructor(format) {
          if (format === "deflate-raw") throw new TypeError("Unsupported compression format");
          return new Known(format);
        } };""",
    "DecompressionStream": "delete window.DecompressionStream",
    "popover": "delete HTMLElement.prototype.showPopover",
    "dialog": "delete HTMLDialogElement.prototype.showModal",
    "modules": "delete HTMLScriptElement.prototype.noModule",
}


class Lacking:
    """Take a feature from a page before its scripts run, and count the connections it opens."""

    def __init__(self, feature: str) -> None:
        self.connections: list[WebSocket] = []
        self._feature = feature

    def prepare(self, page: Page) -> None:
        """Change the page's browser."""
        page.add_init_script(MISSING[self._feature])
        page.on("websocket", lambda socket: self.connections.append(socket))


def refused(page: Page) -> None:
    """See what an older browser is told, and nothing of the viewer."""
    heading = page.get_by_role("heading")
    expect(heading).to_have_text("This browser is too old")
    expect(page.get_by_text("Chrome and Edge 114, Firefox 125, Safari 17, and later versions")).to_be_visible()
    expect(page.get_by_text("Choose file")).to_be_hidden()
    # The scripts that would connect are not there.
    assert page.locator("body > #top > *").count() == 0
    assert page.locator("script[type=module]").count() == 0


@pytest.mark.parametrize("feature", MISSING)
def test_a_browser_that_lacks_a_feature_is_told_the_versions_and_opens_no_room(
    open_page: OpenPage, server: Server, feature: str
) -> None:
    first = open_page()
    opened(first, numbers(300))
    path = path_of(first)
    lacking = Lacking(feature)
    page = open_page(path, prepare=lacking.prepare)
    refused(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the table").click()
    assert waiting.value.path().read_bytes() == numbers(300)
    refused(open_page("/", prepare=lacking.prepare, until="networkidle"))
    assert lacking.connections == []


def test_a_browser_that_is_too_old_is_told_where_there_is_no_table(open_page: OpenPage, complaints: Complaints) -> None:
    complaints.expect("404")
    page = open_page(f"/{uuid4()}", prepare=Lacking("popover").prepare)
    refused(page)
    page.get_by_role("link", name="Download the table").click()
    expect(page.get_by_text("There is no table to download at this address.")).to_be_visible()


def test_colours_follow_the_scheme_of_a_browser_that_does_not_know_light_dark(browser: Browser, server: Server) -> None:
    """A rule that a browser does not know counts for nothing: here each with light-dark() is taken away."""
    colours = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(base_url=server.url, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()

        def strip(route: object) -> None:
            assert hasattr(route, "request")
            with urllib.request.urlopen(route.request.url) as answer:
                lines = answer.read().decode().splitlines()
            known = "\n".join("" if "light-dark(" in line else line for line in lines)
            route.fulfill(body=known, content_type="text/css")  # type: ignore[attr-defined]

        page.route("**/*.css", strip)
        page.goto("/")
        page.locator(".start button.main").wait_for()
        colours[scheme] = page.evaluate(
            """() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,
                getComputedStyle(document.querySelector(".start button.main")).backgroundColor]"""
        )
        context.close()
    assert colours == {
        "light": ["rgb(255, 255, 255)", "rgb(27, 34, 38)", "rgb(11, 100, 130)"],
        "dark": ["rgb(22, 25, 28)", "rgb(228, 233, 236)", "rgb(99, 195, 230)"],
    }


def test_a_client_that_fails_after_each_welcome_backs_off(open_page: OpenPage, complaints: Complaints) -> None:
    complaints.expect("")
    first = open_page()
    opened(first, numbers(300))

    def between(ours: WebSocketRoute) -> None:
        server = ours.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            spoilt = isinstance(message, bytes) or '"type":"snapshot"' in message
            ours.send(b"\xff" if spoilt else message)

        server.on_message(pass_on)

    def prepare(page: Page) -> None:
        page.add_init_script("Math.random = () => 0.01")
        page.route_web_socket("**/parser/ws**", between)

    page = open_page(path_of(first), prepare=prepare)
    # Only a client that remembers its failures finds out that it is of no use to try again at once.
    expect(page.get_by_text("The server cannot be reached. We keep trying.")).to_be_visible()


def test_a_browser_that_moves_the_caret_on_release_leaves_the_page_number_selected(page: Page) -> None:
    """WebKit does; its default action is what `preventDefault` prevents."""
    opened(page, numbers(2000))
    turn(page, "Last page")
    at_page(page, 20)
    field = page.get_by_label("Page", exact=True)
    field.evaluate(
        """(field) => field.addEventListener("mouseup", (event) => setTimeout(() => {
          window.released = true;
          if (!event.defaultPrevented) field.setSelectionRange(0, 0);
        }))"""
    )
    field.click()
    page.wait_for_function("window.released")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    at_page(page, 7)
    field.click()
    field.evaluate("() => (window.released = false)")
    field.click()
    page.wait_for_function("window.released")
    assert field.evaluate("(field) => field.selectionEnd") == 0, "the second click sets the caret"


def test_the_link_to_share_is_selected_where_focus_sets_the_caret(page: Page) -> None:
    opened(page, numbers(300))
    # WebKit puts the caret at the start of the field after the focus event.
    page.evaluate(
        """() => {
          const { showModal } = HTMLDialogElement.prototype;
          HTMLDialogElement.prototype.showModal = function () {
            showModal.call(this);
            document.activeElement.setSelectionRange?.(0, 0);
          };
        }"""
    )
    page.get_by_role("button", name="Share").click()
    link = page.get_by_label("Link", exact=True)
    expect(link).to_be_focused()
    assert link.evaluate("(field) => field.value.slice(field.selectionStart, field.selectionEnd)") == page.url


def test_a_press_beside_a_dialog_closes_it_where_the_browser_does_not(page: Page) -> None:
    opened(page, numbers(300))
    page.get_by_role("button", name="Help").click()
    dialog = page.get_by_role("dialog")
    # As in Safari, which does not know the attribute.
    dialog.evaluate("(dialog) => dialog.removeAttribute('closedby')")
    box = dialog.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 4, box["y"] + 4)
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 60)
    page.mouse.up()
    expect(dialog).to_be_visible()
    page.mouse.click(box["x"] - 40, box["y"] + 60)
    expect(dialog).to_have_count(0)
    expect(grid(page)).to_be_visible()
