"""Where the viewer's scripts and style sheets are: `make` builds them, and names each after what is in it.

So a browser may keep them for good, and the files of two releases never meet in one page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from tsvapp.errors import StartupError
from tsvapp.web.links import link

KEPT = "public, max-age=31536000, immutable"
"""Cache-Control of what never changes, because another content has another address."""

BUILT = "built/"
"""The folder of what is built, below `static/`."""


def register(app: Flask) -> None:
    """Give `asset` and `imports` to the templates, and have browsers keep what is built.

    Raise StartupError if nothing has been built.
    """
    assert app.static_folder is not None
    assets = Assets(Path(app.static_folder, BUILT, "meta.json"))
    app.jinja_env.globals["asset"] = lambda source: link(assets.path(source))
    app.jinja_env.globals["imports"] = lambda source: [link(path) for path in assets.imports(source)]
    app.after_request(_keep)


class Assets:
    """Know the built file of each source, from what esbuild writes of a build (its "metafile")."""

    def __init__(self, meta: Path) -> None:
        try:
            outputs: dict[str, dict[str, Any]] = orjson.loads(meta.read_bytes())["outputs"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StartupError("The viewer has not been built: run `make run` in this folder once.") from error
        self._imports = {
            path: [each["path"] for each in output["imports"] if each["kind"] == "import-statement"]
            for path, output in outputs.items()
        }
        self._built = {output["entryPoint"]: path for path, output in outputs.items() if "entryPoint" in output}

    def path(self, source: str) -> str:
        """Return the built file of a source that the build was told of; both as paths of the site."""
        return self._built[source]

    def imports(self, source: str) -> list[str]:
        """Return what has to come before the script runs: all that it imports, and what that imports."""
        found: dict[str, None] = {}
        waiting = [self.path(source)]
        while waiting:
            new = [path for path in self._imports[waiting.pop()] if path not in found]
            found |= dict.fromkeys(new)
            waiting += new
        return list(found)


def _keep(response: Response) -> Response:
    is_built = request.endpoint == "static" and (request.view_args or {}).get("filename", "").startswith(BUILT)
    if is_built and response.status_code < 400:
        response.headers["Cache-Control"] = KEPT
    return response
