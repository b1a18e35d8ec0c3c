"""How gunicorn runs tsvapp: one gevent worker, which owns the data directory."""

import gc
import logging
import os
import runpy
import signal
import sys
from pathlib import Path

import gevent
import gunicorn.util

# What is made from here on is its owner's alone: the records hold the keys to all rooms.
os.umask(0o077)
# Who spawned which greenlet is of use in a debugger only, and costs 0.7 KB for each viewer.
gevent.config.track_greenlet_tree = False

# Paths are those of this checkout, wherever it is started from.
chdir = str(Path(__file__).resolve().parent)
address = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
bind = (os.environ.get("BIND") or address).split(",")
worker_class = "tsvapp.live.gunicorn_worker.BoundedWorker"
# Above TSVAPP_MAX_CONNECTIONS, so that a full server answers 503 in words instead of letting connections hang.
worker_connections = 20_000
# A worker that does not answer for so long is replaced, with every room in it: far above any honest stall.
timeout = 60
graceful_timeout = 10
# gunicorn gives a Unix socket its own: nginx reaches it as one of the group, and no other user of the machine does, who
# could say of which address a request is.
umask = 0o007
# Never: a restart for tidiness would cut every conversation.
max_requests = 0
# gevent has to patch before the application is imported.
preload_app = False
# A socket through which others could steer the server.
control_socket_disable = True
# Browsers and proxies send some thirty; each more is memory and time that a head may take before anyone looks at it.
limit_request_fields = 60
# Whom a request is of and by which scheme it came is believed of TSVAPP_TRUSTED_PROXIES, and of nobody here.
forwarded_allow_ips = ""
# Addresses hold room ids, which are keys; the application writes its own line for each WebSocket.
accesslog = None
errorlog = "-"
ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
log_format = os.environ.get("LOG_FORMAT", "logfmt")
if log_format not in ("logfmt", "json"):
    sys.exit(f"tsvapp cannot start. LOG_FORMAT is {log_format!r}; it must be logfmt or json.")
LogLine = runpy.run_path(str(Path(chdir, "tsvapp", "logs.py")))["LogLine"]
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": LogLine, "form": log_format}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "root": {"level": os.environ.get("LOG_LEVEL", "INFO"), "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False, "qualname": "gunicorn.error"},
    },
}


def on_starting(server):
    """Let the master hear again of its end once a worker is forked; see `pre_fork`."""
    os.register_at_fork(after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS))


def pre_fork(server, worker):
    """Hold back what ends a worker until it has handlers of its own (`BoundedWorker.init_signals`).

    Before that it has the master's, and would take no notice: at two reloads close together a worker without the data
    directory would stay for as long as graceful_timeout, and answer.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)


def nworkers_changed(server, new, old):
    """Hold the number at one: a second worker of this gunicorn would wait for the data directory, and answer 503."""
    if new == 1:
        return
    words = (
        f"A gunicorn runs one worker of tsvapp, not {new}: leave out --workers and WEB_CONCURRENCY. For more, start"
        " several gunicorns of one worker each, with the same TSVAPP_DATA_DIR and TSVAPP_REDIS_URL, behind"
        f" nginx/tsvapp-cluster.conf; `make run WORKERS={new}` does all of that on one machine."
    )
    if old is None:
        sys.exit(f"tsvapp cannot start. {words}")
    server.log.error(words)
    server.num_workers = 1


def post_worker_init(worker):
    """Have refusals and errors be told as everywhere else in tsvapp, and leave what is there by now out of looks."""
    from tsvapp.web.pages import SECURITY_HEADERS

    worker.headers = SECURITY_HEADERS
    # gunicorn's own page has no such headers, and may repeat the request, and with it the key to a room.
    gunicorn.util.write_error = lambda client, status, reason, message: worker.refuse(client, status, reason, reason)
    # gevent would print it past the log, with what the greenlet was given: a room's id in full.
    gevent.get_hub().print_exception = lambda context, *error: logging.getLogger("gevent").error(
        "a greenlet failed", exc_info=error
    )
    # What is there by now stays: it need not be looked through again. And a crowd that joins leaves some garbage
    # behind, but not so much that it were worth the usual many looks through everyone who is here.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def worker_exit(server, worker):
    """Hold the exit until every client has been told: the WebSockets are not among the requests gunicorn waits for."""
    app = getattr(worker, "wsgi", None)
    if app is not None:  # or it never came so far
        tsvapp = app.extensions["tsvapp"]
        tsvapp.drain()
        tsvapp.wait_until_gone(graceful_timeout)
