"""Settings: what holds without any, how the environment is read, and that a wrong value is named."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from tests.support.server import ROOT
from tsvapp.errors import StartupError
from tsvapp.settings import Settings

ENTRIES = fields(Settings)
WHOLE_NUMBERS = [entry.name for entry in ENTRIES if type(entry.default) is int]
NUMBERS = [entry.name for entry in ENTRIES if type(entry.default) is float]


MAY_BE_0 = ["redis_document_bytes", "disk_bytes_per_address", "max_disk_bytes", "disk_reserve_bytes", "metrics_port"]


def variable(name: str) -> str:
    return f"TSVAPP_{name.upper()}"


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environ({}) == Settings()


def test_an_empty_variable_gives_the_default():
    assert Settings.from_environ({variable(entry.name): "  " for entry in ENTRIES}) == Settings()


def test_every_setting_says_why_it_is_there():
    assert [entry.name for entry in ENTRIES if not entry.metadata.get("reason")] == []


def test_every_setting_is_of_a_kind_that_is_read():
    kinds = {entry.name: type(entry.default) for entry in ENTRIES}
    assert {name for name, kind in kinds.items() if not issubclass(kind, int | float | str | tuple | Path)} == set()
    assert bool not in kinds.values()


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        Settings().max_rooms = 1


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_whole_number_is_read(name):
    assert getattr(Settings.from_environ({variable(name): " 17 "}), name) == 17


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_read(name):
    assert getattr(Settings.from_environ({variable(name): "0.25"}), name) == 0.25


def test_the_data_directory_is_read():
    assert Settings.from_environ({"TSVAPP_DATA_DIR": "/srv/some where"}).data_dir == Path("/srv/some where")


def test_origins_are_read_as_a_list():
    settings = Settings.from_environ({"TSVAPP_ALLOWED_ORIGINS": "https://a.example  http://b.example:8080"})
    assert settings.allowed_origins == ("https://a.example", "http://b.example:8080")


@pytest.mark.parametrize(
    "url", ["redis://localhost:6379/0", "rediss://:word@cache.example/1", "unix:///run/redis.sock"]
)
def test_the_address_of_redis_is_read(url):
    assert Settings.from_environ({"TSVAPP_REDIS_URL": f" {url} "}).redis_url == url


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://:word@cache.example", "redis:", "REDIS"])
def test_an_address_that_is_not_of_redis_is_refused_without_its_password(url):
    with pytest.raises(StartupError) as caught:
        Settings.from_environ({"TSVAPP_REDIS_URL": url})
    assert caught.value.message == (
        "TSVAPP_REDIS_URL must begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://."
    )


def test_what_is_not_ours_is_ignored():
    assert Settings.from_environ({"MAX_ROOMS": "3", "TSVAPP_NO_SUCH_THING": "x", "PATH": "/bin"}) == Settings()


def test_what_may_be_left_out_is_left_out_by_0():
    assert Settings.from_environ({"TSVAPP_METRICS_PORT": "0"}).metrics_port == 0
    assert [entry.name for entry in ENTRIES if entry.metadata["may_be_0"]] == MAY_BE_0


@pytest.mark.parametrize("name", [name for name in (*WHOLE_NUMBERS, *NUMBERS) if name not in MAY_BE_0])
def test_what_must_be_there_cannot_be_0(name):
    with pytest.raises(StartupError, match=f"^{variable(name)} is '0'; it must be a"):
        Settings.from_environ({variable(name): "0"})


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "nan", "1 000", "0x10", "9" * 5000])
@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_wrong_whole_number_is_named(name, text):
    with pytest.raises(StartupError) as caught:
        Settings.from_environ({variable(name): text})
    assert caught.value.message.startswith(f"{variable(name)} is {text!r}; it must be a whole number above 0")


@pytest.mark.parametrize("text", ["-0.5", "soon", "nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_wrong_number_is_named(name, text):
    with pytest.raises(StartupError) as caught:
        Settings.from_environ({variable(name): text})
    assert caught.value.message.startswith(f"{variable(name)} is {text!r}; it must be a number above 0")


def test_the_page_fits_into_the_longest_message_that_clients_are_promised():
    settings = Settings()
    assert settings.cell_chars <= settings.page_chars
    assert settings.max_article_bytes <= settings.max_upload_bytes
    assert settings.max_row_bytes <= settings.max_upload_bytes


def test_the_readme_has_every_setting_with_its_default_and_reason():
    rows = re.findall(r"^\| `(TSVAPP_\w+)` \| (\S+).*? \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert rows == [(variable(entry.name), as_written(entry.default), entry.metadata["reason"]) for entry in ENTRIES]


def as_written(default: object) -> str:
    """Write a default as the README does."""
    if isinstance(default, tuple) and default:
        return " ".join(default)
    if default in ((), ""):
        return "none"
    return f"{default:g}" if isinstance(default, float) else str(default)
