"""The guard before Flask: a request whose Host can be nobody's name is answered 400 (RFC 9112, section 3.2).

Flask and wsproto fail over such a name, in parts where no error handler reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from tsvapp.web.pages import SECURITY_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def register(app: Flask) -> None:
    """Put the guard before the application."""
    inner = app.wsgi_app

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _is_name(environ.get("HTTP_HOST", "")):
            return inner(environ, start_response)
        words = "The Host of this request is no name that a server could have.\n"
        return Response(words, 400, SECURITY_HEADERS, content_type="text/plain; charset=utf-8")(environ, start_response)

    app.wsgi_app = guarded  # type: ignore[method-assign]  # as Flask says to add what comes before it


def _is_name(host: str) -> bool:
    try:
        host.encode("ascii").decode("idna").encode("idna")
    except UnicodeError:
        return False
    return True
