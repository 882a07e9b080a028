"""The documents that a statement names, packed: enough to know whether a number could be one of them.

Every form of every reference (as written, squeezed, bare) as a 32-bit tag, sorted. Two that collide by chance only
make a comparison that need not have been made.
"""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterable
from typing import Final

from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.comparison.texts import parts_of

_WIDTH: Final = 4


def tags_of(numbers: Iterable[str]) -> frozenset[bytes]:
    """The tags of every form of every number, and of those inside of what is a text."""
    plain = [number.strip() for number in numbers]
    plain += [part for number in plain for part in parts_of(number)]
    squeezed = squeezed_forms(plain)
    forms = {*plain, *squeezed, *bare_forms(squeezed)} - {""}
    return frozenset(zlib.crc32(form.encode()).to_bytes(_WIDTH, "big") for form in forms)


def packed(tags: Iterable[bytes]) -> bytes:
    """The tags, each once, in order."""
    return b"".join(sorted(set(tags)))


def unpacked(names: bytes) -> list[bytes]:
    """The tags again."""
    return [names[at : at + _WIDTH] for at in range(0, len(names), _WIDTH)]


def names_any(names: bytes, tags: Iterable[bytes]) -> bool:
    """Whether one of ``tags`` is among the packed ``names``."""
    places = range(len(names) // _WIDTH)

    def at(place: int) -> bytes:
        return names[_WIDTH * place : _WIDTH * (place + 1)]

    for one in tags:
        place = bisect.bisect_left(places, one, key=at)
        if place < len(places) and at(place) == one:
            return True
    return False
