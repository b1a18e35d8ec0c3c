"""One certificate and one server for all proxies of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.proxies import Certificate, Proxy, make_certificate
from tests.support.server import Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def start_proxy(tmp_path: Path, certificate: Certificate) -> Iterator[Callable[..., Proxy]]:
    """Start proxies of a kind in front of servers."""
    started: list[Proxy] = []

    def start(kind: str, server: Server, path: str = "/", change: Callable[[str], str] = lambda text: text) -> Proxy:
        started.append(Proxy(kind, tmp_path / f"{kind}-{len(started)}", server.port, certificate, path))
        started[-1].start(change)
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()
