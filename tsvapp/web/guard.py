"""The guard before Flask: requests wait for their turn first, and those that name another host are refused.

The rate limiter stands before all other work, so a refusal costs its address as much as an answer does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from tsvapp.live.hosts import is_valid
from tsvapp.live.worker import Worker
from tsvapp.web.pages import SECURITY_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INVALID = "Invalid Host header.\n"
MISDIRECTED = (
    "This server does not answer to the name in the Host header. If the name is yours, add it to TSVAPP_HOSTS.\n"
)


def register(app: Flask) -> None:
    """Put the guard before the application."""
    inner = app.wsgi_app
    worker: Worker = app.extensions["tsvapp"]

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer, forwarded = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR")
        worker.addresses.requests(worker.proxies.client_address(peer, forwarded or "")).wait()
        host = environ.get("HTTP_HOST", "")
        if host and not is_valid(host):
            # RFC 9112, section 3.2.
            return _refusal(400, INVALID)(environ, start_response)
        # A proxy has names of its own and answers for them. A page that rebinds a name cannot add the header to a
        # WebSocket's handshake.
        proxied = forwarded is not None and worker.proxies.trusts(peer)
        if not proxied and not worker.hosts.allows(host):
            # RFC 9110, section 15.5.20.
            return _refusal(421, MISDIRECTED)(environ, start_response)
        return inner(environ, start_response)

    def _refusal(status: int, words: str) -> Response:
        worker.counts.refused[status] += 1
        return Response(words, status, SECURITY_HEADERS, content_type="text/plain; charset=utf-8")

    app.wsgi_app = guarded  # type: ignore[method-assign]  # as Flask says to add what comes before it
