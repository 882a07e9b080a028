"""What people write into the reference field of a transfer, in English and in Chinese.

Invariant: a text names exactly the numbers that it is given; no other digits stand in it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

_ONE: Final = {
    "en": ("{full}", "inv {digits}", "payment {full}", "Invoice {digits}", "{squeezed} thanks"),
    "zh": ("货款 {full}", "付{full}货款", "发票{digits}", "{full}", "结清 {digits}", "货款{squeezed}"),
}  # fmt: skip
_MANY: Final = {
    "en": ("payment inv {digits_comma}", "{full_comma}", "inv {digits_slash}", "invoices {digits_and}"),
    "zh": ("货款 {digits_comma}", "付{full_dun}货款", "发票{digits_dun}", "{full_comma}"),
}
_NONE: Final = {"en": ("monthly payment", "thank you", "on account"), "zh": ("货款", "往来款", "本月结算")}


def text_for(rng: random.Random, language: str, numbers: Sequence[str]) -> str:
    """A remittance text that names the documents ``numbers`` (such as ``INV-100234``), and nothing else."""
    if not numbers:
        return rng.choice(_NONE[language])
    digits = [number.rpartition("-")[2] for number in numbers]
    if len(numbers) == 1:
        return rng.choice(_ONE[language]).format(
            full=numbers[0], digits=digits[0], squeezed=numbers[0].replace("-", "").lower()
        )
    return rng.choice(_MANY[language]).format(
        digits_comma=", ".join(digits),
        digits_slash="/".join(digits),
        digits_and=" and ".join(digits),
        digits_dun="、".join(digits),
        full_comma=", ".join(numbers),
        full_dun="、".join(numbers),
    )
