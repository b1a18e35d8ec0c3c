"""The application with its costs counted: SIGRTMIN, sent to the worker, writes the counts into the log."""

import gc
import logging
import signal
from typing import Any

import gevent
import greenlet
from gevent import socket

from tsvapp import create_app

calls = {"send": 0, "recv": 0}


def count(name: str) -> None:
    """Count the calls of a method of every socket."""
    real = getattr(socket.socket, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return real(*args, **kwargs)

    setattr(socket.socket, name, call)


def tell() -> None:
    """Write the counts."""
    gc.collect()
    alive = sum(isinstance(each, greenlet.greenlet) and not each.dead for each in gc.get_objects())
    logging.getLogger("costs").info("counted", extra={"fields": {"greenlets": alive, **calls}})


for each in calls:
    count(each)
gevent.signal_handler(signal.SIGRTMIN, tell)
app = create_app()
