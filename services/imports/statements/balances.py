"""What the balances of a table mean: with which side they rise, and in which order its lines stand.

A table seldom says whether its balance is positive in debit or in credit, or whether the newest line stands
first. Its own arithmetic says so: that reading is taken under which most running balances follow from
the ones before. Where nothing decides, a balance is taken as what is owed, that is in credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.imports.statements.draft import DraftLine


@dataclass(frozen=True, slots=True)
class Shown:
    """A balance as it stands in the file; ``sided``: with its side, and so debit-positive already."""

    minor: int
    sided: bool


def rises_with(
    lines: Sequence[DraftLine],
    shown: Sequence[Shown | None],
    opening: Shown | None,
    closing: Shown | None,
    unsided: int,
) -> tuple[int, bool]:
    """(+1 if unsided balances are debit-positive, else -1; whether the newest line stands first).

    ``unsided``: which of the two, where the figures do not tell.
    """
    score = {(sign, newest): 0 for newest in (False, True) for sign in (unsided, -unsided)}
    for earlier, later in zip(range(len(lines)), range(1, len(lines)), strict=False):
        before, after = shown[earlier], shown[later]
        if before is None or after is None:
            continue
        step = after.minor - before.minor
        for sign in (-1, 1):
            factor = 1 if before.sided else sign
            if step == factor * lines[later].signed_minor:
                score[sign, False] += 1
            if -step == factor * lines[earlier].signed_minor:
                score[sign, True] += 1
    total = sum(line.signed_minor for line in lines)
    for sign in (-1, 1):
        if opening is not None and closing is not None and not opening.sided and total:
            score[sign, False] += opening.minor + sign * total == closing.minor
        if lines and (opening is None or not opening.sided):
            before_minor = 0 if opening is None else opening.minor  # an account begins at nothing
            for newest, at in ((False, 0), (True, -1)):
                first = shown[at]
                if first is not None and not first.sided and lines[at].signed_minor:
                    score[sign, newest] += first.minor == before_minor + sign * lines[at].signed_minor
    # the first of the best: balances as they are where nothing tells, oldest line first
    return max(score, key=lambda reading: score[reading])


def debit_positive(shown: Shown | None, sign: int) -> int | None:
    """The balance, debit-positive."""
    if shown is None:
        return None
    return shown.minor if shown.sided else sign * shown.minor
