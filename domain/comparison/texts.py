"""Numbers inside what stands where a number should: "Rechnung INV-1001 vom 05.01.", "INV-1001, INV-1002", "INV-1001/2".

Only a reference that is no document's number as a whole is read so. A part that says which part of a document is
meant ("/2", "-A") counts for the document; days, money and years beside numbers are no numbers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from domain.matching.forms import TEXTS_KEPT, DocumentIndex, ReferenceRule, plain
from domain.matching.periods import without_months
from domain.matching.ranges import ranges
from domain.matching.words import WORD, is_document_word, is_year, without_dates, without_money

#: words that spaces made of one number
_PIECES_MAX: Final = 3
#: a text with more words than this is no list of documents
_WORDS_MAX: Final = 60
#: behind the last joint of a number, or grown on it: which part of the document is meant
_PART_OF = re.compile(r"(?:[-_/.#][0-9A-Za-z]{1,3}|(?<=\d)[A-Za-z])$")
_STROKE = re.compile(r"[/_#]")
_LONG_RUN = re.compile(r"\d{3,}")


class Reading(NamedTuple):
    """What a few words may say."""

    words: int
    """That it takes."""
    numbers: tuple[str, ...]
    """One, or those between strokes."""
    bare: bool
    """Whether figures without a prefix may tell the document."""


@functools.lru_cache(maxsize=TEXTS_KEPT)
def readings(reference: str) -> tuple[tuple[Reading, ...], ...]:
    """Per word of the text what may stand there, the longest first."""
    if reference[-1:].isdigit() and reference.isalnum():
        return ()  # a plain number, as most are
    words = WORD.findall(without_dates(without_money(plain(reference))))[:_WORDS_MAX]
    return tuple(tuple(_from(words, place, reference)) for place in range(len(words)))


def _from(words: Sequence[str], place: int, reference: str) -> Iterator[Reading]:
    for count in range(min(_PIECES_MAX, len(words) - place), 0, -1):
        pieces = words[place : place + count]
        joined = " ".join(pieces)
        if joined != reference and _has_figures(joined):
            before = words[place - 1] if place else ""
            alone = count == 1 and (is_document_word(before) or not is_year(joined))
            yield Reading(count, (joined,), alone or (count == 2 and is_document_word(pieces[0])))
    word = words[place]
    part = _PART_OF.search(word)
    if part is not None and _has_figures(word[: part.start()]):
        yield Reading(1, (word[: part.start()],), bare=False)
    between = tuple(filter(_has_figures, _STROKE.split(word)))
    if between and between != (word,):
        yield Reading(1, between, bare=False)


def _has_figures(text: str) -> bool:
    return any(map(str.isdigit, text))


@functools.lru_cache(maxsize=TEXTS_KEPT)
def holds_a_number(reference: str) -> bool:
    """Whether something in it may be a number: figures that are no day, month, year or sum. "Zahlung Mai" has none."""
    text = without_dates(without_money(plain(reference)))
    words = _with_figures(text)
    # no month has three figures but with its year: most are known without looking for months
    sure = any(not is_year(run) for word in words for run in _LONG_RUN.findall(word))
    return bool(words) and (sure or bool(_with_figures(without_months(text))))


def _with_figures(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if _has_figures(word) and not is_year(word)]


@functools.lru_cache(maxsize=TEXTS_KEPT)
def parts_of(reference: str) -> tuple[str, ...]:
    """Everything in ``reference`` that may be the number of a document, but the whole of it; each once."""
    if not readings(reference):
        return ()
    found = dict.fromkeys(
        number for some in readings(reference) for reading in some for number in reading.numbers
    )
    for one in ranges(plain(reference)):
        if not one.wide:
            found |= dict.fromkeys(one.numbers)
    return tuple(found)


def documents_in(reference: str, index: DocumentIndex) -> tuple[str, ...]:
    """The keys of the documents that the text names, each once. What could be two documents names none of them."""
    found: dict[str, None] = {}
    for one in ranges(plain(reference)):
        inside = () if one.wide else [index.resolve(number).keys for number in one.numbers]
        if inside and len(inside[0]) == len(inside[-1]) == 1:
            found |= dict.fromkeys(keys[0] for keys in inside if len(keys) == 1)
    free = 0
    for place, some in enumerate(readings(reference)):
        for reading in some if place >= free else ():
            named = [key for number in reading.numbers for key in _meant(number, index, bare=reading.bare)]
            if named:
                found |= dict.fromkeys(named)
                free = place + reading.words
                break
    return tuple(found)


def _meant(number: str, index: DocumentIndex, *, bare: bool) -> tuple[str, ...]:
    found = index.resolve(number)
    loose = found.rule is ReferenceRule.BARE and not bare
    return found.keys if len(found.keys) == 1 and not loose else ()
