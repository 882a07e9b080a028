"""Which reference of a bank's entry is one, and which document it means: what a person would look at first.

The document is only used where a customer sends their statement in a bank's format: there each entry stands for a
document of ours or theirs. What a receipt pays is decided by the matching, from the whole text.
"""

from __future__ import annotations

import re
from typing import Final

from domain.fillers import is_filler
from services.imports.statements.draft import PaymentDetails

#: a word with a digit, as numbers of documents are: INV-1001, 2026/17, RG4711
_NUMBER: Final = re.compile(r"[A-Za-z]{0,8}[-/._]?\d[\w\-/.]{2,30}")


def stated(*references: str | None) -> str | None:
    """The first that is a reference: not empty, and not the word of a format for none."""
    return next((one for one in references if one and not is_filler(one)), None)


def document_of(details: PaymentDetails, text: str) -> str:
    """The structured reference, else the end-to-end id, else the first number in the text, else nothing."""
    if details.structured_reference:
        return details.structured_reference
    if details.end_to_end_id:
        return details.end_to_end_id
    found = _NUMBER.search(text)
    return found[0].rstrip("-/._") if found else ""
