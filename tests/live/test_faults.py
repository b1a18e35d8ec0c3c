"""A disk that fails at any step of an upload, and of all else that is stored: the table that was there stays.

`tests/support/faults.py` lets an operation fail in a real server and takes the fault away again. Whoever sent something
is told in words, everyone goes on seeing the table, and once the fault is gone the same command succeeds.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import re
import resource
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.client import WAIT_SECONDS, ArticleClient, V1Client, table
from tests.support.faults import SQLITE_ERRORS, Faults
from tests.support.server import Server
from tests.support.waiting import wait_until
from tsvapp.room.protocol import NO_ROOM
from tsvapp.room.view import FORMER

KIB = 1 << 10
FULL_WORDS = "The server's disk is full. The former table is unchanged; try again later."
FULL = re.escape(FULL_WORDS)
UNREADABLE = (
    r"The server could not read this table \({}\)\. Try again in a moment; if it stays so, bring the file again\."
)
REFUSED = r"The server could not store the file \({}\)\. The former table is unchanged; try again later\."
RECORDS = r"The server could not reach its records \({}\)\. The former table is unchanged; try again later\."
REASONS = {
    name: os.strerror(getattr(errno, name))
    for name in ("ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "EROFS", "ENOENT")
}
DISK = ["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "EROFS"]
WORDS = {name: REFUSED.format(re.escape(REASONS[name])) for name in DISK}
WORDS |= {name: RECORDS.format(re.escape(words)) for name, (_, words) in SQLITE_ERRORS.items()}
WORDS |= dict.fromkeys(("ENOSPC", "EDQUOT", "SQLITE_FULL"), FULL)
SQLITE = list(SQLITE_ERRORS)

DOCUMENT, DRAFT, NAMES = r"[0-9a-f]{32}$", r"\.draft$", r"documents$"
BEGIN = "sql BEGIN IMMEDIATE"
RECORDED = r"^rename"
"""What comes right before the last record of an upload."""

UPLOAD_STEPS = {
    "the file is made": ("create", DOCUMENT, {}, DISK),
    "the second chunk opens it": ("write", DOCUMENT, {}, DISK),
    "the first bytes are written": ("pwrite", DOCUMENT, {}, DISK),
    "the last bytes are written": ("pwrite", DOCUMENT, {"after": 2}, DISK),
    "the bytes are flushed": ("fsync", DOCUMENT, {}, DISK),
    "the draft of the index is made": ("create", DRAFT, {}, DISK),
    "the draft is written": ("pwrite", DRAFT, {}, DISK),
    "the draft is flushed": ("fsync", DRAFT, {}, DISK),
    "the draft becomes the index": ("rename", DRAFT, {}, DISK),
    "the names are flushed": ("fsync", NAMES, {}, DISK),
    "the first record begins": ("sql", "^BEGIN", {}, SQLITE),
    "the first record is written": ("sql", "^INSERT OR REPLACE INTO rooms", {}, SQLITE),
    "the unfinished document is named": ("sql", "^INSERT INTO unfinished", {}, SQLITE),
    "the first record is committed": ("sql", "^COMMIT", {}, SQLITE),
    "the last record begins": ("sql", "^BEGIN", {"behind": RECORDED}, SQLITE),
    "the last record is written": ("sql", "^INSERT OR REPLACE INTO rooms", {"behind": RECORDED}, SQLITE),
    "the last record is committed": ("sql", "^COMMIT", {"behind": RECORDED}, SQLITE),
}
UPLOAD_FAULTS = [
    # Ordinarily every step with one error, so that every error is met by some; by `make test-long` every pair.
    pytest.param(operation, path, options, error, id=f"{step} {error}", marks=[pytest.mark.long] * (turn != 0))
    for number, (step, (operation, path, options, errors)) in enumerate(UPLOAD_STEPS.items())
    for turn, error in enumerate(errors[number % len(errors) :] + errors[: number % len(errors)])
]
CHUNK = 8 * KIB


class Room:
    """Be a room with a table at page 2, its driver and a viewer, in a server whose disk can fail."""

    def __init__(self, server: Server, faults: Faults, clients: ExitStack) -> None:
        self.server = server
        self.faults = faults
        self._clients = clients
        self._numbers = count()
        self.driver = self.join()
        for _ in range(FORMER + 1):  # the most that a room keeps: from then on each that comes lets the oldest go
            self.upload()
        self.viewer = self.join(self.driver.room_id)
        self.turn_to_page_2()

    def join(self, room_id: str | None = None) -> V1Client:
        client = V1Client(self.server.ws_url, room_id)
        self._clients.callback(hang_up, client)
        return client

    def files(self) -> set[str]:
        return {path.name for path in (self.server.data_dir / "documents").iterdir()}

    def upload(self) -> None:
        """Bring another table, which succeeds."""
        self.name, self.data = self.another()
        assert self.send(self.name, self.data)["type"] == "finished"
        assert self.download() == self.data

    def another(self) -> tuple[str, bytes]:
        number = next(self._numbers)
        return f"table {number}.tsv", table(400, word=f"word{number}")

    def send(self, name: str, data: bytes) -> dict[str, Any]:
        """Upload a file of three chunks; return `finished`, or the error that ended it."""
        assert 2 * CHUNK < len(data) <= 3 * CHUNK
        self.driver.send("begin", name=name, size=len(data))
        if (event := first_of(self.driver, "ready", "error"))["type"] == "ready":
            for start in range(0, len(data), CHUNK):
                self.driver.socket.send(data[start : start + CHUNK])
            event = first_of(self.driver, "finished", "error")
        return event

    def turn_to_page_2(self) -> None:
        self.driver.send("turn", page=2)
        for client in (self.driver, self.viewer):
            client.see(lambda event: event["page"] == 2 and event["table"]["name"] == self.name)

    def settle(self) -> None:
        """Wait until nothing is left to be written or deleted."""
        self.ask_for_page_2()
        wait_until(lambda: len(self.files()) == 2 * (FORMER + 1))
        self.settle_records()
        self.faults.forget_calls()

    def settle_records(self) -> None:
        """Wait until the latest change is written down."""
        wait_until(lambda: settled(self.faults.calls()))

    def ask_for_page_2(self) -> dict[str, Any]:
        """Return the answer, which comes behind all that was sent before."""
        ask = next(self._numbers)
        self.driver.send("look", ask=ask, page=2, first_column=0)
        while (event := first_of(self.driver, "page", "error")).get("ask") != ask:
            pass
        return event

    def download(self) -> bytes:
        with urllib.request.urlopen(f"{self.server.url}/{self.driver.room_id}.tsv") as answer:
            return answer.read()

    def assert_the_table_stays(self, why: str) -> None:
        """Assert that everyone is shown the former table and its page, and told why."""
        for client in (self.driver, self.viewer):
            event = client.see(lambda event: bool(event["notice"]) and why in event["notice"]["message"])
            assert (event["table"]["name"], event["page"], event["upload"]) == (self.name, 2, None)
            assert event["data"] == page_of(self.data, 2)
        self.assert_it_is_stored()

    def assert_it_is_stored(self) -> None:
        assert self.ask_for_page_2()["data"] == page_of(self.data, 2)
        assert self.download() == self.data


def named_in(server: Server) -> set[str]:
    """Name the files that the records speak of."""
    with closing(sqlite3.connect(server.data_dir / "rooms.sqlite")) as records:
        documents = [document for (document,) in records.execute("SELECT id FROM documents")]
    return {*documents, *(f"{document}.index" for document in documents)}


def page_of(data: bytes, page: int) -> list[list[str]]:
    return [row.split("\t") for row in data.decode().splitlines()[(page - 1) * 100 : page * 100]]


def hang_up(client: V1Client) -> None:
    """Leave at once: one that has not read all that came to it would wait for the server's close in vain."""
    client.socket.close_timeout = 0.01
    client.close()


def settled(calls: list[str]) -> bool:
    """Say whether a record was begun and committed behind the last change: none is on its way to meet a fault."""
    last = max((place for place, call in enumerate(calls) if call in ("told everyone", "touched")), default=None)
    since = calls[last:]
    return last is None or (BEGIN in since and "sql COMMIT" in since[since.index(BEGIN) :])


def first_of(client: V1Client, *kinds: str) -> dict[str, Any]:
    while (event := client.receive())["type"] not in kinds:
        pass
    return event


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    return Faults(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, faults: Faults) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server") / "data", app="tests.support.failing_app:app")
    server.environ |= faults.environ
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def room_of_module(server: Server, faults: Faults) -> Iterator[Room]:
    with ExitStack() as clients:
        yield Room(server, faults, clients)


@pytest.fixture
def room(room_of_module: Room) -> Iterator[Room]:
    """Return the room with nothing left to be written; after the test no fault is left."""
    room_of_module.turn_to_page_2()
    room_of_module.settle()
    yield room_of_module
    room_of_module.faults.clear()


@pytest.mark.parametrize(("operation", "path", "options", "error"), UPLOAD_FAULTS)
def test_an_upload_that_fails_at_a_step_leaves_the_former_table_and_succeeds_when_the_fault_is_gone(
    room: Room, operation: str, path: str, options: dict[str, Any], error: str
) -> None:
    before, (name, data) = room.files(), room.another()
    room.faults.set(operation, error, path, times=1, **options)
    answer = room.send(name, data)
    assert (answer["type"], answer["code"]) == ("error", "storage_failed")
    assert re.fullmatch(WORDS[error], answer["message"])
    room.assert_the_table_stays(why=answer["message"])
    wait_until(lambda: room.files() == before)
    room.upload()


def test_an_upload_whose_place_cannot_be_counted_is_refused_before_it_begins(room: Room) -> None:
    before, (name, data) = room.files(), room.another()
    room.faults.set("stat", "EIO", DOCUMENT)
    assert re.fullmatch(WORDS["EIO"], room.send(name, data)["message"])
    room.faults.clear()
    room.assert_it_is_stored()
    assert room.files() == before
    room.upload()


def test_writes_that_the_disk_takes_in_halves_are_completed(room: Room) -> None:
    room.faults.set("pwrite", "SHORT")
    room.upload()


def test_a_write_that_fails_half_way_is_taken_back_and_the_upload_ends_in_words(room: Room) -> None:
    name, data = room.another()
    room.faults.set("pwrite", "SHORT", DOCUMENT, after=1, times=1)
    room.faults.set("pwrite", "ENOSPC", DOCUMENT, after=1, beside=True)
    room.faults.set("ftruncate", "EIO", DOCUMENT, beside=True)
    assert re.fullmatch(FULL, room.send(name, data)["message"])
    room.assert_the_table_stays(why=FULL_WORDS)


def test_what_cannot_be_deleted_ends_nothing_and_is_swept_away_at_the_next_start(
    tmp_path: Path, clients: ExitStack
) -> None:
    faults = Faults(tmp_path)
    server = Server(tmp_path / "data", app="tests.support.failing_app:app")
    server.environ |= faults.environ
    clients.callback(server.stop)
    server.start()
    room = Room(server, faults, clients)
    room.settle()
    before, (name, data) = room.files(), room.another()
    faults.set("unlink", "EIO", "documents")
    faults.set("fsync", "EIO", NAMES, beside=True)
    assert room.send(name, data)["code"] == "storage_failed"
    room.assert_the_table_stays(why="Input/output error")
    faults.set("unlink", "EROFS", "documents")
    room.upload()
    assert len(room.files()) > len(before)
    server.wait_for_log("is left for the next sweep")
    faults.clear()
    server.restart()
    assert len(room.files()) == len(before)
    assert room.download() == room.data


def test_a_commit_that_was_said_to_fail_but_is_on_the_disk_loses_no_document(
    tmp_path: Path, clients: ExitStack
) -> None:
    faults = Faults(tmp_path)
    server = Server(tmp_path / "data", app="tests.support.failing_app:app")
    server.environ |= faults.environ
    clients.callback(server.stop)
    server.start()
    room = Room(server, faults, clients)
    room.settle()
    name, data = room.another()
    faults.set("sql", "SQLITE_IOERR", "^COMMIT", behind=RECORDED, times=1, late=True)
    faults.set("sql", "SQLITE_IOERR", "^BEGIN", behind=RECORDED, after=1, beside=True)
    assert room.send(name, data)["code"] == "storage_failed"
    room.assert_the_table_stays(why="disk I/O error")
    server.kill()  # before the former table could be written down again
    faults.clear()
    server.start()
    assert room.download() == data
    room.driver = room.join(room.driver.room_id)
    assert room.driver.see(lambda event: True)["table"]["name"] == name


# Other commands that write

COMMAND_FAULTS = [
    ("delete", {}, "sql", "^BEGIN", "SQLITE_BUSY"),
    ("delete", {}, "sql", "^INSERT OR REPLACE INTO spent", "SQLITE_CORRUPT"),
    ("delete", {}, "sql", "^COMMIT", "SQLITE_FULL"),
    ("renew", {}, "sql", "^BEGIN", "SQLITE_READONLY"),
    ("renew", {}, "sql", "^INSERT INTO watches", "SQLITE_IOERR"),
    ("renew", {}, "sql", "^COMMIT", "SQLITE_FULL"),
    ("restore", {}, "sql", "^BEGIN", "SQLITE_IOERR"),
    ("restore", {}, "sql", "^COMMIT", "SQLITE_FULL"),
    ("read", {"quoting": True}, "create", DRAFT, "ENOSPC"),
    ("read", {"quoting": True}, "pwrite", DRAFT, "EDQUOT"),
    ("read", {"quoting": True}, "fsync", DRAFT, "EIO"),
    ("read", {"quoting": True}, "rename", DRAFT, "EROFS"),
    ("read", {"quoting": True}, "fsync", NAMES, "EIO"),
    ("read", {"quoting": True}, "open", DOCUMENT, "EMFILE"),
    ("read", {"quoting": True}, "pread", DOCUMENT, "EIO"),
]


@pytest.mark.parametrize(("command", "fields", "operation", "path", "error"), COMMAND_FAULTS)
def test_a_command_that_fails_changes_nothing_and_succeeds_when_the_fault_is_gone(
    room: Room, command: str, fields: dict[str, Any], operation: str, path: str, error: str
) -> None:
    former = room.driver.see(lambda event: True)
    if command == "restore":
        fields = {"document": former["former"][0]["document"]}
    watch_id = next(event["watch_id"] for event in room.driver.events if event["type"] == "welcome")
    room.faults.set(operation, error, path, times=1)
    room.driver.send(command, **fields)
    answer = room.driver.wait_for("error")
    assert answer["code"] == "storage_failed"
    if error in SQLITE or operation in ("create", "pwrite", "fsync", "rename"):
        assert re.fullmatch(WORDS[error], answer["message"])
    else:
        assert re.fullmatch(UNREADABLE.format(re.escape(REASONS[error])), answer["message"])
    room.assert_it_is_stored()
    late = room.join(room.driver.room_id)
    shown = late.see(lambda event: True)
    assert (shown["table"]["name"], shown["page"], shown["table"]["chosen"]) == (room.name, 2, [])
    assert not shown["table"]["growing"]
    if command == "delete":
        return  # the room is wanted
    if command == "renew":
        assert room.join(watch_id).first["type"] == "welcome"
    room.driver.send(command, **fields)
    match command:
        case "renew":
            new = room.driver.wait_for("links")["watch_id"]
            room.driver.events[0]["watch_id"] = new
            assert room.join(watch_id).first["reason"] == "renewed"
        case "restore":
            back = room.viewer.see(lambda event: event["table"]["document"] == fields["document"])
            room.name, room.data = back["table"]["name"], room.download()
        case "read":
            room.viewer.see(lambda event: event["table"]["chosen"] == ["quoting"])
            room.driver.send(command, quoting=None)
            room.viewer.see(lambda event: event["table"]["chosen"] == [])


def test_a_room_that_is_deleted_stays_deleted_though_its_files_cannot_be_removed(room: Room) -> None:
    other = room.join()
    other.upload(table(10))
    left = room.files()
    room.faults.set("unlink", "EIO", "documents")
    other.send("delete")
    assert other.wait_for("unknown_room")["reason"] == "deleted"
    assert room.join(other.room_id).first["reason"] == "deleted"
    assert room.files() == left
    room.faults.clear()
    for name in left - named_in(room.server):
        (room.server.data_dir / "documents" / name).unlink()


def test_a_page_turn_that_cannot_be_written_down_is_shown_and_tried_again(room: Room) -> None:
    room.faults.set("sql", "SQLITE_FULL", "^COMMIT")
    since = len(room.server.log.splitlines())
    room.driver.send("turn", page=4)
    room.viewer.see(lambda event: event["page"] == 4)
    room.server.wait_for_log("could not be saved and will be tried again: database or disk is full", since)
    room.faults.clear()
    room.faults.forget_calls()
    wait_until(lambda: "sql COMMIT" in room.faults.calls())
    with closing(sqlite3.connect(room.server.data_dir / "rooms.sqlite")) as records:
        asked = "SELECT record FROM rooms WHERE room_id = ?"
        wait_until(lambda: json.loads(records.execute(asked, (room.driver.room_id,)).fetchone()[0])["page"] == 4)


# Reading

READ_FAULTS = [("open", "EMFILE"), ("open", "ENFILE"), ("open", "ENOENT"), ("pread", "EIO")]


@pytest.mark.parametrize(("operation", "error"), READ_FAULTS)
def test_a_table_that_cannot_be_read_is_said_in_words_to_everyone_and_is_back_when_the_fault_is_gone(
    room: Room, operation: str, error: str
) -> None:
    words = UNREADABLE.format(re.escape(REASONS[error]))
    room.faults.set(operation, error, DOCUMENT)
    answer = room.ask_for_page_2()
    assert answer["code"] == "storage_failed"
    assert re.fullmatch(words, answer["message"])
    room.driver.send("cell", ask=2, row=1, column=0)
    assert re.fullmatch(words, room.driver.wait_for("error")["message"])
    room.driver.send("turn", page=3)
    newcomer = room.join(room.driver.room_id)
    for client in (room.driver, room.viewer, newcomer):
        assert re.fullmatch(words, client.wait_for("error")["message"])
    with pytest.raises(urllib.error.HTTPError) as refused:
        room.download()
    with refused.value as page:
        assert page.code == 503
        assert "The server cannot read this table. Try again later" in page.read().decode()
    room.faults.clear()
    assert room.join(room.driver.room_id).see(lambda event: True)["data"] == page_of(room.data, 3)
    room.turn_to_page_2()
    room.assert_it_is_stored()


def test_a_download_that_fails_in_its_midst_is_cut_off_and_not_taken_for_the_whole(room: Room) -> None:
    other = room.join()
    other.upload(table(30_000))
    shown = other.see(lambda event: event["table"] is not None and not event["table"]["growing"])
    room.faults.set("pread", "EIO", shown["table"]["document"], after=1)
    with (
        urllib.request.urlopen(f"{room.server.url}/{other.room_id}.tsv") as answer,
        pytest.raises((http.client.IncompleteRead, ConnectionResetError)),
    ):
        answer.read()
    room.faults.clear()
    other.send("delete")
    other.wait_for("unknown_room")


@pytest.mark.parametrize("error", ["SQLITE_IOERR", "SQLITE_BUSY"])
def test_a_room_whose_record_cannot_be_asked_for_is_unreadable_until_the_fault_is_gone(room: Room, error: str) -> None:
    room.faults.set("sql", error, "^SELECT")
    stranger = "3fae2b6e-9d5c-4f0a-8a55-0d3a1f7c2b11"
    assert room.join(stranger).first["reason"] == "unreadable"
    # It must not become a new room: there may be one.
    article = ArticleClient(room.server.ws_url, stranger)
    assert article.wait_for_close() == (1008, NO_ROOM["unreadable"])
    room.assert_it_is_stored()
    room.faults.clear()
    assert room.join(stranger).first["reason"] == "unknown"


@pytest.mark.parametrize(
    ("operation", "path", "error", "words"),
    [
        ("create", "probe$", "ENOSPC", "The server's disk is full"),
        ("pwrite", "probe$", "EIO", "Input/output error"),
        ("fsync", "probe$", "EIO", "Input/output error"),
        ("create", "probe$", "EMFILE", "Too many open files"),
        ("sql", "^BEGIN", "SQLITE_BUSY", "database is locked"),
    ],
)
def test_readiness_names_what_is_wrong(room: Room, operation: str, path: str, error: str, words: str) -> None:
    room.faults.set(operation, error, path)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{room.server.url}/readyz")
    with refused.value as page:
        assert page.code == 503
        assert words in page.read().decode()
    room.faults.clear()
    with urllib.request.urlopen(f"{room.server.url}/readyz") as answer:
        assert answer.read() == b"ready\n"
    assert not (room.server.data_dir / "probe").exists()


# Limits of the system


@contextmanager
def limited(server: Server, limit: int, value: int) -> Iterator[None]:
    """Set a limit of a running worker, and put it back."""
    soft, hard = resource.prlimit(server.worker_pid, limit)
    resource.prlimit(server.worker_pid, limit, (value, hard))
    try:
        yield
    finally:
        resource.prlimit(server.worker_pid, limit, (soft, hard))


def test_no_descriptor_left_stops_neither_the_worker_nor_those_who_are_here(room: Room) -> None:
    worker = psutil.Process(room.server.worker_pid)
    with closing(socket.socket()) as waiting:
        with limited(room.server, resource.RLIMIT_NOFILE, 3):
            since, before = len(room.server.log.splitlines()), sum(worker.cpu_times()[:2])
            waiting.connect(("127.0.0.1", room.server.port))
            room.server.wait_for_log("Too many open files", since)
            room.driver.send("turn", page=3)
            for client in (room.driver, room.viewer):
                assert "Too many open files" in client.wait_for("error")["message"]
            name, data = room.another()
            upload = room.driver.begin(name, len(data))
            room.driver.socket.send(data[:CHUNK])
            answer = room.driver.wait_for("error", lambda event: event.get("upload") == upload)
            assert re.fullmatch(WORDS["EMFILE"], answer["message"])
            # It accepts anew ever more slowly, and does not spin.
            assert room.server.log.count("Too many open files") < 100
            assert sum(worker.cpu_times()[:2]) - before < 2
        waiting.settimeout(WAIT_SECONDS)
        waiting.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert waiting.recv(100).startswith(b"HTTP/1.")
    room.turn_to_page_2()
    room.assert_it_is_stored()
    room.upload()


def test_a_limit_of_file_sizes_is_an_error_and_not_the_end_of_the_worker(room: Room) -> None:
    before, (name, data) = room.files(), room.another()
    room.driver.send("begin", name=name, size=len(data))
    room.driver.wait_for("ready")
    room.settle_records()
    with limited(room.server, resource.RLIMIT_FSIZE, CHUNK + 100):
        for start in range(0, len(data), CHUNK):
            room.driver.socket.send(data[start : start + CHUNK])
        answer = room.driver.wait_for("error")
    assert re.fullmatch(REFUSED.format("File too large"), answer["message"])
    room.assert_the_table_stays(why="File too large")
    wait_until(lambda: room.files() == before)
    with limited(room.server, resource.RLIMIT_FSIZE, 100):
        answer = room.send(name, data)  # here SQLite itself meets it
    assert (answer["type"], answer["code"]) == ("error", "storage_failed")
    room.assert_the_table_stays(why=answer["message"])
    room.upload()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tsvapp-test", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: that takes root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_that_is_really_full_refuses_in_words_and_takes_the_next_when_there_is_room(
    small_disk: Path, clients: ExitStack
) -> None:
    server = Server(small_disk / "data", disk_reserve_bytes=0, disk_bytes_per_address=1 << 30)
    clients.callback(server.stop)
    server.start()
    client = V1Client(server.ws_url)
    clients.callback(client.close)
    client.upload(table(400), name="small.tsv")
    large = table(20_000)
    client.begin("large.tsv", len(large))
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as filling, suppress(OSError):
        while filling.write(b"x" * KIB):  # somebody else's, after the upload has begun
            pass
    client.socket.send(large[: 256 * KIB])
    assert "The server's disk has no place for 'large.tsv'" in client.wait_for("error")["message"]
    event = client.see(lambda event: event["upload"] is None and bool(event["notice"]))
    assert event["table"]["name"] == "small.tsv"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/readyz")
    with refused.value as page:
        assert (page.code, page.read().decode().strip()) == (503, FULL_WORDS)
    # And no room even for a record, once what the records have of their own is used up.
    for _ in range(1000):
        client.send("renew")
        if (answer := first_of(client, "links", "error"))["type"] == "error":
            break
    assert re.fullmatch(FULL, answer["message"])
    ballast.unlink()
    client.upload(table(600), name="last.tsv")
    server.kill()
    server.start()
    again = V1Client(server.ws_url, client.room_id)
    clients.callback(again.close)
    assert again.see(lambda event: True)["table"]["name"] == "last.tsv"
    assert server.log.count("Traceback") == 0


# The order of things, which is what a power cut would show


def places(calls: list[str], *patterns: str) -> list[int]:
    """Find each of the patterns behind the one before it."""
    found: list[int] = []
    for pattern in patterns:
        start = found[-1] + 1 if found else 0
        found.append(next(place for place in range(start, len(calls)) if re.search(pattern, calls[place])))
    return found


def test_what_is_announced_is_on_the_disk_before(room: Room) -> None:
    room.upload()
    room.settle()
    room.faults.forget_calls()
    room.upload()
    room.settle_records()
    calls = room.faults.calls()
    document = next(re.search(r"[0-9a-f]{32}", call)[0] for call in calls if call.startswith("create documents"))  # type: ignore[index]
    # The record names the document before it has a byte, and each byte is in the file before it is acknowledged.
    places(calls, "^told everyone$", "^sql INSERT INTO unfinished", "^sql COMMIT", f"^create documents/{document}$")
    for _ in range(3):
        places(calls, f"^pwrite documents/{document}$", "^told ack$")
    acknowledged = [place for place, call in enumerate(calls) if call == "told ack"]
    written = [place for place, call in enumerate(calls) if call == f"pwrite documents/{document}"]
    assert len(acknowledged) == len(written) == 3
    assert all(write < ack for write, ack in zip(written, acknowledged, strict=True))
    steps = places(
        calls[written[-1] :],
        f"^fsync documents/{document}$",
        f"^create documents/{document}.draft$",
        f"^pwrite documents/{document}.draft$",
        f"^fsync documents/{document}.draft$",
        f"^rename documents/{document}.draft$",
        "^fsync documents$",
        "^sql BEGIN",
        "^sql INSERT OR REPLACE INTO rooms",
        "^sql COMMIT$",
        "^told everyone$",
        "^unlink documents/[0-9a-f]{32}$",
        "^told finished$",
    )
    until_told = calls[written[-1] : written[-1] + steps[9]]
    assert not [call for call in until_told if call.startswith(("unlink", "told"))]
    assert not [call for call in calls if re.search(f"(write|unlink|ftruncate) documents/{document}$", call)][3 + 2 :]


def test_a_room_is_spent_before_its_files_are_deleted_and_a_link_before_it_is_told(room: Room) -> None:
    other = room.join()
    other.upload(table(10))
    room.faults.forget_calls()
    other.send("renew")
    other.wait_for("links")
    calls = room.faults.calls()
    places(calls, "^sql INSERT OR REPLACE INTO spent", "^sql COMMIT$", "^told links$")
    room.faults.forget_calls()
    other.send("delete")
    other.wait_for("unknown_room")
    calls = room.faults.calls()
    spent, commit, *_ = places(
        calls, "^sql INSERT OR REPLACE INTO spent", "^sql COMMIT$", "^unlink documents/", "^told unknown_room$"
    )
    assert not [call for call in calls[:commit] if call.startswith(("unlink", "told"))]
    assert spent < commit


def test_a_new_directory_is_flushed_with_all_the_names_in_it(tmp_path: Path, clients: ExitStack) -> None:
    faults = Faults(tmp_path)
    server = Server(tmp_path / "data", app="tests.support.failing_app:app")
    server.environ |= faults.environ
    clients.callback(server.stop)
    server.start()
    places(faults.calls(), "^mkdir documents$", "^sql PRAGMA user_version", "^fsync$")
