"""The viewer's built files: each page names those there are, and browsers keep them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tsvapp.errors import StartupError
from tsvapp.web import assets, links
from tsvapp.web.assets import Assets

META = {
    "outputs": {
        "static/built/main-A.js": {
            "entryPoint": "static/js/main.js",
            "imports": [
                {"path": "static/built/chunk-B.js", "kind": "import-statement"},
                {"path": "static/built/later-C.js", "kind": "dynamic-import"},
            ],
        },
        "static/built/chunk-B.js": {"imports": [{"path": "static/built/chunk-D.js", "kind": "import-statement"}]},
        "static/built/chunk-D.js": {"imports": [{"path": "static/built/chunk-B.js", "kind": "import-statement"}]},
        "static/built/later-C.js": {"entryPoint": "static/js/later.js", "imports": []},
    }
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Write what a build has left."""
    folder = tmp_path / "static" / "built"
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps(META))
    (folder / "main-A.js").write_text("export {};")
    (tmp_path / "static" / "favicon.svg").write_text("<svg/>")
    return tmp_path


@pytest.fixture
def site(built: Path) -> Iterator[FlaskClient]:
    """Serve the static files of that build."""
    app = Flask(__name__, static_folder=str(built / "static"), static_url_path="/static")
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None
    links.register(app)
    assets.register(app)
    with app.test_client() as client:
        yield client


def test_a_source_is_found_under_the_name_that_the_build_gave_it(built: Path) -> None:
    assert Assets(built / "static/built/meta.json").path("static/js/main.js") == "static/built/main-A.js"


def test_all_that_a_script_imports_is_named_and_not_what_it_loads_later(built: Path) -> None:
    found = Assets(built / "static/built/meta.json").imports("static/js/main.js")
    assert sorted(found) == ["static/built/chunk-B.js", "static/built/chunk-D.js"]


@pytest.mark.parametrize("text", [None, "", "{}", "[1]"])
def test_without_a_build_the_server_does_not_start_and_says_what_to_do(tmp_path: Path, text: str | None) -> None:
    meta = tmp_path / "meta.json"
    if text is not None:
        meta.write_text(text)
    with pytest.raises(StartupError, match="make run"):
        Assets(meta)


def test_a_built_file_is_kept_for_good(site: FlaskClient) -> None:
    with site.get("/static/built/main-A.js") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_that_keeps_its_name_is_asked_for_again(site: FlaskClient) -> None:
    with site.get("/static/favicon.svg") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


def test_that_a_file_is_missing_is_not_kept(site: FlaskClient) -> None:
    with site.get("/static/built/main-Z.js") as answer:
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")
