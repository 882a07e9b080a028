"""Defects in what is made of figures: when a document was written, shares that are held back, rows."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

CREDITS = "domain/matching/credits.py"
DISCOUNTS = "domain/matching/discounts.py"
DOUBTS = "domain/matching/doubts.py"
OTHERS = "domain/matching/others.py"
ROWS = "domain/matching/rows.py"
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
        "for percents in range(1, 21)",
        "for percents in range(1, 4)",
    ),
    Mutation(
        "a list is not paid in instalments of each",
        DISCOUNTS,
        "(*_PERCENTS, *_FRACTIONS)",
        "_PERCENTS",
    ),
    Mutation(
        "round figures are shares of each other",
        DISCOUNTS,
        "_TELLING = 2_000",
        "_TELLING = 0",
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
    Mutation(
        "no row is told by a usual discount",
        ROWS,
        "for only in (told, [row for row in told if not row.first], [] if told_only else found):",
        "for only in (found,):",
    ),
    Mutation(
        "a row from the oldest on is no surer than another one",
        ROWS,
        "for only in (told, [row for row in told if not row.first], [] if told_only else found):",
        "for only in (told, found):",
    ),
    Mutation(
        "a row is told by nearly a usual discount",
        ROWS,
        "< len(self.documents) * CERTAIN_PPM",
        "< 2 * len(self.documents) * CERTAIN_PPM",
    ),
    Mutation(
        "of two that fall due together the higher number is never first",
        ROWS,
        "key=lambda d: d.key, reverse=True)",
        "key=lambda d: d.key)",
    ),
    Mutation(
        "sums that hit by chance explain a payment",
        SUMS,
        "if search.complete and not (search.found and rare):",
        "if search.complete and not search.found:",
    ),
    Mutation(
        "no row less a discount is shown beside sums that hit by chance",
        UNREFERENCED,
        "and (by_chance or receipt.key not in candidates.offered)",
        "and receipt.key not in candidates.offered",
    ),
    Mutation(
        "how many others there are is not read",
        ROWS,
        "and excess.others in (0, count):",
        "and excess.others is not None:",
    ),
    Mutation(
        "others stand in one order only",
        ROWS,
        "(*_orders(every), sorted(",
        "(_orders(every)[0], sorted(",
    ),
    Mutation(
        "others never stand by their dates",
        ROWS,
        "(*_orders(every), sorted(every, key=lambda d: (d.date, d.key))):",
        "_orders(every):",
    ),
    Mutation(
        "others are counted from the first of several that are named",
        ROWS,
        "first = 1 + max(",
        "first = 1 + min(",
    ),
    Mutation(
        "others are no more than another sum",
        UNREFERENCED,
        "        if others:\n            continue\n",
        "",
    ),
    Mutation(
        "the one that is named is one of the others",
        OTHERS,
        "max(int(in_all[1]) - 1, 0)",
        "int(in_all[1])",
    ),
    Mutation(
        "waiting is a word for others",
        OTHERS,
        "(?![待级于])",
        "",
    ),
    Mutation(
        "how many others there are is a short number",
        "domain/matching/pointed.py",
        "without_others(text),",
        "text,",
    ),
    Mutation(
        "no row is shown beside a document less a strange difference",
        UNREFERENCED,
        "if not told and by_chance is not None and",
        "if not proposals and by_chance is not None and",
    ),
    Mutation(
        "any row is shown beside a document less a difference",
        ROWS,
        "[] if told_only else found):",
        "found):",
    ),
    Mutation(
        "rows less some difference are shown where they are many",
        ROWS,
        "_ROWS_SHOWN = 3",
        "_ROWS_SHOWN = 4",
    ),
    Mutation(
        "of several rows less some difference none is shown",
        ROWS,
        "_ROWS_SHOWN = 3",
        "_ROWS_SHOWN = 2",
    ),
    Mutation(
        "several rows that are paid in full are shown",
        ROWS,
        "(_ROWS_SHOWN if share and only is found else 1)",
        "(_ROWS_SHOWN if only is found else 1)",
    ),
)
