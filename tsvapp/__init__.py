"""tsvapp: open a table, share a link, look at it together, live.

`create_app` is the only wiring: it puts the worker of this process into a Flask application.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tsvapp.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; without settings they are read from the environment.

    Raise StartupError when a setting is wrong or the data directory cannot be had.
    """
    # Here, because who only wants `tsvapp.table` needs none of them, and gunicorn asks for its worker's class before
    # gevent has patched what they import.
    from flask import Flask

    from tsvapp.live.worker import Worker
    from tsvapp.web import assets, guard, ids, links, pages, socket

    settings = settings or Settings.from_environ(os.environ)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.url_map.converters["uuid4"] = ids.Uuid4Converter
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None
    worker = Worker(settings)
    app.extensions["tsvapp"] = worker
    links.register(app)
    assets.register(app)
    pages.register(app)
    socket.register(app)
    guard.register(app)
    worker.start()
    return app
