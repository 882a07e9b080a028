"""What is written into the field of a reference when there is none.

ISO 20022 wants an end-to-end id and knows ``NOTPROVIDED`` for want of one (usage guidelines of pacs.008 and camt.053);
SWIFT's field 61 knows ``NONREF``. Two payments that bear such a word have nothing in common.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = frozenset({"", "NOTPROVIDED", "NONREF", "NOREF", "NONE", "NA"})
_JOINTS: Final = re.compile(r"[\s/._-]+")


def is_filler(reference: str) -> bool:
    """Whether a whole reference says that there is none; so does one of zeros only, in any case and spelling."""
    word = _JOINTS.sub("", reference).upper()
    return word in _WORDS or not word.strip("0")
