"""From outcomes to the records of the result topics. The shapes are those of ``schemas/avro``.

Records are in our view: what a supplier's mirrored book says with a sign or a side is turned here (``domain.parties``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from confluent_kafka import Message

from domain.books import Book, Held, Linked, account_name
from domain.comparison.rows import ComparedRow, withdrawn
from domain.discrepancies.explanations import explain
from domain.events import AdjustmentEvent, Event, Source
from domain.facts import Fact
from domain.identity import stable_id
from domain.ledger import EntryRole, Line, our_side_of
from domain.outcomes import (
    AccountMoved,
    AllocationChanged,
    Booked,
    ComparisonChanged,
    DiscrepancyChanged,
    ItemChanged,
    Outcome,
)
from domain.parties import role_of, view_sign
from domain.review import due_date
from domain.rules import RulesByDate
from schemas import topics
from schemas.topics import Topic
from streams.inbound import recorded_at, source_of

Row = dict[str, object]
#: keeps a record of a large comparison well below the size that a broker takes
ROWS_PER_PART = 1_000
#: figures of a comparison, and of its rows, that have a sign
_SIGNED_FIGURES = ("theirs_opening_minor", "ours_opening_minor", "theirs_closing_minor", "ours_closing_minor")
_SIGNED_IN_A_ROW = ("theirs_minor", "ours_minor", "step_minor")
_RULE_NAMES = {
    "same_transfer": "duplicate_by_transfer_reference",
    "paid_twice": "duplicate_by_amount_and_documents",
}


class Cause(msgspec.Struct, frozen=True):
    """What led to the outcomes, an event or a change of the rules, with its place in Kafka."""

    event_id: str
    correlation_id: str | None
    occurred_at: dt.datetime
    business_date: dt.date
    source: Source
    recorded_at: dt.datetime
    decision: Mapping[str, str] | None = None
    """Of an adjustment: its number, who proposed it and who approved it."""

    @classmethod
    def of_event(cls, event: Event, message: Message) -> Cause:
        decision = None
        if isinstance(event, AdjustmentEvent):
            people = {"maker": event.proposed_by, "checker": event.approved_by}
            decision = {"adjustment": event.document_no, **people}
        return cls(
            event.event_id,
            event.correlation_id,
            event.occurred_at,
            event.business_date,
            source_of(message),
            recorded_at(message),
            decision,
        )


def result_rows(
    book: Book, outcomes: Sequence[Outcome], cause: Cause, rules: RulesByDate
) -> Iterator[tuple[Topic, Row]]:
    """The result records of one event or review, in the order of its outcomes. ``book`` is the state afterwards."""
    versions = {o.currency: o.version for o in outcomes if isinstance(o, AccountMoved)}
    for outcome in outcomes:
        match outcome:
            case Booked():
                for line in (*outcome.annulled, *outcome.posted):
                    row = _entry(book, outcome, line, cause, rules)
                    yield topics.LEDGER_ENTRIES, _account(book, outcome.currency, versions) | row
            case ItemChanged():
                row = _open_item(book, outcome)
                yield topics.OPEN_ITEMS, _account(book, outcome.currency, versions) | row
            case AllocationChanged():
                row = _allocation(book, outcome, cause, rules)
                yield topics.ALLOCATIONS, _account(book, outcome.currency, versions) | row
            case DiscrepancyChanged():
                row = _discrepancy(book, outcome, cause, rules)
                yield topics.DISCREPANCIES, _account(book, outcome.currency, versions) | row
            case ComparisonChanged():
                for row in _comparison(book, outcome, cause):
                    yield topics.STATEMENT_COMPARISONS, _account(book, outcome.currency, versions) | row
            case AccountMoved():
                row = _balance(book, outcome, cause)
                yield topics.BALANCES, _account(book, outcome.currency, versions) | row


def _account(book: Book, currency: str, versions: dict[str, int]) -> Row:
    return {"customer_id": book.customer_id, "currency": currency, "account_version": versions[currency]}


def position(source: Source) -> Row:
    """Where something stands in Kafka."""
    return {"topic": source.topic, "partition": source.partition, "offset": source.offset}


def _entry(book: Book, booked: Booked, line: Line, cause: Cause, rules: RulesByDate) -> Row:
    facts = book.accounts[booked.currency].records[booked.record_key].facts
    fact = next(f for f in facts if f.rank == line.fact_rank)
    what = line.kind.value.replace("_", " ").capitalize()
    return {
        "entry_id": line.entry_id,
        "kind": line.kind.value,
        "role": line.role.value,
        "side": our_side_of(line.signed_minor, view_sign(book.customer_id)).value,
        "amount_minor": abs(line.signed_minor),
        "document_no": line.document_no,
        "business_date": line.business_date,
        "due_date": due_date(fact, rules) if line.role is EntryRole.POSTED else None,
        "occurred_at": cause.occurred_at,
        "recorded_at": cause.recorded_at,
        "event_id": cause.event_id,
        "source_system": fact.source_system,
        "source_record_id": fact.source_record_id,
        "source_version": line.fact_rank[0],
        "correlation_id": cause.correlation_id,
        "description": what if line.role is EntryRole.POSTED else f"{what} {line.role.value.lower()}",
        "source": position(cause.source),
    }


def _open_item(book: Book, changed: ItemChanged) -> Row:
    fact: Fact = book.accounts[changed.currency].records[changed.record_key].current
    figures = changed.figures
    return {
        "item_id": changed.record_key,
        "kind": fact.kind.value,
        "side": _item_side(book, changed),
        "document_no": fact.document_no,
        "business_date": fact.business_date,
        "due_date": figures.due_date,
        "original_minor": figures.original_minor,
        "allocated_minor": figures.allocated_minor,
        "open_minor": figures.original_minor - figures.allocated_minor,
        "state": figures.state,
        "salesperson": fact.salesperson,
        "department": fact.department,
    }


def _item_side(book: Book, changed: ItemChanged) -> str:
    """The side of the record; one that is cancelled by now keeps the side that it was booked on."""
    facts = book.accounts[changed.currency].records[changed.record_key].facts
    signed = next((f.signed_minor for f in reversed(facts) if f.signed_minor), 0)
    return our_side_of(signed, view_sign(book.customer_id)).value


def _allocation(book: Book, changed: AllocationChanged, cause: Cause, rules: RulesByDate) -> Row:
    records = book.accounts[changed.currency].records
    name = account_name(book.customer_id, changed.currency)
    link = changed.link or Linked(0, cause.business_date, "withdrawn", 0, False)
    state = "confirmed" if link.confirmed else "suggested"
    # What pays is a credit in the book; to a supplier it is a debit of ours.
    pair = (changed.credit_key, changed.debit_key)
    credit, debit = pair if view_sign(book.customer_id) > 0 else reversed(pair)
    return {
        "allocation_id": stable_id("a", name, changed.credit_key, changed.debit_key),
        "credit_item_id": credit,
        "payment_document_no": records[changed.credit_key].current.document_no,
        "debit_item_id": debit,
        "document_no": records[changed.debit_key].current.document_no,
        "amount_minor": link.amount_minor,
        "effective_date": link.effective_date,
        "rule": link.rule,
        "rule_version": rules.on(records[changed.credit_key].current.business_date).version,
        "score_ppm": link.score_ppm,
        "score_parts": dict(link.score_parts),
        "state": state if changed.link is not None else "withdrawn",
    }


def _discrepancy(book: Book, changed: DiscrepancyChanged, cause: Cause, rules: RulesByDate) -> Row:
    held, finding = changed.held, changed.finding
    reason, arguments = _ending(held, cause) if finding is None else (finding.reason, dict(finding.arguments))
    return {
        "discrepancy_id": changed.discrepancy_id,
        "kind": held.kind,
        "state": changed.state.value,
        "document_no": held.document_no,
        "amount_minor": held.amount_minor,
        "ours_minor": None if finding is None else _turned(book, finding.ours_minor),
        "theirs_minor": None if finding is None else _turned(book, finding.theirs_minor),
        "statement_id": held.statement_id,
        "line_no": held.line_no,
        "rule": _RULE_NAMES.get(reason, held.kind.lower()),
        "rule_version": rules.on(_judged_on(book, changed)).version,
        "explanation": explain(reason, arguments, role_of(book.customer_id)),
        "reason_code": reason,
        "reason_arguments": arguments,
        "evidence": [position(s) for s in (finding.evidence if finding is not None else (cause.source,))],
        "event_id": cause.event_id,
        "correlation_id": cause.correlation_id,
        "business_date": held.business_date,
        "occurred_at": cause.occurred_at,
    }


def _judged_on(book: Book, changed: DiscrepancyChanged) -> dt.date:
    """Whose rules count: a statement's period decides for what is found in it, else the finding's own date."""
    held = changed.held
    if held.statement_id is None:
        return held.business_date
    return book.accounts[changed.currency].statements[held.statement_id][-1].period_end


def _ending(held: Held, cause: Cause) -> tuple[str, dict[str, str]]:
    """Why a discrepancy no longer stands: reason and arguments."""
    also = {"also": held.also} if held.also else {}
    if cause.decision is None:
        return "withdrawn", {"event": cause.event_id} | also
    return "resolved", dict(cause.decision) | also


def _comparison(book: Book, changed: ComparisonChanged, cause: Cause) -> Iterator[Row]:
    found = changed.overview
    if found is None:
        statement = book.accounts[changed.currency].statements[changed.statement_id][-1]
        found = withdrawn(statement)
        parts: list[tuple[ComparedRow, ...]] = []
    else:
        rows = found.rows
        parts = [rows[at : at + ROWS_PER_PART] for at in range(0, max(len(rows), 1), ROWS_PER_PART)]
    header: Row = {name: getattr(found, name) for name in found.__struct_fields__ if name != "rows"}
    for name in _SIGNED_FIGURES:
        header[name] = _turned(book, getattr(found, name))
    for part, rows in enumerate(parts or [()], start=1):
        yield header | {
            "part": part,
            "parts": len(parts),
            "rows": [_compared_row(book, row) for row in rows],
            "event_id": cause.event_id,
            "occurred_at": cause.occurred_at,
        }


def _compared_row(book: Book, row: ComparedRow) -> Row:
    fields: Row = {name: getattr(row, name) for name in row.__struct_fields__}
    for name in _SIGNED_IN_A_ROW:
        fields[name] = _turned(book, getattr(row, name))
    fields["reason_arguments"] = dict(row.reason_arguments)
    fields["explanation"] = explain(row.reason_code, row.reason_arguments, role_of(book.customer_id))
    return fields


def _turned(book: Book, signed_minor: int | None) -> int | None:
    """A signed amount of the book, in our view."""
    return None if signed_minor is None else view_sign(book.customer_id) * signed_minor


def _balance(book: Book, moved: AccountMoved, cause: Cause) -> Row:
    return {
        "balance_minor": _turned(book, moved.balance_minor),
        "entry_count": moved.entry_count,
        "open_discrepancies": moved.open_discrepancies,
        "last_business_date": max(moved.last_business_date, dt.date(1970, 1, 1)),
        "event_id": cause.event_id,
        "occurred_at": cause.occurred_at,
    }


def dead_letter(
    message: Message, reason: str, detail: str, event_id: str | None, customer_id: str | None
) -> tuple[Topic, Row]:
    """The dead letter of a refused record: reason, position and raw bytes."""
    key = message.key()
    return topics.DEAD_LETTERS, {
        "reason": reason,
        "detail": detail,
        "event_id": event_id,
        "customer_id": customer_id,
        "recorded_at": recorded_at(message),
        "source": position(source_of(message)),
        "raw_key": key.encode() if isinstance(key, str) else key,
        "raw_value": message.value(),
    }
