"""Sends what waits in the outbox: publish, send to each channel that has it not, mark.

The order matters. Kafka first: programs hear of every notice that people may have got. Then channel by
channel, each marked in a transaction of its own right after it took the message: a crash repeats at most
that message.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import sqlalchemy as sa

from runtime.metrics import NOTICES
from services.notify.channels import Channel
from services.notify.errors import NoticePublishError
from services.notify.messages import Compose, Message
from services.notify.outbox import Claimed, Notice, NoticeKind, NoticeOutbox

_log: Final = logging.getLogger(__name__)


class NoticePublisher(Protocol):
    """Puts notices on their topic; blocks until they are there. Raises ``NoticePublishError``."""

    def publish(self, batch: Sequence[Notice]) -> None: ...


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """Waits double from ``first_retry`` up to ``longest_retry``; with the defaults the last attempt comes
    after about six hours.
    """

    batch: int = 500
    attempts: int = 20
    first_retry: dt.timedelta = dt.timedelta(seconds=2)
    longest_retry: dt.timedelta = dt.timedelta(minutes=30)
    lease: dt.timedelta = dt.timedelta(minutes=2)

    def wait_after(self, attempts: int) -> dt.timedelta:
        """How long to wait after this many failed attempts (from 1)."""
        doubled: dt.timedelta = self.first_retry * (1 << min(attempts - 1, 20))
        return min(self.longest_retry, doubled)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Notices of one round, by what became of them."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    recorded: int = 0


class Dispatcher:
    """One sender of one kind of notice. ``dispatch`` is called again and again by its process; not by
    two threads.
    """

    def __init__(
        self,
        engine: sa.Engine,
        kind: NoticeKind,
        channels: Sequence[Channel],
        compose: Compose,
        publisher: NoticePublisher,
        clock: Callable[[], dt.datetime],
        policy: DispatchPolicy | None = None,
    ) -> None:
        self._engine = engine
        self._kind = kind
        self._channels = channels
        self._compose = compose
        self._publisher = publisher
        self._clock = clock
        self._policy = policy if policy is not None else DispatchPolicy()

    def dispatch(self) -> Dispatched:
        """One round over what is due now. Blocks while channels answer. Raises SQLAlchemy's errors and, after
        putting the notices back, ``NoticePublishError``.
        """
        now = self._clock()
        with self._engine.begin() as connection:
            claimed = NoticeOutbox(connection).claim(self._kind, now, self._policy.lease, self._policy.batch)
        if not claimed:
            return Dispatched()
        self._publish(claimed)
        by_id = {one.notice.notice_id: one for one in claimed}
        if not self._channels:
            with self._engine.begin() as connection:
                NoticeOutbox(connection).mark_recorded(list(by_id))
            self._count("recorded", len(by_id))
            return Dispatched(recorded=len(by_id))
        sent = retried = failed = 0
        leased_until = now + self._policy.lease
        for message in self._messages(claimed):
            if self._clock() >= leased_until:
                break  # slow channels: what is left is free again, for this sender or another
            parts = [by_id[notice_id] for notice_id in message.notice_ids]
            outcome = self._send(message, parts)
            sent, retried, failed = sent + outcome.sent, retried + outcome.retried, failed + outcome.failed
        return Dispatched(sent=sent, retried=retried, failed=failed)

    def _messages(self, claimed: Sequence[Claimed]) -> Iterator[Message]:
        """A message only joins notices that the same channels have, so that none goes to a channel twice."""
        same_channels: dict[frozenset[str], list[Notice]] = {}
        for one in claimed:
            same_channels.setdefault(one.delivered_to, []).append(one.notice)
        for batch in same_channels.values():
            yield from self._compose(batch)

    def _publish(self, claimed: Sequence[Claimed]) -> None:
        fresh = [one.notice for one in claimed if not one.published]
        if not fresh:
            return
        try:
            self._publisher.publish(fresh)
        except NoticePublishError as error:
            again = self._clock() + self._policy.first_retry
            with self._engine.begin() as connection:
                NoticeOutbox(connection).mark_retry(
                    [one.notice.notice_id for one in claimed], str(error), again
                )
            raise
        with self._engine.begin() as connection:
            NoticeOutbox(connection).mark_published([notice.notice_id for notice in fresh], self._clock())

    def _send(self, message: Message, parts: Sequence[Claimed]) -> Dispatched:
        ids = list(message.notice_ids)
        problems: list[str] = []
        retry = False
        for channel in self._channels:
            if channel.fingerprint in parts[0].delivered_to:
                continue
            delivery = channel.send(message)
            if delivery.problem is None:
                with self._engine.begin() as connection:
                    NoticeOutbox(connection).mark_delivered(ids, channel.fingerprint)
            else:
                problems.append(f"channel {channel.fingerprint}: {delivery.problem}")
                retry = retry or delivery.retry
        return self._settle(ids, problems, retry, attempts=1 + max(part.attempts for part in parts))

    def _settle(self, ids: list[str], problems: list[str], retry: bool, attempts: int) -> Dispatched:
        now = self._clock()
        with self._engine.begin() as connection:
            outbox = NoticeOutbox(connection)
            if not problems:
                outbox.mark_sent(ids, now)
            elif retry and attempts < self._policy.attempts:
                outbox.mark_retry(ids, "; ".join(problems), now + self._policy.wait_after(attempts))
            else:
                outbox.mark_failed(ids, "; ".join(problems))
        if not problems:
            self._count("sent", len(ids))
            return Dispatched(sent=len(ids))
        context = {"notice_ids": ids[:10], "notices": len(ids), "attempts": attempts, "problems": problems}
        if retry and attempts < self._policy.attempts:
            _log.warning("notices could not be sent, will be tried again", extra=context)
            return Dispatched(retried=len(ids))
        _log.error("notices could not be sent and are given up", extra=context)
        self._count("failed", len(ids))
        return Dispatched(failed=len(ids))

    def _count(self, state: str, number: int) -> None:
        NOTICES.labels(self._kind.value, state).inc(number)
