"""The addresses of this site in pages and redirects, relative to the address that was asked for.

So they hold also under a path such as `/tables/` that a proxy takes off: nobody has to tell the server about it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request


def register(app: Flask) -> None:
    """Give `link` to the templates, and make redirects relative."""
    app.jinja_env.globals["link"] = link
    app.after_request(_relative)


def link(path: str) -> str:
    """Return a link to a path of this site, which has no slash in front; an empty one is the start page."""
    # As the client wrote it, because that is what it resolves the link against: %2F is no slash there.
    asked = request.environ.get("RAW_URI", request.path).partition("?")[0].removeprefix(request.root_path)
    if not asked:  # SCRIPT_NAME without the slash at its end: its last name is a file among others to the client
        return f"{request.root_path.rpartition('/')[2]}/{path}"
    below = asked.count("/") - 1
    return "../" * below + path or "./"


def _relative(response: Response) -> Response:
    """Have a redirect, which knows nothing of such a path either, lead to the same site."""
    if response.location:
        response.location = link(urlsplit(response.location).path.removeprefix(request.root_path).lstrip("/"))
    return response
