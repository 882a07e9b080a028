"""How customer statements compare with our books: line by line, and the bridge between both closing balances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import statement_comparisons

_KEY: Final = ("customer_id", "currency", "statement_id")


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line of theirs, a document that only we have, or a balance. Amounts are signed in our view.

    ``step_minor`` is its step of the bridge; ``reason_code`` and ``reason_arguments`` say the explanation again, for
    other languages than English.
    """

    line_no: int | None
    document_no: str | None
    date: dt.date | None
    theirs_minor: int | None
    our_kind: str | None
    our_document_no: str | None
    our_date: dt.date | None
    ours_minor: int | None
    outcome: str
    action: str
    step_minor: int
    reason_code: str
    reason_arguments: dict[str, str]
    explanation: str


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """``theirs_closing_minor`` + ``step_minor`` of all lines = ``ours_closing_minor``. ``difference_minor`` is ours -
    theirs. ``occurred_at``: when the event happened that led to this state of it.
    """

    customer_id: str
    currency: str
    statement_id: str
    statement_version: int
    period_start: dt.date
    period_end: dt.date
    theirs_opening_minor: int
    ours_opening_minor: int
    theirs_closing_minor: int
    ours_closing_minor: int
    difference_minor: int
    line_count: int
    matched_count: int
    pending_count: int
    first_divergent_line_no: int | None
    occurred_at: dt.datetime
    lines: list[ComparedLine]


def parts_in_force() -> sa.ColumnElement[bool]:
    """Condition on ``statement_comparisons``: the parts of the comparisons as they were written last.

    A shorter comparison leaves the surplus parts of a longer one behind, and these say that they are 3 of 3. All parts
    of one writing have the account version of its first part; one that was withdrawn is a first part of none.
    """
    part = statement_comparisons.c
    first = statement_comparisons.alias("first_part")
    same_writing = [first.c[name] == part[name] for name in (*_KEY, "account_version")]
    written = sa.exists().where(*same_writing, first.c.part == 1).correlate(statement_comparisons)
    return sa.and_(part.parts > 0, written)


def iterate_comparisons(
    connection: sa.Connection,
    accounts: AccountFilter,
    *,
    statement_id: str | None = None,
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    with_lines: bool = True,
) -> Iterator[ComparisonRow]:
    """Comparisons of statements in force, narrowed to one statement or to those whose period ends in the dates given.

    By customer, currency, period, statement. Without lines ``lines`` is empty.
    """
    part = statement_comparisons.c
    names = [name for name in statement_comparisons.columns.keys() if name != "rows"]  # noqa: SIM118 - no mapping
    statement = (
        sa.select(*(part[name] for name in (*names, *(["rows"] if with_lines else []))))
        .where(*accounts.clauses(statement_comparisons), parts_in_force())
        .order_by(
            *by_code_point(part.customer_id, part.currency),
            part.period_start,
            part.period_end,
            *by_code_point(part.statement_id),
            part.part,
        )
    )
    if statement_id is not None:
        statement = statement.where(part.statement_id == statement_id)
    if from_date is not None:
        statement = statement.where(part.period_end >= from_date)
    if to_date is not None:
        statement = statement.where(part.period_end <= to_date)
    if not with_lines:
        statement = statement.where(part.part == 1)
    return _joined(stream(connection, statement))


@dataclass(frozen=True, slots=True)
class WaitingAccount:
    """An account with a statement of which a line waits for our sources, and when a comparison of it last changed."""

    customer_id: str
    currency: str
    account_version: int


def list_waiting(connection: sa.Connection) -> list[WaitingAccount]:
    """The accounts with a statement in force that waits, by customer and currency."""
    part = statement_comparisons.c
    rows = connection.execute(
        sa.select(part.customer_id, part.currency, sa.func.max(part.account_version).label("account_version"))
        .where(part.part == 1, part.parts > 0, part.pending_count > 0)
        .group_by(part.customer_id, part.currency)
        .order_by(*by_code_point(part.customer_id, part.currency))
    )
    return [WaitingAccount(row.customer_id, row.currency, row.account_version) for row in rows]


def list_recent_comparisons(connection: sa.Connection, *, limit: int = 100) -> list[ComparisonRow]:
    """The comparisons that changed last, newest first, without their lines."""
    part = statement_comparisons.c
    rows = stream(
        connection,
        sa.select(statement_comparisons)
        .where(part.part == 1, part.parts > 0)
        .order_by(part.occurred_at.desc(), *by_code_point(part.customer_id, part.currency, part.statement_id))
        .limit(limit),
    )
    return list(_joined({name: row[name] for name in row if name != "rows"} for row in rows))


def _joined(rows: Iterator[sa.RowMapping | dict[str, Any]]) -> Iterator[ComparisonRow]:
    for _, parts in groupby(rows, key=itemgetter(*_KEY)):
        first = next(parts)
        fields = {name: first[name] for name in ComparisonRow.__dataclass_fields__ if name in first}
        yield ComparisonRow(
            **fields,
            difference_minor=first["ours_closing_minor"] - first["theirs_closing_minor"],
            lines=[_line(line) for part in chain([first], parts) for line in part.get("rows", ())],
        )


def _line(line: dict[str, object]) -> ComparedLine:
    dates = {
        name: None if line[name] is None else dt.date.fromisoformat(str(line[name]))
        for name in ("date", "our_date")
    }
    return ComparedLine(**{name: line[name] for name in ComparedLine.__dataclass_fields__} | dates)  # type: ignore[arg-type]
