"""Numbers that a bank's line broke: "26/ 28", "26 /33", "INV-20 25-1569" for one that a document has as it is written.

Who reads the pieces takes one for something else; so the blank goes before anything is read.
"""

from __future__ import annotations

import re

from domain.matching.forms import DocumentIndex

#: longer than this no piece of a number is
_PIECE_MAX = 36
_BLANK = re.compile(r"(?<=[0-9/._-])\s(?=[0-9/._-])")
_BEFORE = re.compile(r"(?<![0-9A-Za-z/._-])[0-9A-Za-z](?:[0-9A-Za-z]|[/._-](?=[0-9A-Za-z]|$))*$")
_BEHIND = re.compile(r"[/._-]?[0-9A-Za-z]+(?:[/._-][0-9A-Za-z]+)*(?![0-9A-Za-z]|[.,]\d)")
_PLAIN = re.compile(r"\d*")
#: figures alone, without a joint, are one number only if they are many: else they may be an amount, or two numbers
_PLAIN_MIN = 7


def unbroken(text: str, index: DocumentIndex) -> str:
    """``text`` without the blank in a number that is as written a document's, where neither piece is one's alone."""
    pieces = []
    last = 0
    for blank in _BLANK.finditer(text):
        before = _BEFORE.search(text[max(last, blank.start() - _PIECE_MAX) : blank.start()])
        behind = _BEHIND.match(text[blank.end() : blank.end() + _PIECE_MAX])
        if before is None or behind is None:
            continue
        halves = (before.group(), behind.group())
        whole = "".join(halves)
        if _PLAIN.fullmatch(whole) and len(whole) < _PLAIN_MIN:
            continue
        if index.has(whole) and not any(index.resolve(half).keys for half in halves):
            pieces.append(text[last : blank.start()])
            last = blank.end()
    return "".join((*pieces, text[last:]))
