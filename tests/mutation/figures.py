"""Defects in what is made of figures: when a document was written, shares that are held back, rows."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

CREDITS = "domain/matching/credits.py"
DISCOUNTS = "domain/matching/discounts.py"
DOUBTS = "domain/matching/doubts.py"
SUMS = "domain/matching/sums.py"
UNREFERENCED = "domain/matching/unreferenced.py"

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
    Mutation(
        "only discounts are taken off each of a list",
        DISCOUNTS,
        "for halves in range(1, 41)",
        "for halves in range(2, 7, 2)",
    ),
    Mutation(
        "a list is not paid in instalments of each",
        DISCOUNTS,
        "kept = kept or _shared_out(open_minor, short, _FRACTIONS)",
        "kept = kept or ()",
    ),
    Mutation(
        "what is paid on account is an instalment of each",
        DISCOUNTS,
        "if not is_round(paid_minor):",
        "if True:",
    ),
    Mutation(
        "what is released of a list is paid to the oldest of it",
        DISCOUNTS,
        "paid = () if kept else _shared_out(original_minor, paid_minor, _PERCENTS)",
        "paid = ()",
    ),
    Mutation(
        "more of a document is released than is open of it",
        DISCOUNTS,
        "if paid and all(",
        "if paid and any(",
    ),
    Mutation(
        "shares are rounded up where the least is cut off",
        DISCOUNTS,
        "key=lambda at: -cut_off[at]",
        "key=lambda at: cut_off[at]",
    ),
    Mutation(
        "a neighbour speaks against the same share of each",
        DOUBTS,
        "claim if told else self._or_neighbour(",
        "self._or_neighbour(",
    ),
    Mutation(
        "a number that nobody has speaks against the same share of each",
        DOUBTS,
        "[] if told else self._strangers(",
        "self._strangers(",
    ),
    Mutation(
        "a list is not paid less a credit note that nobody names",
        "domain/matching/allocate.py",
        "told = less_unnamed(payment, documents, credit_notes, latest) or same_share(",
        "told = same_share(",
    ),
    Mutation(
        "credit notes of later on are netted without a word",
        CREDITS,
        "if note.left_minor and note.fact.business_date <= latest]",
        "if note.left_minor]",
    ),
    Mutation(
        "of several credit notes that nobody names none is netted",
        CREDITS,
        "if 1 < len(still_open) <= _TOGETHER_MAX else []",
        "if False else []",
    ),
    Mutation(
        "a credit note that nobody names is kept back of the smallest",
        CREDITS,
        "key=lambda place: -left[place])",
        "key=lambda place: left[place])",
    ),
    Mutation(
        "more credit notes than documents are netted without a word",
        CREDITS,
        "if len(kept) <= len(left) and min(left) >= 0 else ()",
        "if min(left) >= 0 else ()",
    ),
    Mutation(
        "more than a document is netted without a word",
        CREDITS,
        "if len(kept) <= len(left) and min(left) >= 0 else ()",
        "if len(kept) <= len(left) else ()",
    ),
    Mutation(
        "the fee of several documents is not looked at",
        SUMS,
        "total = sum(one.left_minor for one in money) + fee_minor",
        "total = sum(one.left_minor for one in money)",
    ),
    Mutation(
        "the fee of one document is the fee of several, too",
        UNREFERENCED,
        "            if receipt.key not in told:\n",
        "            if True:\n",
    ),
)
