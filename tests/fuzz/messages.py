"""Any message, on either protocol, is a command within its bounds or is refused in words."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_args

from tsvapp.errors import BadCommand
from tsvapp.room.commands import LAST_PAGE, MAX_NAME_CHARS, Command, Turn, WholeFile, parse, parse_article
from tsvapp.room.events import ErrorEvent, serialize

ALL = [
    {"type": "turn", "page": 2},
    {"type": "begin", "name": "a/b.tsv", "size": 3},
    {"type": "resume", "upload": "u", "name": "b.tsv", "size": 3},
    {"type": "cancel", "upload": "u"},
    {"type": "read", "delimiter": ",", "quoting": True, "encoding": None, "header": False},
    {"type": "look", "ask": 1, "page": 1, "first_column": 0},
    {"type": "cell", "ask": 1, "row": 1, "column": 0},
    {"type": "introduce", "key": "k" * 20, "name": "n", "hue": 7},
    {"type": "at", "page": None},
    {"type": "point", "row": 1, "column": 0},
    {"type": "present"},
    {"type": "ask_wheel"},
    {"type": "hand", "member": None},
    {"type": "restore", "document": "d"},
    {"type": "delete"},
    {"type": "renew"},
]
SEEDS = [json.dumps(each).encode() for each in ALL] + [b"1", b" -07 ", b"+" + b"9" * 64]

WORDS = sorted(
    {f'"{key}":' for each in ALL for key in each} | {json.dumps(value) for each in ALL for value in each.values()}
)


def check(data: bytes) -> None:
    """Parse bytes as a binary message, and as text where they are text, on both protocols."""
    assert parse(data).type == "chunk"
    assert parse_article(data) == WholeFile(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return  # of a text message that is no text nothing gets here: the connection is closed
    try:
        turn = parse_article(text)
        assert isinstance(turn, Turn)
        assert abs(turn.page) <= LAST_PAGE
    except BadCommand as error:
        is_told(error)
    try:
        command = parse(text)
    except BadCommand as error:
        is_told(error)
    else:
        is_bounded(command)


def is_bounded(command: Command) -> None:
    """Hold every field of a command within its bounds."""
    assert isinstance(command, get_args(Command))
    for each in fields(command):
        value = getattr(command, each.name)
        if isinstance(value, int):
            assert abs(value) <= LAST_PAGE
        if isinstance(value, str):
            value.encode()
        if each.name == "name" and value is not None:
            assert 0 < len(value) <= MAX_NAME_CHARS


def is_told(error: BadCommand) -> None:
    """Hold a refusal to a sentence of some length that can be sent."""
    told = json.loads(serialize(ErrorEvent(**error.answer())))
    assert told["code"] == "bad_command"
    assert told["message"].endswith(".")
    assert len(told["message"]) < 1000
