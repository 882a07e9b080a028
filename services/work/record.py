"""Records an action: on the topic first, then waits until the projection shows it.

Invariants: the actions on one subject are judged one after the other (an advisory lock of PostgreSQL on the
subject), each on what the one before it left; what an action sends to the books is in Kafka with the action or not at
all; who has acted reads their own action; nothing is written to a table here; whoever acts holds one connection, so
that many who act at once cannot wait for each other's. When the wait fails the event is on the topic all the same and
shows as soon as the projector runs: the error says so (``NotShownError``), and the same action taken again is judged
on the new state.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import sqlalchemy as sa
import tenacity
from sqlalchemy.dialects.postgresql import distinct_on

from domain.work.actions import Action
from schemas.topics import WORK_EVENTS, Topic
from services.queries.filters import AccountFilter
from services.store.producer import Courier, NotDeliveredError, Parcel
from services.store.tables import work_events
from services.work.errors import NotRecordedError, NotShownError


class Encoder(Protocol):
    """Turns a value into the bytes of its contract (``schemas.codec.Codec``)."""

    def encode(self, schema_name: str, value: Mapping[str, Any]) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An action that was judged and is to be recorded."""

    subject_kind: str
    subject: str
    action: str
    actor: str
    occurred_at: dt.datetime
    customer_id: str
    currency: str | None = None
    comment: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    event_id: str = field(default_factory=lambda: f"w-{uuid.uuid4().hex}")

    def as_action(self) -> Action:
        """As history will tell it."""
        return Action(**{name: getattr(self, name) for name in Action.__struct_fields__})


class WorkLog:
    """Records deeds. Connects on first use; may be used from several threads.

    ``app_id``: what transactional ids begin with, as those of the stream do.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        encoder: Encoder,
        engine: sa.Engine,
        *,
        app_id: str = "tieout",
        topic: str = WORK_EVENTS.name,
        timeout_s: int = 15,
    ) -> None:
        self._topic = topic
        self._encoder = encoder
        self._engine = engine
        self._timeout_s = timeout_s
        self._courier = Courier(bootstrap_servers, f"{app_id}-work", delivery_timeout_s=timeout_s)

    @contextlib.contextmanager
    def turn(self, subject_kind: str, subject: str) -> Iterator[sa.Connection]:
        """Take the caller's turn on the subject; blocks while another has it. The connection is for reading."""
        with self._engine.begin() as connection:
            self.hold(connection, subject_kind, subject)
            yield connection

    def hold(self, connection: sa.Connection, subject_kind: str, subject: str) -> None:
        """Take the turn on another subject, too, until this one's ends; blocks while another has it."""
        key = sa.func.hashtextextended(f"{subject_kind}/{subject}", 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def record(
        self, connection: sa.Connection, deed: Deed, posted: Sequence[Parcel] = ()
    ) -> list[tuple[int, int]]:
        """Write the event, and with it what it posts to the books, all or nothing, and wait until it is projected.

        ``connection``: that of the turn. (partition, offset) of each of ``posted``. Raises ``NotRecordedError``.
        """
        value = {name: getattr(deed, name) for name in Deed.__dataclass_fields__}
        said = Parcel(self._topic, deed.customer_id.encode(), self._encoder.encode("work_event", value))
        _, *places = self.send([said, *posted])
        self._await(connection, deed.event_id)
        return places

    def parcel(self, topic: Topic, customer_id: str, value: Mapping[str, Any]) -> Parcel:
        """An event for an input topic, ready to be sent."""
        return Parcel(topic.name, customer_id.encode(), self.encoded(topic, value))

    def encoded(self, topic: Topic, value: Mapping[str, Any]) -> bytes:
        """The bytes of an event for an input topic."""
        if topic.schema is None:
            raise ValueError(f"{topic.name} is no topic of events")
        return self._encoder.encode(topic.schema, value)

    def send(self, parcels: Sequence[Parcel]) -> list[tuple[int, int]]:
        """Write records and wait until Kafka has them, all or nothing; (partition, offset) of each.

        Raises ``NotRecordedError``.
        """
        deliver = self._courier.deliver if len(parcels) == 1 else self._courier.deliver_together
        try:
            return deliver(parcels)
        except NotDeliveredError as error:
            raise NotRecordedError(f"Kafka: {error.reason}.") from error

    def _await(self, connection: sa.Connection, event_id: str) -> None:
        shown = sa.select(sa.exists().where(work_events.c.event_id == event_id))

        def is_shown() -> bool:
            return bool(connection.execute(shown).scalar_one())

        retry = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: not found),
            wait=tenacity.wait_exponential(multiplier=0.01, max=0.3),
            stop=tenacity.stop_after_delay(self._timeout_s),
            retry_error_callback=lambda _state: False,
        )
        if not retry(is_shown):
            raise NotShownError(self._timeout_s)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An action as people and programs read it."""

    event_id: str
    action: str
    actor: str
    occurred_at: dt.datetime
    comment: str | None
    details: dict[str, str]


def rows_of(history: Sequence[Action]) -> list[HistoryRow]:
    """The rows of a history."""
    return [
        HistoryRow(a.event_id, a.action, a.actor, a.occurred_at, a.comment, dict(a.details)) for a in history
    ]


_COLUMNS: Final = ("event_id", "action", "actor", "occurred_at", "comment", "details")


def history_of(connection: sa.Connection, subject_kind: str, subject: str) -> list[Action]:
    """The actions on one subject, in order."""
    row = work_events.c
    wanted = sa.select(*(row[name] for name in _COLUMNS)).where(
        row.subject_kind == subject_kind, row.subject == subject
    )
    found = connection.execute(wanted.order_by(row.occurred_at, row.event_id)).mappings()
    return [Action(**one) for one in found]


def actions_by_subject(
    connection: sa.Connection, subject_kind: str, accounts: AccountFilter, last_in: Sequence[str] = ()
) -> dict[str, list[Action]]:
    """The actions on every subject of a kind, each in order. ``last_in``: only where one of these is the last."""
    row = work_events.c
    wanted = sa.select(row.subject, *(row[name] for name in _COLUMNS)).where(
        row.subject_kind == subject_kind, *accounts.clauses(work_events)
    )
    if last_in:
        last = (
            sa.select(row.subject, row.action)
            .where(row.subject_kind == subject_kind)
            .ext(distinct_on(row.subject))
            .order_by(row.subject, row.occurred_at.desc(), row.event_id.desc())
            .subquery()
        )
        wanted = wanted.where(row.subject.in_(sa.select(last.c.subject).where(last.c.action.in_(last_in))))
    found: dict[str, list[Action]] = {}
    for subject, *fields in connection.execute(wanted.order_by(row.occurred_at, row.event_id)):
        found.setdefault(subject, []).append(Action(**dict(zip(_COLUMNS, fields, strict=True))))
    return found
