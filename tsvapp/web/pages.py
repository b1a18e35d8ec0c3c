"""What is served over plain HTTP: the viewer, the download of a document, and whether the server lives."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tsvapp.errors import Restarting, TsvappError, UnknownRoom
from tsvapp.live.offload import offload
from tsvapp.live.worker import Worker
from tsvapp.room.names import download_name
from tsvapp.room.protocol import NO_ROOM
from tsvapp.room.view import Table
from tsvapp.store.blob import read_at
from tsvapp.web.ids import meant
from tsvapp.web.socket import RETRY_SECONDS, origin_allowed

PIECE_BYTES = 256 << 10
"""Bytes of a download read at a time, in a native thread: a cold disk must not hold the event loop."""

MEDIA_TYPES = {"\t": "text/tab-separated-values", ",": "text/csv"}

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types lit-html",
    # The address is the key to the room: no other site may learn it.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # A link that leaks to a crawler is not to be found by everyone.
    "X-Robots-Tag": "noindex",
}

log = logging.getLogger(__name__)

blueprint = Blueprint("pages", __name__)


def register(app: Flask) -> None:
    """Add the pages, the security headers of every answer, and the one map from errors to answers."""
    app.register_blueprint(blueprint)
    app.after_request(_secure)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TsvappError, _error)


@blueprint.get("/")
@blueprint.get("/<uuid4:room_id>")
def viewer(room_id: UUID | None = None) -> Response:
    """Serve the viewer; what the room has, it learns over the WebSocket."""
    worker: Worker = current_app.extensions["tsvapp"]
    settings = worker.settings
    response = make_response(
        render_template(
            "viewer.html",
            room_id=room_id,
            largest_upload=in_round_numbers(settings.largest_upload),
            room_days="a day" if settings.room_days == 1 else f"{settings.room_days} days",
        )
    )
    response.headers["Cache-Control"] = "private, no-cache"
    if room_id is None:
        response.headers["X-Robots-Tag"] = "all"
    return response


@blueprint.get("/<uuid4:room_id>.tsv")
def download(room_id: UUID) -> Response:
    """Serve the bytes of the room's finished document, as they were uploaded."""
    worker: Worker = current_app.extensions["tsvapp"]
    if not worker.readable():
        raise Restarting("The server is restarting. Try again in a moment.")
    found = worker.registry.find(str(room_id))
    table = found[0].state.table if found else None
    if table is None:
        raise UnknownRoom("There is no table to download at this address.")
    # Opened before the answer begins: the file then stays readable when somebody brings another meanwhile.
    try:
        descriptor = offload(worker.store.blob(table.document).open)
    except OSError as error:
        raise _unreadable(error) from error
    try:
        first = offload(read_at, descriptor, 0, min(PIECE_BYTES, table.size))
    except OSError as error:
        os.close(descriptor)
        raise _unreadable(error) from error
    # Not with direct_passthrough: werkzeug then never calls what is to be called on close.
    response = Response(_pieces(descriptor, first, table.size))
    response.call_on_close(lambda: os.close(descriptor))
    response.content_length = table.size
    response.headers["Content-Type"] = MEDIA_TYPES.get(table.dialect["delimiter"], "text/plain")
    response.headers["Content-Disposition"] = _attachment(table)
    response.set_etag(table.document)
    response.make_conditional(request)
    return response


@blueprint.get("/parser/origin")
def origin() -> dict[str, bool]:
    """Tell the viewer whether pages of the origin that it names may connect.

    No browser tells a page why a handshake was refused. The same function decides here; nothing else is said, and pages
    of other sites cannot read it.
    """
    return {"allowed": origin_allowed(request.args.get("origin", ""))}


@blueprint.get("/healthz")
def health() -> Response:
    """Say that the server lives."""
    return _plain("ok", 200)


@blueprint.get("/readyz")
def readiness() -> Response:
    """Say whether the server can serve: it has its data directory, and the disk takes bytes."""
    worker: Worker = current_app.extensions["tsvapp"]
    hindrance = worker.hindrance()
    return _plain(hindrance or "ready", 503 if hindrance else 200)


def in_round_numbers(size: int) -> str:
    """Write bytes as people say them, rounded down so that no limit is promised too high: `2 GB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def _plain(words: str, status: int) -> Response:
    return make_response(f"{words}\n", status, {"Content-Type": "text/plain; charset=utf-8"})


def _unreadable(error: OSError) -> UnknownRoom:
    log.error("a document cannot be downloaded: %s", error)
    return UnknownRoom(NO_ROOM["unreadable"], reason="unreadable")


def _pieces(descriptor: int, first: bytes, size: int) -> Iterator[bytes]:
    yield first
    for start in range(len(first), size, PIECE_BYTES):
        # One that fails cuts the connection short of the announced length, so nobody takes it for the whole.
        yield offload(read_at, descriptor, start, min(start + PIECE_BYTES, size))


def _attachment(table: Table) -> str:
    # RFC 6266, section 4.1 and appendix D: a plain name for old readers, the true one in UTF-8 beside it.
    name = download_name(table.name)
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _secure(response: Response) -> Response:
    if response.status_code == 200 and getattr(request.url_rule, "websocket", False):
        return response  # of a WebSocket that has been opened: nothing of this is sent
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # What may be kept says so itself.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 404 and (room_id := meant(request.path)):
        return _moved(room_id)
    words = {
        404: (
            "Not found",
            "There is nothing at this address. A link to a table ends in its id; check that it is whole.",
        ),
        405: ("Not allowed", "This address does not take that method."),
    }
    title, message = words.get(status, (error.name, error.description or "The request could not be answered."))
    if status >= 500:
        message = "The server failed; it is logged. Try again in a moment."
    response = _page(status, title, message)
    if isinstance(error, MethodNotAllowed):
        # RFC 9110, section 15.5.6: the answer names the methods that are allowed.
        response.allow.update(error.valid_methods or ())
    return response


def _error(error: TsvappError) -> Response:
    if isinstance(error, UnknownRoom) and error.reason == "unreadable":
        return _page(503, "Not readable", error.message)
    return _page(error.http_status, "Not found" if error.http_status == 404 else "Not possible", error.message)


def _moved(room_id: str) -> Response:
    return make_response("", 302, {"Location": f"{request.root_path}/{room_id}"})


def _page(status: int, title: str, message: str) -> Response:
    response = make_response(render_template("error.html", status=status, title=title, message=message), status)
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response
