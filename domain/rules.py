"""The rule set that decides the judgement calls. Versioned: every finding names the version that it rests on."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class OrderPolicy(enum.StrEnum):
    """In which order a receipt that nothing else explains pays open documents. ``NONE``: it stays unapplied cash."""

    NONE = "none"
    OLDEST_DUE_FIRST = "oldest_due_first"
    LARGEST_FIRST = "largest_first"
    BY_DUE_DATE = "by_due_date"
    """Only what was due on the day of the payment, oldest due first; the rest stays unapplied."""


class BorneBy(enum.StrEnum):
    """Who bears a difference within the tolerance."""

    US = "us"
    """It is accepted: no discrepancy, and a match may be confirmed in spite of it."""
    CUSTOMER = "customer"
    """It stays owed: every difference is a SHORT_PAYMENT."""


class MatchingRules(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of matching for receipts that name no document (``docs/reference/matching.md``).

    Scores and shares are integers in millionths (ppm). A match is confirmed by itself only if it is the only one
    of its stage, reaches ``confirm_ppm`` and leaves nothing open beyond the tolerance; else it is suggested from
    ``suggest_ppm`` on.
    """

    stages: tuple[str, ...] = (
        "amount_and_date",
        "net_of_fee",
        "fuzzy_reference",
        "one_payment_many_documents",
        "many_payments_one_document",
        "many_to_many",
        "small_deduction",
        "residual",
    )
    """By priority; a stage that is not named is not run."""
    confirm_ppm: int = 900_000
    suggest_ppm: int = 500_000
    days_before_document: int = 7
    """A payment may come this many days before its document's date (prepayment)."""
    days_after_due: int = 180
    reference_similarity_ppm: int = 700_000
    """Less alike than this is another reference, not a misspelt one."""
    payer_similarity_ppm: int = 600_000
    """A payer whose name is less alike to every known payer of the account is not confirmed by itself."""
    deduction_ppm: int = 30_000
    """A payment this much below a document may have deducted it (discount, bank charges): suggested."""
    coincidence_ppm: int = 500
    """A combination is confirmed only where sums that are tried number at most this share of the amount."""
    candidates_max: int = 24
    """Documents (or receipts) that one combination is looked for among, the nearest in date first."""
    combination_max: int = 6
    """Members of one combination."""
    steps_max: int = 20_000
    """Sums tried in one review, for all its receipts together."""
    suggestions_max: int = 5
    """Suggested documents per receipt."""
    order_policy: OrderPolicy = OrderPolicy.NONE


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Days are calendar days; amounts are minor units of the account's currency."""

    version: int = 1
    terms_days: int = 30
    """Due date = business date + this, where a document names none."""
    tolerance_minor: int = 0
    """What may stay open on a document after a payment without being SHORT_PAYMENT."""
    tolerance_ppm: int = 0
    """The same as a share of the document, in millionths; the larger of both limits counts."""
    tolerance_borne_by: BorneBy = BorneBy.US
    duplicate_window_days: int = 5
    """Two payments of the same amount and reference within this many days are suspected duplicates."""
    date_window_days: int = 3
    """How far the dates of one document may differ between the customer's statement and our books."""
    grace_days: int = 1
    """How long after its date a line of theirs may wait for a source of ours that has not come that far."""
    matching: MatchingRules = MatchingRules()

    def tolerance(self, amount_minor: int) -> int:
        """What may stay open on a document of ``amount_minor`` (>= 0) without being a discrepancy; minor units."""
        if self.tolerance_borne_by is BorneBy.CUSTOMER:
            return 0
        return max(self.tolerance_minor, amount_minor * self.tolerance_ppm // 1_000_000)


def plain_rules(rules: Rules) -> dict[str, Any]:
    """The rules as JSON gives them back (lists, no tuples), so that stored ones compare equal."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rules))
    return plain
