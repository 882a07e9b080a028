"""Dead letters worked off: repaired or replayed by the input topic, or discarded; the refused record stays as it was.

A repaired event is a new event that names the dead letter as its cause. Its id is made of the letter and its content,
and its content lies in the log of work, so that sending it again after a crash is the same event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from domain.identity import stable_id
from domain.validation import Refusal, parse_event
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.dead_letters import (
    DeadLetterAction,
    dead_letter_state,
    judge_dead_letter_action,
)
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import BY_NAME, RULES, Topic
from services.store.producer import Parcel
from services.store.tables import dead_letters
from services.work.cases import after
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.record import Deed, HistoryRow, WorkLog, history_of, rows_of
from services.work.users import User

DEAD_LETTER: Final = "dead_letter"

#: a JSON event as the record that its contract wants; raises ``ValueError`` with a sentence where it cannot be one
Shape = Callable[[Mapping[str, Any]], dict[str, Any]]
#: characters of what a repair changed that its history tells
_CHANGED_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class DeadLetterDetail:
    """A refused record, what was done about it, and ``event``: its fields, where they can be read at all."""

    dead_letter_id: str
    state: str
    reason: str
    detail: str
    customer_id: str | None
    recorded_at: dt.datetime
    raw_value: str | None
    event: Mapping[str, Any] | None
    history: list[HistoryRow]


@dataclass(frozen=True, slots=True)
class DeadLetterDesk:
    """Acts for users. Raises ``WorkError``; blocks until everybody can read what was done."""

    log: WorkLog
    codec: Codec
    shape: Shape
    clock: Callable[[], dt.datetime]
    topics: Mapping[str, Topic] = field(default_factory=lambda: BY_NAME)

    def read(self, connection: sa.Connection, letter_id: str) -> DeadLetterDetail:
        """One dead letter with its history. Raises ``NoSuchSubjectError``."""
        letter = _find(connection, letter_id)
        history = history_of(connection, DEAD_LETTER, letter_id)
        raw = letter["raw_value"]
        return DeadLetterDetail(
            letter_id,
            dead_letter_state(history).value,
            letter["reason"],
            letter["detail"],
            letter["customer_id"],
            letter["recorded_at"].astimezone(dt.UTC),
            None if raw is None else bytes(raw).decode("utf-8", errors="backslashreplace"),
            self._fields(letter),
            rows_of(history),
        )

    def repair(
        self,
        user: User,
        letter_id: str,
        *,
        changes: Mapping[str, Any] | None = None,
        event: Mapping[str, Any] | None = None,
        comment: str | None = None,
    ) -> DeadLetterDetail:
        """Send the event with ``changes`` to its fields, or ``event`` in its place. The same again is harmless."""
        with self._turn(user, letter_id) as connection:
            letter = _find(connection, letter_id)
            history = history_of(connection, DEAD_LETTER, letter_id)
            fields = event if event is not None else self._fields(letter)
            if fields is None:
                raise _refused(letter_id, "Its fields cannot be read: give the whole event.")
            topic = self.topics[letter["source_topic"]]
            value = self._mended(letter_id, topic, {**fields, **(changes or {})})
            digest = value["event_id"]
            mended = [self.log.parcel(topic, value["customer_id"], value)]
            if any(action.details.get("event_id") == digest for action in history):
                self.log.send(mended)
            else:
                action = DeadLetterAction.REPAIR
                details = {"event_id": digest, "changed": _changed(self._fields(letter) or {}, value)}
                self._record(connection, user, letter, letter_id, action, comment, history, mended, **details)
            return self.read(connection, letter_id)

    def replay(self, user: User, letter_id: str, *, comment: str | None = None) -> DeadLetterDetail:
        """Send the very bytes again: the reason has gone (a schema is known now, a rule was mended)."""
        with self._turn(user, letter_id) as connection:
            letter = _find(connection, letter_id)
            history = history_of(connection, DEAD_LETTER, letter_id)
            if letter["raw_value"] is None or letter["raw_key"] is None:
                raise _refused(letter_id, "A record without key or value cannot be replayed: repair it.")
            topic = self.topics[letter["source_topic"]]
            # a change of the rules concerns its partition, whatever its key
            partition = (letter["source_partition"],) if topic == RULES else ()
            again = Parcel(topic.name, bytes(letter["raw_key"]), bytes(letter["raw_value"]), *partition)
            self._record(
                connection, user, letter, letter_id, DeadLetterAction.REPLAY, comment, history, [again]
            )
            return self.read(connection, letter_id)

    def discard(self, user: User, letter_id: str, *, comment: str) -> DeadLetterDetail:
        """Leave it be, and say why. The record stays where it is."""
        if not comment.strip():
            raise _refused(letter_id, "Say why it is discarded.", WorkRefusalReason.FIELD_MISSING)
        with self._turn(user, letter_id) as connection:
            letter = _find(connection, letter_id)
            history = history_of(connection, DEAD_LETTER, letter_id)
            self._record(connection, user, letter, letter_id, DeadLetterAction.DISCARD, comment, history)
            return self.read(connection, letter_id)

    def _turn(self, user: User, letter_id: str) -> Any:
        if not user.at_least("clerk"):
            raise NotAllowedError(user.user_id, f"{user.user_id} may look at dead letters, not work on them.")
        return self.log.turn(DEAD_LETTER, letter_id)

    def _fields(self, letter: sa.RowMapping) -> dict[str, Any] | None:
        topic = self.topics.get(letter["source_topic"])
        if topic is None or topic.schema is None or letter["raw_value"] is None:
            return None
        try:
            decoded = self.codec.decode(topic.schema, bytes(letter["raw_value"]))
        except WireError:
            return None
        fields: dict[str, Any] = msgspec.to_builtins(decoded)
        return fields

    def _mended(self, letter_id: str, topic: Topic, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The record to send. Refuses what the books would refuse again."""
        content = {**fields, "event_id": "", "causation_id": f"dead-letter/{letter_id}"}
        named = stable_id("repair", letter_id, msgspec.json.encode(content, order="sorted").decode())
        try:
            value = self.shape({**content, "event_id": named})
        except ValueError as error:
            raise _refused(letter_id, str(error)) from error
        outcome = parse_event(value, topic.kinds, None)
        if isinstance(outcome, Refusal):
            raise _refused(letter_id, outcome.detail)
        return value

    def _record(
        self,
        connection: sa.Connection,
        user: User,
        letter: sa.RowMapping,
        letter_id: str,
        action: DeadLetterAction,
        comment: str | None,
        history: list[Action],
        posted: Sequence[Parcel] = (),
        **details: str,
    ) -> None:
        refusal = judge_dead_letter_action(dead_letter_state(history))
        if refusal is not None:
            raise ActionRefusedError(letter_id, refusal)
        deed = Deed(
            subject_kind=DEAD_LETTER,
            subject=letter_id,
            action=action,
            actor=user.user_id,
            occurred_at=after(history, self.clock()),
            customer_id=letter["customer_id"] or "",
            comment=comment,
            details=details,
        )
        self.log.record(connection, deed, posted)


def _changed(before: Mapping[str, Any], after_it: Mapping[str, Any]) -> str:
    """What a repair says otherwise than the record, for those who look at its history: ``currency=EUR``."""
    mended: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(after_it))
    before = msgspec.json.decode(msgspec.json.encode(before))
    own = {"event_id", "causation_id"}
    fields = [
        f"{name}={mended[name]}" for name in mended if name not in own and mended[name] != before.get(name)
    ]
    return ", ".join(fields)[:_CHANGED_MAX]


def _find(connection: sa.Connection, letter_id: str) -> sa.RowMapping:
    topic, _, rest = letter_id.partition("/")
    partition, _, offset = rest.partition("/")
    letter = dead_letters.c
    if not (partition.isdecimal() and offset.isdecimal() and len(rest) < 30):
        raise NoSuchSubjectError("dead letter", letter_id)
    wanted = sa.select(dead_letters).where(
        letter.source_topic == topic,
        letter.source_partition == int(partition),
        letter.source_offset == int(offset),
    )
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NoSuchSubjectError("dead letter", letter_id)
    return row


def _refused(
    letter_id: str, detail: str, reason: WorkRefusalReason = WorkRefusalReason.FIELD_INVALID
) -> ActionRefusedError:
    return ActionRefusedError(letter_id, WorkRefusal(reason, detail))
