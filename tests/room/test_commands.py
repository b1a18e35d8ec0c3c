"""Both wire protocols: what is a command and what is not, and that events arrive as they were meant."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict, fields
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsvapp.errors import BadCommand
from tsvapp.room import commands, events
from tsvapp.room.commands import (
    LAST_PAGE,
    Begin,
    Cancel,
    Chunk,
    Look,
    Read,
    ReadCell,
    Turn,
    WholeFile,
    parse,
    parse_article,
)
from tsvapp.room.events import (
    DEFLATE_FROM,
    Ack,
    CellAnswer,
    ErrorEvent,
    Finished,
    Heartbeat,
    Links,
    NoRoom,
    PageAnswer,
    Pointing,
    Presence,
    Progress,
    Ready,
    Snapshot,
    Welcome,
    WheelAsked,
    You,
    progress,
    serialize,
    serialize_article,
)
from tsvapp.room.people import Here, Person, Pointed
from tsvapp.room.protocol import COMMAND_BYTES, PAGE_NUMBER_BYTES
from tsvapp.room.view import Notice, RoomState, Table, Upload
from tsvapp.table.dialect import DELIMITERS, ENCODINGS

TABLE = Table(
    *("document", "a.tsv", 10, "reading", False, 250, 3),
    dialect={"encoding": "utf-8", "delimiter": "\t", "quoting": False, "row_end": "\n", "header": True},
    chosen=("quoting",),
    reasons={"encoding": "All bytes are valid UTF-8."},
    report={"ragged": {"count": 1, "rows": [17]}},
)
UPLOAD = Upload("upload", "b.tsv", 100, stored=40)
HERON = Person("m", "Guest Heron", 210)
POINTED = Pointed("m", "Guest Heron", 210, 17, 0)

EVENTS = [
    Welcome("room", "watch", True, False, HERON, "key", {"page_size": 100}, 7, 20.0, ENCODINGS, DELIMITERS),
    NoRoom("unknown", "There is no table at this address."),
    Snapshot(
        *("epoch", 12, 2, 3, TABLE, ["year", "carrier"], 101, 0, [["2013", "AA"], [""]], [(0, 5, 10240)]),
        *(UPLOAD, Notice("upload_lost", "It broke off."), HERON, HERON, POINTED, [TABLE], True, 7),
    ),
    Snapshot("epoch", 0, 1, 1, None, None, 1, 0, [], [], None, None, None, None, None, [], False, 7),
    Progress("epoch", 12, UPLOAD, 250, 3, 3, True),
    Presence(2, [Here("m", "Guest Heron", 210, None, True)]),
    Pointing(POINTED),
    You(HERON, True),
    WheelAsked([HERON], True),
    Links("room", "watch"),
    Heartbeat("epoch", 12),
    Ready("upload", 0, [(0, 65536), (131072, 196608)]),
    Ack("upload", 262144),
    Finished("upload", "document", 250),
    PageAnswer(1, "reading", 1, 3, 250, None, 1, 0, [["Zürich", "naïve\n\"quoted\""]], []),
    CellAnswer(1, "reading", 17, 0, "\t\0\u2028 𝄞"),
    ErrorEvent("too_large", "Too much.", limit=5, upload="upload", ask=1),
]  # fmt: skip

CELLS = st.lists(st.lists(st.text(max_size=20), max_size=5), max_size=8)


def command(**fields: object) -> str:
    return json.dumps(fields)


def as_json(value: object) -> object:
    """Return what JSON makes of a value: tuples become lists."""
    return json.loads(json.dumps(value))


def plain(message: str | bytes) -> dict[str, object]:
    """Read an event as a client does."""
    return json.loads(zlib.decompress(message, wbits=-15) if isinstance(message, bytes) else message)


# Commands


@pytest.mark.parametrize(
    ("message", "parsed"),
    [
        (command(type="turn", page=3), Turn(3)),
        (command(type="turn", page=-3), Turn(-3)),
        (command(type="begin", name="a.tsv", size=10), Begin("a.tsv", 10)),
        (command(type="begin", name="a.tsv", size=0), Begin("a.tsv", 0)),
        (command(type="cancel", upload="u1"), Cancel("u1")),
        (command(type="read", quoting=True), Read({"quoting": True})),
        (command(type="read", header=None, delimiter=";"), Read({"delimiter": ";", "header": None})),
        (command(type="read", encoding="koi8-r"), Read({"encoding": "koi8-r"})),
        (command(type="look", ask=1, page=2, first_column=200), Look(1, 2, 200)),
        (command(type="cell", ask=0, row=1, column=0), ReadCell(0, 1, 0)),
        (b"\x00\xff", Chunk(b"\x00\xff")),
    ],
)
def test_a_command_is_what_its_message_says(message, parsed):
    assert parse(message) == parsed


def test_fields_that_are_not_known_are_ignored():
    assert parse(command(type="turn", page=3, colour="red")) == Turn(3)


def test_a_field_that_read_leaves_out_is_not_a_field_set_to_null():
    assert parse(command(type="read", quoting=None)).changes == {"quoting": None}


@pytest.mark.parametrize("number", [LAST_PAGE, LAST_PAGE + 1, 2**63 - 1, 2**64 - 1])
def test_no_number_grows_without_bound(number):
    assert parse(command(type="turn", page=number)) == Turn(LAST_PAGE)
    assert parse(command(type="turn", page=-min(number, 2**63))) == Turn(-LAST_PAGE)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.tsv", "a.tsv"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.tsv", "a.tsv"),
        ("../..", ".."),
        ("", "table.tsv"),
        ("folder/", "table.tsv"),
        ('Größe "1"\n名.tsv', 'Größe "1"名.tsv'),
        ("wages\u202evst.exe", "wagesvst.exe"),
        ("\u202e", "table.tsv"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_file_name_is_kept_without_its_directories_and_what_cannot_be_seen(name, kept):
    assert parse(command(type="begin", name=name, size=1)).name == kept


@pytest.mark.parametrize("longest", ["\N{FOX FACE}" * 255, "\x01" * 255, '"' * 255, "ä" * 255])
@pytest.mark.parametrize("as_ascii", [True, False])
def test_the_longest_honest_commands_fit_into_the_limit(longest, as_ascii):
    upload, most = "a" * 36, LAST_PAGE
    for honest in (
        {"type": "begin", "name": longest, "size": most},
        {"type": "resume", "upload": upload, "name": longest, "size": most},
        {"type": "introduce", "key": "k" * 64, "name": "A" + longest[:39], "hue": 359},
        {"type": "look", "ask": most, "page": most, "first_column": most},
        {"type": "point", "row": most, "column": most},
        {"type": "read", "encoding": "windows-1252", "delimiter": "\t", "quoting": False, "header": False},
    ):
        message = json.dumps(honest, ensure_ascii=as_ascii)
        assert len(message.encode()) <= COMMAND_BYTES
        assert parse(message)


@pytest.mark.parametrize("name", ["\u3164", "\u2800 \u2800", "\u115f\u1160", "\uffa0", "\u0301", "...", "\u200b-"])
def test_a_name_of_which_nothing_can_be_seen_is_refused(name):
    with pytest.raises(BadCommand, match="that can be seen"):
        parse(command(type="introduce", key="k" * 20, name=name))


@pytest.mark.parametrize("name", ["A", "7", "王", "\N{FOX FACE}", "\u3164A", "é", "€"])
def test_a_name_with_a_letter_a_digit_or_a_symbol_is_taken(name):
    assert parse(command(type="introduce", key="k" * 20, name=name)).name == name


@pytest.mark.parametrize("name", ["", " ", "\n\u202e"])
def test_a_name_of_white_space_alone_is_none(name):
    assert parse(command(type="introduce", key="k" * 20, name=name)).name is None


@pytest.mark.parametrize("number", ["9" * 64, f"{'3':>256}"])
def test_the_longest_page_numbers_fit_into_the_limit_of_the_article(number):
    assert len(number) <= PAGE_NUMBER_BYTES
    assert parse_article(number).page > 0


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "not JSON"),
        ("turn", "not JSON"),
        ("{", "not JSON"),
        ('{"type": "turn", "page": NaN}', "not JSON"),
        ('{"type": "begin", "name": "\\ud800", "size": 1}', "not JSON"),
        ('{"type": "begin", "name": "\ud800", "size": 1}', "not JSON"),
        ("3", "object with a type"),
        ("[]", "object with a type"),
        ("{}", "object with a type"),
        (command(type=None), "object with a type"),
        (command(type=["turn"]), "object with a type"),
        (command(type="dance"), "Unknown command 'dance'; the types are turn, begin, resume, cancel, read, look, cell"),
        (command(type="chunk", data="x"), "Unknown command 'chunk'"),
        (command(type="x" * 1000), f"Unknown command '{'x' * 40}';"),
        (command(type="turn"), "turn: page must be a whole number."),
        (command(type="turn", page="3"), "turn: page must be a whole number."),
        (command(type="turn", page=3.0), "turn: page must be a whole number."),
        (command(type="turn", page=True), "turn: page must be a whole number."),
        (command(type="turn", page=None), "turn: page must be a whole number."),
        (command(type="turn", page=10**30), "turn: page must be a whole number."),
        (command(type="begin", size=1), "begin: name must be a string."),
        (command(type="begin", name=5, size=1), "begin: name must be a string."),
        (command(type="begin", name="a", size=-1), "begin: size must be a whole number from 0."),
        (command(type="begin", name="a"), "begin: size must be a whole number from 0."),
        (command(type="cancel"), "cancel: upload must be a string."),
        (command(type="cancel", upload=5), "cancel: upload must be a string."),
        (command(type="read"), "read: give at least one of encoding, delimiter, quoting, header."),
        (command(type="read", encoding="klingon"), "read: encoding must be null or one of 'utf-8'"),
        (command(type="read", encoding=True), "read: encoding must be null or one of"),
        (command(type="read", encoding=["utf-8"]), "read: encoding must be null or one of"),
        (command(type="read", delimiter=" "), "read: delimiter must be null or one of '\\t', ',', ';', '|'."),
        (command(type="read", quoting="yes"), "read: quoting must be null or one of True, False."),
        (command(type="read", header=1), "read: header must be null or one of True, False."),
        (command(type="read", quoting=True, header=0), "read: header must be null or one of"),
        (command(type="look", ask=1, page=1), "look: first_column must be a whole number from 0."),
        (command(type="look", ask=1, page=1, first_column=-1), "look: first_column must be a whole number from 0."),
        (command(type="look", ask=-1, page=1, first_column=0), "look: ask must be a whole number from 0."),
        (command(type="look", ask=1, page="1", first_column=0), "look: page must be a whole number."),
        (command(type="cell", ask=1, row=0, column=0), "cell: row must be a whole number from 1."),
        (command(type="cell", ask=1, row=1, column=-1), "cell: column must be a whole number from 0."),
        (command(type="cell", row=1, column=0), "cell: ask must be a whole number from 0."),
    ],
)
def test_what_is_no_command_is_refused_in_words(message, words):
    with pytest.raises(BadCommand, match=re.escape(words)):
        parse(message)


@pytest.mark.parametrize("depth", [10, 1000, 1020, 1023, 1024, 20_000])
def test_nesting_however_deep_is_refused_in_words(depth):
    with pytest.raises(BadCommand):
        parse('{"type": ' + "[" * depth + "]" * depth + "}")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
ALMOST = st.fixed_dictionaries(
    {"type": st.sampled_from(["turn", "begin", "cancel", "read", "look", "cell"])},
    optional={
        **dict.fromkeys(("page", "size", "row", "column", "ask", "first_column"), JSON),
        **{"name": JSON, "upload": JSON, "header": JSON, "quoting": JSON, "delimiter": JSON},
        "encoding": JSON | st.sampled_from(ENCODINGS),
    },
)


@given(st.text(st.characters()) | st.binary() | JSON.map(json.dumps) | ALMOST.map(json.dumps))
def test_a_message_is_a_command_or_refused_as_none(message):
    try:
        parsed = parse(message)
    except BadCommand:
        return
    assert isinstance(parsed, commands.Command)


@given(st.integers(1, 10**6), st.sampled_from(["turn", "look"]))
def test_a_page_is_taken_as_it_was_sent(page, kind):
    assert parse(command(type=kind, ask=1, page=page, first_column=0)).page == page


# The article's commands


@pytest.mark.parametrize(
    ("message", "page"),
    [("1", 1), ("48", 48), (" 3\n", 3), ("+3", 3), ("-1", -1), ("0", 0), ("007", 7), ("9" * 64, LAST_PAGE)],
)
def test_the_articles_text_is_a_page_number(message, page):
    assert parse_article(message) == Turn(page)


@pytest.mark.parametrize("message", ["", " ", "one", "1.0", "1e3", "0x1", "1 2", "--1", "٣", "1_000", "1" * 65, '"1"'])
def test_the_articles_text_that_is_no_number_is_refused(message):
    with pytest.raises(BadCommand, match="must be a page number"):
        parse_article(message)


def test_the_articles_bytes_are_a_whole_file():
    assert parse_article(b"a\tb\n") == WholeFile(b"a\tb\n")


@given(st.text(st.characters()) | st.text("0123456789+- \t\n\x0b\x1c\x1f\x85\u2028_."))
@example("\x1c1")
@example("1\x1f")
@example("9" * 5000)
def test_an_article_message_is_a_page_number_or_refused_as_none(message):
    try:
        parsed = parse_article(message)
    except BadCommand:
        return
    assert isinstance(parsed, Turn)
    assert abs(parsed.page) <= LAST_PAGE


# Events


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_arrives_as_it_was_meant(event):
    assert plain(serialize(event)) == as_json({"type": event.type, **asdict(event)})


def test_every_event_is_tried_here():
    assert {type(event) for event in EVENTS} == set(events.Event.__args__)


def test_the_type_of_an_event_comes_first():
    for event in EVENTS:
        assert list(plain(serialize(event))) == ["type", *(entry.name for entry in fields(event))]


@given(st.text(), CELLS)
def test_cells_arrive_unchanged(text, data):
    event = PageAnswer(1, "reading", 1, 1, 1, [text], 1, 0, data, [])
    arrived = plain(serialize(event))
    assert (arrived["header"], arrived["data"]) == ([text], data)


def test_an_error_says_nothing_of_what_does_not_apply():
    assert plain(serialize(ErrorEvent("internal", "It failed."))) == {
        "type": "error",
        "code": "internal",
        "message": "It failed.",
    }


def test_an_error_about_the_ask_zero_names_it():
    assert plain(serialize(ErrorEvent("bad_command", "No.", limit=0, ask=0)))["ask"] == 0


def of_size(size: int) -> str | bytes:
    """Serialize an event whose JSON has so many bytes, most of them of letters that take two."""
    empty = len(serialize(CellAnswer(1, "reading", 1, 0, "")).encode())
    text = "é" * ((size - empty) // 2) + "x" * ((size - empty) % 2)
    return serialize(CellAnswer(1, "reading", 1, 0, text))


def test_a_small_event_is_text():
    message = of_size(DEFLATE_FROM - 1)
    assert isinstance(message, str)
    assert len(message.encode()) == DEFLATE_FROM - 1


def test_a_large_event_is_deflated_without_a_wrapper():
    message = of_size(DEFLATE_FROM)
    assert isinstance(message, bytes)
    assert len(message) < DEFLATE_FROM
    unpacker = zlib.decompressobj(wbits=-15)
    assert len(unpacker.decompress(message)) == DEFLATE_FROM
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")


def test_a_mapping_of_any_kind_is_an_object():
    event = Welcome(
        "room", "watch", True, True, HERON, "key", MappingProxyType({"page_size": 100}), 7, 20.0, ENCODINGS, DELIMITERS
    )
    assert plain(serialize(event))["limits"] == {"page_size": 100}


# The article's answer


def test_the_articles_answer_has_exactly_its_four_keys_in_order():
    assert (
        serialize_article("room", 2, 101, [[["é"], [""]], [[]]])
        == '{"uuid":"room","page_no":2,"total_number":101,"data":[["é",""],[]]}'
    )


@given(st.uuids(version=4), st.integers(1, 10**9), st.integers(0, 10**11), CELLS)
def test_the_articles_answer_is_text_however_large(room_id, page, rows, data):
    message = serialize_article(str(room_id), page, rows, [[row] for row in data * 50])
    assert list(json.loads(message).items()) == [
        ("uuid", str(room_id)),
        ("page_no", page),
        ("total_number", rows),
        ("data", data * 50),
    ]


# Progress


def test_progress_of_an_empty_room_has_one_page_and_no_rows():
    assert progress("epoch", RoomState()) == Progress("epoch", 0, None, rows=0, columns=0, pages=1, growing=False)


def test_progress_tells_of_the_table_that_is_shown():
    arriving = Table("document", "b.tsv", 100, "reading", True, 1001, 4)
    state = RoomState(revision=3, table=TABLE, incoming=arriving, upload=UPLOAD)
    assert progress("epoch", state) == Progress("epoch", 3, UPLOAD, rows=1001, columns=4, pages=11, growing=True)


def test_progress_of_a_finished_table_is_not_growing():
    assert progress("epoch", RoomState(table=TABLE)).growing is False


@pytest.mark.parametrize(
    ("fields", "ask"),
    [
        ({"type": "look", "ask": 7, "page": "one"}, 7),
        ({"type": "cell", "ask": 0, "row": 0}, 0),
        ({"type": "nonsense", "ask": 5}, 5),
        ({"type": "look", "ask": -1, "page": 1}, None),
        ({"type": "look", "ask": True}, None),
        ({"type": "look", "ask": "7"}, None),
        ({"type": "turn"}, None),
    ],
)
def test_a_bad_command_says_which_ask_it_was(fields, ask):
    with pytest.raises(BadCommand) as refused:
        parse(command(**fields))
    assert refused.value.ask == ask
