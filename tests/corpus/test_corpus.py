"""Whatever is dropped, its outcome is the one that stands beside it: these cells, or a refusal in words.

By both protocols, at one real server. A refusal leaves the room's table as it was; the download is the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from tests.corpus import disguised, displayed, encodings, quotes, row_ends, shapes
from tests.corpus.entry import Entry, Refused, Table, names
from tests.corpus.outcome import PAGE, cut_up, download, joined, pages, send, settled, text_of
from tests.support.client import ArticleClient, V1Client
from tests.support.server import Server
from tests.table.memory import read_slowly
from tsvapp.errors import EmptyFile, NotATable, RowTooLong
from tsvapp.table.dialect import Dialect

FORMER = b"former\ttable\n1\t2\n"
ENTRIES = [each for group in (encodings, row_ends, shapes, quotes, disguised, displayed) for each in group.ENTRIES]
SLOWLY = 300_000  # bytes that the reference reader may take in the ordinary run
READ_BACK = 20_000  # rows or columns that are asked for page by page
CLOSE_CODES = {error.code: error.close_code for error in (EmptyFile, NotATable, RowTooLong)}

every_entry = pytest.mark.parametrize("each", ENTRIES, ids=names(ENTRIES))


@every_entry
def test_every_file_has_its_outcome(server: Server, v1: Callable[..., V1Client], each: Entry) -> None:
    client, data = v1(), each.make()
    client.upload(FORMER)
    former = settled(client)
    answer = send(client, cut_up(data, each.chunk), len(data))
    snapshot = settled(client, former["revision"])
    address = f"{server.url}/{client.room_id}.tsv"
    if isinstance(each.outcome, Refused):
        assert answer["type"] == "error", snapshot["table"]
        assert answer["code"] == each.outcome.code
        assert all(word in answer["message"] for word in each.outcome.words), answer["message"]
        assert snapshot["notice"]["code"] == each.outcome.code
        assert [snapshot[key] for key in ("table", "page", "data")] == [
            former[key] for key in ("table", "page", "data")
        ]
        assert download(address) == hashlib.sha256(FORMER).hexdigest()
        return
    assert answer["type"] == "finished", answer
    is_read_as_expected(client, snapshot["table"], data, each.outcome)
    assert download(address) == hashlib.sha256(data).hexdigest()


def is_read_as_expected(client: V1Client, table: dict[str, object], data: bytes, expected: Table) -> None:
    """Hold a table against what is expected of it, and its pages against the slow reader and the file's own text."""
    assert table["dialect"] == expected.dialect
    assert table["report"] == expected.report
    assert (table["rows"], table["columns"]) == (expected.rows, expected.columns)
    if max(expected.rows, expected.columns) > READ_BACK:
        return
    dialect = Dialect(**expected.dialect)
    rows = pages(client, table)
    if expected.cells is not None:
        assert rows == expected.cells
    if len(data) <= SLOWLY:
        assert rows == read_slowly(data, dialect)
    if (text := joined(rows, dialect)) is not None:
        assert text == text_of(data, dialect)


@every_entry
def test_the_articles_protocol_has_the_same_outcomes(
    server: Server, article: Callable[..., ArticleClient], each: Entry
) -> None:
    client, data = article(), each.make()
    client.send_file(FORMER)
    room_id = client.receive()["uuid"]
    client.send_file(data)
    if isinstance(each.outcome, Refused):
        code, reason = client.wait_for_close()
        assert code == CLOSE_CODES[each.outcome.code]
        assert reason
        former = article(room_id).receive()
        assert (former["data"], former["total_number"]) == ([["former", "table"], ["1", "2"]], 2)
        return
    page = client.receive()
    assert page["total_number"] == each.outcome.rows
    last = -(-each.outcome.rows // PAGE)
    for number in range(1, last + 1) if last < 20 else (1, last // 2, last):
        if number > 1:
            client.turn(number)
            page = client.receive()
        assert page["page_no"] == number
        if each.outcome.cells is not None:
            assert page["data"] == each.outcome.cells[(number - 1) * PAGE : number * PAGE]
        else:
            assert len(page["data"]) == min(PAGE, each.outcome.rows - (number - 1) * PAGE)
    assert download(f"{server.url}/{room_id}.tsv") == hashlib.sha256(data).hexdigest()
