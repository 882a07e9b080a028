"""Texts from data that end up in a spreadsheet: never a formula.

A cell that starts with ``=``, ``+``, ``-`` or ``@`` (or with a tab or carriage return before them) is run
as a formula by spreadsheets that open a CSV file; OWASP's remedy is a leading apostrophe. Numbers that we
wrote ourselves do not come through here.
"""

from __future__ import annotations

import re
from typing import Final

_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: what XML 1.0 cannot hold; such characters have no business in a document number
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def inert(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula; control characters become U+FFFD."""
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{clean}" if clean.lstrip(" ").startswith(_FORMULA_START) else clean
