"""Firefox and WebKit; a tab whose console reports errors fails its test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.support.firefox import Firefox
from tests.support.server import Server
from tests.support.tab import Engine, Tab
from tests.support.webkit import WebKit

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="session", params=[Firefox, WebKit], ids=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start each engine once."""
    engine = request.param(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture
def expected_complaints() -> list[str]:
    """Patterns of console errors that a test brings about."""
    return []


@pytest.fixture(scope="session")
def idle_tabs(engine: Engine) -> list[Tab]:
    """Keep the tabs that no test uses now: starting one takes a second, or several on a busy machine."""
    return []


@pytest.fixture
def open_tab(engine: Engine, idle_tabs: list[Tab], server: Server, expected_complaints: list[str]) -> Iterator[OpenTab]:
    """Open a path of the server, each time as another person's browser would."""
    tabs: list[Tab] = []

    def open_one(path: str = "/") -> Tab:
        tab = idle_tabs.pop() if idle_tabs else engine.open_tab()
        tabs.append(tab)
        tab.go(server.url + path)
        return tab

    yield open_one
    complaints = [text for tab in tabs for text in tab.take_complaints()]
    for tab in tabs:
        tab.leave()
        idle_tabs.append(tab)
    assert [text for text in complaints if not any(re.search(each, text) for each in expected_complaints)] == []
