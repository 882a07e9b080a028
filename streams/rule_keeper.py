"""Under which rules a partition is: the rule sets of its topic, folded into the partition's own state.

A change takes effect at its record's place in the log: what the partition applies later is judged by it, and each
customer whom it covers is asked to be reviewed, by a record of their own. So a change costs every batch only a bounded
piece of the work, and all of it is restored, repeated and committed as any other event's.

A set may cover thousands of customers, so each is a part of its own, under its version: a change writes one set, and a
batch reads no more than the index of what is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from confluent_kafka import Message

from domain.identity import content_digest
from domain.rule_changes import RetiredSet, RuleBook, RuleChange, parse_rule_change
from domain.rule_sets import RuleSet, RulesInForce
from domain.rules import Rules
from domain.validation import Refusal
from runtime import metrics
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import REVIEWS, RULES
from streams.inbound import recorded_at, source_of
from streams.outlet import Outlet, View
from streams.results import position

#: the rules are parts of the key of no customer: customer ids are not empty
NOBODY = b""
#: versions of sets begin above it
INDEX_PART = 0
#: while a change spreads, the partitions of a worker are under two
_REMEMBERED: Final = 8
_encoder = msgspec.msgpack.Encoder()
_set_decoder = msgspec.msgpack.Decoder(RuleSet)
_retired_decoder = msgspec.msgpack.Decoder(RetiredSet)


class RuleIndex(msgspec.Struct, frozen=True, array_like=True):
    """Which sets a partition has parts of: those in force, by version, each with the digest of its part, and the
    versions of retired ones. Equal indexes mean equal rules.
    """

    in_force: tuple[tuple[int, bytes], ...] = ()
    retired: tuple[int, ...] = ()


_index_decoder = msgspec.msgpack.Decoder(RuleIndex)


class RuleKeeper:
    """Reads and changes what is in force; ``base`` holds where no set says anything. Holds no state of its own."""

    def __init__(self, codec: Codec, base: Rules) -> None:
        self._codec = codec
        self._outlet = Outlet(codec)
        self._base = base
        self._nothing = RulesInForce((), base)
        self._in_force: dict[bytes, RulesInForce] = {}

    def in_force(self, view: View) -> RulesInForce:
        """What is in force in the partition now."""
        data = view.find_part(NOBODY, INDEX_PART)
        if data is None:
            return self._nothing
        found = self._in_force.get(data)
        if found is None:
            if len(self._in_force) >= _REMEMBERED:
                self._in_force.clear()
            sets = _sets(view, _index_decoder.decode(data))
            found = self._in_force[data] = RulesInForce(sets, self._base)
        return found

    def apply(self, view: View) -> None:
        """Apply every change of the view, in offset order."""
        for message in view.records:
            self._apply_one(view, message)

    def _apply_one(self, view: View, message: Message) -> None:
        assert RULES.schema is not None
        try:
            change = parse_rule_change(self._codec.decode(RULES.schema, message.value()))
        except WireError as error:
            self._outlet.refuse(view, message, error.reason, error.detail)
            return
        if isinstance(change, Refusal):
            self._outlet.refuse(view, message, change.reason, change.detail, change.event_id)
            return
        data = view.find_part(NOBODY, INDEX_PART)
        index = RuleIndex() if data is None else _index_decoder.decode(data)
        before = RuleBook(_sets(view, index), _retired(view, index))
        after = before.after(change)
        if isinstance(after, Refusal):
            self._outlet.refuse(view, message, after.reason, after.detail, after.event_id)
        elif after == before:
            metrics.STREAM_EVENTS_DUPLICATE.labels(topic=RULES.name).inc()
        else:
            metrics.STREAM_EVENTS_APPLIED.labels(topic=RULES.name).inc()
            _keep(view, index, after, change.rule_set.version)
            self._ask_for_reviews(view, message, change)

    def _ask_for_reviews(self, view: View, message: Message, change: RuleChange) -> None:
        """One record for each customer of the partition whom the change covers."""
        asked = self._outlet.encoded(
            REVIEWS,
            {
                "event_id": change.event_id,
                "occurred_at": change.occurred_at,
                "recorded_at": recorded_at(message),
                "source": position(source_of(message)),
            },
        )
        covered = change.rule_set.whom()
        whom = None if covered is None else {customer.encode() for customer in covered}
        for key in sorted(view.keys()):
            if whom is None or key in whom:
                view.emit(REVIEWS.name, key, asked)


def _sets(view: View, index: RuleIndex) -> tuple[RuleSet, ...]:
    return tuple(_set_decoder.decode(view.get_part(NOBODY, version)) for version, _ in index.in_force)


def _retired(view: View, index: RuleIndex) -> tuple[RetiredSet, ...]:
    return tuple(_retired_decoder.decode(view.get_part(NOBODY, version)) for version in index.retired)


def _keep(view: View, before: RuleIndex, after: RuleBook, changed: int) -> None:
    """Write the part of the version that was ``changed``, and the index."""
    kept: Sequence[RuleSet | RetiredSet] = (*after.sets, *after.retired)
    (part,) = (_encoder.encode(one) for one in kept if one.version == changed)
    digests = {**dict(before.in_force), changed: content_digest(part)}
    index = RuleIndex(
        tuple((one.version, digests[one.version]) for one in after.sets),
        tuple(one.version for one in after.retired),
    )
    view.put_part(NOBODY, changed, part)
    view.put_part(NOBODY, INDEX_PART, _encoder.encode(index))
