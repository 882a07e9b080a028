"""Payments that say which part of a document they are, and name none: "rata 1/3", "2. Rate", "第2期"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from domain.matching.candidates import CERTAIN_PPM, Candidates, Document, Proposal, link, parts_of
from domain.matching.forms import TEXTS_KEPT, plain
from domain.matching.words import INSTALMENT_WORD, INSTALMENTS_MAX, OF

_PART = re.compile(
    rf"\b(?:{INSTALMENT_WORD})\b\.?\s?(?:(?:nr|no)\b\.?\s?)?(?P<which>\d{{1,2}})(?:{OF}(?P<all>\d{{1,2}}))?(?![\w/-])"
    rf"|(?<![\w./-])(?P<ordinal>\d{{1,2}})\s?(?:[.oa]|st|nd|rd|th|e|ère)?\s?(?:{INSTALMENT_WORD})\b"
    r"|第(?P<period>\d{1,2})[期回](?:\s?/?\s?[共全](?P<periods>\d{1,2})[期回])?",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def part_of(text: str) -> tuple[int, tuple[int, ...]] | None:
    """The first part that ``text`` tells, and of how many it may be: of any number of parts where it does not say."""
    match = _PART.search(plain(text))
    if match is None:
        return None
    which = int(match["which"] or match["ordinal"] or match["period"])
    every = match["all"] or match["periods"]
    parts = (int(every),) if every else range(2, INSTALMENTS_MAX + 1)
    return which, tuple(n for n in parts if 1 <= which <= n <= INSTALMENTS_MAX and n > 1)


def instalment(candidates: Candidates) -> Iterator[Proposal]:
    """The few documents of which the payment is exactly the part that its text tells, where it names nothing. Never
    certain: nobody said of which.
    """
    for receipt in candidates.receipts.values():
        if receipt.part is None or receipt.words:
            continue
        found = [
            document
            for document in candidates.documents_for(receipt)
            if _is_part(receipt.left_minor, receipt.part, document)
        ]
        if len(found) > candidates.rules.matching.suggestions_max:
            continue
        for document in found:
            unique = CERTAIN_PPM // len(found)
            parts = parts_of(candidates, receipt, document, amount=CERTAIN_PPM, only_one=unique)
            yield Proposal((link(receipt, document),), parts, certain=False)


def _is_part(money: int, part: tuple[int, tuple[int, ...]], document: Document) -> bool:
    """Whether ``money`` is one of so many equal parts of the document, rounded up or down; and the document is open in
    full, or but for the parts before it.
    """
    which, every = part
    whole = document.open_minor + document.settled_minor
    return any(
        abs(money * parts - whole) < parts
        and (document.whole or abs(money * (parts - which + 1) - document.open_minor) < parts)
        for parts in every
    )
