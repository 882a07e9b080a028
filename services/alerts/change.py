"""What alerts know of a change of a discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.discrepancies.finding import DiscrepancyState


@dataclass(frozen=True, slots=True)
class Change:
    """One record of ``tieout.discrepancies``, as far as alerts need it. Amounts in minor units."""

    discrepancy_id: str
    customer_id: str
    currency: str
    account_version: int
    kind: str
    state: DiscrepancyState
    document_no: str | None
    amount_minor: int
    statement_id: str | None
    line_no: int | None
    explanation: str
    reason_code: str
    reason_arguments: Mapping[str, str]

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Change:
        """Take the fields of a decoded Avro record. Raises KeyError or ValueError for one that is none."""
        values = {name: record[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "state": DiscrepancyState(record["state"])})

    @property
    def stands(self) -> bool:
        """Whether the finding is open after this change."""
        return self.state in (DiscrepancyState.OPENED, DiscrepancyState.UPDATED)
