"""The targets of `make fuzz`, each for a few seconds: any input, and inputs that are nearly right.

What fuzzing has found stands as an example here, or as an entry of the corpus.
"""

from __future__ import annotations

import json
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import frames, handshake, messages, reader

SHORT = settings(max_examples=150, deadline=None, derandomize=True, database=None)
PIECES = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b"\t",
        b";",
        b"\n",
        b"\r",
        b"\r\n",
        b"a",
        b"1",
        b"\xe9",
        b"\xe2\x82",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        "é𝄞\u2028".encode(),
        b"\x00",
        b"PK\x03\x04",
        b"aaaaaaaaaa",
    ]
)
FILES = (
    st.binary(max_size=400)
    | st.lists(PIECES, max_size=150).map(b"".join)
    | st.lists(PIECES, max_size=40).map(lambda parts: b"".join(parts) * 5)
)
HEADS = st.binary(min_size=reader.HEAD, max_size=reader.HEAD)
VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.0,
        2**53,
        10**30,
        "",
        "a",
        "\ud800",
        "x" * 300,
        "k" * 20,
        "/",
        ",",
        "utf-8",
        [],
        [1],
        {},
        {"type": "turn"},
    ]
)
NEARLY_COMMANDS = st.builds(
    lambda known, changes: {**known, **changes},
    st.sampled_from(messages.ALL),
    st.dictionaries(st.sampled_from(sorted({key for each in messages.ALL for key in each})), VALUES, max_size=4),
)
LENGTHS = st.sampled_from([0, 1, 2, 99, 100, 101, 125])
FRAMES = st.builds(
    lambda first, masked, payload: (
        bytes([first, masked << 7 | len(payload)]) + (b"\1\2\3\4" if masked else b"") + payload
    ),
    st.sampled_from([0, 1, 2, 8, 9, 10, 3, 11]).flatmap(
        lambda opcode: st.sampled_from([opcode, 0x80 | opcode, 0xC0 | opcode])
    ),
    st.booleans() | st.just(True),
    st.binary(max_size=125) | LENGTHS.map(lambda length: b"x" * length),
)
HEADERS = (
    "Host",
    "Connection",
    "Upgrade",
    "Origin",
    "Cookie",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "Content-Length",
    "Transfer-Encoding",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
)
WORDS = st.sampled_from(
    [
        "",
        ",",
        "tsvapp.v1",
        "websocket",
        "upgrade",
        "13",
        "http://",
        "[::1",
        "chunked",
        "\x00",
        "é",
        " ",
        ";",
        '"',
        "127.0.0.1",
        "\t",
    ]
)
LINES = st.builds(
    lambda name, words: f"{name}: {''.join(words)}",
    st.sampled_from(HEADERS),
    st.lists(WORDS | st.text(max_size=5), max_size=4),
)


@pytest.mark.parametrize("target", [reader, messages, frames, handshake])
def test_the_seeds_pass(target: ModuleType) -> None:
    for seed in target.SEEDS:
        target.check(seed)


@SHORT
@given(HEADS, FILES)
def test_any_file_is_read_right_or_refused(head: bytes, body: bytes) -> None:
    reader.check(head + body)


@SHORT
@given(st.binary(min_size=2, max_size=2), FILES)
def test_a_row_that_is_too_long_is_found_whatever_the_chunks(head: bytes, body: bytes) -> None:
    reader.rows_that_are_too_long(head + body)


@SHORT
@given(
    st.binary(max_size=200)
    | st.text(max_size=80).map(str.encode)
    | NEARLY_COMMANDS.map(lambda each: json.dumps(each).encode())
)
def test_any_message_is_a_command_or_is_refused(data: bytes) -> None:
    messages.check(data)


@SHORT
@given(st.binary(max_size=300) | st.lists(FRAMES, max_size=8).map(b"".join))
def test_any_bytes_of_a_client_end_cleanly(data: bytes) -> None:
    frames.check(data)


@SHORT
@given(
    st.permutations(handshake.GOOD[1:]),
    st.lists(LINES, max_size=5),
    st.integers(0, 5),
    st.sampled_from(["", "/", "/x", "/4a4b5cc2-9894-4f10-adbb-bd9bdc91a668"]),
)
def test_any_handshake_is_an_upgrade_or_a_refusal(good: list[str], odd: list[str], kept: int, path: str) -> None:
    handshake.check("\n".join(["/parser/ws" + path, *good[:kept], *odd]).encode("latin-1", "replace"))
