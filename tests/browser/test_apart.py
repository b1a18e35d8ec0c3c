"""While the store that workers share is away the page says so; what has to wait for it goes on by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import HeldAcks, cell, numbers, opened, turn, upload
from tests.browser.test_accessible import complaints_of_axe
from tests.support.redis import Redis
from tests.support.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def server(start_workers: Callable[..., list[Server]]) -> Server:
    """Start a worker that shares its rooms."""
    return start_workers(1)[0]


def test_an_upload_whose_last_byte_comes_meanwhile_waits_and_another_is_not_begun(
    open_page: OpenPage, redis: Redis
) -> None:
    held = HeldAcks()
    page = open_page(prepare=held.prepare)
    opened(page, numbers(300))
    upload(page, numbers(200_000), "large.tsv")
    expect(page.locator(".name")).to_have_text("large.tsv")
    redis.kill()
    expect(page.get_by_text("Reconnecting to others…")).to_be_visible()
    held.release()
    expect(page.locator(".sending")).to_contain_text("Waiting with large.tsv")
    assert complaints_of_axe(page, "waiting") == []
    redis.start()
    expect(page.locator(".sending")).to_have_count(0)
    expect(page.locator(".name")).to_have_text("large.tsv")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    turn(page, "Next page")
    expect(cell(page, 101, 0)).to_be_visible()

    redis.kill()
    expect(page.get_by_text("Reconnecting to others…")).to_be_visible()
    upload(page, numbers(20), "small.tsv")
    card = page.get_by_role("alert")
    expect(card).to_contain_text("cannot reach its records just now")
    redis.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    card.get_by_role("button", name="Send it again").click()
    expect(page.locator(".name")).to_have_text("small.tsv")
