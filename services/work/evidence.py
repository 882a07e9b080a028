"""What a case rests on: both sides' figures, our entries, what settles them, lines of theirs, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.queries.comparisons import parts_in_force
from services.queries.discrepancies import DiscrepancyChangeRow, iterate_discrepancy_changes
from services.queries.filters import AccountFilter, by_code_point
from services.store.tables import allocations, discrepancies, ledger_entries, statement_comparisons
from services.work.errors import NoSuchSubjectError

#: rows of each sort that are shown; a case is about a few documents
ROWS_MAX: Final = 100
#: statements that are looked through where a case is about none: the newest
_STATEMENTS_MAX: Final = 6
#: arguments of explanations that are numbers of documents
_NUMBERS: Final = ("document", "other", "reference")
_ENTRY: Final = ("entry_id", "business_date", "kind", "role", "side", "amount_minor", "document_no")
_LINK: Final = ("payment_document_no", "document_no", "amount_minor", "rule", "state", "effective_date")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Amounts in minor units; ``ours_minor``, ``theirs_minor`` and those of ``lines`` are signed in our view.

    ``lines``: rows of comparisons, each with its ``statement_id``. ``sources``: where in Kafka the figures come from.
    """

    case_id: str
    ours_minor: int | None
    theirs_minor: int | None
    rule: str
    rule_version: int
    entries: list[Row]
    allocations: list[Row]
    lines: list[Row]
    life: list[DiscrepancyChangeRow]
    sources: list[Row]


def read_evidence(connection: sa.Connection, case_id: str) -> Evidence:
    """The evidence of one case. Raises ``NoSuchSubjectError``."""
    wanted = sa.select(discrepancies).where(discrepancies.c.discrepancy_id == case_id)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NoSuchSubjectError("case", case_id)
    said = row["reason_arguments"]
    told = {row["document_no"], *map(said.get, _NUMBERS), *said.get("also", "").split(", ")}
    numbers = sorted(told - {None, ""})
    account = AccountFilter(row["customer_id"], row["currency"])
    return Evidence(
        case_id,
        row["ours_minor"],
        row["theirs_minor"],
        row["rule"],
        row["rule_version"],
        _entries(connection, account, numbers),
        _allocations(connection, account, numbers),
        _lines(connection, row, account, numbers),
        list(iterate_discrepancy_changes(connection, account, discrepancy_id=case_id)),
        list(row["evidence"]),
    )


def _entries(connection: sa.Connection, account: AccountFilter, numbers: Sequence[str]) -> list[Row]:
    entry = ledger_entries.c
    found = connection.execute(
        sa.select(*(entry[name] for name in _ENTRY))
        .where(*account.clauses(ledger_entries), entry.document_no.in_(numbers))
        .order_by(entry.business_date, entry.recorded_at, *by_code_point(entry.entry_id))
        .limit(ROWS_MAX)
    )
    return [dict(one) for one in found.mappings()]


def _allocations(connection: sa.Connection, account: AccountFilter, numbers: Sequence[str]) -> list[Row]:
    link = allocations.c
    found = connection.execute(
        sa.select(*(link[name] for name in _LINK))
        .where(
            *account.clauses(allocations),
            link.state != "withdrawn",
            sa.or_(link.document_no.in_(numbers), link.payment_document_no.in_(numbers)),
        )
        .order_by(link.effective_date, *by_code_point(link.allocation_id))
        .limit(ROWS_MAX)
    )
    return [dict(one) for one in found.mappings()]


def _lines(
    connection: sa.Connection, case: sa.RowMapping, account: AccountFilter, numbers: Sequence[str]
) -> list[Row]:
    part = statement_comparisons.c
    statements = [case["statement_id"]] if case["statement_id"] is not None else _newest(connection, account)
    element = sa.func.jsonb_array_elements(part.rows).table_valued("value").render_derived()
    line = sa.type_coerce(element.c.value, sa.JSON)
    about = [line[name].as_string().in_(numbers) for name in ("document_no", "our_document_no")]
    if case["line_no"] is not None:
        about = [line["line_no"].as_integer() == case["line_no"]]
    found = connection.execute(
        sa.select(part.statement_id, element.c.value)
        .select_from(statement_comparisons.join(element, sa.true()))
        .where(
            *account.clauses(statement_comparisons),
            part.statement_id.in_(statements),
            parts_in_force(),
            sa.or_(*about),
        )
        .order_by(part.period_start, *by_code_point(part.statement_id), part.part)
        .limit(ROWS_MAX)
    )
    return [{"statement_id": statement_id, **shown} for statement_id, shown in found]


def _newest(connection: sa.Connection, account: AccountFilter) -> list[str]:
    part = statement_comparisons.c
    found = connection.execute(
        sa.select(part.statement_id)
        .where(*account.clauses(statement_comparisons), part.part == 1, part.parts > 0)
        .order_by(part.period_end.desc(), *by_code_point(part.statement_id))
        .limit(_STATEMENTS_MAX)
    )
    return [statement_id for (statement_id,) in found]
