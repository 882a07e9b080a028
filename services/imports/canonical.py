"""One canonical JSON event (a line of NDJSON) as a record for its topic.

Why: ``docs/reference/events.md`` is the contract with people who write events by hand or by script. This
module judges only the *shape*: what cannot become a record of the Avro contract comes back as a
``LineError``. Whether an event is fit for the books (a known currency, an amount in range, a customer) is
decided in one place only, ``domain.validation``, behind the topic, so that a refused event is kept as a dead
letter.

Invariants:

* Nothing of the line is lost: fields that the contract does not know go to ``metadata`` as text.
* No number passes through a float: JSON numbers with a fraction are read as decimals.
* A bad line is a value, never an exception.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from domain.events import (
    KINDS,
    CustomerStatementEvent,
    OrderEvent,
    OrderLine,
    PaymentEvent,
    RefundEvent,
    RemittanceAllocation,
    StatementLine,
)
from domain.parties import Role, SupplierIdError, role_of, supplier_party
from schemas.topics import CUSTOMER_STATEMENTS, ORDERS, PAYMENTS, REFUNDS, Topic

EXCERPT_CHARACTERS: Final = 120

TOPIC_OF: Final[Mapping[type, Topic]] = {
    OrderEvent: ORDERS,
    PaymentEvent: PAYMENTS,
    RefundEvent: REFUNDS,
    CustomerStatementEvent: CUSTOMER_STATEMENTS,
}

#: what people may write for ``customer_statement.`` where it is a supplier's
_OF_SUPPLIERS: Final = "supplier_statement."

#: fields that the Avro contracts hold as a 32-bit ``int``; all other integers are 64-bit ``long``
INT32_FIELDS: Final = frozenset(
    {"schema_version", "source_version", "statement_version", "line_count", "line_no"}
)
#: the records inside a record, by the event that holds them
_INNER: Final[Mapping[type, Mapping[str, type[msgspec.Struct]]]] = {
    OrderEvent: {"lines": OrderLine},
    PaymentEvent: {"allocations": RemittanceAllocation},
    RefundEvent: {"lines": OrderLine},
    CustomerStatementEvent: {"lines": StatementLine},
}
_NULL_MEANS_EMPTY: Final[Mapping[str, type]] = {"lines": list, "allocations": list, "metadata": dict}
#: decimals that the contract carries as text and that people write as JSON numbers
_DECIMAL_TEXT: Final = ("quantity", "unit_price")

#: beyond this a decimal is written with its exponent: ``1e999999999`` must not become a gigabyte of zeros
_PLAIN_EXPONENT_MAX: Final = 40

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


class LineReason(enum.StrEnum):
    NOT_JSON = "NOT_JSON"
    NOT_AN_OBJECT = "NOT_AN_OBJECT"
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE"
    MISSING_FIELD = "MISSING_FIELD"
    WRONG_TYPE = "WRONG_TYPE"
    BAD_DATE = "BAD_DATE"
    BAD_PARTY = "BAD_PARTY"
    NOT_ENCODABLE = "NOT_ENCODABLE"
    TOO_LONG = "TOO_LONG"


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a line cannot become a record. ``line_no`` counts from 1; ``excerpt`` is the line's beginning."""

    line_no: int
    reason: str
    detail: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to send. ``position`` is its line or document number in the source, from 1."""

    position: int
    topic: Topic
    key: bytes
    value: dict[str, Any]


def read_line(line_no: int, line: bytes) -> Outgoing | LineError:
    """The record that a line of NDJSON stands for, or why there is none."""
    try:
        decoded = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # nested too deep to read
        return LineError(line_no, LineReason.NOT_JSON, str(error), excerpt_of(line))
    return read_event(line_no, decoded, line)


def record_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The record of one decoded event. Raises ``ValueError`` with a sentence where it cannot be one."""
    outgoing = read_event(1, event)
    if isinstance(outgoing, LineError):
        raise ValueError(outgoing.detail)
    return outgoing.value


def read_event(position: int, event: object, line: bytes | None = None) -> Outgoing | LineError:
    """As ``read_line`` for an event that is already decoded (strings for dates, as in JSON).

    A ``occurred_at`` without an offset is taken as UTC, as the contract says of that field.
    """

    def error(reason: LineReason, detail: str) -> LineError:
        raw = line if line is not None else json.dumps(event, ensure_ascii=False, default=str).encode()
        return LineError(position, reason, detail, excerpt_of(raw))

    if not isinstance(event, Mapping):
        return error(LineReason.NOT_AN_OBJECT, "A line holds one JSON object.")
    try:
        event = with_party(event)
    except PartyError as problem:
        return error(LineReason.BAD_PARTY, str(problem))
    event_type = event.get("event_type")
    kind, _, life = event_type.partition(".") if isinstance(event_type, str) else ("", "", "")
    # Adjustments are no source's to write: they enter through proposal and approval (services.work).
    if kind not in KINDS or life not in KINDS[kind][1] or KINDS[kind][0] not in TOPIC_OF:
        return error(LineReason.UNKNOWN_EVENT_TYPE, f"event_type is {event_type!r}.")
    struct = KINDS[kind][0]

    missing = [name for name in _mandatory(struct) if event.get(name) is None]
    if missing:
        return error(LineReason.MISSING_FIELD, f"Mandatory and absent or null: {', '.join(missing)}.")
    try:
        typed = msgspec.convert(_shaped(event, struct), struct)
    except msgspec.ValidationError as problem:
        bad_date = str(problem).startswith("Invalid RFC3339")
        return error(LineReason.BAD_DATE if bad_date else LineReason.WRONG_TYPE, str(problem))
    value: dict[str, Any] = msgspec.to_builtins(typed, builtin_types=(dt.date, dt.datetime))
    try:
        value["occurred_at"] = _utc(typed.occurred_at)
    except OverflowError:  # an offset at the very edge of the calendar
        return error(LineReason.BAD_DATE, f"occurred_at {typed.occurred_at} is out of range in UTC.")
    if (field := _out_of_range(value)) is not None:
        return error(LineReason.NOT_ENCODABLE, f"{field} does not fit the contract's integer.")
    return Outgoing(position, TOPIC_OF[struct], typed.customer_id.encode(), value)


class PartyError(ValueError):
    """An event that says in two ways, or in none that is known, whose it is."""


def with_party(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event with its ``supplier_id`` as the ``customer_id`` of the contract (``supplier:S-1``), and a
    ``supplier_statement`` under the contract's name. Raises ``PartyError``.
    """
    supplier_id = event.get("supplier_id")
    if supplier_id is not None:
        if event.get("customer_id") is not None:
            raise PartyError("It names both a customer_id and a supplier_id.")
        if not isinstance(supplier_id, str):
            raise PartyError("supplier_id is no text.")
        try:
            party = supplier_party(supplier_id)
        except SupplierIdError as error:
            raise PartyError(str(error)) from error
        event = {name: value for name, value in event.items() if name != "supplier_id"} | {
            "customer_id": party
        }
    event_type = event.get("event_type")
    if isinstance(event_type, str) and event_type.startswith(_OF_SUPPLIERS):
        if role_of(str(event.get("customer_id"))) is not Role.SUPPLIER:
            raise PartyError("A supplier_statement names its supplier_id.")
        event = {**event, "event_type": event_type.replace(_OF_SUPPLIERS, "customer_statement.", 1)}
    return event


def excerpt_of(line: bytes) -> str:
    """The beginning of a line for people: control characters replaced, at most ``EXCERPT_CHARACTERS``."""
    text = line[: 4 * EXCERPT_CHARACTERS].decode(errors="replace").strip()
    return "".join(c if c.isprintable() else " " for c in text[:EXCERPT_CHARACTERS])


@functools.cache
def _mandatory(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(struct) if field.required)


def _utc(instant: dt.datetime) -> dt.datetime:
    return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)


def _shaped(event: Mapping[str, Any], struct: type) -> dict[str, Any]:
    """The event with nulls of containers dropped, decimals as text, and unknown fields moved to metadata."""
    known = set(struct.__struct_fields__)  # type: ignore[attr-defined]  # every msgspec.Struct has it
    shaped = {name: value for name, value in event.items() if name in known}
    extras = {name: value for name, value in event.items() if name not in known}
    for name, empty in _NULL_MEANS_EMPTY.items():
        if name in shaped and shaped[name] is None:
            shaped[name] = empty()
    for name, inner in _INNER[struct].items():
        if isinstance(shaped.get(name), list):
            shaped[name] = [
                _shaped_inner(f"{name}.{index}", item, inner, extras)
                for index, item in enumerate(shaped[name])
            ]
    metadata = shaped.get("metadata", {})
    if isinstance(metadata, Mapping):  # else the conversion reports it
        texts = {str(name): _text(value) for name, value in metadata.items()}
        for name, value in extras.items():
            texts[name if name not in texts else f"field:{name}"] = _text(value)
        shaped["metadata"] = texts
    return shaped


def _shaped_inner(path: str, item: Any, struct: type[msgspec.Struct], extras: dict[str, Any]) -> Any:
    if not isinstance(item, Mapping):
        return item
    known = struct.__struct_fields__
    extras.update({f"{path}.{name}": value for name, value in item.items() if name not in known})
    shaped = {name: value for name, value in item.items() if name in known}
    for name in _DECIMAL_TEXT:
        number = shaped.get(name)
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            plain = isinstance(number, Decimal) and abs(number.adjusted()) <= _PLAIN_EXPONENT_MAX
            shaped[name] = f"{number:f}" if plain else str(number)
    return shaped


def _text(value: Any) -> str:
    """A JSON value as text: strings as they are, all else as compact JSON."""
    if isinstance(value, str):
        return value
    return _encoder.encode(value).decode()


def _out_of_range(value: Any, name: str = "") -> str | None:
    """The name of an integer that its Avro type cannot hold."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        bits = 31 if name in INT32_FIELDS else 63
        return None if -(2**bits) <= value < 2**bits else name
    if isinstance(value, dict):
        found = (_out_of_range(inner, key) for key, inner in value.items())
    elif isinstance(value, list | tuple):
        found = (_out_of_range(inner, name) for inner in value)
    else:
        return None
    return next((field for field in found if field is not None), None)
