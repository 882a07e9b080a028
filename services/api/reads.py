"""``GET /api/v1/…``: the reads. Arrays of rows, unpaged; the names are those of
``docs/reference/events.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response

from domain.ageing import DEFAULT_EDGES
from services import queries
from services.api.examples import EXAMPLES
from services.api.parties import Accounts
from services.api.ports import ApiDependencies
from services.api.problems import problem_responses
from services.api.rows import json_rows

AsOf = Annotated[dt.date | None, Query(description="As of the end of this business date.")]
Kind = Annotated[str | None, Query(description="Only this kind.")]

_TEXT_LENGTH_MAX: Final = 200


def documented(row: type, name: str) -> dict[int | str, dict[str, Any]]:
    ok = {"model": list[row], "content": {"application/json": {"example": EXAMPLES[name]}}}  # type: ignore[valid-type]
    return {200: ok, **problem_responses()}


def read_router(deps: ApiDependencies) -> APIRouter:
    """The reads over PostgreSQL."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/balances",
        tags=["accounts"],
        summary="Balances, now or as of a date",
        responses=documented(queries.BalanceRow, "balances"),
    )
    def balances(accounts: Accounts, as_of: AsOf = None) -> Response:
        """Positive: they owe us. Without `as_of` everything booked counts, whatever its date."""
        return json_rows(deps.engine, lambda c: queries.iterate_balances(c, accounts, as_of))

    @router.get(
        "/entries",
        tags=["accounts"],
        summary="Ledger entries with the running balance",
        responses=documented(queries.EntryRow, "entries"),
    )
    def entries(
        accounts: Accounts,
        from_date: Annotated[dt.date | None, Query(alias="from", description="First business date.")] = None,
        to_date: Annotated[dt.date | None, Query(alias="to", description="Last business date.")] = None,
        kind: Kind = None,
        document: Annotated[str | None, Query(description="Exact document number.")] = None,
        text: Annotated[
            str | None,
            Query(max_length=_TEXT_LENGTH_MAX, description="In document, description or reference."),
        ] = None,
    ) -> Response:
        """The running balance is the account's: it also counts entries that the filter hides."""
        wanted = queries.EntryFilter(accounts, from_date, to_date, kind, document, text)
        return json_rows(deps.engine, lambda c: queries.iterate_entries(c, wanted))

    @router.get(
        "/open-items",
        tags=["accounts"],
        summary="Open items, now or as of a date",
        responses=documented(queries.OpenItemRow, "open_items"),
    )
    def open_items(
        accounts: Accounts,
        as_of: AsOf = None,
        overdue: Annotated[bool, Query(description="Only what is past due.")] = False,
        include_settled: Annotated[bool, Query(description="Also cleared and cancelled ones.")] = False,
    ) -> Response:
        """Amounts are unsigned; `side` DEBIT means that they owe us."""

        def ask(connection: sa.Connection) -> Iterator[Any]:
            return queries.iterate_open_items(
                connection,
                accounts,
                deps.today(),
                as_of=as_of,
                overdue_only=overdue,
                include_settled=include_settled,
            )

        return json_rows(deps.engine, ask)

    @router.get(
        "/matches",
        tags=["reconciliation"],
        summary="Which payment paid which document",
        responses=documented(queries.MatchRow, "matches"),
    )
    def matches(
        accounts: Accounts,
        document: Annotated[str | None, Query(description="On either side of the match.")] = None,
        as_of: AsOf = None,
    ) -> Response:
        """`score` is a decimal string from 0 to 1; suggested matches are not booked."""
        return json_rows(
            deps.engine,
            lambda c: queries.iterate_matches(c, accounts, document_no=document, as_of=as_of),
        )

    @router.get(
        "/discrepancies",
        tags=["reconciliation"],
        summary="Discrepancies",
        responses=documented(queries.DiscrepancyRow, "discrepancies"),
    )
    def discrepancies(
        accounts: Accounts,
        state: Annotated[Literal["open", "all"], Query(description="`open` is OPENED and UPDATED.")] = "open",
        kind: Kind = None,
    ) -> Response:
        """Each has an id that stays the same however often it is seen, changes or comes back."""
        return json_rows(
            deps.engine,
            lambda c: queries.iterate_discrepancies(c, accounts, all_states=state == "all", kind=kind),
        )

    @router.get(
        "/discrepancy-changes",
        tags=["reconciliation"],
        summary="The lives of discrepancies",
        responses=documented(queries.DiscrepancyChangeRow, "discrepancy_changes"),
    )
    def discrepancy_changes(
        accounts: Accounts,
        discrepancy: Annotated[str | None, Query(description="Only this discrepancy.")] = None,
        kind: Kind = None,
    ) -> Response:
        """Opened, updated, retracted, reopened under one id, each with the event that led to it."""
        return json_rows(
            deps.engine,
            lambda c: queries.iterate_discrepancy_changes(c, accounts, discrepancy_id=discrepancy, kind=kind),
        )

    @router.get(
        "/comparisons",
        tags=["reconciliation"],
        summary="Customer statements against our books",
        responses=documented(queries.ComparisonRow, "comparisons"),
    )
    def comparisons(
        accounts: Accounts,
        statement: Annotated[str | None, Query(description="Only this statement of theirs.")] = None,
        from_date: Annotated[
            dt.date | None, Query(alias="from", description="Periods that end then or later.")
        ] = None,
        to_date: Annotated[
            dt.date | None, Query(alias="to", description="Periods that end then or earlier.")
        ] = None,
        lines: Annotated[bool, Query(description="With every line, not only the figures.")] = True,
    ) -> Response:
        """Every line and the bridge: their closing balance + the `step_minor` of all lines = ours."""
        return json_rows(
            deps.engine,
            lambda c: queries.iterate_comparisons(
                c, accounts, statement_id=statement, from_date=from_date, to_date=to_date, with_lines=lines
            ),
        )

    @router.get(
        "/ageing",
        tags=["accounts"],
        summary="Open balance by days past due",
        responses=documented(queries.AgeingRow, "ageing"),
    )
    def ageing(
        accounts: Accounts,
        as_of: AsOf = None,
        edges: Annotated[
            list[int] | None, Query(description="Last day of each bucket but the last.", examples=[[30, 60]])
        ] = None,
    ) -> Response:
        """Credits are aged too, so the buckets sum to the balance as of the date (today if none is given)."""
        date = as_of or deps.today()
        return json_rows(
            deps.engine, lambda c: queries.iterate_ageing(c, accounts, date, edges or DEFAULT_EDGES)
        )

    return router
