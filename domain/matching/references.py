"""Which document does a reference mean? Stages, strictest first: exact, squeezed, bare.

*Squeezed*: upper case, letters and digits only (``inv-1001`` = ``INV 1001``). *Bare*: the squeezed form without a
leading letter prefix and leading zeros (``INV-001001`` = ``1001``). Ambiguity is never resolved silently: a
reference that fits two documents at the first stage where it fits any gives all of them.
"""

from __future__ import annotations

import enum
import functools
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from domain.archive.notes import Notes


class ReferenceRule(enum.StrEnum):
    EXACT = "exact_document"
    SQUEEZED = "normalised_document"
    BARE = "bare_number"


_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_PREFIX = re.compile(r"^[A-Z]+(?=\d)")
#: Runs of ASCII letters and digits with the joints that document numbers use; Chinese text separates them.
_WORD = re.compile(r"[0-9A-Za-z]+(?:[-_/.#][0-9A-Za-z]+)*")
_RUN = re.compile(r"[A-Z]+|[0-9]+")
_PART = re.compile(r"[^-_/.#]+")
#: the creditor reference of ISO 11649: check digits, then the number that the creditor gave it
_CREDITOR_REFERENCE = re.compile(r"^RF(\d\d)([0-9A-Z]{1,21})$")
_DECIMAL = re.compile(r"^\d+\.\d{1,3}$")
_DATE = re.compile(r"^\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?$")
_REFERENCE_LIKE = re.compile(r"^[A-Z]{1,8}\d[0-9A-Z]{2,}$")
_CURRENCIES = frozenset({"AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "RMB", "SGD", "USD"})
#: "1001-1003", "INV 1001 to INV 1003", "1001 bis 1003", "1001至1003": both ends and what is between them
_RANGE = re.compile(
    r"(?<![0-9A-Za-z./_-])([A-Za-z]{0,8}[ -]?)(\d{3,12})\s*(?:-|–|—|~|\.\.|至|到|\b(?:to|bis|through|till)\b)"
    r"\s*([A-Za-z]{0,8}[ -]?)(\d{3,12})(?![0-9A-Za-z./_-])",
    re.IGNORECASE,
)
#: a range that is longer than this is no list of documents
RANGE_MAX = 50
#: a word before a number that is longer than this is no prefix of it
PREFIX_MAX = 8
#: a number that spaces or joints split into more pieces than this is none
PIECES_MAX = 4
_KEYWORDS = frozenset({"INV", "INVOICE", "ORDER", "SO", "PO", "BILL", "REF", "NO", "DOC", "DOCUMENT"})
#: a number after one of these is the payer's, the contract's or a telephone's, also with "no" between them
_OTHER_NUMBERS = frozenset(
    {
        "ACCOUNT",
        "CLIENT",
        "CONTRACT",
        "CONTRAT",
        "CUST",
        "CUSTOMER",
        "DEBITOR",
        "DEBITORENNR",
        "KD",
        "KDNR",
        "KUNDE",
        "KUNDEN",
        "KUNDENNR",
        "KUNDENNUMMER",
        "MIETVERTRAG",
        "PHONE",
        "TEL",
        "TELEFON",
        "VERTRAG",
        "VERTRAGSNR",
        "VERTRAGSNUMMER",
    }
)
_NUMBER_WORDS = frozenset({"ID", "NO", "NR", "NUMBER", "NUMMER"})
#: The same few thousand numbers of a working set are normalised again and again.
_FORMS_KEPT = 65_536
#: A bare number shorter than this is too weak to be taken for a document.
BARE_DIGITS_MIN = 3


@functools.lru_cache(maxsize=_FORMS_KEPT)
def squeeze(reference: str) -> str:
    """Upper case, letters and digits only; full-width forms (``１００１``) are read as the plain ones."""
    return _NOT_ALNUM.sub("", plain(reference).upper())


def plain(text: str) -> str:
    """Compatibility characters (full-width letters, digits and signs) as the plain ones that they stand for."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@functools.lru_cache(maxsize=_FORMS_KEPT)
def bare(reference: str) -> str:
    """The squeezed reference without prefix and leading zeros; empty where too little is left to identify."""
    rest = _PREFIX.sub("", squeeze(reference)).lstrip("0")
    return rest if len(rest) >= BARE_DIGITS_MIN and any(c.isdigit() for c in rest) else ""


class Resolution(msgspec.Struct, frozen=True):
    """``keys``: the documents that fit; more than one is ambiguous, none is unknown."""

    keys: tuple[str, ...]
    rule: ReferenceRule


class DocumentIndex:
    """Looks references up among documents. Look-up cost is constant; looser stages are built when first needed."""

    def __init__(self, documents: Iterable[tuple[str, Sequence[str]]], notes: Notes | None = None) -> None:
        """``documents``: (key, numbers it answers to), in canonical order. ``notes``: keeps what is looked up."""
        self._documents = list(documents)
        self._notes = notes
        self._tables: dict[ReferenceRule, dict[str, tuple[str, ...]]] = {}

    def resolve(self, reference: str) -> Resolution:
        """The documents that ``reference`` fits at the strictest stage where it fits any."""
        reference = reference.strip()
        for rule, form in _FORMS.items():
            wanted = form(reference)
            if not wanted:
                continue
            if self._notes is not None:
                self._notes.ask(rule, wanted)
            keys = self._table(rule).get(wanted)
            if keys:
                return Resolution(keys, rule)
        return Resolution((), ReferenceRule.EXACT)

    def numbers(self, keys: Iterable[str]) -> list[str]:
        """What the documents ``keys`` answer to, as written."""
        return [number for key in keys for number in self._numbers_of[key]]

    @functools.cached_property
    def _numbers_of(self) -> dict[str, Sequence[str]]:
        return dict(self._documents)

    def note_answers(self, notes: Notes) -> None:
        """Note every form under which a reference could mean one of the documents."""
        for _, numbers in self._documents:
            for number in numbers:
                for rule, form in _FORMS.items():
                    notes.answer(rule, form(number))

    def _table(self, rule: ReferenceRule) -> dict[str, tuple[str, ...]]:
        table = self._tables.get(rule)
        if table is None:
            form = _FORMS[rule]
            table = self._tables[rule] = {}
            for key, numbers in self._documents:
                for number in numbers:
                    wanted = form(number)
                    if not wanted:
                        continue
                    keys = table.get(wanted)
                    if keys is None:
                        table[wanted] = (key,)
                    elif key not in keys:
                        table[wanted] = (*keys, key)
        return table


_FORMS: Mapping[ReferenceRule, Callable[[str], str]] = {
    ReferenceRule.EXACT: str,
    ReferenceRule.SQUEEZED: squeeze,
    ReferenceRule.BARE: bare,
}


class Mention(msgspec.Struct, frozen=True):
    """A document reference found in free text."""

    text: str
    resolution: Resolution


def mentions(text: str, index: DocumentIndex) -> list[Mention]:
    """The documents that ``text`` names, in order of appearance, each set of documents once."""
    found: dict[tuple[str, ...], Mention] = {}
    text = plain(text)
    for candidate in (*_candidates(text, index), *_between(text, index)):
        found.setdefault(candidate.resolution.keys, candidate)
    return list(found.values())


def _between(text: str, index: DocumentIndex) -> Iterator[Mention]:
    """The documents inside ranges: only where every number of the range is one document of ours."""
    for match in _RANGE.finditer(text):
        prefix, first, _, last = match.groups()
        if len(first) != len(last) or not 1 < int(last) - int(first) <= RANGE_MAX:
            continue
        if index.resolve(match.group().strip()).keys:
            continue  # a document whose own number looks like a range
        numbers = (prefix + str(n).zfill(len(first)) for n in range(int(first), int(last) + 1))
        inside = [Mention(number, index.resolve(number)) for number in numbers]
        if all(len(mention.resolution.keys) == 1 for mention in inside):
            yield from inside


def _candidates(text: str, index: DocumentIndex) -> Iterator[Mention]:
    words: list[str] = _WORD.findall(text)
    position = 0
    while position < len(words):
        word = words[position]
        following = words[position + 1] if position + 1 < len(words) else ""
        # "INV 1001", "RE 2026 0815": a number split by spaces is read as one, before its pieces are read alone.
        pieces = _pieces(words, position)
        joined = _joined(pieces, index) if len(pieces) > 1 else None
        if joined is not None:
            yield joined
            position += joined.text.count(" ") + 1
            continue
        before = words[position - 1] if position else ""
        # "1001 EUR" is money, whatever document has that number.
        is_money = word.isdigit() and _CURRENCIES & {before.upper(), following.upper()}
        if not is_money and not _is_other_number(words, position):
            yield from _read(word, index)
        position += 1


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
        whole = index.resolve(prefix + "".join(figures))
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


def _runs(number: str) -> list[str]:
    """The letters and figures of ``number`` in the runs in which they are written."""
    return _RUN.findall(plain(number).upper())


def _read(word: str, index: DocumentIndex) -> Iterator[Mention]:
    """The document that ``word`` is the number of, else those of which it holds the numbers ("RE-26-42/RE-26-50")."""
    if _is_figure(word):
        return
    for reading in (word, creditors_number(word)):
        whole = index.resolve(reading) if reading else None
        if whole is not None and whole.keys:
            yield Mention(word, whole)
            return
    found: dict[int, Mention] = {}
    read: set[int] = set()
    stretches = [
        (places, text, index.resolve(text)) for places, text in _stretches(word) if not _is_figure(text)
    ]
    # By its bare figures a number would take the words before it for its prefix: that comes last.
    for places, text, resolution in sorted(stretches, key=lambda one: one[2].rule is ReferenceRule.BARE):
        if resolution.keys and read.isdisjoint(places):
            found[places[0]] = Mention(text, resolution)
            read.update(places)
    yield from (found[place] for place in sorted(found))


def _is_figure(word: str) -> bool:
    """Whether a word is an amount or a date, whatever document has that number."""
    return bool(_DECIMAL.match(word) or _DATE.match(word))


def _stretches(word: str) -> Iterator[tuple[range, str]]:
    """What stands between joints of ``word``, one part or a few with their joints, the most first; not the whole."""
    parts = list(_PART.finditer(word))
    for length in range(min(len(parts) - 1, PIECES_MAX), 0, -1):
        for first in range(len(parts) - length + 1):
            last = first + length - 1
            yield range(first, last + 1), word[parts[first].start() : parts[last].end()]


def creditors_number(word: str) -> str | None:
    """What a creditor reference of ISO 11649 is the reference of, if its check digits are right."""
    match = _CREDITOR_REFERENCE.match(squeeze(word))
    if match is None:
        return None
    check, number = match.groups()
    figures = "".join(str(int(sign, 36)) for sign in f"{number}RF{check}")
    return number if int(figures) % 97 == 1 else None


def reference_like(text: str, known: Iterable[str]) -> str | None:
    """The first word of ``text`` that looks like a document number, or ``None``.

    ``known``: references that are something else (the transfer's own ids, the customer's number).
    """
    ignored = {squeeze(word) for word in known}
    words: list[str] = _WORD.findall(plain(text))
    for position, word in enumerate(words):
        if _is_figure(word) or squeeze(word) in ignored:
            continue
        squeezed = squeeze(word)
        digits = sum(c.isdigit() for c in squeezed)
        if _REFERENCE_LIKE.match(squeezed) and digits >= BARE_DIGITS_MIN:
            return word
        before = words[position - 1].upper() if position else ""
        if squeezed.isdigit() and digits >= BARE_DIGITS_MIN and before in _KEYWORDS:
            return f"{words[position - 1]} {word}"
    return None


def reference_words(text: str, known: Iterable[str]) -> list[tuple[str, ...]]:
    """Words of ``text`` that may be misspelt document numbers: with digits, no amounts, no dates, no customer numbers.

    Each as the forms that it may have, squeezed: alone and with the word before it as its prefix.
    """
    ignored = {squeeze(word) for word in known}
    found: dict[tuple[str, ...], None] = {}
    words: list[str] = _WORD.findall(plain(text))
    for position, word in enumerate(words):
        if _is_figure(word) or _is_other_number(words, position):
            continue
        before = words[position - 1] if position else ""
        joined = squeeze(before + word) if before.isalpha() and len(before) <= PREFIX_MAX else ""
        forms = tuple(
            form
            for form in (squeeze(word), joined)
            if sum(c.isdigit() for c in form) >= BARE_DIGITS_MIN and form not in ignored
        )
        if forms:
            found[forms] = None
    return list(found)


def _is_other_number(words: Sequence[str], position: int) -> bool:
    """Whether the figures at ``position`` are told to be something else: "Kunde 10042", "customer no. 10042"."""
    if not words[position].isdigit():
        return False
    before = [squeeze(word) for word in words[max(position - 2, 0) : position]]
    if before and before[-1] in _NUMBER_WORDS:
        before.pop()
    return bool(before) and before[-1] in _OTHER_NUMBERS


def words_of_parts(text: str, parts: Collection[str]) -> set[str]:
    """The words of ``text`` of which a stretch between joints is one of ``parts``; all squeezed."""
    words: list[str] = _WORD.findall(plain(text))
    return {squeeze(word) for word in words if any(squeeze(part) in parts for _, part in _stretches(word))}
