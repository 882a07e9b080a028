"""Discounts for paying early: what a list of documents comes to where each is paid less the same usual share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.matching.candidates import CERTAIN_PPM

#: discounts that are usual, in millionths
USUAL_DISCOUNTS = (10_000, 20_000, 30_000)


def _nearest(figure: int, share_ppm: int) -> int:
    return (2 * figure * share_ppm + CERTAIN_PPM) // (2 * CERTAIN_PPM)


def _up(figure: int, share_ppm: int) -> int:
    return -(-figure * share_ppm // CERTAIN_PPM)


_ROUNDINGS: tuple[Callable[[int, int], int], ...] = (_nearest, _up)


def less_discount(open_minor: Sequence[int], paid_minor: int) -> Sequence[int]:
    """What each of several documents is paid where all less one usual share of each come to exactly ``paid_minor``;
    empty where they do not. The share of a document is rounded to the nearest minor unit or up.
    """
    for share_ppm in USUAL_DISCOUNTS if len(open_minor) > 1 else ():
        for rounded in _ROUNDINGS:
            paid = [figure - rounded(figure, share_ppm) for figure in open_minor]
            if sum(paid) == paid_minor:
                return paid
    return ()
