"""The read model: what people and programs may ask of PostgreSQL, one file per subject.

The API, the live page, the CLI, reminders and reports read through these functions, so a question has one
answer.

Invariants:
- Every function takes a connection, runs one statement at once and never writes. Errors are SQLAlchemy's.
- Functions named ``iterate_*`` return rows lazily through a server-side cursor: memory stays flat however
  long the answer is. They must be consumed while the connection is open, inside its transaction.
- Rows are frozen dataclasses with the field names of ``docs/reference/events.md``; money is integer minor
  units beside its currency; dates are business dates. ``msgspec.json.encode`` writes them as the
  documented JSON.
- The order of rows is fixed and compares text by code point, so that it is the same on every server.
"""

from services.queries.ageing import AgeingRow, iterate_ageing
from services.queries.balances import BalanceRow, iterate_balances
from services.queries.comparisons import ComparedLine, ComparisonRow, iterate_comparisons
from services.queries.dead_letters import DeadLetterRow, count_dead_letters, iterate_dead_letters
from services.queries.discrepancies import (
    DiscrepancyChangeRow,
    DiscrepancyRow,
    iterate_discrepancies,
    iterate_discrepancy_changes,
)
from services.queries.entries import EntryFilter, EntryRow, iterate_entries
from services.queries.filters import AccountFilter
from services.queries.matches import MatchRow, iterate_matches
from services.queries.open_items import OpenItemRow, iterate_open_items

__all__ = [
    "AccountFilter",
    "AgeingRow",
    "BalanceRow",
    "ComparedLine",
    "ComparisonRow",
    "DeadLetterRow",
    "DiscrepancyChangeRow",
    "DiscrepancyRow",
    "EntryFilter",
    "EntryRow",
    "MatchRow",
    "OpenItemRow",
    "count_dead_letters",
    "iterate_ageing",
    "iterate_balances",
    "iterate_comparisons",
    "iterate_dead_letters",
    "iterate_discrepancies",
    "iterate_discrepancy_changes",
    "iterate_entries",
    "iterate_matches",
    "iterate_open_items",
]
