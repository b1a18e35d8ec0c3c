"""Take the pictures that the documentation shows: `make pictures` writes them to docs/."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.steps import at_page, cell, opened, path_of, tsv, turn
from tests.support.server import ROOT, Server
from tools import programs

DOCS = ROOT / "docs"
DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 780}

HEAD = ["year", "month", "day", "carrier", "flight", "origin", "dest", "dep_delay", "arr_delay", "air_time", "distance"]
CARRIERS = ["AA", "B6", "DL", "EV", "UA", "US", "WN"]
PORTS = ["ATL", "BOS", "CLT", "DEN", "FLL", "IAH", "LAX", "MCO", "MIA", "ORD", "SFO"]


def flights(rows: int) -> bytes:
    """Write a table of flights, the same one every time."""
    dice = random.Random(2013)

    def flight(row: int) -> list[object]:
        month = 1 + row * 12 // rows
        delay: int | str = dice.choice(["NA", *range(-12, 60)])
        late = delay if delay == "NA" else int(delay) + dice.randint(-15, 20)
        air = dice.randint(45, 340)
        ports = [dice.choice(["EWR", "JFK", "LGA"]), dice.choice(PORTS)]
        return [
            2013,
            month,
            dice.randint(1, 28),
            dice.choice(CARRIERS),
            dice.randint(1, 5900),
            *ports,
            delay,
            late,
            air,
            air * 7,
        ]

    return tsv([HEAD, *(flight(row) for row in range(rows))])


def open_page(browser: Browser, url: str, path: str, **options: object) -> Page:
    """Open a page as another person's browser would."""
    context = browser.new_context(base_url=url, reduced_motion="reduce", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(path)
    return page


def take(browser: Browser, server: Server) -> None:
    """Take all pictures."""
    first = open_page(browser, server.url, "/", viewport=DESK)
    opened(first, flights(352_010), "flights.tsv")
    turn(first, "Next page")
    at_page(first, 2)
    second = open_page(browser, server.url, path_of(first), viewport=DESK, color_scheme="dark")
    at_page(second, 2)
    cell(first, 105, 3).click()
    for _ in range(3):
        first.keyboard.press("Shift+ArrowDown")
    first.keyboard.press("Shift+ArrowRight")
    first.wait_for_timeout(500)
    first.screenshot(path=DOCS / "viewer.png")
    second.get_by_role("button", name="Share").click()
    expect(second.get_by_role("dialog")).to_be_visible()
    second.screenshot(path=DOCS / "share.png")
    third = open_page(browser, server.url, f"{path_of(first)}?page=48#row=4711", viewport=PHONE, has_touch=True)
    at_page(third, 48)
    expect(third.locator("tr.marked")).to_be_visible()
    third.screenshot(path=DOCS / "phone.png")


def main() -> None:
    """Start a server of our own and take the pictures."""
    with tempfile.TemporaryDirectory() as data_dir, sync_playwright() as playwright:
        server = Server(Path(data_dir))
        server.start()
        browser = playwright.chromium.launch(executable_path=programs.chromium(), chromium_sandbox=False)
        try:
            take(browser, server)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
