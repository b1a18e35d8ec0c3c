"""docs/protocol.md, held against the code: what it names is there, and what is there it names."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import tsvapp
from tests.support.client import V1Client
from tests.support.server import ROOT
from tsvapp import errors
from tsvapp.errors import BadCommand, StartupError, TsvappError
from tsvapp.live.worker import retry_words
from tsvapp.room import commands, events, protocol
from tsvapp.room.commands import parse
from tsvapp.table.dialect import Choice

PAGE = (ROOT / "docs" / "protocol.md").read_text()

COMMANDS = [
    *(commands.Turn, commands.Begin, commands.Resume, commands.Cancel, commands.Read, commands.Look, commands.ReadCell),
    *(commands.Introduce, commands.At, commands.Point, commands.Present, commands.AskWheel, commands.Hand),
    *(commands.Restore, commands.Delete, commands.Renew, commands.Remove),
]
"""The commands that are text; a chunk and a whole file are binary messages and have no type on the wire."""

VALUES = {"name": "a.tsv", "size": 1, "upload": "u", "ask": 1, "page": 1, "first_column": 0, "row": 1, "column": 0}
VALUES |= {"key": "k" * 20, "hue": 7, "member": "m", "document": "d", "both": True}
OPTIONAL = {"introduce": {"name", "hue"}, "at": {"page"}, "point": {"row"}, "hand": {"member"}, "renew": {"both"}}
"""Fields that may be null, and so left out."""


def section(heading: str) -> str:
    """Return the text below a heading, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"the page has no section {heading!r}"
    return found[1]


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its own heading."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(cell: str) -> list[str]:
    """List what a cell names in code style, outside parentheses."""
    return re.findall(r"`([^`]+)`", re.sub(r"\([^)]*\)", "", cell))


def field_names(cls: type) -> list[str]:
    return [entry.name for entry in fields(cls)]


def calls() -> Iterator[ast.Call]:
    """Go through every call that the package makes."""
    for path in Path(tsvapp.__file__).parent.rglob("*.py"):
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def raised() -> list[type[TsvappError]]:
    """List the errors that the package makes somewhere and that can reach a client."""
    names = {node.func.id for node in calls() if isinstance(node.func, ast.Name)}
    classes = [value for name, value in vars(errors).items() if name in names and name != StartupError.__name__]
    return [cls for cls in classes if isinstance(cls, type) and issubclass(cls, TsvappError)]


def first_words(function: str) -> set[str]:
    """List what the package gives as first argument to a function, where it is written out."""
    found = (node for node in calls() if isinstance(node.func, ast.Name) and node.func.id == function and node.args)
    return {node.args[0].value for node in found if isinstance(node.args[0], ast.Constant)}


def example() -> dict[str, object]:
    return json.loads(re.search(r"```json\n(.*?)```", section("The snapshot"), re.DOTALL)[1])


def shape(value: object) -> object:
    """Return the keys of nested objects, and the kind of everything else."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return type(value).__name__


# Commands


def test_the_page_has_every_command_and_no_other():
    assert [named(row[0]) for row in rows("Commands (client → server)")] == [[cls.type] for cls in COMMANDS]


def test_every_command_that_is_understood_is_a_text_or_a_binary_message():
    assert {*COMMANDS, commands.Chunk, commands.WholeFile} == set(commands.Command.__args__)


@pytest.mark.parametrize("cls", [cls for cls in COMMANDS if cls is not commands.Read], ids=lambda cls: cls.type)
def test_the_page_has_every_field_of_a_command_and_no_other(cls):
    (row,) = (row for row in rows("Commands (client → server)") if named(row[0]) == [cls.type])
    assert named(row[1]) == field_names(cls)


@pytest.mark.parametrize("cls", [cls for cls in COMMANDS if cls is not commands.Read], ids=lambda cls: cls.type)
def test_a_command_needs_every_field_that_the_page_names(cls):
    whole = {"type": cls.type, **{name: VALUES[name] for name in field_names(cls)}}
    assert isinstance(parse(json.dumps(whole)), cls)
    for name in set(field_names(cls)) - OPTIONAL.get(cls.type, set()):
        with pytest.raises(BadCommand, match=rf"{cls.type}: {name} must be"):
            parse(json.dumps({key: value for key, value in whole.items() if key != name}))


def test_the_page_has_every_choice_of_a_reading_and_no_other():
    (row,) = (row for row in rows("Commands (client → server)") if named(row[0]) == ["read"])
    assert sorted(named(row[1])) == sorted(field_names(Choice))
    for name in named(row[1]):
        assert parse(json.dumps({"type": "read", name: None})).changes == {name: None}


# Events


def test_the_page_has_every_event_and_no_other():
    page = [named(row[0]) for row in rows("Events (server → client)")]
    assert sorted(page) == sorted([cls.type] for cls in events.Event.__args__)


@pytest.mark.parametrize(
    "cls", [cls for cls in events.Event.__args__ if cls is not events.Snapshot], ids=lambda cls: cls.type
)
def test_the_page_has_every_field_of_an_event_and_no_other(cls):
    (row,) = (row for row in rows("Events (server → client)") if named(row[0]) == [cls.type])
    assert named(row[2]) == field_names(cls)


def test_the_example_of_a_snapshot_has_every_field_in_order():
    assert list(example()) == ["type", *field_names(events.Snapshot)]


def test_the_page_has_every_reason_why_a_room_is_unknown():
    (row,) = (row for row in rows("Events (server → client)") if named(row[0]) == ["unknown_room"])
    reasons = re.search(r"`reason` \(([^)]*)\)", row[2])[1]
    assert set(re.findall(r"`(\w+)`", reasons)) == set(protocol.NO_ROOM)


def test_the_page_has_every_code_of_a_notice_that_is_no_error():
    assert {f"`{code}`" for code in first_words("Notice")} <= set(re.findall(r"`\w+`", section("Error codes")))


def test_a_server_sends_what_the_page_says(v1: Callable[..., V1Client]):
    client = v1()
    client.upload(b"name\tnumber\none\t1\ntwo\t2\n")
    while not (snapshot := client.wait_for("snapshot"))["table"] or snapshot["upload"]:
        pass
    welcome = {"type", *field_names(events.Welcome)}
    assert set(client.first) == welcome
    limits = re.search(r"`limits` is `\{([^}]*)\}`", section("Events (server → client)"))[1]
    assert list(client.first["limits"]) == limits.split(", ")
    page = shape({**example(), "upload": None, "notice": None})
    assert shape(snapshot) == page


def test_an_upload_is_shown_as_the_page_says(v1: Callable[..., V1Client]):
    client = v1()
    client.begin("a.tsv", 1000)
    snapshot = client.see(lambda event: event["upload"])
    assert shape(snapshot["upload"]) == shape(example()["upload"])
    client.send("cancel", upload=snapshot["upload"]["upload"])
    snapshot = client.wait_for("snapshot", lambda event: event["notice"])
    assert shape(snapshot["notice"]) == shape(example()["notice"])


# Errors and closes


def test_the_page_has_every_error_that_can_reach_a_client_and_no_other():
    page = [code for row in rows("Error codes") for code in named(row[0])]
    assert sorted(page) == sorted(cls.code for cls in raised())


def test_the_page_has_every_close_code_and_no_other():
    page = {int(row[0]) for row in rows("The article's protocol (no subprotocol)") if row[0].isdigit()}
    # 1011 is also how a connection ends that fails for no reason of ours.
    assert page == {cls.close_code for cls in raised()} | {TsvappError.close_code}


def test_the_page_has_the_words_of_a_restart():
    words = re.sub(r"\d+\.\d\d", "1.70", retry_words(1000))
    (row,) = (row for row in rows("The article's protocol (no subprotocol)") if row[0] == "1012")
    assert row[1] == words
    assert f"`{words}`" in section("A restart")


def test_the_page_has_the_names_and_limits_of_the_protocol():
    assert f"`{protocol.SUBPROTOCOL}`" in PAGE
    assert (
        f"text message larger than {protocol.COMMAND_BYTES >> 10} KiB ({protocol.PAGE_NUMBER_BYTES} bytes on"
        in " ".join(PAGE.split())
    )


def test_the_articles_answer_has_the_keys_that_the_page_says():
    answer = json.loads(events.serialize_article("room", 1, 1, [[["a"]]]))
    (row,) = (row for row in rows("The article's protocol (no subprotocol)") if "`{" in row[-1])
    assert re.findall(r'"(\w+)":', row[-1]) == list(answer)
