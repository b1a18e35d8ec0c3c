"""What goes wrong, and the one calm card for it; what was there stays."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import HeldAcks, at_page, cell, numbers, opened, path_of, turn, upload
from tests.support.server import Server

pytestmark = pytest.mark.browser

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(2000)


class Lossy:
    """Lose, from a moment on, what the server sends on the first connection, but for what `keeps` keeps."""

    def __init__(self, keeps: Callable[[str | bytes], bool]) -> None:
        self.connections = 0
        self.sent: list[str | bytes] = []
        """What the page has sent, on all connections."""
        self._keeps = keeps
        self._losing = False

    def prepare(self, page: Page) -> None:
        """Stand between the page and the server."""
        page.route_web_socket("**/parser/ws**", self._between)

    def lose(self) -> None:
        """Begin to lose."""
        self._losing = True

    def cut(self) -> None:
        """Break the first connection."""
        self._first.close()

    def _between(self, ours: WebSocketRoute) -> None:
        self.connections += 1
        first = self.connections == 1
        if first:
            self._first = ours
        server = ours.connect_to_server()
        ours.on_message(lambda message: (self.sent.append(message), server.send(message)))
        server.on_message(
            lambda message: None if first and self._losing and not self._keeps(message) else ours.send(message)
        )


def test_an_image_is_refused_in_words_and_the_table_stays(open_page: OpenPage) -> None:
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    turn(first, "Next page")
    upload(first, PNG, "photo.png")
    card = first.get_by_role("alert")
    expect(card).to_contain_text("not a table")
    expect(card).to_contain_text("PNG")
    expect(card).to_contain_text("photo.png")
    for page in (first, second):
        expect(page.locator(".name")).to_have_text("table.tsv")
        at_page(page, 2)
    with first.expect_file_chooser():
        card.get_by_role("button", name="Choose another file").click()
    card.get_by_role("button", name="Dismiss").click()
    expect(card).to_be_hidden()
    expect(second.get_by_role("alert")).to_be_hidden()


def test_an_empty_file_is_refused(page: Page) -> None:
    upload(page, b"", "nothing.tsv")
    expect(page.get_by_role("alert")).to_contain_text("This file is empty")
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()


class TestLimits:
    @pytest.fixture
    def server(self, start_server: Callable[..., Server]) -> Server:
        return start_server(max_upload_bytes=1000)

    def test_a_file_that_is_too_large_is_refused_with_both_sizes(self, page: Page) -> None:
        expect(page.locator(".start")).to_contain_text("up to 1 kB")
        upload(page, numbers(1000), "large.tsv")
        card = page.get_by_role("alert")
        expect(card).to_contain_text("too large")
        expect(card).to_contain_text(re.compile(r"It has 1\d\.\d kB; this server takes files of up to 1 kB\."))


class TestFullDisk:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Server]:
        server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="full")
        server.start()
        yield server
        server.stop()

    def test_a_full_disk_is_said_in_words_and_the_table_stays(self, open_page: OpenPage) -> None:
        first = open_page()
        opened(first, numbers(300))
        second = open_page(path_of(first))
        turn(second, "Next page")
        upload(first, numbers(100_000), "large.tsv")
        card = first.get_by_role("alert")
        expect(card).to_contain_text("The server's disk is full. The former table is unchanged")
        for page in (first, second):
            expect(page.locator(".name")).to_have_text("table.tsv")
            at_page(page, 2)
        expect(card.get_by_role("button", name="Send it again")).to_be_visible()


class TestExpiry:
    @pytest.fixture
    def server(self, start_server: Callable[..., Server]) -> Server:
        return start_server(room_days=3)

    def test_an_expired_table_says_so_to_who_comes_and_to_who_comes_back(
        self, page: Page, open_page: OpenPage, server: Server, complaints: Complaints
    ) -> None:
        complaints.expect("WebSocket connection to")
        opened(page, numbers(5))
        page.wait_for_load_state("networkidle")
        server.stop()
        server.forget_use(path_of(page)[1:], days=4)
        server.start()
        for each in (page, open_page(path_of(page))):
            expect(each.get_by_role("alert")).to_contain_text("This table has expired")
            expect(each.get_by_role("link", name="Start a new table")).to_be_visible()


def test_an_unknown_room_says_so_and_offers_a_new_table(open_page: OpenPage) -> None:
    page = open_page(f"/{uuid4()}")
    expect(page.get_by_role("alert")).to_contain_text("There is no table here")
    page.get_by_role("link", name="Start a new table").click()
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()


def test_an_address_that_is_none_has_a_calm_page(open_page: OpenPage, complaints: Complaints) -> None:
    complaints.expect("404")
    page = open_page("/nothing-here")
    expect(page.get_by_role("heading")).to_have_text("Not found")
    page.get_by_role("link", name="Start a new table").click()
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()


def test_a_start_page_that_lost_its_room_gets_another_one(page: Page, server: Server, complaints: Complaints) -> None:
    complaints.expect("WebSocket connection to")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.wait_for_url(re.compile(r"/[0-9a-f-]{36}$"))
    former = page.url
    server.restart()
    page.wait_for_url(lambda url: url != former)
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    opened(page, numbers(5))


@pytest.mark.parametrize("part", ["workbench-*.js", "workbench-*.css"])
def test_a_page_of_which_a_part_did_not_come_loads_itself_once_more(
    open_page: OpenPage, complaints: Complaints, part: str
) -> None:
    complaints.expect("Failed to load resource")
    visits: list[Request] = []

    def prepare(page: Page) -> None:
        page.on("request", lambda request: request.is_navigation_request() and visits.append(request))
        page.route(f"**/static/built/{part}", lambda route: route.abort() if len(visits) == 1 else route.continue_())

    page = open_page(prepare=prepare)
    opened(page, numbers(5))
    expect(page.locator(".sheet")).to_have_css("table-layout", "fixed")
    assert len(visits) == 2


def test_after_a_restart_the_same_page_is_live_again(
    open_page: OpenPage, server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    first = open_page()
    opened(first, numbers(500))
    second = open_page(path_of(first))
    turn(first, "Next page")
    at_page(second, 2)
    server.restart()
    for page in (first, second):
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        at_page(page, 2)
    turn(second, "Next page")
    at_page(first, 3)


def test_without_a_server_the_table_stays_and_the_page_says_so(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    # The longest delays, so that it is the button that connects.
    page.evaluate("Math.random = () => 1")
    opened(page, numbers(500))
    server.kill()
    expect(page.get_by_text("Reconnecting…", exact=True)).to_be_visible()
    at_page(page, 1)
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    expect(page.get_by_text("Offline", exact=True)).to_be_visible(timeout=30_000)
    server.start()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    turn(page, "Next page")
    at_page(page, 2)


def standing_still(open_page: OpenPage) -> tuple[Page, HeldAcks]:
    """Begin an upload that stands still until it is let go on."""
    held = HeldAcks()
    page = open_page(prepare=held.prepare)
    upload(page, numbers(200_000), "big.tsv")
    expect(page.locator(".name")).to_have_text("big.tsv")
    return page, held


def test_an_upload_whose_line_breaks_goes_on_by_itself(open_page: OpenPage) -> None:
    first, held = standing_still(open_page)
    second = open_page(path_of(first))
    held.cut()
    held.release()
    for page in (first, second):
        expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(page.get_by_role("alert")).to_be_hidden()


def test_an_upload_whose_sender_left_is_resumed_by_who_brings_the_same_file(open_page: OpenPage) -> None:
    first, _ = standing_still(open_page)
    second = open_page(path_of(first))
    expect(cell(second, 2, 0)).to_have_text("2.0")
    first.context.close()
    bar = second.get_by_label("Upload")
    expect(bar).to_contain_text("Paused")
    expect(bar.get_by_role("button", name="Cancel")).to_be_visible()
    with second.expect_file_chooser() as choosing:
        bar.get_by_role("button", name="Resume").click()
    content = {"name": "big.tsv", "mimeType": "text/plain", "buffer": numbers(200_000)}
    choosing.value.set_files({**content, "buffer": content["buffer"].replace(b"2.0", b"2,0")})
    expect(second.get_by_role("alert")).to_contain_text("another file")
    expect(bar).to_contain_text("Paused")
    upload(second, content["buffer"], "big.tsv")
    expect(second.locator(".toolbar")).to_contain_text("200,000 rows")
    expect(second.get_by_role("progressbar")).to_be_hidden()


@pytest.mark.parametrize("early", [False, True], ids=["once the room is there", "before the room is there"])
def test_an_upload_goes_on_after_a_reload_when_the_same_file_is_chosen_again(open_page: OpenPage, early: bool) -> None:
    first, held = standing_still(open_page)
    first.on("dialog", lambda dialog: dialog.accept())  # of a page that is left while it sends
    second = open_page(path_of(first))
    expect(second.get_by_label("Upload")).to_contain_text("is sending")
    late: list[Route] = []
    if early:
        first.route("**/static/built/main-*.js", lambda route: late.append(route), times=1)
    first.reload(wait_until="commit")
    bar = second.get_by_label("Upload")
    expect(bar).to_contain_text("Paused: big.tsv")
    expect(bar.locator(".percent")).to_have_text(re.compile(r"^[1-9]\d? %$"))
    stored, size = second.evaluate("(({ value, max }) => [value, max])(document.querySelector('.sending progress'))")
    expect(bar.locator(".percent")).to_have_text(f"{stored * 100 // size:.0f} %")
    held.release()
    if not early:
        expect(first.get_by_label("Upload")).to_contain_text("Paused: big.tsv")
    upload(first, numbers(200_000), "big.tsv")
    for route in late:
        route.continue_()
    for page in (first, second):
        expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(page.get_by_role("alert")).to_be_hidden()


def test_an_upload_goes_on_by_itself_after_the_server_was_killed(
    open_page: OpenPage, server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    page, held = standing_still(open_page)
    server.kill()
    server.start()
    held.release()
    expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_upload_whose_server_is_killed_before_it_had_a_byte_begins_anew_by_itself(
    open_page: OpenPage, server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    lines: list[WebSocketRoute] = []

    def lose_chunks(ours: WebSocketRoute) -> None:
        lines.append(ours)
        loses, there = len(lines) == 1, ours.connect_to_server()
        ours.on_message(lambda message: None if loses and isinstance(message, bytes) else there.send(message))

    page = open_page(prepare=lambda page: page.route_web_socket("**/parser/ws**", lose_chunks))
    upload(page, numbers(200_000), "big.tsv")
    bar = page.get_by_label("Upload")
    other = open_page(path_of(page)).get_by_label("Upload")
    expect(other).to_contain_text("is sending")
    server.kill()
    for each in (bar, other):
        expect(each).to_contain_text("waiting for the connection…")
    expect(bar.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(other.get_by_role("button", name="Cancel")).to_be_disabled()
    server.start()
    expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_upload_that_was_whole_when_its_line_broke_is_done_and_not_sent_twice(open_page: OpenPage) -> None:
    lossy = Lossy(lambda message: isinstance(message, str) and '"type":"ready"' in message)
    first = open_page(prepare=lossy.prepare)
    expect(first.get_by_text("Live", exact=True)).to_be_visible()
    second = open_page(path_of(first))
    # Told after the first snapshot, without which no upload begins.
    expect(first.locator(".toolbar")).to_contain_text("2 here")
    lossy.lose()
    upload(first, numbers(500))
    expect(second.locator(".toolbar")).to_contain_text("500 rows")
    expect(first.get_by_role("progressbar")).to_be_visible()
    lossy.cut()
    for page in (first, second):
        expect(page.locator(".toolbar")).to_contain_text("500 rows")
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(page.get_by_role("alert")).to_be_hidden()
    assert sum(isinstance(each, str) and '"type":"begin"' in each for each in lossy.sent) == 1


def test_an_upload_that_the_server_has_lost_can_be_sent_again(
    open_page: OpenPage, server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    page, held = standing_still(open_page)
    server.kill()
    for document in (server.data_dir / "documents").iterdir():
        document.unlink()
    server.start()
    held.release()
    expect(page.get_by_role("alert")).to_contain_text("The upload broke off", timeout=30_000)
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator(".toolbar")).to_contain_text("200,000 rows")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_page_that_slept_looks_at_once_whether_its_line_is_alive(open_page: OpenPage) -> None:
    lossy = Lossy(lambda message: False)
    page = open_page(prepare=lossy.prepare)
    opened(page, numbers(500))
    lossy.lose()
    # As after a night: timers have stood still, the clock on the wall has not.
    page.evaluate("const now = Date.now; Date.now = () => now() + 8 * 3600 * 1000")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    turn(page, "Next page")
    at_page(page, 2)
    assert lossy.connections == 2


class TestSilence:
    @pytest.fixture
    def server(self, start_server: Callable[..., Server]) -> Server:
        return start_server(heartbeat_seconds=1)

    def test_a_page_that_misses_a_change_finds_out_and_catches_up(self, open_page: OpenPage) -> None:
        lossy = Lossy(lambda message: isinstance(message, str) and '"type":"heartbeat"' in message)
        first = open_page(prepare=lossy.prepare)
        opened(first, numbers(500))
        second = open_page(path_of(first))
        at_page(second, 1)
        lossy.lose()
        turn(second, "Next page")
        at_page(second, 2)
        at_page(first, 2)
        assert lossy.connections == 2

    def test_a_page_that_misses_the_first_state_of_a_new_line_does_not_stay_live_on_the_old_one(
        self, open_page: OpenPage
    ) -> None:
        """All but the snapshots of the second line come, so that nothing else tells that they are missing."""
        lines: list[WebSocketRoute] = []

        def between(ours: WebSocketRoute) -> None:
            lines.append(ours)
            swallows, server = len(lines) == 2, ours.connect_to_server()

            def pass_on(message: str | bytes) -> None:
                if not (swallows and (isinstance(message, bytes) or '"type":"snapshot"' in message)):
                    ours.send(message)

            server.on_message(pass_on)

        first = open_page(prepare=lambda page: page.route_web_socket("**/parser/ws**", between))
        opened(first, numbers(500))
        second = open_page(path_of(first))
        at_page(second, 1)
        lines[0].close()
        until = time.monotonic() + 30
        while len(lines) < 3 and time.monotonic() < until:
            first.wait_for_timeout(100)  # lets the lines be opened
        assert len(lines) == 3
        turn(second, "Next page")
        at_page(first, 2)

    def test_a_line_that_has_gone_silent_is_given_up(self, open_page: OpenPage) -> None:
        lossy = Lossy(lambda message: False)
        page = open_page(prepare=lossy.prepare)
        opened(page, numbers(500))
        lossy.lose()
        expect(page.get_by_role("status")).to_have_text("Live again.")
        assert lossy.connections == 2
        turn(page, "Next page")
        at_page(page, 2)


def test_a_file_can_be_chosen_before_the_scripts_are_there(open_page: OpenPage) -> None:
    held: list[Route] = []
    page = open_page(
        prepare=lambda page: page.route("**/static/built/main-*.js", lambda route: held.append(route)), until="commit"
    )
    first = page.locator(".start").inner_text()
    with page.expect_file_chooser() as choosing:
        page.get_by_text("Choose file").click()
    choosing.value.set_files({"name": "early.tsv", "mimeType": "text/plain", "buffer": numbers(5)})
    other = open_page()
    assert first.split() == other.locator(".start").inner_text().replace("Try an example", "").split()
    held.pop().continue_()
    expect(page.locator(".name")).to_have_text("early.tsv")
