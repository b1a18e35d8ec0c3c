"""Lines of the log: each is one line that a program can read, and none holds an id in full."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.logfmt import parse
from tests.support.server import ROOT, Server
from tsvapp.logs import LogLine, logfmt, masked

ROOM = "1f0e8a52-7c3d-4b6a-9e21-5d4c3b2a1f00"


def line_of(message: str, *given: object, form: str = "logfmt", **extra: object) -> str:
    record = logging.LogRecord("tsvapp.test", logging.INFO, __file__, 1, message, given, None)
    record.__dict__ |= extra
    return LogLine(form).format(record)


def test_a_line_says_when_how_grave_who_and_what() -> None:
    line = parse(line_of("closed", fields={"room": "new", "seconds": "0.1"}))
    assert list(line) == ["time", "level", "logger", "msg", "room", "seconds"]
    assert line["time"].endswith("Z")
    assert (line["level"], line["logger"], line["msg"], line["seconds"]) == ("INFO", "tsvapp.test", "closed", "0.1")


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_whatever_is_in_it_a_line_is_one_and_is_read_back(text: str) -> None:
    line = logfmt({"msg": text, "room": text})
    assert line.isprintable()
    assert line.splitlines() == [line]
    assert parse(line) == {"msg": text, "room": text}


@pytest.mark.parametrize(
    "text", ["a\r\nlevel=ERROR msg=forged", "\x1b[2J", "\u2028", "\x85", "\u202egnp", "\x7f", "\0"]
)
def test_nothing_forges_a_line_or_steers_a_terminal(text: str) -> None:
    for line in (line_of("%s", text), line_of("x", fields={"name": text})):
        assert line.isprintable()
    assert json.loads(line_of("%s", text, form="json"))["msg"] == text


def test_a_traceback_is_a_part_of_its_line() -> None:
    try:
        raise ValueError(ROOM)
    except ValueError:
        line = line_of("failed", exc_info=sys.exc_info())
    assert line.isprintable()
    error = parse(line)["error"]
    assert error.startswith("Traceback (most recent call last):\n")
    assert error.endswith(f"ValueError: {ROOM[:8]}…")


@pytest.mark.parametrize(
    "written",
    [
        ROOM,
        ROOM.upper(),
        ROOM.replace("-", ""),
        ROOM.replace("-", "%2d"),
        ROOM.replace("-", "%2D"),
        ROOM.replace("-", "%252d"),
        "".join(f"%{ord(each):02x}" for each in ROOM),
        urllib.parse.quote(urllib.parse.quote("".join(f"%{ord(each):02X}" for each in ROOM))),
    ],
)
def test_an_id_is_cut_however_it_is_written(written: str) -> None:
    cut = masked(f"GET /{written}.tsv")
    assert cut.startswith("GET /")
    assert cut.endswith("….tsv")
    assert len(cut) < len(f"GET /{written}.tsv")
    assert masked(f"{written} and {written}").count("…") == 2


def test_what_is_no_id_is_left_as_it_is() -> None:
    for text in ("1f0e8a52…", "2026-11-24T06:27:12.123Z", "0.0.0.0:8000", "deadbeef" * 3, "127.0.0.1"):
        assert masked(text) == text


def test_every_line_of_a_server_can_be_read_gunicorns_too(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.environ["LOG_FORMAT"] = "json"
    server.start()
    server.stop()
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert {"gunicorn.error", "tsvapp.live.worker"} == {line["logger"] for line in lines}
    assert any(line["msg"].startswith("Listening at") for line in lines)


def test_a_greenlet_that_fails_is_logged_like_anything_else_and_not_with_what_it_was_given(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="greenlet")
    server.start()
    server.wait_for_log("ZeroDivisionError")
    server.stop()
    lines = [parse(line) for line in server.log.splitlines()]
    (failed,) = [line for line in lines if line["logger"] == "gevent"]
    assert failed["error"].endswith("ZeroDivisionError: integer division or modulo by zero")
    assert ROOM not in server.log


def test_a_form_that_there_is_none_of_stops_the_start_in_words(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    environ = server.environ | {"LOG_FORMAT": "xml"}
    done = subprocess.run(
        server.command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert done.stderr == "tsvapp cannot start. LOG_FORMAT is 'xml'; it must be logfmt or json.\n"
