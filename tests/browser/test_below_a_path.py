"""The viewer below a path that a proxy takes off: every link leads to a place below it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import at_page, numbers, opened, turn
from tests.support.proxies import Proxy, changed, make_certificate
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.proxies]

PATH = "/tables/"

NAMED = {
    "nginx": {"Host $http_host;": "Host $http_host; proxy_set_header X-Forwarded-Prefix /tables;"},
    "caddy": {},
}
"""Changes, so that one proxy also sends what some send, and the other does not."""


@pytest.fixture(params=NAMED)
def site(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[str]:
    """Start a proxy that has the server below PATH; return the address of the start page."""
    proxy = Proxy(request.param, tmp_path / "proxy", server.port, make_certificate(tmp_path), PATH)
    proxy.start(lambda text: changed(text, NAMED[request.param]))
    yield f"{proxy.url('http')}/"
    proxy.stop()


def room_of(site: str) -> re.Pattern[str]:
    """Match the address of a room, which the start page's becomes."""
    return re.compile(rf"^{re.escape(site)}[0-9a-f-]{{36}}$")


def test_the_viewer_works_and_stays_below_its_path(site: str, open_page: OpenPage) -> None:
    asked: list[str] = []

    def listen(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))

    page = open_page(site, prepare=listen)
    content = numbers(500)
    opened(page, content)
    expect(page).to_have_url(room_of(site))
    room = page.url
    turn(page, "Next page")
    at_page(page, 2)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    assert download.value.path().read_bytes() == content

    page.get_by_role("button", name="Share").click()
    links = [field.input_value() for field in page.locator("input.link").all()]
    assert (len(links), links[0]) == (2, room)
    expect(page.locator("dialog svg.qr, dialog .qr svg").first).to_be_visible()
    assert all(link.startswith(site) for link in links)
    page.keyboard.press("Escape")

    for link in links:
        other = open_page(link, prepare=listen)
        at_page(other, 2)
        other.reload()
        at_page(other, 2)

    page.get_by_title("Start a new table").click()
    expect(page).to_have_url(room_of(site))
    assert page.url != room
    page.go_back()
    at_page(page, 2)
    assert page.url == room

    strays = [url for url in asked if not url.startswith((site, site.replace("http:", "ws:"), "blob:", "data:"))]
    assert strays == []


@pytest.mark.parametrize("address", ["nothing-here", "nothing/at/all/"])
def test_the_error_page_is_styled_and_leads_home(
    site: str, open_page: OpenPage, complaints: object, address: str
) -> None:
    complaints.expect("404")
    page = open_page(site + address)
    assert page.evaluate("[...document.styleSheets].length") == 1
    page.get_by_role("link", name="Start a new table").click()
    expect(page).to_have_url(room_of(site))


def test_the_path_without_its_slash_leads_to_the_start_page(site: str) -> None:
    with urllib.request.urlopen(site.removesuffix("/")) as answer:
        assert answer.url == site
