"""How soon the viewer can be used, and how much script a page takes that another turned to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import orjson
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.compare import Wanted, alone, figure
from bench.lab import Lab
from bench.report import Row, Section
from tools import programs

OPENINGS = 15
TURNS = 40
COLUMNS = 20
FLAGS = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")

PAINTED = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [drawn] = performance.getEntriesByName("drawn");
  return paint && drawn && [paint, drawn].map(({ startTime }) => startTime - navigation.responseEnd);
}"""
"""When the button can be seen, and from then on pressed; and when the scripts have drawn theirs in its place."""

PAINTED_BARE = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint && paint.startTime - navigation.responseEnd;
}"""
"""The same of a page of one word, which is what this browser takes for anything on this machine."""

MARK = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".start button.main")) return;
  observer.disconnect();
  performance.mark("drawn");
}).observe(document, { childList: true, subtree: true });
"""


def run(lab: Lab) -> Section:
    """Measure with the distribution's Chromium."""
    with lab.serve("ours") as server, _browser() as browser:
        address = f"http://127.0.0.1:{server.port}"
        bare, seen, drawn = (
            median(each) for each in zip(*(_open(browser, address) for _ in range(OPENINGS)), strict=True)
        )
        with server.connect() as driver:
            rows = [[f"c{column}" for column in range(COLUMNS)]]
            rows += [[f"{row}.{column}" for column in range(COLUMNS)] for row in range(100 * TURNS)]
            driver.send("".join("\t".join(row) + "\n" for row in rows).encode())
            room = orjson.loads(driver.recv())["uuid"]
            page = browser.new_page(viewport={"width": 2200, "height": 1000})
            page.goto(f"{address}/{room}")
            page.locator("tbody td").first.wait_for()
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            script = [_script_of_turn(page, session, driver, number) for number in range(2, TURNS)]
    how = (
        f"The first screen in a new browser context, the median of {OPENINGS}: from the end of the HTML until it is "
        "painted, whose button works from then on; and until the scripts have taken over. Then another turns to "
        f"{TURNS - 2} pages of 100 x {COLUMNS} cells, all in sight: the time that Chromium says it has spent in "
        "scripts, for each."
    )
    figures = [
        alone("the viewer can be used after the HTML", seen, "ms", Wanted("≤", 150, "ms")),
        Row("a page of one word", figure(bare, "ms")),
        Row("its scripts have taken over", figure(drawn, "ms")),
        alone("script for a page that another turned to, median", median(script), "ms", Wanted("≤", 16, "ms")),
        Row("script for a page that another turned to, worst", figure(max(script), "ms")),
    ]
    return Section("the viewer in a browser", how, figures)


@contextmanager
def _browser() -> Iterator[Browser]:
    path = programs.chromium()
    if path is None:
        raise SystemExit("chromium is missing; `make test` installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False, args=FLAGS)
        yield browser
        browser.close()


def _open(browser: Browser, address: str) -> tuple[float, float, float]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/healthz")
    bare = _painted(page, PAINTED_BARE)
    context.close()
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(MARK)
    page.goto(address)
    page.locator(".start button.main").wait_for()
    seen, drawn = _painted(page, PAINTED)
    context.close()
    return bare, seen, drawn


def _painted(page: Page, question: str) -> Any:
    while (found := page.evaluate(question)) is None:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    return found


def _script_of_turn(page: Page, session: CDPSession, driver: object, number: int) -> float:
    before = _script_seconds(session)
    driver.send(str(number))  # type: ignore[attr-defined]
    page.locator(f"tbody tr[aria-rowindex='{(number - 1) * 100 + 1}']").wait_for()
    return 1000 * (_script_seconds(session) - before)


def _script_seconds(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration"))
