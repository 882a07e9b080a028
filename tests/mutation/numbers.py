"""Defects of what is read as a number: of a text, of the references of a transfer."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

STATED = "domain/matching/stated.py"
WORDS = "domain/matching/words.py"

NUMBERS: Final = (
    Mutation(
        "a currency in front of an amount belongs to the number before it",
        WORDS,
        r'''rf"|(?<![0-9A-Za-z]){_CODE}\s{_AMOUNT}[.,]\d\d?(?![0-9A-Za-z]|[.,/-]\d)"''',
        r'''rf""''',
    ),
    Mutation(
        "a sign of a currency in front of an amount belongs to the number before it",
        WORDS,
        r"""(?:[€£¥元]|\s[€£¥元](?!\d|\s{_AMOUNT}[.,]\d\d(?!\d)))""",
        r"""\s?[€£¥元]""",
    ),
    Mutation(
        "a number of three figures is the thousands of the amount behind it",
        WORDS,
        'return f"{match[1]} | " if behind else match.group()',
        "return match.group()",
    ),
    Mutation(
        "thousands are a number wherever a document has it",
        WORDS,
        "behind = _ROW_BEGINS.search(before) is not None and is_number(match[1])",
        "behind = is_number(match[1])",
    ),
    Mutation(
        "three figures at the beginning of a row are a number of nobody",
        WORDS,
        "behind = _ROW_BEGINS.search(before) is not None and is_number(match[1])",
        "behind = _ROW_BEGINS.search(before) is not None",
    ),
    Mutation(
        "an amount is stated with a number of three figures for its thousands",
        STATED,
        "around_amounts(apart(plain(text), index.has))",
        "around_amounts(plain(text))",
    ),
)
