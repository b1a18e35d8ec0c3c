"""A page whose origin may not connect, because the proxy before the server is not set up right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import numbers, opened
from tests.support.proxies import Proxy, changed, make_certificate
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.proxies]

HOST = "        proxy_set_header Host $http_host;\n"


@pytest.fixture
def nginx(server: Server, tmp_path: Path) -> Iterator[Proxy]:
    """Have an nginx that is not started yet."""
    proxy = Proxy("nginx", tmp_path / "nginx", server.port, make_certificate(tmp_path))
    yield proxy
    proxy.stop()


def test_a_refused_page_says_so_and_works_once_the_proxy_is_right(
    nginx: Proxy, server: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    nginx.start(lambda text: changed(text, {HOST: ""}))
    page = open_page(f"{nginx.url('http')}/", until="domcontentloaded")
    card = page.get_by_role("alert")
    expect(card).to_contain_text("This page may not connect here")
    expect(card).to_contain_text("Ask the operator")
    expect(page.get_by_text("Refused", exact=True)).to_be_visible()
    expect(page.get_by_text("Offline", exact=True)).to_be_hidden()
    server.wait_for_log(f"Origin.*Host.*origin={nginx.origin('http')} host=127.0.0.1:{server.port} .* trusted=yes")

    complaints.expect("ERR_CONNECTION")
    nginx.stop()
    nginx.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(card).to_be_hidden()
    opened(page, numbers(10))


def test_a_page_that_cannot_reach_the_server_is_offline_and_not_refused(
    nginx: Proxy, open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to|ERR_CONNECTION")
    nginx.start()
    page = open_page(
        f"{nginx.url('http')}/",
        prepare=lambda page: page.route_web_socket("**/parser/ws**", lambda socket: socket.close()),
    )
    page.locator(".start button.main").wait_for()
    nginx.stop()
    expect(page.get_by_text("Offline", exact=True)).to_be_visible()
