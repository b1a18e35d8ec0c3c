"""Which Host headers can name a server, and which name this one."""

from __future__ import annotations

import encodings.idna
import socket

import pytest

from tsvapp.live.hosts import Hosts, is_valid


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "tables.example", "tables.example.", "TABLES.example:8000", "xn--tbl-6na.example", "a_b", "a:"),
        *("127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "[::ffff:127.0.0.1]:8000", "a" * 63),
        ".".join(["a" * 63] * 3),
    ],
)
def test_a_name_or_an_address_with_or_without_a_port_is_valid(host: str) -> None:
    assert is_valid(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", ".example", "a..b", "a" * 64, "x" * 300, "é", "xn--", "xn--a.example", "exa mple", "a/b", "user@a"),
        *("[", "[]", "::1", "a:b", "a:123456", "a,b", "a%41", "a\n", ".".join(["a" * 63] * 5)),
    ],
)
def test_anything_else_is_not(host: str) -> None:
    assert not is_valid(host)


@pytest.mark.parametrize("host", ["xn--" + "a" * 7900, "xn--" + "a" * 60, "xn--a," * 9])
def test_a_host_that_is_too_long_or_has_other_characters_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    def decode(label: str) -> str:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(encodings.idna, "ToUnicode", decode)
    assert not is_valid(host)


@pytest.mark.parametrize("host", ["LocalHost:8000", "tables.localhost", "127.0.0.1", "[::1]:1", "10.1.2.3:80", ""])
def test_loopback_names_and_every_address_are_allowed_everywhere(host: str) -> None:
    assert Hosts(()).allows(host)


def test_the_machines_own_name_is_allowed() -> None:
    assert Hosts(()).allows(f"{socket.gethostname()}:8000")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_another_name_is_allowed_only_where_it_is_given(host: str) -> None:
    assert not Hosts(()).allows(host)
    assert not Hosts(("tables.example",)).allows(host)
    assert Hosts(("*",)).allows(host)
    assert Hosts((host.partition(":")[0].upper() + ".",)).allows(host)
