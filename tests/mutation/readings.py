"""Defects of reading numbers and words of other languages: exclusions, ranges, years and signs that look alike."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

EXCLUDED = "domain/matching/excluded.py"

READINGS: Final = (
    Mutation("Polish excludes nothing", EXCLUDED, '*("bez", "oprócz",', '*("oprócz",'),
    Mutation("what stands before an exclusion is paid", EXCLUDED, "if not rest.isascii():", "if False:"),
    Mutation(
        "what is not taken off is excluded",
        EXCLUDED,
        "{_NO_DOCUMENT}",
        "",
    ),
)
