"""What a text points to without naming it: a running number alone, part of a list or range, cut off, a month.

A pointer is weaker than a name: it says what to look at, and the figures say whether it is meant (``pointed``). It is
looked for among documents that are open after all that names say, so its cost does not grow with the history.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from domain.archive.notes import Notes, tag
from domain.matching.excluded import parted
from domain.matching.forms import BARE_DIGITS_MIN, FORMS_KEPT, plain, squeeze
from domain.matching.periods import periods
from domain.matching.ranges import ranges
from domain.matching.structured import number_within, ungrouped
from domain.matching.words import WORD, is_document_word, without_dates, without_others, without_sums

#: figures of a number that a longer one may end with, or be the end of
TAIL_MAX = 12
#: letters and figures that the end of a text may have lost of a number, and those that must be left
CUT_MAX = 5
HEAD_MIN = 4
#: a text of more figures than this is no list of documents: what comes later is not looked at
FIGURES_MAX = 400

_FIGURES = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)?\d\d")
#: "17/2026", "0017/26", "FV/00017/09/2025", "17/2026/KR": a running number, its month and its year
_WITH_YEAR = re.compile(
    r"(?:^|[A-Z][-/. ]?)(?P<number>\d{1,8})(?:[/-](?P<month>0[1-9]|1[0-2]))?"
    r"(?:[/-](?P<full>20\d\d)|/(?P<short>\d\d))(?:[/-][A-Z]{1,4})?$"
)
#: a number is of the year of its document's date, of the one before or the one after it
_YEARS_APART = 1
#: between the numbers of a list
_AND = re.compile(r"\s?(?:[/,;+&、和・]|\b(?:und|and|et|y|e|en|i|oraz|och|og|ed|u\.?)\b)\s?", re.IGNORECASE)
_AND_OR_DASH = re.compile(rf"{_AND.pattern}|\s?-\s?", re.IGNORECASE)
#: a year that more figures follow
_RUNS_ON = re.compile(r"[-/. ]?\d{3}")
_LETTERS = re.compile(r"([A-Za-z]{1,12})[.:#/-]{0,2}\s?$")

#: the rule of a pointer by its time
PERIOD = "period"
#: a month of more documents than this says little
_MONTH_MAX = 5
#: of the numbers of a wide range sealed records are asked by so many at a time
_BLOCK = 100
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


class _Forms(msgspec.Struct, frozen=True):
    """Under which figures and beginnings a number is found; the letters that it begins with, the year in it, and the
    month and the year that are written behind its running number.
    """

    tails: frozenset[str]
    heads: frozenset[str]
    letters: str
    year: str
    behind: frozenset[str]


@functools.lru_cache(maxsize=FORMS_KEPT)
def _forms(number: str, dated: int) -> _Forms:
    """The forms of a document's number; ``dated``: the year of its date, which tells a year from other figures."""
    squeezed = squeeze(number)
    runs = _FIGURES.findall(plain(number))
    figures = "".join(runs)
    ends = [
        figures[-length:].lstrip("0") for length in range(BARE_DIGITS_MIN, min(len(figures), TAIL_MAX) + 1)
    ]
    tails = {*ends, *(run.lstrip("0") for run in runs[-1:])} - {""}
    year = next((run[-2:] for run in runs[:-1] if _YEAR.fullmatch(run) and _is_near(run, dated)), "")
    behind: set[str] = set()
    with_year = _WITH_YEAR.search(plain(number).upper())
    written = with_year and (with_year["full"] or with_year["short"])
    if with_year is not None and written and _is_near(written, dated):
        # its end is a year, by which nobody means it
        tails = {with_year["number"].lstrip("0"), figures[-TAIL_MAX:].lstrip("0")} - {""}
        year = written[-2:]
        behind = {year, "20" + year, with_year["month"] or year}
    wholes = {squeezed, squeezed.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    heads = {
        whole[:length]
        for whole in wholes
        for length in range(max(len(whole) - CUT_MAX, HEAD_MIN), len(whole))
        if any(sign.isdigit() for sign in whole[:length])
    }
    letters = squeezed[: len(squeezed) - len(min(wholes, key=len))]
    return _Forms(frozenset(tails), frozenset(heads), letters, year, frozenset(behind))


def _is_near(year: str, dated: int) -> bool:
    return abs(int("20" + year[-2:]) - dated) <= _YEARS_APART


@functools.lru_cache(maxsize=FORMS_KEPT)
def _answers(number: str, dated: int) -> tuple[int, ...]:
    forms = _forms(number, dated)
    blocks = {int(one) // _BLOCK for one in forms.tails}
    return (
        *(tag("tail", one) for one in forms.tails),
        *(tag("head", one) for one in forms.heads),
        *(tag("block", str(block)) for block in blocks),
    )


class OpenNumbers:
    """Open documents by what may point to them. Notes what is asked, and what these could answer."""

    def __init__(self, documents: Iterable[tuple[str, Sequence[str], dt.date]], notes: Notes | None) -> None:
        """``documents``: (key, numbers it answers to, its date), in canonical order."""
        self._documents = list(documents)
        self._notes = notes
        if notes is not None:
            for _, numbers, date in self._documents:
                notes.answer("month", str(date.year), str(date.month))
                for number in numbers:
                    notes.answered.update(_answers(number, date.year))

    @functools.cached_property
    def _tails(self) -> dict[str, dict[str, _Forms]]:
        return self._table(lambda forms: forms.tails)

    @functools.cached_property
    def _heads(self) -> dict[str, dict[str, _Forms]]:
        return self._table(lambda forms: forms.heads)

    @functools.cached_property
    def _row(self) -> list[tuple[int, str, str]]:
        """What the numbers end with, in order: (figures, document, year in its number)."""
        return sorted(
            (int(tail), key, forms.year)
            for tail, found in self._tails.items()
            for key, forms in found.items()
        )

    @functools.cached_property
    def _months(self) -> dict[tuple[int, int], list[str]]:
        found: dict[tuple[int, int], list[str]] = {}
        for key, _, date in self._documents:
            found.setdefault((date.year, date.month), []).append(key)
        return found

    def _table(self, answers: Callable[[_Forms], Iterable[str]]) -> dict[str, dict[str, _Forms]]:
        found: dict[str, dict[str, _Forms]] = {}
        for key, numbers, date in self._documents:
            for number in numbers:
                forms = _forms(number, date.year)
                for one in answers(forms):
                    found.setdefault(one, {})[key] = forms
        return found

    def ending(self, figures: str, year: str = "", word: str = "") -> tuple[str, ...]:
        """The documents whose number ends with ``figures``, but for leading zeros; not of another ``year``.

        Fewer than ``BARE_DIGITS_MIN`` figures are a number only behind a ``word`` for documents or its own letters.
        """
        form = figures.lstrip("0")
        if not form:
            return ()
        if self._notes is not None:
            self._notes.ask("tail", form)
        return tuple(
            key
            for key, forms in self._tails.get(form, {}).items()
            if (not year or not forms.year or year == forms.year)
            and (
                len(figures) >= BARE_DIGITS_MIN
                or is_document_word(word)
                or (word and squeeze(word) == forms.letters)
            )
        )

    def written_behind(self, figures: str) -> frozenset[str]:
        """The months and years that are written behind ``figures`` in the documents' numbers that end so."""
        found = self._tails.get(figures.lstrip("0"), {}).values()
        return frozenset().union(*(forms.behind for forms in found))

    def between(self, first: int, last: int, year: str = "") -> tuple[str, ...]:
        """The documents whose number ends with one of the figures from ``first`` to ``last``; not of another ``year``.

        Costs what is found, not what the range holds.
        """
        if self._notes is not None:
            for block in range(first // _BLOCK, last // _BLOCK + 1):
                self._notes.ask("block", str(block))
        start, end = (bisect.bisect_left(self._row, (figures,)) for figures in (first, last + 1))
        found = self._row[start:end]
        return tuple(key for _, key, its_year in found if not year or not its_year or year == its_year)

    def beginning(self, letters: str) -> tuple[str, ...]:
        """The documents whose number is ``letters`` and a little more."""
        if self._notes is not None:
            self._notes.ask("head", letters)
        return tuple(self._heads.get(letters, ()))

    def of_month(self, year: int, month: int) -> tuple[str, ...]:
        """The documents that are dated in a month."""
        if self._notes is not None:
            self._notes.ask("month", str(year), str(month))
        return tuple(self._months.get((year, month), ()))


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
        *reading.figures(parts.named),
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
            prefix_figures = _FIGURES.findall(written.prefix)
            year = self._year(prefix_figures[-1]) if prefix_figures else ""
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
