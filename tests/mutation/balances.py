"""Defects of payments of everything that is open."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

ALLOCATE = "domain/matching/allocate.py"
BALANCES_FILE = "domain/matching/balances.py"
CANDIDATES = "domain/matching/candidates.py"
LEFTOVERS = "domain/matching/leftovers.py"

BALANCES: Final = (
    Mutation(
        "what is written on the day of the payment is part of its balance",
        BALANCES_FILE,
        "return _once([issued, before, due])",
        "return _once([issued, due])",
    ),
    Mutation(
        "what an earlier payment is shown for is part of the balance",
        BALANCES_FILE,
        "return day is not None and day < receipt.date",
        "return False",
    ),
    Mutation(
        "what a later payment is shown for is no part of the balance",
        BALANCES_FILE,
        "return day is not None and day < receipt.date",
        "return day is not None",
    ),
    Mutation(
        "what is shown for a reference is part of the balance",
        ALLOCATE,
        "candidates.shown[debit_key] = min(day, candidates.shown.get(debit_key, day))",
        "pass",
    ),
    Mutation(
        "the rest of a list is part of the balance",
        LEFTOVERS,
        "            run.largest_minor.get(item.key, 0),\n",
        "",
    ),
    Mutation(
        "a discount that was rounded up is part of the balance",
        CANDIDATES,
        "document.open_minor <= -(-most // CERTAIN_PPM)",
        "document.open_minor <= most // CERTAIN_PPM",
    ),
)
