"""The normalised forms of many references at once.

Same forms as ``domain.matching.forms.squeeze`` and ``bare`` (held by a property test), some ten times cheaper
per reference: one pass over all of them as a single text, where a cache of single ones would only be turned over.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final

from domain.matching.forms import BARE_DIGITS_MIN, plain, squeeze

_SEPARATOR: Final = "\n"
_KEPT: Final = string.ascii_letters + string.digits + _SEPARATOR
_CAPITALS: Final = bytes.maketrans(string.ascii_lowercase.encode(), string.ascii_uppercase.encode())
_DROPPED: Final = bytes(code for code in range(256) if chr(code) not in _KEPT)
#: of each line what is left without its leading letters and the zeros behind them
_CORE: Final = re.compile(r"^[A-Z]*+0*+(.*)", re.MULTILINE)


def squeezed_forms(references: Sequence[str]) -> list[str]:
    """``squeeze`` of each reference."""
    return squeezed_text(references).split(_SEPARATOR) if references else []


def squeezed_text(references: Sequence[str]) -> str:
    """``squeeze`` of each reference, one a line."""
    text = _SEPARATOR.join(references)
    if text.count(_SEPARATOR) != max(len(references) - 1, 0):
        # one holds the separator: no single pass
        return _SEPARATOR.join([squeeze(reference) for reference in references])
    if not text.isascii():
        text = plain(text).upper()  # some signs have capitals of ASCII
    return text.encode("ascii", "ignore").translate(_CAPITALS, _DROPPED).decode("ascii")


def cores(squeezed: str) -> list[str]:
    """Of each line of a squeezed text the form under which loose references meet: ``bare``, however little it is.

    Equal squeezed forms have equal cores, and so have equal bare forms.
    """
    found: list[str] = _CORE.findall(squeezed)
    return found


def bare_forms(squeezed: Iterable[str]) -> list[str]:
    """``bare`` of each reference, from its squeezed form."""
    digits_first = map(str.lstrip, squeezed, repeat(string.ascii_uppercase))
    return [
        rest if len(rest) >= BARE_DIGITS_MIN and not rest.isalpha() else ""
        for rest in map(str.lstrip, digits_first, repeat("0"))
    ]
