"""What a text points to without naming it: a running number alone, part of a list or range, cut off, a month.

A pointer is weaker than a name: it says what to look at, and the figures say whether it is meant (``pointed``). It is
looked for among documents that are open after all that names say, so its cost does not grow with the history.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

import msgspec

from domain.matching.excluded import parted
from domain.matching.forms import BARE_DIGITS_MIN, look_alikes, plain, squeeze
from domain.matching.open_numbers import HEAD_MIN, TAIL_MAX, OpenNumbers
from domain.matching.periods import periods
from domain.matching.ranges import ranges
from domain.matching.structured import number_within, ungrouped
from domain.matching.words import WORD, is_document_word, without_dates, without_others, without_sums

#: a text of more figures than this is no list of documents: what comes later is not looked at
FIGURES_MAX = 400

_FIGURES = re.compile(r"\d+")
#: between the numbers of a list
_AND = re.compile(r"\s?(?:[/,;+&、和・]|\b(?:und|and|et|y|e|en|i|oraz|och|og|ed|u\.?)\b)\s?", re.IGNORECASE)
_AND_OR_DASH = re.compile(rf"{_AND.pattern}|\s?-\s?", re.IGNORECASE)
#: a year that more figures follow
_RUNS_ON = re.compile(r"[-/. ]?\d{3}")
#: figures, and between them letters that look like such
_LIKE_FIGURES = re.compile(r"(?<![0-9A-Za-z])[0-9OILSBZl]*\d[OILSBZl]+\d[0-9OILSBZl]*(?![0-9A-Za-z])")
_LETTERS = re.compile(r"([A-Za-z]{1,12})[.:#/-]{0,2}\s?$")

#: the rule of a pointer by its time
PERIOD = "period"
#: a month of more documents than this says little
_MONTH_MAX = 5
#: a word for documents, where a range tells that its short figures are numbers
_ANY = "NO"


class Pointer(msgspec.Struct, frozen=True):
    """Open documents that ``text`` may mean. ``faint``: too little to be shown where the figures do not agree.

    ``together``: all are meant, or none.
    """

    text: str
    keys: tuple[str, ...]
    rule: str
    faint: bool = False
    together: bool = False


def pointers(
    text: str,
    references: Sequence[str],
    day: dt.date,
    named: frozenset[str],
    known: tuple[str, ...],
    numbers: OpenNumbers,
) -> Iterator[list[Pointer]]:
    """What a payment of ``day`` points to, the strongest first: figures, its own references, months.

    Of its references only what has check digits: they count the payer's own runs, or are made at random, so what they
    end with is no running number of ours. Whole numbers in them are names (``pointed``).

    ``named``: figures that are names of documents already, and these names squeezed. ``known``: numbers that are
    something else.
    """
    whole = without_sums(ungrouped(plain(text)))
    parts = parted(without_others(without_dates(whole), known))
    reading = _Reading(numbers, day, named)
    strong = [
        *reading.ranges(parts.named),
        *reading.figures(reading.look_alikes(parts.named)),
        *reading.cut_off(parts.named),
        *reading.structured(parts.named),
    ]
    faint = [*reading.figures(parts.excluded), *reading.figures(parts.beside)]
    yield [*strong, *(msgspec.structs.replace(one, faint=True) for one in faint)]
    yield [pointer for reference in references for pointer in reading.structured(reference)]
    yield list(reading.months(whole))


def _word(text: str, run: re.Match[str], before: re.Match[str] | None, word: str) -> str:
    """The word that ``run`` stands behind, or ``word``, that of the short number before it in a list."""
    written = _LETTERS.search(text, max(run.start() - 16, 0), run.start())
    in_list = before is not None and _AND_OR_DASH.fullmatch(text, before.end(), run.start()) is not None
    if before is not None and in_list:
        return word if len(before.group()) < BARE_DIGITS_MIN else ""
    return written.group(1) if written is not None else ""


def _shortened(last: str, run: str) -> Sequence[str]:
    """What ``run`` may be short for behind the number ``last``, the nearest first: "10459/0" goes on with 10460."""
    written = last[: -len(run)] + run
    above = str(int(written) + 10 ** len(run)).zfill(len(last))
    if int(written) > int(last):
        return (written,)
    nearer = int(above) - int(last) <= int(last) - int(written)
    return (above, written) if nearer else (written, above)


class _Reading:
    def __init__(self, numbers: OpenNumbers, day: dt.date, named: frozenset[str]) -> None:
        self._numbers = numbers
        self._day = day
        self._named = named
        self._years = {str(day.year + more) for more in (-2, -1, 0, 1)}

    def _year(self, figures: str) -> str:
        """The last two figures of a year, if ``figures`` are one near the payment's."""
        full = figures if len(figures) == 4 else "20" + figures
        return figures[-2:] if full in self._years else ""

    def ranges(self, text: str) -> Iterator[Pointer]:
        for written in ranges(text):
            if squeeze(written.text) in self._named:
                continue  # a document whose own number looks like a range
            beside = _FIGURES.findall(written.prefix + written.behind)
            year = self._year(beside[-1]) if beside else ""
            if written.wide:
                first, last = int(written.first), int(written.last)
                inside = self._numbers.between(
                    int(written.before + written.first), int(written.before + written.last)
                ) or self._numbers.between(first, last, year)
            else:
                inside = tuple(
                    key
                    for figures in written.figures
                    for key in (written.before and self._numbers.ending(written.before + figures))
                    or self._numbers.ending(figures, year, _ANY)
                )
            faint = written.wide or len(written.before + written.first) < BARE_DIGITS_MIN
            if inside:
                keys = tuple(dict.fromkeys(inside))
                yield Pointer(written.text, keys, "range", faint=faint, together=written.wide)

    def look_alikes(self, text: str) -> str:
        """``text`` with letters between figures that look like such as these: "1OO35"; not what names a document."""
        return _LIKE_FIGURES.sub(
            lambda match: (
                match.group()
                if squeeze(match.group()) in self._named
                else next(iter(look_alikes(match.group())), match.group())
            ),
            text,
        )

    def figures(self, text: str) -> Iterator[Pointer]:
        """By each run of figures: the end of a number, or what the number before it has another end in."""
        before: re.Match[str] | None = None
        leading = leading_year = word = ""
        runs = list(_FIGURES.finditer(text))[:FIGURES_MAX]
        for match, year_said in zip(runs, self._years_said(runs), strict=True):
            run = match.group()
            gap = text[before.end() : match.start()] if before is not None else ""
            year = self._year(before.group()) if before is not None and len(gap) == 1 else ""
            word = _word(text, match, before, word)
            keys: tuple[str, ...] = ()
            listed = (
                bool(leading)
                and len(run) < len(leading)
                and _AND.fullmatch(gap) is not None
                and not (gap == "/" and self._is_behind(leading, run))
            )
            if listed:
                meant = ((one, self._numbers.ending(one, leading_year)) for one in _shortened(leading, run))
                leading, keys = next((found for found in meant if found[1]), (leading, ()))
            if not keys and run not in self._named and not self._is_year(text, match, word):
                short = word and len(run) < BARE_DIGITS_MIN
                keys = self._numbers.ending(run, (short and year_said) or year, word)
            if (
                not keys
                and before is not None
                and gap in (" ", "\n")
                and len(run) + len(before.group()) <= TAIL_MAX
            ):
                keys = self._numbers.ending(before.group() + run)
            if keys:
                yield Pointer(run, keys, "running_number")
            if not listed and len(run) >= BARE_DIGITS_MIN and not self._year(run):
                leading, leading_year = run, year
            before = match

    def _is_behind(self, number: str, run: str) -> bool:
        """Whether ``run`` is the month or the year that a document has behind ``number``: "01158/09/2025"."""
        return run in self._named or run in self._numbers.written_behind(number)

    def _years_said(self, runs: Sequence[re.Match[str]]) -> list[str]:
        """For each of ``runs`` the next whole year behind it, in two figures."""
        said = ""
        found = []
        for run in reversed(runs):
            found.append(said)
            said = run.group()[-2:] if self._is_whole_year(run.group()) else said
        return found[::-1]

    def _is_year(self, text: str, run: re.Match[str], word: str) -> bool:
        """Whether a run is a year near the payment's; not behind a ``word`` for documents, if nothing runs on."""
        if not self._year(run.group()) or len(run.group()) not in (2, 4):
            return False
        before = text[max(run.start() - 1, 0) : run.start()]
        runs_on = _RUNS_ON.match(text, run.end()) is not None
        return not is_document_word(word) or before in ("/", "-") or runs_on

    def _is_whole_year(self, figures: str) -> bool:
        return len(figures) == 4 and self._year(figures) != ""

    def cut_off(self, text: str) -> Iterator[Pointer]:
        """The last word of a text, or the last few without their spaces, as the beginning of a number.

        A year begins too many.
        """
        if not text[-1:].isalnum():
            return
        words = WORD.findall(text[-64:])
        for count in (1, 2, 3):
            letters = squeeze("".join(words[-count:]))
            figures = _FIGURES.findall(letters)
            if len(letters) < HEAD_MIN or all(map(self._is_whole_year, figures)):
                continue
            keys = self._numbers.beginning(letters)
            if keys:
                yield Pointer(" ".join(words[-count:]), keys, "cut_off", faint=len(keys) > 1)

    def structured(self, text: str) -> Iterator[Pointer]:
        """The numbers that structured references of a text end with: the creditor's customer may stand before it."""
        for word in WORD.findall(text):
            held = number_within(word) or ""
            for length in range(min(len(held), TAIL_MAX), BARE_DIGITS_MIN - 1, -1):
                keys = self._numbers.ending(held[-length:])
                if keys:
                    yield Pointer(word, keys, "structured")
                    break

    def months(self, text: str) -> Iterator[Pointer]:
        for months in periods(text, self._day):
            keys = [key for year, month in months for key in self._numbers.of_month(year, month)]
            if keys:
                yield Pointer("", tuple(keys), PERIOD, faint=len(keys) > _MONTH_MAX)
