"""The application with parts that fail on purpose, for what cannot be brought about from outside."""

import os

import gevent.monkey

from tsvapp import create_app
from tsvapp.live.article_member import ArticleMember

really_sleep = gevent.monkey.get_original("time", "sleep")
really_flush = os.fsync


def fail(self: ArticleMember) -> None:
    """Fail as a programming error would."""
    raise ZeroDivisionError("a member that fails on purpose")


def flush_slowly(descriptor: int) -> None:
    """Flush as a busy disk does: the whole thread stands still."""
    really_sleep(0.5)
    really_flush(descriptor)


if os.environ.get("TEST_FAILS") == "member":
    ArticleMember.converse = fail
if os.environ.get("TEST_FAILS") == "disk":
    os.fsync = flush_slowly

app = create_app()
