"""Defects of reading what payers write: words and numbers of a text, and what they say is not paid."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

ALLOCATE = "domain/matching/allocate.py"
BROKEN = "domain/matching/broken.py"
CREDITS = "domain/matching/credits.py"
DOUBTS = "domain/matching/doubts.py"
EXCLUDED = "domain/matching/excluded.py"
OPEN_NUMBERS = "domain/matching/open_numbers.py"
POINTERS = "domain/matching/pointers.py"

WRITTEN: Final = (
    Mutation(
        "what is held back behind its number is paid",
        EXCLUDED,
        "left_out, rest = _taken(_LEFT_OUT, text)",
        "left_out, rest = [], text",
    ),
    Mutation(
        "what is held back alone is not paid",
        EXCLUDED,
        "if not _A_NUMBER.search(rest):",
        "if False:",
    ),
    Mutation(
        "a wide range is nothing",
        "domain/matching/ranges.py",
        "(MONTHS_MAX if by_month else WIDE_MAX) if same else RANGE_MAX",
        "RANGE_MAX",
    ),
    Mutation(
        "a number that looks like a wide range points to what is inside",
        POINTERS,
        "if squeeze(written.text) in self._named:",
        "if False:",
    ),
    Mutation(
        "some of a wide range are meant",
        "domain/matching/pointed.py",
        " or pointer.together",
        "",
    ),
    Mutation(
        "a wide range asks nobody else",
        OPEN_NUMBERS,
        'self._notes.ask("block", str(block))',
        "pass",
    ),
    Mutation(
        "in a range the figures before the last ones do not count",
        POINTERS,
        "(written.before and self._numbers.ending(written.before + figures))",
        "()",
    ),
    Mutation(
        "the discount of a list is all taken off the last",
        ALLOCATE,
        "wanted = told[position] if told else payment.left_minor",
        "wanted = payment.left_minor",
    ),
    Mutation(
        "discounts of a list are rounded one way only",
        "domain/matching/discounts.py",
        "if 0 <= up <= sum(map(bool, cut_off)):",
        "if up == 0:",
    ),
    Mutation(
        "a number that is broken is none",
        BROKEN,
        "if index.has(whole) and",
        "if False and",
    ),
    Mutation(
        "two numbers beside each other are one",
        BROKEN,
        " and not any(index.resolve(half).keys for half in halves)",
        "",
    ),
    Mutation(
        "few figures beside a blank are a number",
        BROKEN,
        "if _PLAIN.fullmatch(whole) and len(whole) < _PLAIN_MIN:",
        "if False:",
    ),
    Mutation(
        "what a credit note is taken off is told not to be paid",
        EXCLUDED,
        r"已冲红|冲红(?!\s?[:：]?\s?(?:[A-Za-z]{1,8}[-/. ]?)?\d)",
        "已?冲红",
    ),
    Mutation(
        "a refund does not take from the credit note that it names",
        ALLOCATE,
        "for source in (payment, credit_note)",
        "for source in (payment,)",
    ),
    Mutation(
        "a refund of a number that two credit notes bear takes from the first",
        CREDITS,
        "found and (len(found) == 1 or _exact(found[0], str(reference)))",
        "found",
    ),
    Mutation(
        "of two choices of what is named one is booked",
        DOUBTS,
        "doubted=len(choices) > 1",
        "doubted=False",
    ),
    Mutation(
        "equal instalments of a list are two choices of it",
        DOUBTS,
        "if len(choices) == 1 or (choices and not equal_instalments):",
        "if choices:",
    ),
)
