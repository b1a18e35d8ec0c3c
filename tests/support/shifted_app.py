"""The application under a clock that is set: SIGRTMIN, sent to the worker, puts it a fortnight on, SIGRTMIN+1 back.

Housekeeping that runs every ten minutes runs five times a second here, so that what the clock does is soon seen.
"""

import logging
import signal
import time

import gevent

from tsvapp import create_app
from tsvapp.live import worker

FORTNIGHT = 14 * 24 * 3600
really_time = time.time
shift = 0


def shifted_time() -> float:
    """Return what the clock says."""
    return really_time() + shift


def put(seconds: int) -> None:
    """Set the clock."""
    global shift
    shift = seconds
    logging.getLogger("clock").info("the clock is put by %d s", seconds)


time.time = shifted_time
worker.EXPIRE_SECONDS = 0.2
gevent.signal_handler(signal.SIGRTMIN, put, FORTNIGHT)
gevent.signal_handler(signal.SIGRTMIN + 1, put, -FORTNIGHT)
app = create_app()
