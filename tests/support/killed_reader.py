"""Greenlets that end while a reply of Redis is on its way to them: `python -m tests.support.killed_reader URL`.

After each, the next command is asked for what only its own reply can say. What came is written as JSON.
"""

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402 - after the patch
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from contextlib import suppress  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from tsvapp.store.redis_client import connecting  # noqa: E402

BLOCKED_SECONDS = 1
client = connecting(sys.argv[1])()


def wait() -> None:
    """Take from a list that stays empty: the reply comes after BLOCKED_SECONDS."""
    client.blpop(["tsvapp:{list}:empty"], timeout=BLOCKED_SECONDS)


def killed() -> None:
    """Be killed while waiting, as housekeeping is when a server drains."""
    reader = gevent.spawn(wait)
    gevent.sleep(BLOCKED_SECONDS / 5)
    reader.kill()


def timed_out() -> None:
    """Wait for less long than the reply takes."""
    with gevent.Timeout(BLOCKED_SECONDS / 5, False):
        wait()


def unparsable() -> None:
    """Ask for several at once, and fail over the first reply, so that nobody reads the others."""
    pipeline = client.pipeline(transaction=False)

    def fail(reply: Any, **options: Any) -> None:
        raise ZeroDivisionError

    pipeline.set_response_callback("STRLEN", fail)
    for _ in range(3):
        pipeline.strlen("tsvapp:{list}:empty")
    with suppress(ZeroDivisionError):
        pipeline.execute()


def next_reply() -> str:
    """Return what the next command is answered."""
    try:
        return str(client.get("{list}").decode())
    except Exception as error:
        return repr(error)


def after(ending: Callable[[], None]) -> str:
    """Return what the command after such an end is answered."""
    client.set("{list}", "mine")
    ending()
    return next_reply()


if __name__ == "__main__":
    endings = [killed, timed_out] if hasattr(client, "nodes_manager") else [killed, timed_out, unparsable]
    print(json.dumps({ending.__name__: after(ending) for ending in endings}))
