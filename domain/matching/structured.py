"""References with check digits: the number that the creditor gave, which they hold (python-stdnum).

ISO 11649 (``RF83100234``), the Swiss QR reference (27 figures) and the Belgian structured communication
(``+++090/9337/55493+++``).
"""

from __future__ import annotations

import functools
import re

from stdnum import iso11649
from stdnum.be import ogm_vcs
from stdnum.ch import esr

from domain.matching.forms import TEXTS_KEPT, squeeze

#: as they are printed: in groups of four, or two and then five
_IN_GROUPS = re.compile(
    r"(?<![0-9A-Za-z])(?:RF\d\d(?: [0-9A-Za-z]{4}){1,5}(?: [0-9A-Za-z]{1,3})?|\d\d(?: \d{5}){5})(?![0-9A-Za-z])"
)


def number_within(word: str) -> str | None:
    """What the structured reference ``word`` is the reference of, if its check digits are right."""
    squeezed = squeeze(word)
    if squeezed.startswith("RF") and iso11649.is_valid(squeezed):
        return squeezed[4:]
    if len(squeezed) == 27 and esr.is_valid(squeezed):
        return squeezed[:-1].lstrip("0")
    if len(squeezed) == 12 and ogm_vcs.is_valid(squeezed):
        return squeezed[:-2].lstrip("0")
    return None


@functools.lru_cache(maxsize=TEXTS_KEPT)
def ungrouped(text: str) -> str:
    """``text`` with structured references, written in groups, in one piece each."""

    def joined(match: re.Match[str]) -> str:
        together = match.group().replace(" ", "")
        return match.group() if number_within(together) is None else together

    return _IN_GROUPS.sub(joined, text)
