"""The PostgreSQL side: one transaction per batch holds the rows and the positions that they lead to.

Invariants: rows and positions are always of one prefix of the result topics (I5); positions are read from
here at the start, never from Kafka's group offsets; one writer per database, by a session lock on the
connection that writes, so that a writer which lost its lock has lost its transaction as well. A commit whose
reply was lost is recognised by the positions and not written again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import numpy as np
import psycopg
import tenacity

from services.projector.batch import Batch
from services.projector.columns.table import Columns, Flags, Numbers
from services.projector.errors import AnotherProjector, PositionsMoved, ResultRejected
from services.projector.projections import PROJECTIONS, Projection
from services.projector.statements import ARRIVAL, Copy, Statements, statements_of
from services.store.engine import connect
from services.store.live import BalanceRow, Place
from services.store.locks import NAMESPACE, AdvisoryLock

CONSUMER: Final = "projector"

#: of fewer rows a COPY of their own costs more than it saves
_FRESH_MIN: Final = 50

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")

_READ_POSITIONS: Final = "select topic, partition, next_offset from consumer_offsets where consumer = %s"
_MOVE_POSITIONS: Final = """
    insert into consumer_offsets (consumer, topic, partition, next_offset)
    select %s, moved.* from unnest(%s::text[], %s::integer[], %s::bigint[]) as moved
    on conflict (consumer, topic, partition) do update set next_offset = excluded.next_offset
"""
_LOCK_HOLDER: Final = """
    select format('%%s, pid %%s, from %%s', application_name, pid, coalesce(host(client_addr), 'here'))
    from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and classid = %s and objid = %s and granted
"""
_BALANCES_AFTER: Final = """
    select customer_id, currency, account_version, balance_minor, entry_count, open_discrepancies,
           last_business_date, event_id, occurred_at
    from balances where (customer_id, currency) > (%s, %s) order by customer_id, currency limit %s
"""
#: does not pass by waiting: a row that breaks a constraint, a value that does not fit, a missing table
_DEFECTS: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.ProgrammingError,
    psycopg.NotSupportedError,
)
#: may pass: the server restarts, is full, too slow, or cannot be reached
_PASSING: Final = (psycopg.OperationalError, psycopg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Load:
    """What a batch brings to one table: ``came`` rows, of which those are sent that no other one of it supersedes.

    ``fresh``: nothing stands under their keys, unless they are read again. They go straight into the table.
    """

    statements: Statements
    came: int
    fresh: Columns
    fresh_block: memoryview
    others: Columns
    others_block: memoryview


class _LockTaken(Exception):
    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class PostgresWriter:
    """Writes batches. Connects on first use; when the connection breaks, tries again for ``patience_s``.

    Not for several threads, but `problem` may be read from any.
    """

    def __init__(
        self,
        database_url: str,
        *,
        projections: Sequence[Projection] = PROJECTIONS,
        patience_s: float = 30.0,
        lock_patience_s: float = 15.0,
        stopping: threading.Event | None = None,
        observe_rows: Callable[[str, int, int], None] = lambda table, written, unchanged: None,
        observe_refused: Callable[[str, int], None] = lambda table, refused: None,
    ) -> None:
        """Once ``stopping`` is set no try follows one that failed. After each commit ``observe_rows`` gets table, rows
        written and rows left unchanged, ``observe_refused`` how many of these were refused: another row stands under
        their key.
        """
        self._url = database_url
        self._patience_s = patience_s
        self._lock_patience_s = lock_patience_s
        self._stopping = tenacity.stop_when_event_set(stopping or threading.Event())
        self._observe_rows = observe_rows
        self._observe_refused = observe_refused
        self._statements: dict[str, tuple[Statements, ...]] = {
            projection.topic.name: tuple(map(statements_of, projection.targets)) for projection in projections
        }
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._positions: dict[Place, int] = {}
        self.problem: str | None = None

    def positions(self) -> dict[Place, int]:
        """Next offset of each place that was ever projected. Blocks; raises like `commit`."""
        return self._patiently(lambda _: dict(self._positions))

    def prepare(self, batch: Batch) -> list[Load]:
        """What `commit` sends of a batch. Asks nobody; for any thread."""
        return [
            _load(statements, columns)
            for topic, columns in batch.rows.items()
            for statements in self._statements[topic]
        ]

    def commit(
        self,
        batch: Batch,
        loads: Sequence[Load] | None = None,
        *,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Bring a batch to the database, durably. Blocks, up to the patience when PostgreSQL is away.

        ``loads`` is what was prepared of it, if it was. ``before_commit`` is called when everything is sent but the
        commit; what it raises undoes the batch. Raises psycopg.OperationalError when the patience is at its end;
        AnotherProjector, PositionsMoved and ResultRejected at once.
        """
        prepared = self.prepare(batch) if loads is None else loads
        try:
            self._patiently(lambda connection: self._commit(connection, batch, prepared, before_commit))
        except _DEFECTS as error:
            self._drop()
            raise ResultRejected(batch.positions(), str(error).strip()) from error

    def balances_after(self, account: tuple[str, str], limit: int) -> list[BalanceRow]:
        """Committed balances after (customer_id, currency) in their order. Blocks; raises like `commit`."""

        def read(connection: psycopg.Connection[tuple[Any, ...]]) -> list[BalanceRow]:
            rows = connection.execute(_BALANCES_AFTER, (*account, limit)).fetchall()
            return [BalanceRow(**dict(zip(BalanceRow.__struct_fields__, row, strict=True))) for row in rows]

        return self._patiently(read)

    def close(self) -> None:
        """Give up the lock and the connection."""
        self._drop()

    def _patiently(self, act: Callable[[psycopg.Connection[tuple[Any, ...]]], _T]) -> _T:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PASSING),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=3.0),
            stop=tenacity.stop_after_delay(self._patience_s) | self._stopping,
            before_sleep=self._broken,
            reraise=True,
        )
        result = retrying(lambda: act(self._connected()))
        self.problem = None
        return result

    def _broken(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._drop()
        self.problem = f"PostgreSQL does not take writes: {str(error).strip()}"
        _log.warning("%s; trying again, attempt %s", self.problem, state.attempt_number)

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is not None and not self._connection.broken:
            return self._connection
        self._drop()
        connection = connect(self._url, application="tieout-projector")
        try:
            connection.autocommit = True
            self._take_lock(connection)
            for statements in self._statements.values():
                for statement in statements:
                    connection.execute(statement.create_stage.encode())
            found = connection.execute(_READ_POSITIONS, (CONSUMER,)).fetchall()
        except BaseException:
            connection.close()
            raise
        self._positions = {(topic, partition): next_offset for topic, partition, next_offset in found}
        self._connection = connection
        return connection

    def _take_lock(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Waits a while: the server may need a moment to notice that a killed predecessor is gone."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_LockTaken),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(self._lock_patience_s) | self._stopping,
            reraise=True,
        )
        try:
            retrying(_try_lock, connection)
        except _LockTaken as taken:
            raise AnotherProjector(taken.holder, self._lock_patience_s) from None

    def _commit(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        batch: Batch,
        loads: Sequence[Load],
        before_commit: Callable[[], None],
    ) -> None:
        if self._was_taken(batch):
            return
        counts: list[tuple[str, int, int]] = []
        refusals: list[tuple[str, int]] = []
        with connection.transaction(), connection.cursor() as cursor:
            for load in loads:
                written, statements = _bring(cursor, load), load.statements
                counts.append((statements.table, written, load.came - written))
                if statements.refuse is not None and written < load.came:
                    cursor.execute(statements.refuse.encode())
                    refusals.append((statements.table, cursor.rowcount))
            ends = [(topic, partition, advance.end) for (topic, partition), advance in batch.advanced.items()]
            topics, partitions, offsets = (list(column) for column in zip(*ends, strict=True))
            cursor.execute(_MOVE_POSITIONS, (CONSUMER, topics, partitions, offsets))
            before_commit()
        self._positions.update({place: advance.end for place, advance in batch.advanced.items()})
        for table, written, unchanged in counts:
            self._observe_rows(table, written, unchanged)
        for table, refused in refusals:
            if refused:
                _log.error("%s rows of %s refused: others stand under their keys", refused, table)
                self._observe_refused(table, refused)

    def _was_taken(self, batch: Batch) -> bool:
        """Whether an earlier try was committed though its reply was lost. Raises PositionsMoved."""
        found = {place: self._positions.get(place, 0) for place in batch.advanced}
        if all(found[place] == advance.end for place, advance in batch.advanced.items()):
            return True
        for (topic, partition), advance in batch.advanced.items():
            if found[topic, partition] != advance.start:
                raise PositionsMoved(topic, partition, advance.start, found[topic, partition])
        return False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _try_lock(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    key = (NAMESPACE, AdvisoryLock.PROJECTOR.value)
    taken = connection.execute("select pg_try_advisory_lock(%s, %s)", key).fetchone()
    if taken is None or taken[0] is not True:
        holder = connection.execute(_LOCK_HOLDER, key).fetchone()
        raise _LockTaken(holder[0] if holder else "which has just ended")


def _load(statements: Statements, columns: Columns) -> Load:
    if statements.folds_by is None:
        sent, is_fresh = columns, np.ones(columns.count, np.bool_)
    else:
        sent = columns.newest(statements.folds_by)
        # what the first event of an account brings is new
        is_fresh = cast("Numbers", sent.fields["account_version"]).numbers == 1
        if np.count_nonzero(is_fresh) < _FRESH_MIN:
            is_fresh[:] = False
    fresh, others = _some(sent, is_fresh), _some(sent, ~is_fresh)
    fresh_block = statements.into_table.binary.block(fresh)
    return Load(statements, columns.count, fresh, fresh_block, others, _staged(statements, others))


def _some(columns: Columns, chosen: Flags) -> Columns:
    return columns if chosen.all() else columns.at(np.flatnonzero(chosen))


def _staged(statements: Statements, columns: Columns) -> memoryview:
    """The rows as they are copied into the stage."""
    if statements.folds_by is None:
        columns = columns.having(**{ARRIVAL: Numbers("int4", np.arange(columns.count))})
    return statements.into_stage.binary.block(columns)


def _bring(cursor: psycopg.Cursor[tuple[Any, ...]], load: Load) -> int:
    """COPY into the table or into the stage, then upsert; returns how many rows changed."""
    statements, written, staged = load.statements, 0, load.others.count > 0
    if staged:
        _copy(cursor, statements.into_stage, load.others_block)
    if load.fresh.count:
        try:
            with cursor.connection.transaction():
                _copy(cursor, statements.into_table, load.fresh_block)
            written = load.fresh.count
        except psycopg.errors.UniqueViolation:  # read again, or a double: the upsert below tells them apart
            _copy(cursor, statements.into_stage, _staged(statements, load.fresh))
            staged = True
    if staged:
        cursor.execute(statements.upsert.encode())
        written += cursor.rowcount
    return written


def _copy(cursor: psycopg.Cursor[tuple[Any, ...]], copy: Copy, block: memoryview) -> None:
    with cursor.copy(copy.sql.encode()) as sending:
        sending.write(block)
