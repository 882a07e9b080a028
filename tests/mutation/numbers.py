"""Defects of what is read as a number: of a text, of the references of a transfer."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

STATED = "domain/matching/stated.py"
CANDIDATES = "domain/matching/candidates.py"
DOUBTS = "domain/matching/doubts.py"
NAMED = "domain/matching/named.py"
POINTED = "domain/matching/pointed.py"
POINTERS = "domain/matching/pointers.py"
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
    Mutation(
        "what an id of the transfer ends with is a running number",
        POINTERS,
        "yield [pointer for reference in references for pointer in reading.structured(reference)]",
        "yield [pointer for reference in references for pointer in reading.figures(reference)]",
    ),
    Mutation(
        "figures in an id of the transfer are a name",
        POINTED,
        "return any(_figures(number) == figures for number in",
        "return any(_figures(number) in figures for number in",
    ),
    Mutation(
        "bare figures of an id of the transfer are a name",
        POINTED,
        "is not ReferenceRule.BARE and any(map(str.isalpha, mention.text)):",
        "is not None and any(map(str.isalpha, mention.text)):",
    ),
    Mutation(
        "the year of a month is a number",
        NAMED,
        "without_month_names(unbroken(ungrouped(plain(text)), index))",
        "ungrouped(plain(text))",
    ),
    Mutation(
        "a year that is a number but for its zeros is one if any number has that year",
        NAMED,
        "            and same(reference, number, found.rule)\n",
        "",
    ),
    Mutation(
        "a year is the beginning of a number",
        POINTERS,
        "or all(map(self._is_whole_year, figures)):",
        "or not figures:",
    ),
    Mutation(
        "figures confirm a document of another month than the text names",
        CANDIDATES,
        "return not self.months or (document.date.year, document.date.month) in self.months",
        "return True",
    ),
    Mutation(
        "figures confirm nothing of the month that the text names",
        CANDIDATES,
        "return not self.months or (document.date.year, document.date.month) in self.months",
        "return not self.months",
    ),
    Mutation(
        "numbers that are mixed up are booked",
        DOUBTS,
        "        if crossed is not None:\n",
        "        if False:\n",
    ),
    Mutation(
        "numbers are mixed up with one that was not there",
        DOUBTS,
        "both = self._is_there(payment, document) and self._is_there(other, documents[0])",
        "both = True",
    ),
    Mutation(
        "numbers are mixed up with one that is settled",
        DOUBTS,
        "if both and not self._settled(other, [document]):",
        "if both:",
    ),
)
