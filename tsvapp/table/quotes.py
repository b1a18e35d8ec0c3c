"""Tell what of a text is inside quotes, exactly and without looking at a byte in Python.

A quote at the start of a field opens a quoted field if its first unpaired quote is right before a delimiter, a row
end or the end of the file, at most a limit away; else it is data ("odd"), and so is every other quote.

`_well_formed` reads what quoting programs write: there every quote toggles, which is checked. Whatever fails the
check is read by `_any_text`: only runs of an odd number of quotes can open or close anything, and whether run i may
open depends on nothing but itself and run i + 1, which would close it; so of consecutive runs that may open, every
other one does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

QUOTE, CR, LF = 34, 13, 10
PAD = 2  # units that must follow the text: a closing quote looks two ahead

Units = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
NOWHERE: Places = np.empty(0, np.int64)


class Quoted(NamedTuple):
    """Say how much of a text is decided, what of that is inside quotes (None: nothing), and where odd quotes are."""

    cut: int
    inside: Mask | None
    odd: Places


class Text(NamedTuple):
    """Hold `size` units and `PAD` more; `bounds` masks delimiters and row ends, quoted or not.

    Without `final`, more may follow, and what depends on it stays undecided.
    """

    units: Units
    bounds: Mask
    size: int
    at_field_start: bool
    final: bool
    row_end: int
    limit: int


def read_quotes(text: Text) -> Quoted:
    """Return what is decided about the quotes of a text that begins outside quotes."""
    is_quote = text.units[: text.size] == QUOTE
    if not is_quote.any():
        return Quoted(text.size, None, NOWHERE)
    follows = text.bounds[1 : text.size + 1]
    if text.row_end == LF:
        after, second = text.units[1 : text.size + 1], text.units[2 : text.size + 2]
        follows = follows | ((after == CR) & (second == LF))
    return _well_formed(text, is_quote, follows) or _any_text(text, is_quote, follows)


def _well_formed(text: Text, is_quote: Mask, follows: Mask) -> Quoted | None:
    """Read a text in which every quote toggles, or return None if that is not so."""
    inside = _parity(is_quote)  # from an opening quote on, before the closing one
    outside = ~(inside | is_quote)
    cut = text.size
    if inside[-1] or (is_quote[-1] and not text.final):
        if text.final:
            return None
        reach = max(0, text.size - text.limit - 1)  # what opens before is too long
        last = np.flatnonzero(outside[reach:])[-1:]
        cut = reach + int(last[0]) + 1 if last.size else reach
        if text.size - cut > text.limit:
            return None
    precedes = np.empty_like(is_quote)
    precedes[0] = text.at_field_start
    precedes[1:] = text.bounds[: text.size - 1]
    # The two quotes of a pair close and open again.
    precedes[1:] |= is_quote[:-1]
    follows = follows.copy()
    follows[:-1] |= is_quote[1:]
    fits = (inside & precedes) | (follows & ~inside)
    if (is_quote[:cut] & ~fits[:cut]).any():
        return None
    # A quoted field beyond the limit would fill one of these windows.
    window = text.limit // 2
    if not window or not outside[: cut // window * window].reshape(-1, window).any(axis=1).all():
        return None
    if cut < text.size and not precedes[cut]:  # a quote inside a field came last
        return None
    return Quoted(cut, inside[:cut], NOWHERE)


def _any_text(text: Text, is_quote: Mask, follows: Mask) -> Quoted:
    """Read any text."""
    size, limit = text.size, text.limit
    quotes = np.flatnonzero(is_quote)
    heads = np.flatnonzero(quotes[1:] - quotes[:-1] != 1) + 1
    starts = quotes[np.concatenate(([0], heads))]
    stops = quotes[np.concatenate((heads, [quotes.size])) - 1]  # the last quote of each run
    opens = text.bounds[starts - 1]
    if not starts[0]:
        opens[0] = text.at_field_start
    closes = follows[stops]
    unknown: int | None = None
    if not text.final and stops[-1] == size - 1:  # more quotes may follow in this run
        unknown = int(starts[-1]) if opens[-1] else None
        starts, stops, opens, closes = starts[:-1], stops[:-1], opens[:-1], closes[:-1]

    is_odd = (stops - starts) & 1 == 0
    first, last, bound = starts[is_odd], stops[is_odd], opens[is_odd]
    may_open = bound.copy()
    may_open[:-1] &= closes[is_odd][1:] & (last[1:] - first[:-1] <= limit)
    may_open[-1:] = False  # nothing is there to close it, or not yet
    order = np.arange(first.size)
    barrier = np.maximum.accumulate(np.where(may_open, -1, order))
    outside = (order - np.concatenate(([-1], barrier))[:-1]) & 1 == 1
    opened = may_open & outside

    cut = size
    if not text.final and first.size and bound[-1] and outside[-1] and size - 1 - first[-1] <= limit:
        cut = int(first[-1])
    elif unknown is not None and size - 1 - unknown <= limit:
        cut = unknown
    odd = [first[bound & outside & ~may_open]]
    # A run of an even number opens and closes, or is data.
    strange = np.flatnonzero(~is_odd & opens & (~closes | (stops - starts > limit)))
    if strange.size:
        runs_before = np.searchsorted(first, starts[strange])
        odd.append(starts[strange[~np.append(opened, False)[runs_before - 1]]])
    if unknown is not None:
        odd.append(np.array([unknown]))
    odd_quotes = np.sort(np.concatenate(odd), kind="stable")
    odd_quotes = odd_quotes[odd_quotes < cut]

    toggles = np.zeros(size, np.bool_)
    toggles[first[opened]] = True
    toggles[last[1:][opened[:-1]]] = True
    return Quoted(cut, _parity(toggles)[:cut], odd_quotes)


def _parity(mask: Mask) -> Mask:
    """Return whether the number of true places up to and including each one is odd, 64 places at a time."""
    packed = np.zeros(-(-mask.size // 64) * 8, np.uint8)
    packed[: -(-mask.size // 8)] = np.packbits(mask, bitorder="little")
    words = packed.view("<u8")
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    words[1:] ^= np.uint64(0) - np.bitwise_xor.accumulate(words >> np.uint64(63))[:-1]
    return np.unpackbits(packed, count=mask.size, bitorder="little").view(np.bool_)
