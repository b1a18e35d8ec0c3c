"""Quotes are decided as soon as they can be, and what programs write is read the fast way."""

from __future__ import annotations

import pytest

from tsvapp.table import quotes
from tsvapp.table.dialect import Dialect
from tsvapp.table.row_scanner import RowScanner

COMMA = Dialect("utf-8", ",", quoting=True, row_end="\n", header=False)


def test_what_quoting_programs_write_never_needs_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(quotes, "_any_text")
    scanner = RowScanner(COMMA)
    text = b'"a",b,"c ""d""","","""","e\nf,g"\r\n' * 100
    rows = scanner.scan(text[:1003]).stops.size + scanner.scan(text[1003:]).stops.size
    assert rows == 100


def test_a_quote_inside_a_field_delays_nothing() -> None:
    scanner = RowScanner(COMMA)
    assert scanner.scan(b'6" pipe,x\nb\n').stops.tolist() == [10, 12]
    assert scanner.scan(b'c "').data == b'c "'


@pytest.mark.parametrize("ugly", [b'"', b'""', b'"""x', b'",""', b'"\n', b'""x,"'])
def test_what_is_kept_undecided_is_never_more_than_the_limit(ugly: bytes) -> None:
    scanner = RowScanner(COMMA, quote_limit=50)
    fed = decided = 0
    for _ in range(200):
        fed += len(ugly)
        decided += len(scanner.scan(ugly).data)
        assert fed - decided <= 50 + 2
