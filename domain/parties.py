"""Parties: customers and suppliers, and in whose view their books are kept. The one home of both rules.

The role is part of the party's id: what begins with ``supplier:`` is a supplier, all else a customer. So it is a
pure function of the id, whatever arrives in whatever order (I6), and a firm that is both has two accounts.

Between a seller and a buyer the rules of reconciliation are the same: a document is to be paid, a payment pays it.
So a supplier's book is kept **mirrored**, in the seller's view, and no rule knows of suppliers. What is turned
for suppliers, and only there: where an event becomes a fact (``domain.facts``), where amounts become words
(``domain.wording``), and where the book is read (``streams.results``, ``Book.our_balance_minor``). Everything outside
the book is in our view: balance > 0: they owe us; < 0: we owe them.
"""

from __future__ import annotations

import enum
from typing import Final

SUPPLIER_PREFIX: Final = "supplier:"


class Role(enum.StrEnum):
    CUSTOMER = "customer"
    SUPPLIER = "supplier"


def role_of(party_id: str) -> Role:
    """What the party is to us."""
    return Role.SUPPLIER if party_id.startswith(SUPPLIER_PREFIX) else Role.CUSTOMER


class SupplierIdError(ValueError):
    """What is given as a supplier's own number is none."""

    def __init__(self, supplier_id: str) -> None:
        super().__init__(
            f"{supplier_id!r} is no supplier's own number: it is written without {SUPPLIER_PREFIX!r}."
        )
        self.supplier_id = supplier_id


def supplier_party(supplier_id: str) -> str:
    """The party id of the supplier whose own number is ``supplier_id``. Raises ``SupplierIdError``."""
    if not supplier_id.strip() or supplier_id.startswith(SUPPLIER_PREFIX):
        raise SupplierIdError(supplier_id)
    return SUPPLIER_PREFIX + supplier_id


def own_id(party_id: str) -> str:
    """What others call the party: its id without the role."""
    return party_id.removeprefix(SUPPLIER_PREFIX)


def known_names(party_id: str) -> tuple[str, ...]:
    """What a text may call the party: no document's number."""
    return tuple(dict.fromkeys((party_id, own_id(party_id))))


def view_sign(party_id: str) -> int:
    """1 or -1: what turns a signed amount of the party's book into our view, and back."""
    return -1 if role_of(party_id) is Role.SUPPLIER else 1
