r"""Amounts that a text states, one behind each document that it names: a remittance advice in the text.

"INV-10353 110.10 INV-10359 879.62", "RMR*IV*10353**110.10\RMR*IV*10359**879.62", "INV-10365: EUR 1.157,10; …". They
are believed where nothing is left to guess: each document has one amount, and together they are the payment.
"""

from __future__ import annotations

import re

from domain.matching.forms import DocumentIndex, plain
from domain.matching.named import Mention, mentions
from domain.matching.words import apart, around_amounts
from domain.money import from_text, minor_units

_SIGN = re.compile(r"[^0-9]")
#: figures of whole units that are read: more are no amount
_FIGURES_MAX = 12


def stated(text: str, currency: str, total_minor: int, index: DocumentIndex) -> list[tuple[Mention, int]]:
    """The documents of ``text``, each with the first amount behind it in minor units, if there are several and these
    add up to ``total_minor``; else nothing.
    """
    between, written = around_amounts(apart(plain(text), index.has))
    if len(written) < 2 or _named(between[-1], index):
        return []
    found: dict[tuple[str, ...], tuple[Mention, int]] = {}
    for before, figures in zip(between[:-1], written, strict=True):
        named, amount = _named(before, index), minor(figures, currency)
        if not named:
            continue  # the total, or what else is said of the document before: RMR05 its whole amount, RMR06 a discount
        if len(named) != 1 or not amount or named[0].resolution.keys in found:
            return []
        found[named[0].resolution.keys] = (named[0], amount)
    whole = sum(amount for _, amount in found.values()) == total_minor
    return list(found.values()) if whole and len(found) > 1 else []


def _named(text: str, index: DocumentIndex) -> list[Mention]:
    return [mention for mention in mentions(text, index) if not mention.aside]


def minor(figures: str, currency: str) -> int | None:
    """``figures`` as people write them, "1.157,10", in minor units: what stands behind the last sign is decimals if it
    is as many figures as the currency has. ``None`` where it is neither that nor a group of three.
    """
    *wholes, last = _SIGN.split(figures)
    decimals = minor_units(currency)
    if wholes and len(last) == decimals:
        whole, rest = "".join(wholes), last
    elif not wholes or len(last) == 3:
        whole, rest = "".join((*wholes, last)), ""
    else:
        return None
    return from_text(f"{whole}.{rest}" if rest else whole, currency) if len(whole) <= _FIGURES_MAX else None
