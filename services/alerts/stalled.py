"""A source that falls silent is named once, instead of every document that it then lacks.

Invariant: one notice per silence: its id is of the source and of the last record before the silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from domain.identity import stable_id
from runtime.metrics import NOTICES, SOURCE_SILENT_SECONDS
from services.language import Language
from services.notify import Notice, NoticeKind, NoticeOutbox, Severity
from services.queries.sources import SourceRow, list_sources

_LOOK_EVERY: Final = dt.timedelta(seconds=30)
_SUBJECTS: Final = {
    "en": "[critical] Source stalled: {source}",
    "zh": "[严重] 数据源停滞：{source}",
}
_BODIES: Final = {
    "en": "Nothing has come from {source} for {hours} hours; the last record came at {last}. "
    "What customers' statements show since then may be missing in our books for this reason alone.",
    "zh": "{source} 已有 {hours} 小时没有新数据，最后一条记录到达于 {last}。"
    "此后客户对账单上有而我方账上没有的，可能仅由此造成。",
}


class SourceWatch:
    """Looks at most twice a minute. ``after`` of zero: no source is ever stalled. Not for several threads."""

    def __init__(
        self, engine: sa.Engine, after: dt.timedelta, language: Language, clock: Callable[[], dt.datetime]
    ) -> None:
        self._engine = engine
        self._after = after
        self._language: Language = language
        self._clock = clock
        self._next_look: dt.datetime | None = None

    def look(self) -> int:
        """Write a notice for each source that has fallen silent, withdraw those of sources that speak again.

        Returns how many notices are new. Raises SQLAlchemy's errors.
        """
        now = self._clock()
        if self._next_look is not None and now < self._next_look:
            return 0
        with self._engine.begin() as connection:
            outbox = NoticeOutbox(connection)
            new = 0
            for source in list_sources(connection):
                silence = now - source.last_recorded_at
                SOURCE_SILENT_SECONDS.labels(source_system=source.source_system).set(silence.total_seconds())
                if self._after and silence > self._after:
                    new += outbox.add([self._notice(source, now)], now)
                else:
                    outbox.withdraw_waiting(NoticeKind.SOURCE_STALLED, source.source_system)
        self._next_look = now + _LOOK_EVERY
        NOTICES.labels(NoticeKind.SOURCE_STALLED.value, "decided").inc(new)
        return new

    def _notice(self, source: SourceRow, now: dt.datetime) -> Notice:
        last = source.last_recorded_at.isoformat(timespec="seconds")
        hours = int(self._after.total_seconds() // 3600)
        return Notice(
            notice_id=stable_id("n", NoticeKind.SOURCE_STALLED, source.source_system, last),
            notice_kind=NoticeKind.SOURCE_STALLED,
            cause_id=source.source_system,
            customer_id="",
            currency="",
            document_no=None,
            amount_minor=0,
            level=2,
            severity=Severity.CRITICAL,
            language=self._language,
            subject=_SUBJECTS[self._language].format(source=source.source_system),
            body=_BODIES[self._language].format(source=source.source_system, hours=hours, last=last),
            created_at=now,
        )
