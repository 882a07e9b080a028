"""The outbox: the ``notices`` table as a queue that survives crashes.

States: ``waiting`` → ``sent``; or ``withdrawn`` (its cause went away, or a newer notice replaced it),
``recorded`` (no channel is configured), ``failed`` (given up after the last attempt). A claim is a lease:
it moves ``not_before`` ahead, so that a second sender leaves the row alone and a dead sender's rows come
back by themselves.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.store.tables import notices

#: a statement may have 65,535 parameters
_ROWS_PER_STATEMENT: Final = 1_000


class NoticeKind(enum.StrEnum):
    OVERDUE_REMINDER = "OVERDUE_REMINDER"
    DISCREPANCY_ALERT = "DISCREPANCY_ALERT"
    SOURCE_STALLED = "SOURCE_STALLED"


class Severity(enum.StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class NoticeState(enum.StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A decided message. ``cause_id`` is the discrepancy or the item that it is about; ``level`` its
    escalation.
    """

    notice_id: str
    notice_kind: NoticeKind
    cause_id: str
    customer_id: str
    currency: str
    document_no: str | None
    amount_minor: int
    level: int
    severity: Severity
    language: str
    subject: str
    body: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that this sender holds, how often it was tried before, and the channels that have it
    already.
    """

    notice: Notice
    attempts: int
    delivered_to: frozenset[str]
    published: bool


class NoticeOutbox:
    """Reads and writes on a connection of the caller's, inside the caller's transaction. Errors are
    SQLAlchemy's.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, decided: Iterable[Notice], not_before: dt.datetime) -> int:
        """Write notices, to be sent from ``not_before`` on. Returns how many were not waiting before.

        One that was withdrawn waits again; one that waits and has reached no channel takes the present
        figures; one that people have heard of stays as it is.
        """
        rows = [
            {
                **{name: getattr(notice, name) for name in Notice.__dataclass_fields__},
                "notice_kind": notice.notice_kind.value,
                "severity": notice.severity.value,
                "state": NoticeState.WAITING.value,
                "not_before": not_before,
            }
            for notice in decided
        ]
        known = self._states([str(row["notice_id"]) for row in rows])
        for start in range(0, len(rows), _ROWS_PER_STATEMENT):
            self._upsert(rows[start : start + _ROWS_PER_STATEMENT])
        return sum(
            1
            for row in rows
            if known.get(str(row["notice_id"]), NoticeState.WITHDRAWN) is NoticeState.WITHDRAWN
        )

    def _states(self, ids: Sequence[str]) -> dict[str, NoticeState]:
        row = notices.c
        found = self._connection.execute(
            sa.select(row.notice_id, row.state).where(
                row.notice_id == sa.any_(sa.cast(ids, sa.ARRAY(sa.Text)))
            )
        )
        return {notice_id: NoticeState(state) for notice_id, state in found}

    def _upsert(self, rows: Sequence[Mapping[str, object]]) -> None:
        written = insert(notices).values(rows)
        withdrawn = notices.c.state == NoticeState.WITHDRAWN.value
        outdated = sa.and_(
            notices.c.state == NoticeState.WAITING.value,
            sa.func.jsonb_array_length(notices.c.delivered_to) == 0,
            notices.c.body != written.excluded.body,
        )
        figures = ("amount_minor", "level", "severity", "language", "subject", "body")
        self._connection.execute(
            written.on_conflict_do_update(
                index_elements=[notices.c.notice_id],
                set_={
                    **{name: written.excluded[name] for name in figures},
                    "state": NoticeState.WAITING.value,
                    "not_before": sa.case(
                        (withdrawn, written.excluded.not_before), else_=notices.c.not_before
                    ),
                    "created_at": sa.case(
                        (withdrawn, written.excluded.created_at), else_=notices.c.created_at
                    ),
                },
                where=sa.or_(withdrawn, outdated),
            )
        )

    def withdraw_waiting(self, kind: NoticeKind, cause_id: str) -> int:
        """Take back what waits about this cause and has reached no channel yet. Returns how many."""
        return self._withdraw(notices.c.notice_kind == kind.value, notices.c.cause_id == cause_id)

    def withdraw_waiting_except(self, kind: NoticeKind, keep: Sequence[str]) -> int:
        """Take back everything of a kind that waits and is not among the notice ids to keep. Returns how
        many.
        """
        return self._withdraw(
            notices.c.notice_kind == kind.value,
            notices.c.notice_id != sa.all_(sa.cast(keep, sa.ARRAY(sa.Text))),
        )

    def was_announced(self, kind: NoticeKind, cause_id: str) -> bool:
        """Whether people have heard of this cause: a notice about it was sent, recorded, or reached a
        channel.
        """
        row = notices.c
        heard = sa.or_(
            row.state.in_([NoticeState.SENT.value, NoticeState.RECORDED.value]),
            sa.func.jsonb_array_length(row.delivered_to) > 0,
        )
        return bool(
            self._connection.execute(
                sa.select(sa.exists().where(row.notice_kind == kind.value, row.cause_id == cause_id, heard))
            ).scalar_one()
        )

    def claim(self, kind: NoticeKind, now: dt.datetime, lease: dt.timedelta, limit: int) -> list[Claimed]:
        """The oldest waiting notices whose time has come, leased until ``now + lease``. Never waits for
        a lock.
        """
        row = notices.c
        due = (
            sa.select(row.notice_id)
            .where(
                row.notice_kind == kind.value,
                row.state == NoticeState.WAITING.value,
                sa.or_(row.not_before.is_(None), row.not_before <= now),
            )
            .order_by(row.created_at, row.notice_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = [notice_id for (notice_id,) in self._connection.execute(due)]
        if not ids:
            return []
        leased = self._connection.execute(
            sa.update(notices).where(row.notice_id.in_(ids)).values(not_before=now + lease).returning(notices)
        ).mappings()
        return sorted(
            (_claimed(one) for one in leased),
            key=lambda claimed: (claimed.notice.created_at, claimed.notice.notice_id),
        )

    def mark_published(self, ids: Sequence[str], now: dt.datetime) -> None:
        """Note that Kafka has these notices."""
        self._update(ids, published_at=now)

    def mark_delivered(self, ids: Sequence[str], channel: str) -> None:
        """Note that a channel has these notices, so that it gets them no second time."""
        self._update(ids, delivered_to=notices.c.delivered_to.op("||")(sa.func.jsonb_build_array(channel)))

    def mark_sent(self, ids: Sequence[str], now: dt.datetime) -> None:
        """Note that every channel has them."""
        self._update(
            ids, state=NoticeState.SENT.value, sent_at=now, last_error=None, attempts=notices.c.attempts + 1
        )

    def mark_recorded(self, ids: Sequence[str]) -> None:
        """Note that there is no channel to send them to."""
        self._update(ids, state=NoticeState.RECORDED.value)

    def mark_retry(self, ids: Sequence[str], error: str, not_before: dt.datetime) -> None:
        """Put them back until ``not_before``."""
        self._update(ids, last_error=error, not_before=not_before, attempts=notices.c.attempts + 1)

    def mark_failed(self, ids: Sequence[str], error: str) -> None:
        """Give them up; the row stays with its last error."""
        self._update(ids, state=NoticeState.FAILED.value, last_error=error, attempts=notices.c.attempts + 1)

    def _update(self, ids: Sequence[str], **values: object) -> None:
        self._connection.execute(sa.update(notices).where(notices.c.notice_id.in_(ids)).values(**values))

    def _withdraw(self, *conditions: sa.ColumnElement[bool]) -> int:
        taken_back = self._connection.execute(
            sa.update(notices)
            .where(
                notices.c.state == NoticeState.WAITING.value,
                sa.func.jsonb_array_length(notices.c.delivered_to) == 0,
                *conditions,
            )
            .values(state=NoticeState.WITHDRAWN.value)
        )
        return taken_back.rowcount


def _claimed(row: sa.RowMapping) -> Claimed:
    return Claimed(
        notice=Notice(
            notice_id=row["notice_id"],
            notice_kind=NoticeKind(row["notice_kind"]),
            cause_id=row["cause_id"],
            customer_id=row["customer_id"],
            currency=row["currency"],
            document_no=row["document_no"],
            amount_minor=row["amount_minor"],
            level=row["level"],
            severity=Severity(row["severity"]),
            language=row["language"],
            subject=row["subject"],
            body=row["body"],
            created_at=row["created_at"],
        ),
        attempts=row["attempts"],
        delivered_to=frozenset(row["delivered_to"]),
        published=row["published_at"] is not None,
    )
