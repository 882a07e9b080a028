"""Defects in what is made of figures: when a document was written, shares that are held back, rows."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

DOUBTS = "domain/matching/doubts.py"

FIGURES: Final = (
    Mutation(
        "money beside what is dated long after it is no reason to doubt",
        DOUBTS,
        "return any(\n            (document.left_minor or",
        "return not payment.left_minor and any(\n            (document.left_minor or",
    ),
    Mutation(
        "equal instalments of what is dated long after them are booked",
        DOUBTS,
        "(equal_instalments and not too_early)",
        "equal_instalments",
    ),
)
