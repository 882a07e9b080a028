"""Which documents does a text name? Each number strictly: as written, squeezed or bare (``forms``)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

import msgspec

from domain.matching.broken import unbroken
from domain.matching.excluded import Parted, parted
from domain.matching.forms import (
    BARE_DIGITS_MIN,
    TEXTS_KEPT,
    DocumentIndex,
    ReferenceRule,
    Resolution,
    plain,
    same,
)
from domain.matching.periods import without_month_names
from domain.matching.ranges import ranges
from domain.matching.structured import number_within, ungrouped
from domain.matching.words import (
    PIECES_MAX,
    WORD,
    asks_for_numbers,
    is_document_word,
    is_figure,
    is_money,
    is_other_number,
    is_year,
    numbers_inside,
    without_instalments,
    without_money_but,
    without_months,
)

_FIGURES = re.compile("[0-9]+")
_RUN = re.compile(r"[A-Z]+|[0-9]+")
#: "0020/2026"
_FULL_YEAR = re.compile(r"(?P<number>[0-9A-Za-z_/.#-]*[0-9][/.-])20(?P<year>\d\d)")


class Mention(msgspec.Struct, frozen=True):
    """A document reference found in free text. ``aside``: the text says that it is something else, or not paid."""

    text: str
    resolution: Resolution
    aside: bool = False


def mentions(text: str, index: DocumentIndex) -> list[Mention]:
    """The documents that ``text`` names, in order of appearance, each set of documents once; last those aside."""
    parts = _parts(text, index)
    inside = {mention.resolution.keys: mention for mention in _between(parts.named, index)}
    plainly = list(_candidates(parts.named, index))
    beside = list(_beside(parts, index, names_others=bool(plainly or inside)))
    excepted = inside.keys() & {mention.resolution.keys for mention in beside if mention.aside}
    found: dict[tuple[str, ...], Mention] = {}
    for mention in (*plainly, *inside.values(), *beside):
        keys = mention.resolution.keys
        if mention.aside:
            found.setdefault(keys, mention)
        elif keys not in excepted:
            # The ends of a range are no bare figures: with what is inside they have its letters.
            found.setdefault(keys, inside.get(keys, mention))
    return list(found.values())


def asides(text: str, index: DocumentIndex) -> list[Mention]:
    """Of ``mentions`` those that are aside."""
    parts = _parts(text, index)
    return [one for one in mentions(text, index) if one.aside] if parts.excluded or parts.beside else []


def _parts(text: str, index: DocumentIndex) -> Parted:
    text = without_month_names(unbroken(ungrouped(plain(text)), index))
    if asks_for_numbers(text):
        for without in (without_money_but, without_months, without_instalments):
            text = without(text, index.has)
    return parted(text)


def _read_all(text: str, index: DocumentIndex) -> Iterator[Mention]:
    yield from _candidates(text, index)
    yield from _between(text, index)


def _beside(parts: Parted, index: DocumentIndex, *, names_others: bool) -> Iterator[Mention]:
    """What is named as an order or a delivery is one of ours if it has more than the figures of its number; where that
    is all figures, if the text ``names_others`` not.
    """
    for mention in _read_all(parts.beside, index):
        figures = mention.resolution.rule is ReferenceRule.BARE or (names_others and mention.text.isdigit())
        yield msgspec.structs.replace(mention, aside=figures)
    for mention in _read_all(parts.excluded, index):
        yield msgspec.structs.replace(mention, aside=True)


def _between(text: str, index: DocumentIndex) -> Iterator[Mention]:
    """The documents inside ranges: only where every number of the range is one document of ours."""
    for written in ranges(text):
        if written.wide or not written.whole or len(written.first) < BARE_DIGITS_MIN:
            continue
        if index.resolve(written.text).keys:
            continue  # a document whose own number looks like a range
        inside = [Mention(number, index.resolve(number)) for number in written.numbers]
        if all(len(mention.resolution.keys) == 1 for mention in inside):
            yield from inside


def _candidates(text: str, index: DocumentIndex) -> Iterator[Mention]:
    words = _words(text)
    position = 0
    while position < len(words):
        pieces, may_be_number, behind_word = words[position]
        # "INV 1001", "RE 2026 0815": a number split by spaces is read as one, before its pieces are read alone.
        joined = _joined(pieces, index) if len(pieces) > 1 else None
        if joined is not None:
            yield joined
            position += joined.text.count(" ") + 1
            continue
        if may_be_number:
            yield from _read(pieces[0], index, behind_word=behind_word)
        position += 1


@functools.lru_cache(maxsize=TEXTS_KEPT)
def _words(text: str) -> tuple[tuple[Sequence[str], bool, bool], ...]:
    """Each word of ``text`` with what may be of one number with it, whether it may be a number by itself, and whether
    it stands behind a word for documents.
    """
    words: list[str] = WORD.findall(text)
    return tuple(
        (
            _pieces(words, position),
            not is_money(words, position) and not is_other_number(words, position),
            position > 0 and is_document_word(words[position - 1]),
        )
        for position in range(len(words))
    )


def _pieces(words: Sequence[str], position: int) -> Sequence[str]:
    """The word at ``position`` and, if it is letters, the figures after it that may be of one document number."""
    end = position + 1
    if words[position].isalpha():
        while end < min(len(words), position + PIECES_MAX) and words[end][0].isdigit():
            end += 1
    return words[position:end]


def _joined(pieces: Sequence[str], index: DocumentIndex) -> Mention | None:
    """The document whose number the most of ``pieces`` make, prefix and all.

    With it those whose numbers fewer of them make: "INV 1 2" is INV-12, or INV-1 and INV-2. Not where the long number
    is itself written with joints where the spaces are.
    """
    prefix, *figures = pieces
    while figures:
        whole = _meant(prefix + "".join(figures), index)
        if whole.keys and whole.rule is not ReferenceRule.BARE:
            text = " ".join((prefix, *figures))
            if not any(_runs(number) == _runs(text) for number in index.numbers(whole.keys)):
                whole = _or_shorter(whole, prefix, figures, index)
            return Mention(text, whole)
        figures.pop()
    return None


def _or_shorter(whole: Resolution, prefix: str, figures: Sequence[str], index: DocumentIndex) -> Resolution:
    """``whole``; ambiguous with the documents of the prefix and each piece of ``figures``, or the first few of them."""
    beginnings = ("".join(figures[:count]) for count in range(1, len(figures)))
    shorter = [index.resolve(prefix + number) for number in (*beginnings, *figures[1:])]
    others = [key for found in shorter if found.rule is not ReferenceRule.BARE for key in found.keys]
    return (
        Resolution(tuple(dict.fromkeys((*whole.keys, *others))), ReferenceRule.SQUEEZED) if others else whole
    )


def _meant(reference: str, index: DocumentIndex, *, behind_word: bool = False) -> Resolution:
    """What ``reference`` fits; with a year alone for its figures only what is written with this year: not 20/26.

    Leading zeros are missing only ``behind_word``, a word for documents: "Rechnung 2053" is RE-02053, "2053" is not.
    """
    found = index.resolve(reference)
    figures = _FIGURES.findall(reference)
    if not found.keys or len(figures) != 1 or not is_year(figures[0]):
        return found
    keys = (
        key
        for key in found.keys
        if any(
            figures[0] in (_parts_of(number) if behind_word else _runs(number))
            and same(reference, number, found.rule)
            for number in index.numbers([key])
        )
    )
    return Resolution(tuple(keys), found.rule)


def _of_short_year(word: str, index: DocumentIndex) -> Resolution | None:
    """The documents that are written with the last two figures of the year in ``word``: 0020/26 for "20/2026"."""
    written = _FULL_YEAR.fullmatch(word)
    if written is None:
        return None
    short = written["number"] + written["year"]
    found = index.resolve(short)
    parts = _parts_of(short)
    keys = tuple(k for k in found.keys if any(_parts_of(number) == parts for number in index.numbers([k])))
    return Resolution(keys, found.rule)


def _is_written(word: str, index: DocumentIndex) -> bool:
    """Whether a document has the number ``word``, whatever joints it is written with."""
    return any(_runs(number) == _runs(word) for number in index.numbers(index.resolve(word).keys))


def _parts_of(number: str) -> list[str]:
    """The figures of ``number`` in the runs in which they are written, without leading zeros."""
    return [run.lstrip("0") for run in _FIGURES.findall(plain(number))]


def _runs(number: str) -> list[str]:
    """The letters and figures of ``number`` in the runs in which they are written."""
    return _RUN.findall(plain(number).upper())


def _read(word: str, index: DocumentIndex, *, behind_word: bool) -> Iterator[Mention]:
    """The document that ``word`` is the number of, else those of which it holds the numbers ("RE-26-42/RE-26-50").

    ``behind_word``: it stands behind a word for documents, so four figures are no year.
    """
    if is_figure(word) and not _is_written(word, index):
        return
    held = number_within(word)
    readings = (
        _meant(word, index, behind_word=behind_word),
        held and index.resolve(held),
        _of_short_year(word, index),
    )
    whole = next((reading for reading in readings if reading and reading.keys), None)
    if whole is not None and whole.rule is not ReferenceRule.BARE:
        yield Mention(word, whole)
        return
    found: dict[int, Mention] = {}
    read: set[int] = set()
    inside = [(places, text, _meant(text, index)) for places, text in numbers_inside(word)]
    # By its bare figures a number would take the words before it for its prefix: that comes last.
    if whole is not None and all(bare.rule is ReferenceRule.BARE for _, _, bare in inside if bare.keys):
        yield Mention(word, whole)
        return
    for places, text, resolution in sorted(inside, key=lambda one: one[2].rule is ReferenceRule.BARE):
        if resolution.keys and read.isdisjoint(places):
            found[places[0]] = Mention(text, resolution)
            read.update(places)
    yield from (found[place] for place in sorted(found))
