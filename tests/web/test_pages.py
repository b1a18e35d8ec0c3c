"""Plain HTTP: the viewer, downloads, health, errors in words, and the headers that every answer has."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from tests.support.client import ArticleClient, table
from tests.support.raw import read_answer
from tsvapp import create_app
from tsvapp.live import worker as live_worker
from tsvapp.live.worker import Worker
from tsvapp.room.people import person
from tsvapp.settings import Settings
from tsvapp.web import pages

EMPTY_ROOM = "0b7f8c1e-6a55-4f0e-9a3c-2d1e5b6a7c80"

MALFORMED = [
    "not-an-id",
    EMPTY_ROOM[:-1],
    EMPTY_ROOM + "0",
    EMPTY_ROOM.replace("a", "g"),
    EMPTY_ROOM + "/etc",
    EMPTY_ROOM + "x",
    "urn:uuid:" + EMPTY_ROOM,
    str(UUID(int=0)),
    EMPTY_ROOM.replace("-4f0e-", "-1f0e-"),  # version 1
    EMPTY_ROOM.replace("-4f0e-", "-7f0e-"),  # version 7
    EMPTY_ROOM.replace("-9a3c-", "-ca3c-"),  # a variant that is not of RFC 9562
    "%2e%2e/%2e%2e/etc/passwd",
    "<script>alert(1)</script>",
]


class Site:
    """Be an application with its rooms, and a client of it."""

    def __init__(self, data_dir: Path) -> None:
        self.app: Flask = create_app(Settings(data_dir=data_dir))
        self.worker: Worker = self.app.extensions["tsvapp"]
        self.client: FlaskClient = self.app.test_client()

    def upload(self, data: bytes, name: str = "table.tsv", room_id: str | None = None, size: int | None = None) -> str:
        """Put a document into a room, or its first bytes if it has a larger size; return the room's id."""
        found = self.worker.registry.find(room_id) if room_id else None
        room = found[0] if found else self.worker.registry.create()
        running = self.worker.uploads.begin(room, name, size or len(data), person(room.room_id, "key"), self)
        self.worker.uploads.chunk(running, data, self)
        return room.room_id

    def get(self, address: str, **options: object):
        return self.client.get(address, **options)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def site(data_dir: Path) -> Iterator[Site]:
    site = Site(data_dir)
    site.app.add_url_rule("/broken", view_func=lambda: 1 // 0)
    yield site
    site.worker.drain()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def in_words(answer, status: int) -> str:
    """Return the page of an error, having looked that it is one for people."""
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "Traceback" not in answer.text
    assert "/" in (urljoin(answer.request.path, each) for each in References(answer.text).addresses)
    return answer.text


# The viewer


@pytest.mark.parametrize("address", ["/", f"/{EMPTY_ROOM}", f"/{EMPTY_ROOM.upper()}", f"/{EMPTY_ROOM}?from=mail"])
def test_the_viewer_is_served_at_every_room_and_asked_for_anew(site, address):
    answer = site.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    # The start page may be found; a room whose address has leaked may not.
    assert answer.headers["X-Robots-Tag"] == ("all" if address == "/" else "noindex")


def test_a_server_that_can_serve_says_so(site):
    answer = site.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_server_whose_disk_takes_nothing_is_not_ready_and_says_why(site, monkeypatch):
    def fail(descriptor, data, position):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", fail)
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert "disk is full" in answer.text


def test_a_drained_server_is_alive_and_not_ready(site):
    site.worker.drain()
    assert site.get("/healthz").status_code == 200
    assert (site.get("/readyz").status_code, site.get("/readyz").text) == (
        503,
        "The server is starting or restarting.\n",
    )


def test_the_viewer_is_the_same_at_every_room(site):
    assert site.get(f"/{uuid4()}").data == site.get(f"/{EMPTY_ROOM}").data


class References(HTMLParser):
    """Collect the addresses that a page names, and what a strict policy would not run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.refused: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.addresses += [value for name, value in attributes if name in ("src", "href") and value]
        is_inline = tag == "style" or (tag == "script" and "src" not in given)
        if is_inline or any(name == "style" or name.startswith("on") for name in given):
            self.refused.append(self.get_starttag_text() or tag)


@pytest.mark.parametrize("address", ["/", f"/{EMPTY_ROOM}", "/nothing-here", "/nothing/at/all/", "/a%2Fb/c?d=/e"])
def test_a_page_names_only_files_of_ours_that_are_there(site, address):
    references = References(site.get(address).text)
    assert references.addresses
    for each in references.addresses:
        assert not each.startswith("/")
        with site.get(urljoin(address, each)) as answer:
            assert answer.status_code == 200, each


@pytest.mark.parametrize("address", ["/", f"/{EMPTY_ROOM}", "/nothing-here", "/nothing/at/all/"])
def test_a_page_below_a_path_names_only_what_is_below_it(site, address):
    # A proxy has taken the path off, or has left it as it is (SCRIPT_NAME).
    for answer in (site.get(address), site.get(address, base_url="http://localhost/tables")):
        references = References(answer.text)
        assert references.addresses
        for each in references.addresses:
            assert urljoin(f"/tables{address}", each).startswith("/tables/")
            with site.get(urljoin(address, each)) as found:
                assert found.status_code == 200, each


@pytest.mark.parametrize("prefix", ["", "/tables"])
def test_a_redirect_leads_to_the_same_site(site, prefix):
    with site.get("/static//css/base.css", base_url=f"http://localhost{prefix}") as answer:
        assert answer.status_code == 308
        # Three folders up, as browsers count them: the empty name is one.
        assert answer.headers["Location"] == "../../../static/css/base.css"


@pytest.mark.parametrize("address", ["/", "/nothing-here"])
def test_a_page_holds_nothing_that_its_own_policy_refuses(site, address):
    assert References(site.get(address).text).refused == []


# Headers of every answer


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", f"/{EMPTY_ROOM}", 200),
        ("GET", "/healthz", 200),
        ("GET", "/static/css/base.css", 200),
        ("GET", "/static/missing.css", 404),
        ("GET", "/nothing-here", 404),
        ("GET", f"/{EMPTY_ROOM}.tsv", 404),
        ("GET", "/parser/ws", 426),
        ("GET", "/parser/ws/nothing-here", 404),
        ("POST", "/", 405),
        ("OPTIONS", "/", 200),
        ("GET", "/broken", 500),
        ("GET", "/static//css/base.css", 308),
    ],
)
def test_every_answer_has_the_security_headers(site, method, address, status):
    with site.client.open(address, method=method) as answer:
        assert answer.status_code == status
        expected = pages.SECURITY_HEADERS | ({"X-Robots-Tag": "all"} if (address, status) == ("/", 200) else {})
        if method == "OPTIONS":
            expected = pages.SECURITY_HEADERS
        assert {name: answer.headers.getlist(name) for name in expected} == {
            name: [value] for name, value in expected.items()
        }


def test_downloads_have_the_security_headers_too(site):
    address = f"/{site.upload(table(3))}.tsv"
    with site.get(address) as whole:
        again = site.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    for answer in (whole, again):
        assert answer.headers["Content-Security-Policy"] == pages.SECURITY_HEADERS["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    policy = pages.SECURITY_HEADERS["Content-Security-Policy"]
    directives = {words[0]: set(words[1:]) for words in map(str.split, policy.split(";"))}
    assert directives["default-src"] == {"'none'"}
    assert directives["script-src"] == directives["connect-src"] == directives["style-src"] == {"'self'"}
    # Those that default-src does not stand in for.
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert directives[name] == {"'none'"}
    assert directives["require-trusted-types-for"] == {"'script'"}
    assert set().union(*directives.values()) <= {"'none'", "'self'", "'script'", "data:", "lit-html"}
    assert directives["script-src"].isdisjoint({"data:"})


def test_the_address_of_a_room_is_told_to_no_other_site():
    assert pages.SECURITY_HEADERS["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("address", ["/", f"/{EMPTY_ROOM}"])
def test_what_other_sites_show_of_a_link_says_what_it_is_and_nothing_of_the_table(site, address):
    tags = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', site.get(address).text))
    assert set(tags) == {"site_name", "type", "title", "description"}
    assert EMPTY_ROOM not in "".join(tags.values())


@pytest.mark.parametrize(
    ("size", "words"),
    [(2 << 30, "2 GB"), (10**9 - 1, "999 MB"), (1_500_000, "1 MB"), (1000, "1 kB"), (999, "999 bytes")],
)
def test_a_limit_is_written_in_round_numbers_that_promise_nothing_too_high(size, words):
    assert pages.in_round_numbers(size) == words


# Errors


@pytest.mark.parametrize("suffix", ["", ".tsv"])
@pytest.mark.parametrize("room_id", MALFORMED)
def test_what_is_no_id_is_not_found_in_words(site, room_id, suffix):
    page = in_words(site.get(f"/{room_id}{suffix}"), 404)
    assert "check that it is whole" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("prefix", ["", "/tables"])
@pytest.mark.parametrize(
    "copied",
    ["{}/", "{}.", "{}).", "{}%20", "({})", "<{}>,", "{{{}}}", "“{}”", "{}%E2%80%8B"],
)
def test_a_link_copied_with_what_stands_around_it_leads_to_the_room(site, copied, prefix):
    address = "/" + copied.format(EMPTY_ROOM)
    with site.get(address, base_url=f"http://localhost{prefix}") as answer:
        assert answer.status_code == 302
        assert urljoin(f"{prefix}{address}", answer.headers["Location"]) == f"{prefix}/{EMPTY_ROOM}"


def test_an_id_without_dashes_leads_to_the_room(site):
    with site.get("/" + EMPTY_ROOM.replace("-", "").upper()) as answer:
        assert (answer.status_code, answer.headers["Location"]) == (302, EMPTY_ROOM)


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(site):
    answer = site.client.post("/")
    assert "does not take that method" in in_words(answer, 405)
    assert answer.allow.as_set() == {"get", "head", "options"}


def test_a_failure_says_nothing_of_what_failed(site):
    page = in_words(site.get("/broken"), 500)
    assert "The server failed; it is logged." in page
    assert "ZeroDivisionError" not in page


def test_an_error_that_is_no_special_one_is_told_by_its_name(site):
    site.app.add_url_rule("/teapot", "teapot", lambda: abort(418))
    assert "teapot" in in_words(site.get("/teapot"), 418).lower()


# Downloads


@pytest.mark.parametrize(
    "data",
    [
        table(3),
        b"a\tb\r\n1\t\xff\r\n",
        b"\xef\xbb\xbfa\tb\n",
        "a\tb\n1\t2\n".encode("utf-16"),
        b"\n\n\n",
        b"no row end",
        table(20_000),
    ],
    ids=["plain", "undecodable", "marked", "utf-16", "empty rows", "no row end", "many pieces"],
)
def test_the_bytes_that_were_uploaded_are_downloaded_identical(site, data):
    with site.get(f"/{site.upload(data)}.tsv") as answer:
        assert (answer.status_code, answer.content_length) == (200, len(data))
        assert answer.data == data


def test_a_large_download_comes_in_pieces(site):
    data = table(20_000)
    assert len(data) > 2 * pages.PIECE_BYTES
    with site.get(f"/{site.upload(data)}.tsv", buffered=False) as answer:
        assert max(map(len, answer.response)) <= pages.PIECE_BYTES


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"a\tb\n1\t2\n", "text/tab-separated-values"),
        (b"a,b\n1,2\n3,4\n", "text/csv"),
        (b"a;b\n1;2\n3;4\n", "text/plain"),
    ],
)
def test_a_download_says_what_it_is_and_is_kept_nowhere(site, data, media_type):
    with site.get(f"/{site.upload(data)}.tsv") as answer:
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "plain", "true"),
    [
        ("flights.tsv", "flights.tsv", "flights.tsv"),
        ("two words.tsv", "two words.tsv", "two words.tsv"),
        ('say "hi".tsv', "say _hi_.tsv", 'say "hi".tsv'),
        ("back\\slash.tsv", "back_slash.tsv", "back\\slash.tsv"),
        ("a\r\nSet-Cookie: evil=1\r\n\r\n.tsv", "aSet-Cookie: evil=1.tsv", "aSet-Cookie: evil=1.tsv"),
        ("tab\tnull\0.tsv", "tabnull.tsv", "tabnull.tsv"),
        ("Größe.tsv", "Gr__e.tsv", "Größe.tsv"),
        ("表.tsv", "_.tsv", "表.tsv"),
        ("𝄞\u202egnp.tsv", "_gnp.tsv", "𝄞gnp.tsv"),
        ("wages\u202evst.exe", "wagesvst.exe.txt", "wagesvst.exe.txt"),
        ("Q3 report.hta", "Q3 report.hta.txt", "Q3 report.hta.txt"),
        ("semi;colon; filename=evil.exe", "semi;colon; filename=evil.exe.txt", "semi;colon; filename=evil.exe.txt"),
        ("100%25.tsv", "100%25.tsv", "100%25.tsv"),
        ("it's (1) *.tsv", "it's (1) *.tsv", "it's (1) *.tsv"),
        (".", "..txt", "..txt"),
    ],
)
def test_a_download_has_the_name_of_the_file_and_ends_as_a_text_does(site, name, plain, true):
    with site.get(f"/{site.upload(table(1), name)}.tsv") as answer:
        header = answer.headers["Content-Disposition"]
        assert "Set-Cookie" not in answer.headers
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    # Werkzeug, as every reader that knows it, prefers the one in UTF-8.
    assert parse_options_header(header) == ("attachment", {"filename": true})


def test_the_heading_of_a_download_can_be_had_alone(site):
    data = table(3)
    with site.client.head(f"/{site.upload(data)}.tsv") as answer:
        assert (answer.status_code, answer.content_length, answer.data) == (200, len(data), b"")


def test_a_download_that_has_not_changed_is_not_sent_again(site):
    room_id = site.upload(table(3))
    with site.get(f"/{room_id}.tsv") as first:
        tag = first.headers["ETag"]
    again = site.get(f"/{room_id}.tsv", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    site.upload(table(4), room_id=room_id)
    with site.get(f"/{room_id}.tsv", headers={"If-None-Match": tag}) as answer:
        assert (answer.status_code, answer.data) == (200, table(4))


@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=10-", "bytes=-5", "bytes=999999-", "bytes=9-0", "nonsense"])
def test_who_asks_for_a_part_of_a_download_gets_it_whole(site, wanted):
    # RFC 9110, section 14.2: a server may ignore Range. Seeking in a download costs more than it is worth here.
    with site.get(f"/{site.upload(table(3))}.tsv", headers={"Range": wanted}) as answer:
        assert (answer.status_code, answer.data) == (200, table(3))
        assert "Content-Range" not in answer.headers


def test_a_download_goes_on_when_another_file_is_brought_meanwhile(site):
    data = table(20_000, word="former")
    room_id = site.upload(data)
    with site.get(f"/{room_id}.tsv", buffered=False) as answer:
        first = next(answer.response)
        site.upload(table(1), room_id=room_id)
        assert first + b"".join(answer.response) == data


def test_an_upload_that_has_not_ended_is_not_downloaded_but_the_table_before_it(site):
    room_id = site.upload(table(3))
    site.upload(table(1), room_id=room_id, size=10**6)
    with site.get(f"/{room_id}.tsv") as answer:
        assert answer.data == table(3)


def test_no_descriptor_is_left_open_by_downloads(site):
    address = f"/{site.upload(table(20_000))}.tsv"
    with site.get(address) as first:
        tag = first.headers["ETag"]
    before = descriptors()
    site.client.head(address).close()
    site.get(address, headers={"If-None-Match": tag}).close()
    site.get(address, headers={"Range": "bytes=0-9"}).close()
    with site.get(address, buffered=False) as broken_off:
        next(broken_off.response)
    assert descriptors() == before


def test_a_download_is_there_again_after_a_restart(site, data_dir):
    room_id = site.upload(table(3), "flights.tsv")
    site.worker.drain()
    later = Site(data_dir)
    with later.get(f"/{room_id}.tsv") as answer:
        assert answer.data == table(3)
        assert 'filename="flights.tsv"' in answer.headers["Content-Disposition"]
    later.worker.drain()


def test_a_room_that_never_was_has_no_download(site):
    assert "There is no table to download at this address." in in_words(site.get(f"/{uuid4()}.tsv"), 404)


def test_a_room_whose_first_upload_has_not_ended_has_no_download(site):
    room_id = site.upload(table(1), size=10**6)
    assert "no table to download" in in_words(site.get(f"/{room_id}.tsv"), 404)


def test_a_room_that_was_deleted_has_no_download_and_says_so(site, data_dir):
    room_id = site.upload(table(3))
    site.worker.drain()
    later = Site(data_dir)
    later.worker.records.spend(room_id, "expired")
    assert "Nobody had used this table for a while, so it was deleted" in in_words(later.get(f"/{room_id}.tsv"), 404)
    later.worker.drain()


# Health and restarts


def test_a_server_that_lives_says_so_and_nobody_keeps_the_answer(site):
    answer = site.get("/healthz")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"


def test_while_the_former_worker_still_has_the_rooms_a_download_is_to_be_tried_again(site, data_dir, monkeypatch):
    monkeypatch.setattr(live_worker, "READY_SECONDS", 0.01)
    room_id = site.upload(table(3))
    following = Site(data_dir)
    assert "Try again in a moment" in in_words(following.get(f"/{room_id}.tsv"), 503)
    assert following.get("/healthz").status_code == following.get("/").status_code == 200
    site.worker.drain()
    monkeypatch.undo()
    with following.get(f"/{room_id}.tsv") as answer:
        assert answer.data == table(3)
    following.worker.drain()


def test_a_drained_server_still_gives_what_it_has_in_memory_and_sends_for_the_rest_later(site):
    room_id = site.upload(table(3))
    site.worker.drain()
    assert site.get(f"/{room_id}.tsv").data == table(3)
    answer = site.get(f"/{uuid4()}.tsv")
    in_words(answer, 503)
    assert answer.headers["Retry-After"] == "5"


def test_a_server_that_ends_answers_who_has_begun_to_ask_and_lets_go_who_has_not(start_server, clients):
    server = start_server()
    member = ArticleClient(server.ws_url)
    clients.callback(member.close)
    asking, idle = (socket.create_connection(("127.0.0.1", server.port), timeout=40) for _ in range(2))
    clients.callback(asking.close)
    clients.callback(idle.close)
    for each in (asking, idle):
        each.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_answer(each).body == "ready\n"
    asking.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n")
    # An answer to another one tells that this half of a head has come.
    with urllib.request.urlopen(f"{server.url}/healthz"):
        server.signal(signal.SIGTERM)
    member.wait_for_close()
    assert idle.recv(1) == b""
    asking.sendall(b"\r\n")
    answer = read_answer(asking)
    assert (answer.status, answer.body) == (503, "The server is starting or restarting.\n")
    assert answer.headers["Cache-Control"] == "no-store"
