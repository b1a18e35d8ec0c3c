"""Who has how many connections, and for whom a connection counts."""

from __future__ import annotations

import pytest

from tsvapp.live import addresses
from tsvapp.live.addresses import Addresses, client_address

TRUSTED = ("127.0.0.1", "::1")


def test_an_address_has_only_so_many_open_and_others_are_not_touched() -> None:
    counts = Addresses(most_open=2, most_a_minute=100)
    for _ in range(2):
        assert counts.refusal("10.0.0.1") is None
        counts.enter("10.0.0.1")
    assert "2 connections" in (counts.refusal("10.0.0.1") or "")
    assert counts.refusal("10.0.0.2") is None
    counts.leave("10.0.0.1")
    assert counts.refusal("10.0.0.1") is None


def test_an_address_opens_only_so_many_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(addresses, "monotonic", lambda: now)
    counts = Addresses(most_open=100, most_a_minute=3)
    for _ in range(3):
        counts.enter("10.0.0.1")
        counts.leave("10.0.0.1")
    assert "3 times within a minute" in (counts.refusal("10.0.0.1") or "")
    assert counts.refusal("10.0.0.2") is None
    now += 61
    assert counts.refusal("10.0.0.1") is None


def test_nothing_is_kept_of_an_address_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(addresses, "monotonic", lambda: now)
    counts = Addresses(most_open=10, most_a_minute=10)
    for number in range(1000):
        counts.enter(f"10.0.{number % 250}.{number // 250}")
        counts.leave(f"10.0.{number % 250}.{number // 250}")
    now += 61
    counts.refusal("10.0.0.1")
    assert (len(counts._open), len(counts._came)) == (0, 0)


@pytest.mark.parametrize(
    ("peer", "forwarded", "counts_for"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "no address", "127.0.0.1"),
        ("127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, counts_for: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == counts_for
