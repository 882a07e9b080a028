"""The forms under which a document answers: exact, squeezed, bare, the strictest first.

*Squeezed*: upper case, letters and digits only (``inv-1001`` = ``INV 1001``). *Bare*: the squeezed form without a
leading letter prefix and leading zeros (``INV-001001`` = ``1001``). Ambiguity is never resolved silently: a
reference that fits two documents at the first stage where it fits any gives all of them.

What fits none is read once more with the letters that look like figures as these (``RE-1OO3S`` = ``RE-10035``): so
scanners and people write. Such a reading counts only where it is one document's and no other reading another's.
"""

from __future__ import annotations

import enum
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from domain.archive.notes import Notes


class ReferenceRule(enum.StrEnum):
    EXACT = "exact_document"
    SQUEEZED = "normalised_document"
    BARE = "bare_number"


_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_PREFIX = re.compile(r"^[A-Z]+(?=\d)")
#: letters that are taken for figures where they stand among such: O, I, l, S, B and Z
_ALIKE = "OILSBZ"
_FIGURES_OF = str.maketrans(_ALIKE, "011582")
_LIKE_FIGURES = re.compile(rf"[0-9{_ALIKE}]+$")
#: in a number that is read so at least so many signs are figures, and it has at least so many signs at all
_SURE_FIGURES_MIN, _ALIKE_MIN = 2, 5
#: The same few thousand numbers of a working set are normalised again and again.
FORMS_KEPT = 65_536
#: The texts of an account's payments are read again at each of its events.
TEXTS_KEPT = 2_048
#: A bare number shorter than this is too weak to be taken for a document.
BARE_DIGITS_MIN = 3


@functools.lru_cache(maxsize=FORMS_KEPT)
def squeeze(reference: str) -> str:
    """Upper case, letters and digits only; full-width forms (``１００１``) are read as the plain ones."""
    return _NOT_ALNUM.sub("", plain(reference).upper())


def plain(text: str) -> str:
    """Compatibility characters (full-width letters, digits and signs) as the plain ones that they stand for."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@functools.lru_cache(maxsize=FORMS_KEPT)
def bare(reference: str) -> str:
    """The squeezed reference without prefix and leading zeros; empty where too little is left to identify."""
    rest = _PREFIX.sub("", squeeze(reference)).lstrip("0")
    return rest if len(rest) >= BARE_DIGITS_MIN and any(c.isdigit() for c in rest) else ""


@functools.lru_cache(maxsize=FORMS_KEPT)
def look_alikes(reference: str) -> tuple[str, ...]:
    """What ``reference`` may be, squeezed, if letters at the end of it are figures: all of them, or not the first ones,
    which may be the prefix of a number. Itself is not among it.
    """
    squeezed = squeeze(reference)
    end = _LIKE_FIGURES.search(squeezed)
    if end is None or len(squeezed) < _ALIKE_MIN or sum(map(str.isdigit, end.group())) < _SURE_FIGURES_MIN:
        return ()
    letters = len(end.group()) - len(end.group().lstrip(_ALIKE))
    readings = (
        squeezed[:start] + squeezed[start:].translate(_FIGURES_OF)
        for start in range(end.start(), end.start() + letters + 1)
    )
    return tuple(reading for reading in readings if reading != squeezed)


def same(reference: str, number: str, rule: ReferenceRule) -> bool:
    """Whether ``rule`` takes the two for one number."""
    form = _FORMS[rule]
    return form(reference) == form(number)


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
        for rule in _FORMS:
            keys = self._fitting(rule, reference)
            if keys:
                return Resolution(keys, rule)
        return self._alike(reference)

    def _alike(self, reference: str) -> Resolution:
        """The one document that ``reference`` fits with letters read as figures; bare only if it is figures alone.

        None where the last letters may have grown on a number: "INV-1001B" may be a part of INV-1001.
        """
        found: dict[str, ReferenceRule] = {}
        readings = look_alikes(reference)
        shorter = squeeze(reference).rstrip(_ALIKE)
        grown_on = bool(readings) and shorter != squeeze(reference) and self._by_form(shorter)
        for reading in () if grown_on else readings:
            rules = (ReferenceRule.SQUEEZED, ReferenceRule.BARE)[: 1 + reading.isdigit()]
            found = self._by_form(reading, rules) | found
        if len(found) != 1:
            return Resolution((), ReferenceRule.EXACT)
        ((key, rule),) = found.items()
        return Resolution((key,), rule)

    def _by_form(
        self,
        reference: str,
        rules: Sequence[ReferenceRule] = (ReferenceRule.SQUEEZED, ReferenceRule.BARE),
    ) -> dict[str, ReferenceRule]:
        """The documents that ``reference`` fits by any of ``rules``, each with the strictest."""
        return {key: rule for rule in reversed(rules) for key in self._fitting(rule, reference)}

    def _fitting(self, rule: ReferenceRule, reference: str) -> tuple[str, ...]:
        """The documents that ``reference`` fits by ``rule``."""
        wanted = _FORMS[rule](reference)
        if not wanted:
            return ()
        if self._notes is not None:
            self._notes.ask(rule, wanted)
        return self._table(rule).get(wanted, ())

    def has(self, reference: str) -> bool:
        """Whether a document has exactly this number, as written."""
        if self._notes is not None:
            self._notes.ask(ReferenceRule.EXACT, reference)
        return reference in self._table(ReferenceRule.EXACT)

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
