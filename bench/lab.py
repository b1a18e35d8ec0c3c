"""Where measuring is done: the programs in C, the table, and the contestants with their viewers."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import cycle
from pathlib import Path

import orjson

from bench.block import Block, narrow_rows, wide_rows
from bench.servers import ROOT, Server
from bench.swarm import Swarm, Turn
from bench.table import PAGES, article_page, make_table
from bench.uploader import Uploader

LABELS = {
    "ours": "tsvapp, article's protocol",
    "ours_v1": "tsvapp.v1, compressed",
    "floor": "the floor, in C",
    "article": "the article's Tornado server",
    "tornado_once": "Tornado, page encoded once",
    "websockets_broadcast": "websockets, broadcast()",
    "starlette_app": "Starlette on uvicorn",
    "flask_sock_plain": "flask-sock as documented",
}
PEERS = tuple(LABELS)[3:]
MOST_VIEWERS = 19_500
"""Most viewers of one server: it and the swarm may each have 20,000 files open, and a server needs some itself."""


class Contestant:
    """Be one server that is measured, with the viewers it has."""

    def __init__(self, name: str, server: Server, swarm: Swarm) -> None:
        self.name = name
        self.server = server
        self.swarm = swarm
        # Each turn to another page, so that none is answered from what was kept.
        self._pages = cycle([*range(2, PAGES + 1), 1])

    @property
    def label(self) -> str:
        """Return what it is called in a table."""
        return LABELS[self.name]

    def turn(self) -> Turn:
        """Turn to another page, before all viewers."""
        page = next(self._pages)
        return self.swarm.turn(orjson.dumps({"type": "turn", "page": page}).decode() if self._v1 else str(page))

    @property
    def _v1(self) -> bool:
        return self.name == "ours_v1"


class Lab:
    """Build what measuring needs in `folder`, and start contestants there."""

    def __init__(self, folder: Path) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.folder = folder
        self.table = make_table()
        page = article_page(self.table)
        self._least = int(0.9 * len(page))
        # Far above what else is told (who is here), whose size does not depend on the table.
        self._least_deflated = int(0.8 * len(zlib.compress(page, level=1, wbits=-15)))
        (folder / "table.tsv").write_bytes(self.table)
        (folder / "page.json").write_bytes(page)
        self._programs = {name: _build(name, folder) for name in ("swarm", "floor", "uploader")}

    @contextmanager
    def start(self, *names: str) -> Iterator[list[Contestant]]:
        """Start these contestants, without viewers; they end with the block."""
        with ExitStack() as stack:
            yield [self._contestant(name, stack) for name in names]

    @contextmanager
    def serve(self, name: str, redis_url: str = "") -> Iterator[Server]:
        """Start one server without a swarm; those at one Redis share their rooms."""
        server = self._server(name, redis_url)
        server.start()
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(self.folder / f"data-{server.port}", ignore_errors=True)

    @cached_property
    def wide(self) -> Block:
        """Return rows as the table has them."""
        return Block(wide_rows(), self.folder / "wide")

    @cached_property
    def narrow(self) -> Block:
        """Return rows of which ten million fit into an upload."""
        return Block(narrow_rows(), self.folder / "narrow")

    @contextmanager
    def uploader(self, server: Server, path: str, block: Block, mode: str = "v1") -> Iterator[Uploader]:
        """Connect one that sends files of this block's rows."""
        uploader = Uploader(self._programs["uploader"], server.port, path, block.path, mode)
        try:
            yield uploader
        finally:
            uploader.stop()

    @contextmanager
    def viewer(self, server: Server, path: str, viewers: int = 1) -> Iterator[Swarm]:
        """Let one viewer, or so many, join by the article's protocol, where a table is."""
        swarm = Swarm(self._programs["swarm"], server.port, path, 1)
        try:
            swarm.join(viewers)
            yield swarm
        finally:
            swarm.stop()

    def _contestant(self, name: str, stack: ExitStack) -> Contestant:
        server = stack.enter_context(self.serve(name))
        if name.startswith("ours"):
            with server.connect() as client:
                client.send(self.table)
                server.path += f"/{orjson.loads(client.recv())['uuid']}"
        v1 = name == "ours_v1"
        least = self._least_deflated if v1 else self._least
        swarm = Swarm(self._programs["swarm"], server.port, server.path, least, "tsvapp.v1" if v1 else "")
        stack.callback(swarm.stop)
        return Contestant(name, server, swarm)

    def _server(self, name: str, redis_url: str = "") -> Server:
        python = [sys.executable, "-m"]
        if name.startswith("ours"):
            settings = {
                # In full: gunicorn.conf.py would take another path for one of the checkout.
                "TSVAPP_DATA_DIR": str(self.folder / ("data-shared" if redis_url else "data-PORT")),
                "TSVAPP_REDIS_URL": redis_url,
                "TSVAPP_MAX_CONNECTIONS": str(MOST_VIEWERS + 100),
                "TSVAPP_ROOM_MEMBERS": str(MOST_VIEWERS + 100),
                "TSVAPP_SOCKETS_PER_ADDRESS": str(MOST_VIEWERS + 100),
                # All who are measured come from one address.
                "TSVAPP_CONNECTS_PER_ADDRESS": "1000000",
                "TSVAPP_ASKING_PER_ADDRESS": "1000000",
                "TSVAPP_REQUESTS_PER_ADDRESS": "1000000",
                "TSVAPP_ROOMS_PER_ADDRESS": "1000000",
                "TSVAPP_UPLOADS_PER_ADDRESS": "1000000",
                "TSVAPP_MESSAGES_PER_ADDRESS": "1000000",
                "TSVAPP_MESSAGES_PER_SECOND": "1000000",
                "LOG_LEVEL": "WARNING",
            }
            command = [*python, "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
            return Server(command, self.folder, **settings)
        if name == "floor":
            return Server([str(self._programs["floor"]), "PORT", "page.json"], self.folder)
        if name == "flask_sock_plain":
            gevent = "--worker-class gevent --worker-connections 20000 --no-control-socket --bind 127.0.0.1:PORT"
            command = [*python, "gunicorn", *gevent.split(), "bench.peers.flask_sock_plain:app"]
        else:
            command = [*python, f"bench.peers.{name}"]
        return Server(command, self.folder, TABLE="table.tsv")


def _build(name: str, folder: Path) -> Path:
    program = folder / name
    subprocess.run(["cc", "-std=c11", "-O2", "-o", program, ROOT / "bench" / f"{name}.c"], check=True)
    return program
