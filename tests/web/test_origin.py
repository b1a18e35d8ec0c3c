"""Which origins may connect, by what trusted proxies say, and what an operator is told of the others."""

from __future__ import annotations

import pytest

from tsvapp.web import origin
from tsvapp.web.origin import Reached, is_allowed, remedy

HOST = "tables.example"


def reached(host: str = HOST, scheme: str = "http", hops: int = 1, proto: str | None = None) -> Reached:
    return Reached(host, scheme, hops, proto)


@pytest.mark.parametrize(
    ("proto", "hops", "scheme"),
    [
        (None, 1, "http"),
        ("https", 0, "http"),
        ("https", 1, "https"),
        ("HTTPS", 1, "https"),
        ("wss", 1, "https"),
        ("Wss", 1, "https"),
        ("ws", 1, "http"),
        (" https ", 1, "https"),
        # Client -> (https) outer proxy -> (http) inner proxy -> server: each has added what it saw.
        ("https,http", 2, "https"),
        ("https, http", 1, "http"),
        ("wss, ws", 2, "https"),
        # The client itself has sent the first.
        ("https,http", 1, "http"),
        ("https,http,http", 2, "http"),
        # The inner proxy has overwritten, or passed on, what the outer one said.
        ("https", 3, "https"),
        ("", 1, ""),
        ("gopher", 1, "gopher"),
    ],
)
def test_the_scheme_is_the_one_that_the_outermost_trusted_proxy_saw(proto: str | None, hops: int, scheme: str) -> None:
    assert reached(proto=proto, hops=hops).browser_scheme == scheme


def test_the_scheme_of_the_connection_counts_without_a_proxy() -> None:
    assert reached(scheme="https", hops=0).browser_scheme == "https"


@pytest.mark.parametrize(
    ("host", "proto", "page"),
    [
        (HOST, "https", f"https://{HOST}"),
        (HOST, "wss", f"https://{HOST}"),
        (f"{HOST}:443", "https", f"https://{HOST}"),
        (HOST, "https", f"https://{HOST}:443"),
        (f"{HOST}:80", "http", f"http://{HOST}"),
        (f"{HOST}:8443", "https", f"https://{HOST}:8443"),
        ("[::1]:443", "https", "https://[::1]"),
    ],
)
def test_a_page_of_the_same_origin_is_allowed(host: str, proto: str, page: str) -> None:
    assert is_allowed(page, reached(host, proto=proto), ())


@pytest.mark.parametrize(
    ("host", "proto", "page"),
    [
        (HOST, "http", f"https://{HOST}"),
        (HOST, "https", f"http://{HOST}"),
        (f"{HOST}:443", "http", f"http://{HOST}"),
        (f"{HOST}:80", "https", f"https://{HOST}"),
        (f"{HOST}:8443", "https", f"https://{HOST}"),
        (HOST, "wss", f"wss://{HOST}"),
        (HOST, "gopher", f"https://{HOST}"),
        ("evil.example", "https", f"https://{HOST}"),
        ("", "https", "https://"),
        ("", "https", "https://:443"),
    ],
)
def test_a_page_of_another_origin_is_refused(host: str, proto: str, page: str) -> None:
    assert not is_allowed(page, reached(host, proto=proto), ())


def test_a_listed_origin_is_allowed_exactly_as_it_is_listed() -> None:
    listed = ("https://other.example",)
    assert is_allowed("https://other.example", reached(), listed)
    assert not is_allowed("https://other.example:443", reached(), listed)


def test_a_program_without_an_origin_is_allowed() -> None:
    assert is_allowed(None, reached(), ())


@pytest.mark.parametrize(
    ("page", "hops", "proto", "words"),
    [
        (f"https://{HOST}", 0, "https", origin.UNTRUSTED),
        (f"https://{HOST}:443", 0, "https", origin.UNTRUSTED),
        (f"https://{HOST}", 0, None, origin.MISSING_AND_UNTRUSTED),
        (f"https://{HOST}", 1, None, origin.MISSING),
        (f"https://{HOST}", 1, "http", origin.ANOTHER_SCHEME),
        ("https://evil.example", 1, "https", origin.ANOTHER_HOST),
        (f"https://{HOST}:8443", 0, None, origin.ANOTHER_HOST),
        ("null", 1, "https", origin.ANOTHER_HOST),
        ("https://", 1, "https", origin.ANOTHER_HOST),
    ],
)
def test_the_remedy_names_what_is_wrong(page: str, hops: int, proto: str | None, words: str) -> None:
    assert remedy(page, reached(hops=hops, proto=proto)) == words
