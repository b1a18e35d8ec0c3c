"""Room ids in addresses: which are well formed, and which one is meant by an address that is nearly one."""

from __future__ import annotations

import re
from uuid import UUID

from werkzeug.routing import UUIDConverter

# RFC 9562, sections 4.1 and 4.2: the version's digit, and the variant in the digit that opens the next group.
_GROUPS = ("[A-Fa-f0-9]{8}", "[A-Fa-f0-9]{4}", "4[A-Fa-f0-9]{3}", "[89ABab][A-Fa-f0-9]{3}", "[A-Fa-f0-9]{12}")

_COPIED = re.compile(rf"/\W{{0,4}}({'-?'.join(_GROUPS)})\W{{0,8}}")


class Uuid4Converter(UUIDConverter):
    """Match a UUID of version 4 and nothing else, so a malformed id is 404 like any unknown address."""

    regex = "-".join(_GROUPS)


def meant(path: str) -> str | None:
    """Return the room that is meant by the path of a copied link, or None.

    Links are copied out of sentences with what stands around them (`/<id>).`), and some programs write a UUID without
    its dashes.
    """
    found = _COPIED.fullmatch(path)
    return str(UUID(found[1])) if found else None
