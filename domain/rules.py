"""The rules that decide the judgement calls. Versioned: every finding names the version that it rests on.

Which rules hold for a customer on a business date is ``RulesByDate``: one set for ever (``Rules`` itself), or one
after the other (``Timeline``, made by ``domain.rule_sets``). A payment is judged by the rules of its own date, a
document's terms by those of its date, a statement by those of the last day of its period.
"""

from __future__ import annotations

import bisect
import datetime as dt
import enum
from typing import Annotated, Any, Final, Protocol

import msgspec

Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
STAGES_BY_PRIORITY: Final = (
    "amount_and_date",
    "net_of_fee",
    "fuzzy_reference",
    "whole_balance",
    "one_payment_many_documents",
    "many_payments_one_document",
    "many_to_many",
    "less_credit_note",
    "instalment",
    "small_deduction",
    "rest_of_balance",
    "paid_before",
    "residual",
)


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


class MatchingRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of matching for receipts that name no document (``docs/reference/matching.md``).

    Scores and shares are integers in millionths (ppm). A match is confirmed by itself only if it is the only one
    of its stage, reaches ``confirm_ppm`` and leaves nothing open beyond the tolerance; else it is suggested from
    ``suggest_ppm`` on.
    """

    stages: tuple[str, ...] = STAGES_BY_PRIORITY
    """By priority; a stage that is not named is not run."""
    confirm_ppm: Ppm = 900_000
    suggest_ppm: Ppm = 500_000
    days_before_document: Days = 7
    """A payment may come this many days before its document's date (prepayment)."""
    days_after_due: Days = 180
    reference_similarity_ppm: Ppm = 700_000
    """Less alike than this is another reference, not a misspelt one."""
    payer_similarity_ppm: Ppm = 600_000
    """A payer whose name is less alike to every known payer of the account is not confirmed by itself."""
    deduction_ppm: Ppm = 30_000
    """A payment this much below a document may have deducted it (discount, bank charges): suggested."""
    coincidence_ppm: Ppm = 500
    """A combination is confirmed only where sums that are tried number at most this share of the amount."""
    candidates_max: Annotated[int, msgspec.Meta(ge=1, le=100)] = 24
    """Documents (or receipts) that one combination is looked for among, the nearest in date first."""
    combination_max: Annotated[int, msgspec.Meta(ge=2, le=12)] = 6
    """Members of one combination."""
    steps_max: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 20_000
    """Sums tried in one review, for all its receipts together."""
    suggestions_max: Annotated[int, msgspec.Meta(ge=0, le=50)] = 5
    """Suggestions that a stage makes per receipt, a list of documents counted as one; per document where parts beside
    a misspelt one add up to it. Other sums are at most two, and rows one or, less some difference, three.
    """
    order_policy: OrderPolicy = OrderPolicy.NONE

    def __post_init__(self) -> None:
        unknown = [stage for stage in self.stages if stage not in STAGES_BY_PRIORITY]
        if unknown or len(set(self.stages)) < len(self.stages):
            raise ValueError(f"stages are some of {', '.join(STAGES_BY_PRIORITY)}, each once")
        if self.suggest_ppm > self.confirm_ppm:
            raise ValueError("suggest_ppm is above confirm_ppm")


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days are calendar days; amounts are minor units of the account's currency."""

    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    terms_days: Days = 30
    """Due date = business date + this, where a document names none."""
    tolerance_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)] = 0
    """What may stay open on a document after a payment without being SHORT_PAYMENT."""
    tolerance_ppm: Ppm = 0
    """The same as a share of the document, in millionths; the larger of both limits counts."""
    tolerance_borne_by: BorneBy = BorneBy.US
    duplicate_window_days: Days = 5
    """Two payments of the same amount and reference within this many days are suspected duplicates."""
    date_window_days: Days = 3
    """How far the dates of one document may differ between the customer's statement and our books."""
    transit_days: Days = 10
    """How far apart what is on its way may stand on both sides of the end of a period, under a number of theirs."""
    grace_days: Days = 1
    """How long after its date a line of theirs may wait for a source of ours that has not come that far."""
    matching: MatchingRules = MatchingRules()

    @property
    def tolerant(self) -> bool:
        """Whether any difference at all is accepted."""
        return self.tolerance_borne_by is BorneBy.US and (self.tolerance_minor > 0 or self.tolerance_ppm > 0)

    def tolerance(self, amount_minor: int) -> int:
        """What may stay open on a document of ``amount_minor`` (>= 0) without being a discrepancy; minor units."""
        if self.tolerance_borne_by is BorneBy.CUSTOMER:
            return 0
        return max(self.tolerance_minor, amount_minor * self.tolerance_ppm // 1_000_000)

    @property
    def every(self) -> tuple[Rules, ...]:
        """Only these."""
        return (self,)

    def on(self, date: dt.date) -> Rules:
        """These, on every date."""
        del date
        return self


class RulesByDate(Protocol):
    """What holds for one customer. Equal where the rules are."""

    def __hash__(self) -> int: ...

    @property
    def every(self) -> tuple[Rules, ...]:
        """All rules that hold at some time."""

    def on(self, date: dt.date) -> Rules:
        """The rules in force on a business date."""


class Timeline(msgspec.Struct, frozen=True):
    """``spans``: (first date, rules), ascending; the first begins with ``date.min``."""

    spans: tuple[tuple[dt.date, Rules], ...]

    @property
    def every(self) -> tuple[Rules, ...]:
        return tuple(rules for _, rules in self.spans)

    def on(self, date: dt.date) -> Rules:
        """The rules of the last span that has begun on ``date``."""
        return self.spans[bisect.bisect_right(self.spans, date, key=lambda span: span[0]) - 1][1]


def plain_rules(rules: Rules) -> dict[str, Any]:
    """The rules as JSON gives them back (lists, no tuples), so that stored ones compare equal."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rules))
    return plain
