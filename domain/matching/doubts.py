"""A slip of the fingers that hits an existing number: the text names one document, the figures another."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from rapidfuzz.distance import OSA

from domain.archive.notes import Notes
from domain.facts import EntryKind
from domain.matching.references import squeeze
from domain.matching.settlement import AMBIGUOUS_PPM, Claim, Item, debit_documents

#: numbers that differ by more slips than this are not taken for one another
SLIPS_MAX = 2
#: the kind of question: which invoice is of this amount
INVOICE_AMOUNT = "amount"


class Doubts:
    """Texts whose figures say that another document is meant: a slip of the fingers that hits an existing number."""

    def __init__(self, items: Mapping[str, Item], notes: Notes | None = None) -> None:
        self._items = items
        self._notes = notes
        self._by_amount: dict[int, list[Item]] | None = None

    def about(self, payment: Item, claims: list[Claim]) -> list[Claim]:
        """``claims``, of which one is ambiguous if its neighbour by number would make the sum right to the unit."""
        clear = [claim for claim in claims if len(debit_documents(claim.keys, self._items)) == 1]
        if payment.fact.claims or not clear or len(clear) != len(claims):
            return claims
        missing = payment.original_minor - sum(self._items[claim.keys[0]].original_minor for claim in clear)
        return [self._doubted(claim, missing) for claim in claims] if missing else claims

    def _doubted(self, claim: Claim, missing: int) -> Claim:
        meant = self._items[claim.keys[0]]
        for other in self._of_amount(meant.original_minor + missing):
            if (
                other is not meant
                and OSA.distance(*(squeeze(i.fact.document_no) for i in (meant, other))) <= SLIPS_MAX
            ):
                return msgspec.structs.replace(claim, keys=(meant.key, other.key), score_ppm=AMBIGUOUS_PPM)
        return claim

    def _of_amount(self, amount_minor: int) -> list[Item]:
        if self._notes is not None:
            self._notes.ask(INVOICE_AMOUNT, str(amount_minor))
        if self._by_amount is None:
            self._by_amount = {}
            for item in self._items.values():
                if item.fact.kind is EntryKind.INVOICE:
                    self._by_amount.setdefault(item.original_minor, []).append(item)
        return self._by_amount.get(amount_minor, [])
