"""Amounts in the words of findings: decimal text with the currency, signed ones in our view."""

from __future__ import annotations

import msgspec

from domain.money import to_text
from domain.parties import view_sign


class Wording(msgspec.Struct, frozen=True):
    """How the amounts of one account are told. ``sign`` turns amounts of the book into our view."""

    currency: str
    sign: int = 1

    @classmethod
    def of(cls, party_id: str, currency: str) -> Wording:
        return cls(currency, view_sign(party_id))

    def amount(self, amount_minor: int) -> str:
        """An amount that has no direction."""
        return f"{to_text(amount_minor, self.currency)} {self.currency}"

    def signed(self, signed_minor: int) -> str:
        """A signed amount of the book."""
        return self.amount(self.sign * signed_minor)

    def side(self, signed_minor: int) -> str:
        """``debit`` or ``credit``: on which side the books of ours show it."""
        return "debit" if self.sign * signed_minor >= 0 else "credit"
