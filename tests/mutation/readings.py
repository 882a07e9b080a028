"""Defects of reading numbers and words of other languages: exclusions, ranges, years and signs that look alike."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

EXCLUDED = "domain/matching/excluded.py"
FORMS = "domain/matching/forms.py"
INSTALMENTS = "domain/matching/instalments.py"
OPEN_NUMBERS = "domain/matching/open_numbers.py"
RANGES = "domain/matching/ranges.py"
WORDS = "domain/matching/words.py"
POINTED = "domain/matching/pointed.py"
POINTERS = "domain/matching/pointers.py"

READINGS: Final = (
    Mutation("Polish excludes nothing", EXCLUDED, '*("bez", "oprócz",', '*("oprócz",'),
    Mutation("what stands before an exclusion is paid", EXCLUDED, "if not rest.isascii():", "if False:"),
    Mutation(
        "a telephone number names a document",
        EXCLUDED,
        "    excluded += telephones\n",
        "    rest += ' '.join(telephones)\n",
    ),
    Mutation(
        "figures of a delivery name a document beside another",
        "domain/matching/named.py",
        "(names_others and mention.text.isdigit())",
        "False",
    ),
    Mutation(
        "figures of a delivery never name a document",
        "domain/matching/named.py",
        "(names_others and mention.text.isdigit())",
        "mention.text.isdigit()",
    ),
    Mutation(
        "what is not taken off is excluded",
        EXCLUDED,
        "{_NO_DOCUMENT}",
        "",
    ),
    Mutation(
        "a month between a number and its year is a number",
        OPEN_NUMBERS,
        "(?:[/-](?P<month>0[1-9]|1[0-2]))?",
        "(?P<month>)",
    ),
    Mutation("any year may be that of a number", OPEN_NUMBERS, "_YEARS_APART = 1", "_YEARS_APART = 99"),
    Mutation(
        "the month behind a number is the next number",
        POINTERS,
        'and not (gap == "/" and self._is_behind(leading, run))',
        "",
    ),
    Mutation(
        "the year behind a number is the next number",
        OPEN_NUMBERS,
        'behind = {year, "20" + year, with_year["month"] or year}',
        'behind = {with_year["month"] or year[:0]}',
    ),
    Mutation(
        "behind a word a year is a year whatever number a document has",
        "domain/matching/named.py",
        "_parts_of(number) if behind_word else _runs(number)",
        "_runs(number)",
    ),
    Mutation(
        "a letter of a number is a word for ranges",
        RANGES,
        r"|hasta|até|do|aż do|až|til)\s+)",
        r"|hasta|até|do|aż do|až|til)\s*)",
    ),
    Mutation(
        "the letter of both ends is a word for ranges",
        RANGES,
        "return None if joint and joint == prefix.strip() else _range",
        "return _range",
    ),
    Mutation(
        "ends with a year behind are no range",
        RANGES,
        "((_RANGE, _plain), (_WITH_BEHIND, _with_behind))",
        "((_RANGE, _plain),)",
    ),
    Mutation(
        "ends of two years are a range",
        RANGES,
        "one is None or other is None or one[1] != other[1]",
        "one is None or other is None",
    ),
    Mutation("a range ends with its month", RANGES, "MONTHS_MAX = 20_000", "MONTHS_MAX = 2_000"),
    Mutation(
        "what stands behind the ends is lost inside",
        RANGES,
        "(self.prefix + figures + self.behind for",
        "(self.prefix + figures for",
    ),
    Mutation(
        "a day is a misspelt number",
        WORDS,
        "if is_figure(word) or _DAY_FIRST.fullmatch(word) or is_other_number(words, position):",
        "if is_figure(word) or is_other_number(words, position):",
    ),
    Mutation(
        "letters that look like figures are letters",
        FORMS,
        "        return self._alike(reference)\n",
        "        return Resolution((), ReferenceRule.EXACT)\n",
    ),
    Mutation(
        "of two documents that a number looks like one is meant",
        FORMS,
        "if len(found) != 1:",
        "if not found:",
    ),
    Mutation(
        "letters grown on a number are figures",
        FORMS,
        "for reading in () if grown_on else readings:",
        "for reading in readings:",
    ),
    Mutation(
        "the prefix of a number is figures",
        FORMS,
        "range(end.start(), end.start() + letters + 1)",
        "range(end.start(), end.start() + 1)",
    ),
    Mutation(
        "a number that looks like one is bare whatever its prefix",
        FORMS,
        "[: 1 + reading.isdigit()]",
        "",
    ),
    Mutation(
        "a running number with letters that look like figures is none",
        POINTERS,
        "reading.figures(reading.look_alikes(parts.named))",
        "reading.figures(parts.named)",
    ),
    Mutation(
        "what names a document is read as figures",
        POINTERS,
        "if squeeze(match.group()) in self._named",
        "if False",
    ),
    Mutation(
        "what was cut off is a number that nobody has",
        "domain/matching/leftovers.py",
        "end.endswith(form) and len(form) < len(number)",
        "False",
    ),
    Mutation(
        "a short number in the middle of a text was cut off",
        "domain/matching/leftovers.py",
        "end.endswith(form) and len(form)",
        "len(form)",
    ),
    Mutation(
        "of rows that begin later the first one is shown",
        POINTED,
        "if not rows or (rows[0][0] != following[0] and len(rows) > 1):",
        "if not rows:",
    ),
    Mutation(
        "what is paid twice is a list that goes on",
        POINTED,
        "if not 0 < payment.left_minor < payment.original_minor or",
        "if not 0 < payment.left_minor or",
    ),
    Mutation(
        "beside a number that nobody has a list goes on",
        POINTED,
        " or not whole or self._strange(payment, named)",
        " or not whole",
    ),
    Mutation("a row of one document is shown", POINTED, "if last > first + 1:", "if last > first:"),
    Mutation("what is over a list is nothing to tell", POINTED, "fitting=True, named=True)", "fitting=True)"),
    Mutation(
        "the next number is any that ends higher",
        OPEN_NUMBERS,
        "alike = its_letters == letters and len(figures) == len(running)",
        "alike = True",
    ),
    Mutation(
        "a part must be the exact quotient",
        INSTALMENTS,
        "abs(money * parts - whole) < parts",
        "money * parts == whole",
    ),
    Mutation(
        "a part is of what is open, not of all",
        INSTALMENTS,
        "whole = document.open_minor + document.settled_minor",
        "whole = document.open_minor",
    ),
    Mutation(
        "a part may be of what is paid otherwise",
        INSTALMENTS,
        "and (document.whole or abs(",
        "and (True or abs(",
    ),
    Mutation(
        "a part of whatever many documents is shown",
        INSTALMENTS,
        "if len(found) > candidates.rules.matching.suggestions_max:",
        "if False:",
    ),
    Mutation(
        "a part beside a number that nobody has is of another",
        INSTALMENTS,
        "if receipt.part is None or receipt.words:",
        "if receipt.part is None:",
    ),
    Mutation("the next number may be of an earlier month", OPEN_NUMBERS, "its_period >= period and", ""),
)
