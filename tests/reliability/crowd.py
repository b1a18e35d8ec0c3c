"""Clients of both protocols that come back whatever happens, act at random, and write down all that they are told.

Each room has a history of its own. Every turn asks for a page by chance out of many, and every cell names its row and
its document, so that what is shown says where it comes from.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import zlib
from collections import Counter
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.reliability.history import History, State
from tests.support.client import table

LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError, TimeoutError)
CHUNK = 64 << 10
ANSWER_SECONDS = 30
FORGET_AFTER = 200
"""Messages that are kept with what they say: all viewers of a room get the same."""


class Arena:
    """Be one room, its history and its crowd."""

    def __init__(self, ws_url: str, name: str, chooser: random.Random, history: History) -> None:
        self.ws_url = ws_url
        self.name = name
        self.chooser = chooser
        self.history = history
        self.room_id: str | None = None
        self.watch_id: str | None = None
        self.documents: dict[str, bytes] = {}
        """What was sent, by the word in its cells."""
        self.problems: list[str] = []
        self.clients: list[Client] = []
        self.quiet = asyncio.Event()
        """Set when nobody is to act any more."""
        self._known: dict[str | bytes, dict[str, Any]] = {}

    def new_document(self, rows: int) -> bytes:
        """Make another table, whose cells name it."""
        word = f"{self.name}-{len(self.documents)}"
        self.documents[word] = table(rows, columns=2, word=word)
        return self.documents[word]

    def read(self, message: str | bytes) -> dict[str, Any]:
        """Return what a message says; the rows it shows are checked once."""
        event = self._known.get(message)
        if event is None:
            if len(self._known) > FORGET_AFTER:
                self._known.clear()
            event = json.loads(zlib.decompress(message, wbits=-15) if isinstance(message, bytes) else message)
            if event.get("data"):
                page = event.get("page_no") or event["page"]
                self._check_rows(page, event["data"])
            if event.get("type", "snapshot") == "snapshot":
                event["hash"] = hash(orjson.dumps(event["data"]))
            self._known[message] = event
        return event

    def _check_rows(self, page: int, data: list[list[str]]) -> None:
        words = set()
        for number, row in enumerate(data, (page - 1) * 100 + 1):
            if number > 1:
                word, _, place = row[0].rpartition(" ")
                words.add(word)
                if place != f"{number}.0":
                    self.problems.append(f"page {page} of {self.name} shows {row[0]!r} in row {number}")
        if len(words) > 1:
            self.problems.append(f"page {page} of {self.name} mixes {words}")

    async def wait_until_equal(self) -> str:
        """Wait until everyone is shown the same, and that may be the end; return the name of who was the last."""
        last = ""
        while True:
            odd, most = self.odd(), self.most
            if not odd and most and self.history.may_end_on(*most):
                return last
            last = odd[-1] if odd else last
            await asyncio.sleep(0.01)

    @property
    def most(self) -> tuple[int, int] | None:
        """What most are shown: the page, and what its cells are."""
        (most, _), *_ = Counter(client.shown for client in self.clients if client.shown).most_common(1) or [(None, 0)]
        return most

    def odd(self) -> list[str]:
        """Name those who are not shown what most are, each with what it is shown."""
        most = self.most
        return [f"{client.connection} {client.shown}" for client in self.clients if client.shown != most or not most]


class Client:
    """Follow a room by `tsvapp.v1`, and act as `role` says."""

    def __init__(self, arena: Arena, name: str, role: str = "viewer") -> None:
        self.arena = arena
        self.name = f"{arena.name}.{name}"
        self.role = role
        self.shown: tuple[int, int] | None = None
        """The page, and what its cells are, while there is a line."""
        self.connection = ""
        self._snapshot: dict[str, Any] | None = None
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._pending: tuple[str, bytes] | None = None
        self._acknowledged = 0
        arena.clients.append(self)
        self._from = f"10.{zlib.crc32(self.name.encode()) % 256}.{len(arena.clients) // 256}.{len(arena.clients) % 256}"

    @property
    def _address(self) -> str:
        # Whoever can only look acts no more than a viewer does.
        room = self.arena.watch_id if self.role == "watcher" else self.arena.room_id
        return f"{self.arena.ws_url}/parser/ws" + (f"/{room}" if room else "")

    async def live(self) -> None:
        """Be connected, again and again, until cancelled."""
        number = 0
        while True:
            number += 1
            self.connection = f"{self.name}#{number}"
            self._answers, self._snapshot = asyncio.Queue(), None
            try:
                async with self._connect() as socket, asyncio.TaskGroup() as tasks:
                    acting = tasks.create_task(self._act(socket))
                    async for message in socket:
                        self._take(message)
                    acting.cancel()
            except* LOST:
                pass
            self.shown = None
            await asyncio.sleep(self.arena.chooser.uniform(0.05, 0.3))

    def _connect(self) -> connect:
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "max_size": None, "close_timeout": 0.5}
        # Everyone is somebody else: what one address may ask for is no matter here.
        options["additional_headers"] = {"X-Forwarded-For": self._from}
        return connect(self._address, subprotocols=self._subprotocols(), open_timeout=15, **options)

    def _subprotocols(self) -> Any:
        return ["tsvapp.v1"]

    def _take(self, message: str | bytes) -> None:
        event = self.arena.read(message)
        history = self.arena.history
        match event["type"]:
            case "welcome":
                if event["may_drive"]:
                    self.arena.room_id, self.arena.watch_id = event["room_id"], event["watch_id"]
            case "unknown_room":
                self.arena.problems.append(f"{self.connection} is told that its room is not there: {event['reason']}")
            case "snapshot":
                self._snapshot = event
                shown = event["table"] or {"document": None, "reading": None, "growing": False}
                state = State(
                    event["epoch"],
                    event["revision"],
                    event["page"],
                    shown["document"],
                    shown["reading"],
                    event["hash"],
                    shown["growing"],
                    tuple(each["document"] for each in event["former"]),
                )
                history.deliver(time.monotonic(), self.connection, state)
                self.shown = event["page"], event["hash"]
            case "heartbeat" | "progress":
                history.hear(self.connection, event["epoch"], event["revision"])
            case "ready" | "ack" | "finished" | "error":
                if event["type"] == "finished" and self._snapshot:
                    history.announce(self._snapshot["epoch"], event["document"])
                self._answers.put_nowait(event)

    async def _act(self, socket: ClientConnection) -> None:
        act = {"turner": self._turn, "uploader": self._upload, "meddler": self._meddle}.get(self.role)
        while act is not None and not self.arena.quiet.is_set():
            await asyncio.sleep(self.arena.chooser.uniform(0.0, 0.1))
            if self._snapshot is not None:
                await act(socket)

    async def _send(self, socket: ClientConnection, kind: str, **more: Any) -> None:
        await socket.send(json.dumps({"type": kind, **more}))

    async def _turn(self, socket: ClientConnection) -> None:
        assert self._snapshot is not None
        page = self.arena.chooser.randint(1, self._snapshot["pages"])
        self.arena.history.ask(time.monotonic(), page)
        await self._send(socket, "turn", page=page)

    async def _meddle(self, socket: ClientConnection) -> None:
        await asyncio.sleep(self.arena.chooser.uniform(0.2, 1.0))
        what = self.arena.chooser.choice(["restore", "read", "present", "introduce"])
        former = self._snapshot["former"] if self._snapshot else []  # the line may have been cut meanwhile
        if what == "restore" and former:
            await self._send(socket, what, document=self.arena.chooser.choice(former)["document"])
        elif what == "read":
            await self._send(socket, what, quoting=self.arena.chooser.choice([True, False, None]))
        elif what == "introduce":
            await self._send(socket, what, key=f"the key of {self.name}", name=self.name, hue=7)
        elif what == "present":
            await self._send(socket, what)
            await asyncio.sleep(0.2)  # meanwhile the others are refused
            await self._send(socket, "hand", member=None)

    async def _answer(self, *kinds: str) -> dict[str, Any]:
        while True:
            async with asyncio.timeout(ANSWER_SECONDS):
                event = await self._answers.get()
            if event["type"] in kinds:
                return event

    async def _upload(self, socket: ClientConnection) -> None:
        assert self._snapshot is not None
        shown = self._snapshot["upload"]
        if self._pending is None:
            await asyncio.sleep(self.arena.chooser.uniform(0.0, 1.0))
            data = self.arena.new_document(self.arena.chooser.randint(5_000, 20_000))
            await self._send(socket, "begin", name="table.tsv", size=len(data))
            answer = await self._answer("ready", "error")
            if answer["type"] == "error":
                if answer["code"] == "upload_running" and shown and shown["paused"]:
                    await self._send(socket, "cancel", upload=shown["upload"])
                return
            self._pending, self._acknowledged = (answer["upload"], data), 0
        else:
            upload, data = self._pending
            await self._send(socket, "resume", upload=upload, name="table.tsv", size=len(data))
            answer = await self._answer("ready", "error")
            if answer["type"] == "error":
                if answer["code"] not in ("no_upload", "not_allowed", "store_away"):
                    self.arena.problems.append(f"{self.connection} cannot resume: {answer}")
                if answer["code"] == "no_upload":
                    self._pending = None
                return
            if answer["offset"] < min(self._acknowledged, len(data) - 1):
                self.arena.problems.append(
                    f"{self.connection} resumes at {answer['offset']} after {self._acknowledged} was acknowledged"
                )
            await socket.send(b"".join(data[start:stop] for start, stop in answer["proof"]))
        await self._send_from(socket, answer["offset"], data)

    async def _send_from(self, socket: ClientConnection, start: int, data: bytes) -> None:
        self._acknowledged = start
        for place in range(start, len(data), CHUNK):
            await socket.send(data[place : place + CHUNK])
        while True:
            answer = await self._answer("ack", "finished", "error")
            if answer["type"] == "ack":
                self._acknowledged = answer["offset"]
            elif answer.get("code") == "store_away":
                return  # it is kept, to be gone on with
            elif answer["type"] == "finished" or answer.get("code") != "not_allowed":
                self._pending = None
                return


class ArticleClient(Client):
    """Follow a room by the article's protocol."""

    def _subprotocols(self) -> Any:
        return None

    def _take(self, message: str | bytes) -> None:
        event = self.arena.read(message)
        self._snapshot = {"pages": max(1, event["total_number"] // 100), **event}
        self.arena.history.deliver_page(self.connection, event["page_no"], event["hash"])
        self.shown = event["page_no"], event["hash"]

    async def _turn(self, socket: ClientConnection) -> None:
        assert self._snapshot is not None
        page = self.arena.chooser.randint(1, self._snapshot["pages"])
        self.arena.history.ask(time.monotonic(), page)
        await socket.send(str(page))
