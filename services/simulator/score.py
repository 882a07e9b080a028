"""How good a detection was: what was found against what had to be found.

Two findings are the same when kind, customer, currency, amount and subject agree. The subject is the
statement line (``statement_id`` and ``line_no``) where there is one, else the statement with the document,
else the document. Findings are counted as a multiset: finding the same twice is one right and one wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Key = tuple[str, str, str, int, str | None, int | None, str | None]


@dataclass(frozen=True, slots=True)
class Expected:
    """One discrepancy that must be open at the end. ``amount_minor`` >= 0."""

    kind: str
    customer_id: str
    currency: str
    amount_minor: int
    document_no: str | None = None
    statement_id: str | None = None
    line_no: int | None = None
    because: str = ""
    """Which injection it comes from; for people, no part of the comparison."""

    @property
    def key(self) -> Key:
        return _key(
            self.kind,
            self.customer_id,
            self.currency,
            self.amount_minor,
            self.document_no,
            self.statement_id,
            self.line_no,
        )


@dataclass(frozen=True, slots=True)
class Score:
    """``precision``: share of what was found that had to be; ``recall``: share of what had to be that was."""

    right: int
    spurious: tuple[Key, ...]
    missed: tuple[Expected, ...]

    @property
    def precision(self) -> Fraction:
        return Fraction(self.right, found) if (found := self.right + len(self.spurious)) else Fraction(1)

    @property
    def recall(self) -> Fraction:
        return Fraction(self.right, wanted) if (wanted := self.right + len(self.missed)) else Fraction(1)

    @property
    def perfect(self) -> bool:
        return not self.spurious and not self.missed


def score(found: Iterable[Mapping[str, Any]], expected: Iterable[Expected]) -> Score:
    """Compare open discrepancies (rows named as in ``docs/reference/events.md``) with the answer list."""
    wanted = list(expected)
    found_keys = Counter(
        _key(
            row["kind"],
            row["customer_id"],
            row["currency"],
            row["amount_minor"],
            row.get("document_no"),
            row.get("statement_id"),
            row.get("line_no"),
        )
        for row in found
    )
    right = 0
    missed = []
    for item in wanted:
        if found_keys[item.key] > 0:
            found_keys[item.key] -= 1
            right += 1
        else:
            missed.append(item)
    return Score(right, tuple(found_keys.elements()), tuple(missed))


def _key(
    kind: str,
    customer_id: str,
    currency: str,
    amount_minor: int,
    document_no: str | None,
    statement_id: str | None,
    line_no: int | None,
) -> Key:
    # a line is one subject whatever number the line carries; a document is a subject of its own
    document = None if line_no is not None else document_no
    return (kind, customer_id, currency, amount_minor, statement_id, line_no, document)
