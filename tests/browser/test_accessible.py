"""axe finds nothing to complain of in any state, light and dark, on a desk and on a phone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.steps import HeldAcks, cell, numbers, opened, paste, path_of, tsv, turn, upload
from tests.support.server import ROOT, Server

pytestmark = pytest.mark.browser

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()

LOOKS = [
    pytest.param((1280, 800, "light"), id="1280-light"),
    pytest.param((390, 780, "dark"), id="390-dark"),
    pytest.param((1280, 800, "dark"), id="1280-dark", marks=pytest.mark.long),
    pytest.param((390, 780, "light"), id="390-light", marks=pytest.mark.long),
]
"""Both schemes and both screens each time; the other two pairs by `make test-long`."""


@pytest.fixture(params=LOOKS)
def options(request: pytest.FixtureRequest) -> dict[str, object]:
    """Have each screen and colour scheme."""
    width, height, scheme = request.param
    return {
        "viewport": {"width": width, "height": height},
        "color_scheme": scheme,
        "has_touch": width < 600,
        "reduced_motion": "reduce",
    }


def complaints_of_axe(page: Page, state: str) -> list[str]:
    """Return what axe finds in a state of the page; rows further down are drawn as those above them are."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run({ exclude: ['tbody tr:nth-child(n + 15)'] })).violations")
    return [
        f"{state}: {violation['id']} {[node['target'] for node in violation['nodes']][:3]} "
        f"{violation['nodes'][0]['failureSummary']}"
        for violation in found
    ]


def test_axe_finds_nothing_while_there_is_no_table(open_page: OpenPage, options: dict[str, object]) -> None:
    held = HeldAcks()
    page = open_page(prepare=held.prepare, **options)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Choose file")).to_be_visible()
    found = complaints_of_axe(page, "empty")
    upload(page, b"", "nothing.tsv")
    expect(page.get_by_role("alert")).to_be_visible()
    found += complaints_of_axe(page, "error")
    page.get_by_role("button", name="Dismiss").click()
    upload(page, numbers(200_000), "big.tsv")
    expect(cell(page, 2, 0)).to_be_visible()
    found += complaints_of_axe(page, "sending")
    unknown = open_page(f"/{uuid4()}", **options)
    expect(unknown.get_by_role("alert")).to_be_visible()
    found += complaints_of_axe(unknown, "unknown room")
    assert found == []


def test_axe_finds_nothing_in_a_table_and_above_it(open_page: OpenPage, options: dict[str, object]) -> None:
    page = open_page(**options)
    rows: list[list[object]] = [[f"c{column}" for column in range(12)]]
    rows += [[row, f"text {row}", *range(10)] for row in range(250)]
    rows[5] = ["ragged"]
    rows[6][1] = "a\x07bell"
    opened(page, tsv(rows))
    found = complaints_of_axe(page, "table")
    cell(page, 3, 1).click()
    page.keyboard.press("Shift+ArrowDown")
    found += complaints_of_axe(page, "selection")
    for name, way in [
        ("share", lambda: page.get_by_role("button", name="Share").click()),
        ("help", lambda: page.get_by_role("button", name="Help").click()),
        ("cell", lambda: cell(page, 3, 1).press("Enter")),
        ("paste", lambda: paste(page, "a\tb\n1\t2\n")),
        ("column", lambda: page.locator("thead th").nth(2).dblclick()),
    ]:
        way()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += complaints_of_axe(page, name)
        if name != "column":
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Hide this column").click()
    page.get_by_role("button", name="1 hidden column").click()
    found += complaints_of_axe(page, "hidden columns")
    page.keyboard.press("Escape")
    page.locator(".badge").first.click()
    expect(page.get_by_label("Quotes")).to_be_visible()
    found += complaints_of_axe(page, "how it is read")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Following").click()
    turn(page, "Next page")
    expect(page.locator(".pill")).to_be_visible()
    found += complaints_of_axe(page, "looking around")
    other = open_page(path_of(page) + "#row=7", **options)
    expect(other.locator("tr.marked")).to_be_visible()
    found += complaints_of_axe(other, "marked row")
    assert found == []


def test_axe_finds_nothing_without_a_server(
    open_page: OpenPage, options: dict[str, object], server: Server, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    page = open_page(**options)
    opened(page, numbers(300))
    # The longest delay first, so that there is time to look; then the shortest ones.
    page.evaluate("Math.random = () => 1")
    server.kill()
    try:
        expect(page.get_by_text("Reconnecting…", exact=True)).to_be_visible()
        found = complaints_of_axe(page, "reconnecting")
        page.evaluate("Math.random = () => 0.01")
        expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=30_000)
        found += complaints_of_axe(page, "offline")
    finally:
        server.start()
    assert found == []
