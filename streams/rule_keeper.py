"""Under which rules a partition is: the rule sets of its topic, folded into the partition's own state.

A change takes effect at its record's place in the log: what the partition applies later is judged by it, and each
customer whom it covers is asked to be reviewed, by a record of their own. So a change costs every batch only a bounded
piece of the work, and all of it is restored, repeated and committed as any other event's.
"""

from __future__ import annotations

import functools

import msgspec
from confluent_kafka import Message

from domain.rule_changes import RuleBook, RuleChange, parse_rule_change
from domain.rule_sets import RulesInForce
from domain.rules import Rules
from domain.validation import Refusal
from runtime import metrics
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import REVIEWS, RULES
from streams.inbound import recorded_at, source_of
from streams.outlet import Outlet, View
from streams.results import position

#: the rules are a part of the key of no customer: customer ids are not empty
NOBODY = b""
RULES_PART = 0
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(RuleBook)


class RuleKeeper:
    """Reads and changes what is in force; ``base`` holds where no set says anything. Holds no state of its own."""

    def __init__(self, codec: Codec, base: Rules) -> None:
        self._codec = codec
        self._outlet = Outlet(codec)
        self._in_force = functools.lru_cache(maxsize=64)(
            lambda data: RulesInForce(_decoder.decode(data).sets, base)
        )
        self._nothing = RulesInForce((), base)

    def in_force(self, view: View) -> RulesInForce:
        """What is in force in the partition now."""
        data = view.find_part(NOBODY, RULES_PART)
        return self._nothing if data is None else self._in_force(data)

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
        data = view.find_part(NOBODY, RULES_PART)
        before = RuleBook() if data is None else _decoder.decode(data)
        after = before.after(change)
        if isinstance(after, Refusal):
            self._outlet.refuse(view, message, after.reason, after.detail, after.event_id)
        elif after == before:
            metrics.STREAM_EVENTS_DUPLICATE.labels(topic=RULES.name).inc()
        else:
            metrics.STREAM_EVENTS_APPLIED.labels(topic=RULES.name).inc()
            view.put_part(NOBODY, RULES_PART, _encoder.encode(after))
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
        whom = frozenset(customer.encode() for customer in change.rule_set.customers)
        for key in sorted(view.keys()):
            if not whom or key in whom:
                view.emit(REVIEWS.name, key, asked)
