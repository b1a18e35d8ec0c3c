"""Room ids in addresses: which are well formed."""

from __future__ import annotations

from werkzeug.routing import UUIDConverter


class Uuid4Converter(UUIDConverter):
    """Match a UUID of version 4 and nothing else, so a malformed id is 404 like any unknown address."""

    # RFC 9562, sections 4.1 and 4.2: the version's digit, and the variant in the digit that opens the next group.
    regex = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-4[A-Fa-f0-9]{3}-[89ABab][A-Fa-f0-9]{3}-[A-Fa-f0-9]{12}"
