"""Open documents by what may point to them: what their numbers end with, begin with, and the months of their dates."""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from domain.archive.notes import Notes, tag
from domain.matching.forms import BARE_DIGITS_MIN, FORMS_KEPT, plain, squeeze
from domain.matching.words import is_document_word

#: figures of a number that a longer one may end with, or be the end of
TAIL_MAX = 12
#: letters and figures that the end of a text may have lost of a number, and those that must be left
CUT_MAX = 5
HEAD_MIN = 4

#: a list of documents that goes on takes no longer steps than this altogether
FOLLOWING_MAX = 2_000

_LAST_RUN = re.compile(r"\d+(?=\D*$)")
_FIGURES = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)?\d\d")
#: "17/2026", "0017/26", "FV/00017/09/2025", "17/2026/KR": a running number, its month and its year
_WITH_YEAR = re.compile(
    r"(?:^|[A-Z][-/. ]?)(?P<number>\d{1,8})(?:[/-](?P<month>0[1-9]|1[0-2]))?"
    r"(?:[/-](?P<full>20\d\d)|/(?P<short>\d\d))(?:[/-][A-Z]{1,4})?$"
)
#: a number is of the year of its document's date, of the one before or the one after it
_YEARS_APART = 1
#: of the numbers of a wide range sealed records are asked by so many at a time
_BLOCK = 100


class _Forms(msgspec.Struct, frozen=True):
    """Under which figures and beginnings a number is found; the letters that it begins with, the year in it, and the
    month and the year that are written behind its running number.
    """

    tails: frozenset[str]
    heads: frozenset[str]
    letters: str
    year: str
    behind: frozenset[str]
    running: tuple[str, str]
    """What is written before the running number, squeezed, and its figures."""


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
    last = _LAST_RUN.search(plain(number))
    running = (squeeze(plain(number)[: last.start()]), last.group()) if last is not None else (squeezed, "")
    with_year = _WITH_YEAR.search(plain(number).upper())
    written = with_year and (with_year["full"] or with_year["short"])
    if with_year is not None and written and _is_near(written, dated):
        # its end is a year, by which nobody means it
        tails = {with_year["number"].lstrip("0"), figures[-TAIL_MAX:].lstrip("0")} - {""}
        year = written[-2:]
        behind = {year, "20" + year, with_year["month"] or year}
        running = (squeeze(plain(number)[: with_year.start("number")]), with_year["number"])
    wholes = {squeezed, squeezed.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    heads = {
        whole[:length]
        for whole in wholes
        for length in range(max(len(whole) - CUT_MAX, HEAD_MIN), len(whole))
        if any(sign.isdigit() for sign in whole[:length])
    }
    letters = squeezed[: len(squeezed) - len(min(wholes, key=len))]
    return _Forms(frozenset(tails), frozenset(heads), letters, year, frozenset(behind), running)


def _parted(before: str) -> tuple[str, int]:
    """The letters of what is written before a running number, and the year and month among them, as a number."""
    figures = "".join(_FIGURES.findall(before))
    return _FIGURES.sub("", before), int(figures or 0)


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
        form = figures.lstrip("0")
        if self._notes is not None:
            self._notes.ask("tail", form)
        found = self._tails.get(form, {}).values()
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

    def following(self, number: str, dated: int) -> tuple[str, ...]:
        """The documents whose numbers follow the one ``number``, of a document that is ``dated`` in that year, in their
        order: the same letters, no earlier year or month before the running number, and as many figures of that; up to
        ``FOLLOWING_MAX`` steps.
        """
        before, running = _forms(number, dated).running
        if not running:
            return ()
        letters, period = _parted(before)
        first, last = int(running) + 1, int(running) + FOLLOWING_MAX
        found = set()
        for key in self.between(first, last):
            for its_before, figures in self._running[key]:
                its_letters, its_period = _parted(its_before)
                alike = its_letters == letters and len(figures) == len(running)
                if alike and its_period >= period and first <= int(figures) <= last:
                    found.add((its_period, int(figures), key))
        return tuple(dict.fromkeys(key for _, _, key in sorted(found)))

    @functools.cached_property
    def _running(self) -> dict[str, list[tuple[str, str]]]:
        return {
            key: [_forms(number, date.year).running for number in numbers]
            for key, numbers, date in self._documents
        }

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
