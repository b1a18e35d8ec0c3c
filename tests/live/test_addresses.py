"""Who has how many connections, and for whom a connection counts."""

from __future__ import annotations

import pytest

from tsvapp.errors import LimitReached, StartupError
from tsvapp.live import addresses, pace
from tsvapp.live.addresses import Addresses, Proxies
from tsvapp.settings import Settings

TRUSTED = ("127.0.0.1", "::1", "10.1.0.0/16", "2001:db8:ffff::/48")


def test_an_address_has_only_so_many_open_and_others_are_not_touched() -> None:
    counts = Addresses(Settings(sockets_per_address=2, connects_per_address=100))
    for _ in range(2):
        assert counts.refusal("10.0.0.1") is None
        counts.enter("10.0.0.1")
    assert "2 connections" in (counts.refusal("10.0.0.1") or "")
    assert counts.refusal("10.0.0.2") is None
    counts.leave("10.0.0.1")
    assert counts.refusal("10.0.0.1") is None


@pytest.mark.parametrize(("network", "shares"), [("2001:db8:0:{:x}::/64", 4), ("2001:db8:0:{:x}00::/64", 16)])
def test_networks_of_one_customer_have_no_more_than_a_few_shares_together(network: str, shares: int) -> None:
    counts = Addresses(Settings(sockets_per_address=2, connects_per_address=100, rooms_per_address=2))
    let_in = []
    for number in range(100):
        address = network.format(number)
        while counts.refusal(address) is None:
            counts.enter(address)
            let_in.append(address)
    assert len(let_in) == 2 * shares
    assert "Your network (2001:db8::/" in (counts.refusal(network.format(200)) or "")
    assert counts.refusal("2001:db8:1::/64") is None
    assert counts.refusal("203.0.113.9") is None
    for address in let_in:
        counts.leave(address)
    assert counts.refusal(network.format(200)) is None
    assert not counts._open


def test_networks_of_one_customer_begin_no_more_rooms_than_a_few_shares() -> None:
    counts = Addresses(Settings(rooms_per_address=2))
    for number in range(8):
        counts.expect_room(f"2001:db8:0:{number:x}::/64")
        counts.count_room(f"2001:db8:0:{number:x}::/64")
    with pytest.raises(LimitReached, match="Your network \\(2001:db8::/56\\) has brought 8 new tables"):
        counts.expect_room("2001:db8:0:8::/64")
    counts.expect_room("2001:db8:0:100::/64")


def test_networks_of_one_customer_share_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(pace, "monotonic", lambda: 1000.0)
    monkeypatch.setattr(pace.gevent, "sleep", waits.append)
    counts = Addresses(Settings(messages_per_address=1))
    for number in range(20):
        counts.messages(f"2001:db8:0:{number:x}::/64").wait()
    # A /56 has four times the pace: 8 may come at once after a rest, and then four a second.
    assert waits == pytest.approx([number / 4 for number in range(1, 13)])


def test_an_address_opens_only_so_many_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(addresses, "monotonic", lambda: now)
    counts = Addresses(Settings(sockets_per_address=100, connects_per_address=3))
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
    counts = Addresses(Settings(sockets_per_address=10, connects_per_address=10))
    for number in range(1000):
        counts.enter(f"10.0.{number % 250}.{number // 250}")
        counts.messages(f"10.0.{number % 250}.{number // 250}")
        counts.requests(f"10.0.{number % 250}.{number // 250}")
        counts.leave(f"10.0.{number % 250}.{number // 250}")
    now += 61
    counts.refusal("10.0.0.1")
    assert (len(counts._open), len(counts._came), len(counts._paces)) == (0, 0, 0)


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
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("0:0:0:0:0:0:0:1", "198.51.100.7", "198.51.100.7"),
        # One proxy behind another: what each has seen, up to the first that is nobody's proxy.
        ("127.0.0.1", "192.0.2.66, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "192.0.2.66,198.51.100.7,2001:db8:ffff::9, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "10.1.2.4, 10.1.2.3", "10.1.2.4"),
        # What a client wrote before it reached a proxy is worth nothing, however it is written.
        ("127.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.1.2.3, 203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("203.0.113.9", "10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7:4711", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, ", "127.0.0.1"),
        ("127.0.0.1", ",,,", "127.0.0.1"),
        ("127.0.0.1", "127.1", "127.0.0.1"),
        ("127.0.0.1", "for=198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::/64"),
        ("", "198.51.100.7", ""),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, counts_for: str) -> None:
    assert Proxies(TRUSTED).client_address(peer, forwarded) == counts_for


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops"),
    [
        ("203.0.113.9", "127.0.0.1", 0),
        ("", "", 0),
        ("127.0.0.1", "", 1),
        ("127.0.0.1", "198.51.100.7", 1),
        ("127.0.0.1", "127.0.0.1, 198.51.100.7", 1),
        ("127.0.0.1", "no address", 1),
        ("127.0.0.1", "198.51.100.7, 10.1.2.3", 2),
        ("127.0.0.1", "10.1.2.4, 10.1.2.3", 3),
    ],
)
def test_hops_count_trusted_proxies_up_to_the_first_address_that_is_not(peer: str, forwarded: str, hops: int) -> None:
    assert Proxies(TRUSTED).trusted_hops(peer, forwarded) == hops


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert Proxies(()).client_address("127.0.0.1", "198.51.100.7") == "127.0.0.1"


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "*"])
def test_a_proxy_that_is_no_address_stops_the_start_in_words(text: str) -> None:
    with pytest.raises(StartupError, match="TSVAPP_TRUSTED_PROXIES"):
        Proxies((text,))
