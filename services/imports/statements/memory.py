"""What is remembered of imports, in PostgreSQL: which file brought which statement, and each customer's layout.

It makes a second import tell instead of repeat, and gives a corrected file the next version. The books do not
rest on it: without it, the same file gives the same events, which the books recognise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from domain.facts import day_before
from services.imports.statements.events import Statement
from services.imports.statements.options import Layout
from services.imports.statements.receipts import Owner
from services.store.tables import import_layouts, imported_files, imported_receipts, imported_statements

_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be sent for a statement: ``life`` and ``version``; ``known`` if it is in already."""

    statement: Statement
    version: int
    life: str
    known: bool


class ImportMemory:
    """The tables of imports. Every call is one short transaction. Raises SQLAlchemy's errors."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def layout(self, customer_id: str | None) -> Layout:
        """The layout kept for a customer, or an empty one."""
        if customer_id is None:
            return Layout()
        with self._engine.connect() as connection:
            kept = connection.scalar(
                sa.select(import_layouts.c.layout).where(import_layouts.c.customer_id == customer_id)
            )
        return Layout() if kept is None else msgspec.convert(kept, Layout)

    def keep_layout(self, customer_id: str, layout: Layout, at: dt.datetime) -> None:
        """Keep a customer's layout in place of the one before."""
        values = {"customer_id": customer_id, "layout": msgspec.to_builtins(layout), "changed_at": at}
        with self._engine.begin() as connection:
            connection.execute(
                insert(import_layouts)
                .values(values)
                .on_conflict_do_update(index_elements=["customer_id"], set_=values)
            )

    def file(self, kind: str, sha256: str) -> dt.datetime | None:
        """When a file of exactly these bytes was last taken in as this kind without a row left out."""
        with self._engine.connect() as connection:
            found: dt.datetime | None = connection.scalar(
                sa.select(imported_files.c.imported_at).where(
                    imported_files.c.kind == kind,
                    imported_files.c.sha256 == sha256,
                    imported_files.c.rows_refused == 0,
                )
            )
        return found

    def next_step(self, statement: Statement, *, withdraw: bool) -> Step:
        """Received when it is new, replaced when another of its name was in, known when it is in as it is."""
        table = imported_statements
        with self._engine.connect() as connection:
            last = connection.execute(
                sa.select(table.c.version, table.c.digest, table.c.life)
                .where(
                    table.c.customer_id == statement.customer_id,
                    table.c.currency == statement.currency,
                    table.c.statement_id == statement.statement_id,
                )
                .order_by(table.c.version.desc())
                .limit(1)
            ).one_or_none()
        if withdraw:
            if last is not None and last.life == "withdrawn":
                return Step(statement, last.version, "withdrawn", known=True)
            return Step(statement, 2 if last is None else last.version + 1, "withdrawn", known=False)
        if last is None:
            return Step(statement, 1, "received", known=False)
        if last.digest == statement.digest and last.life != "withdrawn":
            return Step(statement, last.version, last.life, known=True)
        stands = last.life != "withdrawn"
        if stands and statement.rows_left_out and (mended := self._version_of(statement)) is not None:
            # the damaged file once more: what was mended since stays
            return Step(statement, mended, last.life, known=True)
        return Step(statement, last.version + 1, "replaced", known=False)

    def _version_of(self, statement: Statement) -> int | None:
        """The last version of this content."""
        table = imported_statements
        with self._engine.connect() as connection:
            found: int | None = connection.scalar(
                sa.select(sa.func.max(table.c.version)).where(
                    table.c.customer_id == statement.customer_id,
                    table.c.currency == statement.currency,
                    table.c.statement_id == statement.statement_id,
                    table.c.digest == statement.digest,
                )
            )
        return found

    def closing_before(self, statement: Statement) -> tuple[str, int] | None:
        """(id, closing balance) of the statement in force that ends the day before this one begins."""
        before = day_before(statement.period_start)
        found = (row for row in self._in_force(statement) if row.period_end == before)
        return next(((row.statement_id, row.closing_minor) for row in found), None)

    def of_the_same_days(self, statement: Statement) -> list[str]:
        """The ids of other statements in force that have a day in common with this one."""
        return [
            row.statement_id
            for row in self._in_force(statement)
            if row.statement_id != statement.statement_id
            and row.period_start <= statement.period_end
            and row.period_end >= statement.period_start
        ]

    def _in_force(self, statement: Statement) -> list[sa.Row[Any]]:
        """The last version of each statement of the same account that was not withdrawn, by id."""
        table = imported_statements
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(table)
                .ext(distinct_on(table.c.statement_id))
                .where(table.c.customer_id == statement.customer_id, table.c.currency == statement.currency)
                .order_by(table.c.statement_id, table.c.version.desc())
            ).all()
        return [row for row in rows if row.life != "withdrawn"]

    def receipts(self, keys: Sequence[str]) -> dict[str, tuple[Owner, bool]]:
        """Receipt key → (whose it is, whether it was sent), of those that are known."""
        table, found = imported_receipts, {}
        with self._engine.connect() as connection:
            for batch in _batches(keys):
                rows = connection.execute(
                    sa.select(
                        table.c.receipt_key, table.c.customer_id, table.c.identified_by, table.c.sent_at
                    ).where(table.c.receipt_key.in_(batch))
                )
                for row in rows:
                    owner = Owner(row.customer_id, row.identified_by)
                    found[row.receipt_key] = (owner, row.sent_at is not None)
        return found

    def keep_owners(self, owners: Mapping[str, Owner], sha256: str, at: dt.datetime) -> None:
        """Keep whose receipts are. An owner that is kept already stays."""
        values = [
            {
                "receipt_key": key,
                "customer_id": owner.customer_id,
                "identified_by": owner.identified_by,
                "file_sha256": sha256,
                "decided_at": at,
            }
            for key, owner in owners.items()
        ]
        if values:
            with self._engine.begin() as connection:
                connection.execute(insert(imported_receipts).on_conflict_do_nothing(), values)

    def mark_sent(self, keys: Sequence[str], at: dt.datetime) -> None:
        """Kafka has these receipts."""
        with self._engine.begin() as connection:
            for batch in _batches(keys):
                connection.execute(
                    sa.update(imported_receipts)
                    .where(imported_receipts.c.receipt_key.in_(batch), imported_receipts.c.sent_at.is_(None))
                    .values(sent_at=at)
                )

    def record(
        self,
        kind: str,
        sha256: str,
        name: str,
        rows: int,
        refused: int,
        steps: Sequence[Step],
        at: dt.datetime,
    ) -> None:
        """Remember a file and what it brought, after Kafka has it."""
        values = {
            "kind": kind,
            "sha256": sha256,
            "file_name": name,
            "rows": rows,
            "rows_refused": refused,
            "imported_at": at,
        }
        brought = [
            {
                "customer_id": step.statement.customer_id,
                "currency": step.statement.currency,
                "statement_id": step.statement.statement_id,
                "version": step.version,
                "life": step.life,
                "period_start": step.statement.period_start,
                "period_end": step.statement.period_end,
                "opening_minor": step.statement.opening_minor,
                "closing_minor": step.statement.closing_minor,
                "digest": step.statement.digest,
                "file_sha256": sha256,
                "imported_at": at,
            }
            for step in steps
            if not step.known
        ]
        with self._engine.begin() as connection:
            connection.execute(
                insert(imported_files)
                .values(values)
                .on_conflict_do_update(index_elements=["kind", "sha256"], set_=values)
            )
            if brought:
                connection.execute(insert(imported_statements).on_conflict_do_nothing(), brought)


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]
