"""The flask-sock route of the WebSocket, and the gate before it.

flask-sock upgrades before the route's code runs, so everything that can refuse a connection stands in `gate`, which
runs before it: then a refusal is a plain HTTP answer. After the handshake the socket is handed to `live`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, g, make_response, request
from flask_sock import Sock
from simple_websocket import Server
from werkzeug.routing.exceptions import WebsocketMismatch
from wsproto.utilities import RemoteProtocolError

from tsvapp.live.session import take_over
from tsvapp.live.worker import Worker
from tsvapp.room.protocol import SUBPROTOCOL
from tsvapp.web.origin import Reached, is_allowed
from tsvapp.web.origin_log import OriginLog

RETRY_SECONDS = 5

blueprint = Blueprint("socket", __name__)
sock = Sock()


class NoThread:
    """Stand in for the thread in which simple_websocket would read: our own greenlet does that."""

    name = ""

    def __init__(self, target: Any) -> None:
        pass

    def start(self) -> None:
        """Do nothing."""


HANDSHAKE = {"HTTP_HOST", "HTTP_CONNECTION", "HTTP_UPGRADE"} | {
    f"HTTP_SEC_WEBSOCKET_{name}" for name in ("KEY", "VERSION", "PROTOCOL")
}
"""The headers that the handshake is shown: any other may be one that it fails on.

Sec-WebSocket-Extensions is not among them: permessage-deflate costs 175 KB a connection, compresses anew for each
viewer, and inflates without a limit.
"""

SERVER_OPTIONS = {"subprotocols": [SUBPROTOCOL], "thread_class": NoThread}


def register(app: Flask) -> None:
    """Add the WebSocket route to the application."""
    app.config["SOCK_SERVER_OPTIONS"] = SERVER_OPTIONS
    app.extensions["tsvapp.origin_log"] = OriginLog()
    app.register_blueprint(blueprint)
    app.register_error_handler(WebsocketMismatch, _not_a_handshake)
    app.register_error_handler(RemoteProtocolError, _broken_handshake)


def worker() -> Worker:
    """Return the worker that the application was made with."""
    found: Worker = current_app.extensions["tsvapp"]
    return found


@blueprint.before_request
def gate() -> Response | None:
    """Refuse, before the upgrade, what may not or cannot connect; None lets it pass.

    RFC 6455, section 4.2.1 (what a handshake must hold), 4.4 (426 with the version) and 10.2 (Origin).
    """
    headers = request.headers
    if request.method != "GET":
        return _refuse(405, "Connect with GET.", {"Allow": "GET"})
    if request.environ["SERVER_PROTOCOL"] != "HTTP/1.1" or not headers.get("Host"):
        return _refuse(400, "Connect by HTTP/1.1, and name the host.")
    if request.content_length or "Transfer-Encoding" in headers or _goes_on():
        return _refuse(400, "Send nothing behind the handshake before it is answered.")
    if headers.get("Sec-WebSocket-Version") != "13":
        return _refuse(426, "Connect with WebSocket version 13.", {"Sec-WebSocket-Version": "13"})
    if not _is_key(headers.get("Sec-WebSocket-Key", "")):
        return _refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64.")
    if not headers.get("Sec-WebSocket-Protocol", "").isascii():
        return _refuse(400, "Sec-WebSocket-Protocol must be a list of ASCII names.")
    if not origin_allowed(origin := headers.get("Origin")):
        current_app.extensions["tsvapp.origin_log"].refused(origin, reached(), request.remote_addr or "")
        return _refuse(403, "Pages of this origin may not connect here; TSVAPP_ALLOWED_ORIGINS names those that may.")
    here, address = worker(), _address()
    # It costs more than other requests do, and so counts twice. Waited for before it is counted who is here: from then
    # on until this one counts itself nobody may come between.
    here.addresses.requests(address).wait()
    if not here.ready() or len(here.connections) >= here.max_connections:
        return _refuse(503, "The server is full or restarting. Try again in a moment.", {"Retry-After": RETRY_SECONDS})
    if (words := here.addresses.refusal(address)) is not None:
        return _refuse(429, words, {"Retry-After": RETRY_SECONDS})
    # Some proxies name nobody: also behind those the peer's kernel answers whether the client lives or not.
    g.address, g.proxied = address, "X-Forwarded-For" in headers or here.proxies.trusts(request.remote_addr or "")
    for name in [name for name in request.environ if name.startswith("HTTP_") and name not in HANDSHAKE]:
        del request.environ[name]
    return None


@blueprint.errorhandler(ConnectionError)
def gone(error: ConnectionError) -> Response:
    """Take a client that is gone before the handshake is answered for one that never came: there is nobody to tell.

    A log of it as of a failure would hold the whole address, which is a key.
    """
    return Response(status=400)


@sock.route("/parser/ws", bp=blueprint)
def new_room(ws: Server) -> None:
    """Join a new room."""
    _serve(ws, None)


@sock.route("/parser/ws/<uuid4:room_id>", bp=blueprint)
def one_room(ws: Server, room_id: UUID) -> None:
    """Join the room at this id."""
    _serve(ws, str(room_id))


def _serve(ws: Server, some_id: str | None) -> None:
    # flask-sock closes what says that it is connected; closing is ours.
    ws.connected = False
    take_over(ws.sock, worker(), some_id, ws.subprotocol == SUBPROTOCOL, g.address, g.proxied)


def _address() -> str:
    return worker().proxies.client_address(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


def _goes_on() -> bool:
    """Say whether more has come behind the head: nobody would read it.

    RFC 6455, section 4.1: a client sends nothing before it has the answer.
    """
    return not getattr(request.environ["gunicorn.socket"], "ends_with_head", True)


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def origin_allowed(origin: str | None) -> bool:
    """Return whether a page of this origin may connect to the server as this request has reached it."""
    return is_allowed(origin, reached(), worker().settings.allowed_origins)


def reached() -> Reached:
    """Return how this request has reached the server."""
    headers = request.headers
    hops = worker().proxies.trusted_hops(request.remote_addr or "", headers.get("X-Forwarded-For", ""))
    # `request.host` is empty for a name that nobody can have, and lacks a port that may not be the browser's default.
    host = headers.get("Host", "") if request.host else ""
    return Reached(host, request.scheme, hops, headers.get("X-Forwarded-Proto"))


def _not_a_handshake(error: WebsocketMismatch) -> Response:
    if not request.path.startswith("/parser/ws"):
        return _refuse(404, "There is no WebSocket at this address.")
    return _refuse(
        426,
        "This address speaks WebSocket.",
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    )


@blueprint.errorhandler(UnicodeDecodeError)  # wsproto reads some headers as ASCII
def _broken_handshake(error: RemoteProtocolError | UnicodeDecodeError) -> Response:
    return _refuse(400, "This is no handshake of WebSocket version 13.")


def _refuse(status: int, message: str, headers: dict[str, Any] | None = None) -> Response:
    worker().counts.refused[status] += 1
    return make_response(f"{message}\n", status, {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})
