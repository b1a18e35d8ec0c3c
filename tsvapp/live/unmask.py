"""Unmasking with numpy in the place of wsproto's own, which is the dearest step of an upload.

What a client sends is masked (RFC 6455, section 5.3). wsproto has no way to be given another masker, so its class is
replaced in its module: with `announced`, the only place that reaches into a library. Checked against wsproto 1.3; a
test notices when the library does not come by here any more.
"""

from __future__ import annotations

import numpy as np
from wsproto import frame_protocol

FROM_BYTES = 512
"""Below, what numpy needs to begin costs more than it saves."""


class Masker(frame_protocol.XorMaskerSimple):
    """Apply a masking key of four bytes, going on with it from one piece of a frame to the next."""

    def process(self, data: bytearray) -> bytearray:
        """Take the mask off the bytes, or put it on, in place, and return them: they are a copy already."""
        if len(data) < FROM_BYTES:
            return super().process(data)
        whole = len(data) // 4
        words = np.frombuffer(data, np.uint32, count=whole)
        words ^= np.frombuffer(bytes(self._masking_key), np.uint32)[0]
        # The key's place moves on with the bytes that are left over.
        data[whole * 4 :] = super().process(data[whole * 4 :])
        return data


def install() -> None:
    """Have wsproto unmask with numpy."""
    frame_protocol.XorMaskerSimple = Masker  # type: ignore[misc]
