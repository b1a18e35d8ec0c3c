"""The tree of errors: what its docstring draws, and what each error tells a client."""

from __future__ import annotations

import re

import pytest

from tsvapp import errors
from tsvapp.errors import StartupError, TooLarge, TsvappError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, TsvappError)]


def drawn_tree() -> dict[str, str | None]:
    """Read the docstring's tree: the parent of each class that it names."""
    path: list[str] = []
    parents: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"(TsvappError$|[│├└─ ]*[├└]── )(\w*)", line):
            name = found[2] or found[1]
            depth = len(found[1]) // 4 if found[2] else 0
            path[depth:] = [name]
            parents[name] = path[depth - 1] if depth else None
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    bases = {cls.__name__: cls.__base__.__name__ for cls in CLASSES if cls is not TsvappError}
    assert drawn_tree() == {"TsvappError": None, **bases}


def test_no_two_errors_have_the_same_code():
    codes = [cls.code for cls in CLASSES]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_has_a_status_and_a_close_code_that_a_server_may_send(cls):
    assert 400 <= cls.http_status < 600
    # RFC 6455, section 7.4.1 and IANA's registry: 1000 is no error, and 1004 to 1006 are never sent.
    assert cls.close_code in {1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013}


def test_the_answer_names_the_limit_that_was_crossed():
    assert TooLarge("too much", limit=5).answer() == {"code": "too_large", "message": "too much", "limit": 5}


def test_a_limit_of_zero_is_named_too():
    assert TooLarge("too much", limit=0).answer()["limit"] == 0


def test_the_answer_names_no_limit_where_none_was_crossed():
    assert StartupError("no disk").answer() == {"code": "startup", "message": "no disk"}


def test_an_error_reads_as_its_message():
    assert str(TooLarge("too much", limit=5)) == "too much"
