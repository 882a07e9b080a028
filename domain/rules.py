"""The rule set that decides the judgement calls. Versioned: every finding names the version that it rests on."""

from __future__ import annotations

import msgspec


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Days are calendar days; amounts are minor units of the account's currency."""

    version: int = 1
    terms_days: int = 30
    """Due date = business date + this, where a document names none."""
    tolerance_minor: int = 0
    """What may stay open on a document after a payment without being SHORT_PAYMENT."""
    duplicate_window_days: int = 5
    """Two payments of the same amount and reference within this many days are suspected duplicates."""
    date_window_days: int = 3
    """How far the dates of one document may differ between the customer's statement and our books."""
