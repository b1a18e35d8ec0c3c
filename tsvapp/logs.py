"""One line of the log: `key=value` pairs (logfmt) or JSON; one line whatever is in it, and no room's id in full.

gunicorn.conf.py runs this file by its path and does not import it: the master process would keep the package, and a
reload would start the code that it is to replace. So it imports nothing of tsvapp.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

# Of an id, written with dashes or without, in any case and percent-encoded any number of times.
_DIGIT = r"(?:[0-9a-f]|%(?:25)*(?:3[0-9]|[46][1-6]))"
_DASH = r"(?:-|%(?:25)*2d)?"
_ID = re.compile(
    rf"({_DIGIT}{{8}}){_DASH}{_DIGIT}{{4}}{_DASH}{_DIGIT}{{4}}{_DASH}{_DIGIT}{{4}}{_DASH}{_DIGIT}{{12}}", re.IGNORECASE
)
_PLAIN = re.compile(r'[^\s"=\\]+')


class LogLine(logging.Formatter):
    """Write a record, with the `fields` it was given as `extra`, as "logfmt" or "json"."""

    def __init__(self, form: str = "logfmt") -> None:
        super().__init__()
        self._write = {"logfmt": logfmt, "json": _json}[form]

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "msg": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return self._write({key: masked(str(value)) for key, value in fields.items()})


def masked(text: str) -> str:
    """Return `text` with every id cut to its first eight digits: who has a room's id has the room."""
    return _ID.sub(r"\1…", text)


def logfmt(fields: Mapping[str, str]) -> str:
    """Write fields as `key=value`; what is not a plain word is quoted as in JSON."""
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    return '"' + "".join(map(_character, text)) + '"'


def _character(each: str) -> str:
    if each in '"\\':
        return f"\\{each}"
    if each.isprintable():
        return each
    # Line ends of every kind, and what would steer a terminal.
    return json.dumps(each)[1:-1] if ord(each) > 0x7E or ord(each) < 0x20 else f"\\u{ord(each):04x}"


def _json(fields: Mapping[str, str]) -> str:
    return json.dumps(fields)
