"""Dead letters worked off on real Kafka and PostgreSQL: mended events enter by the input topic, once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from domain.work.dead_letters import DeadLetterState
from schemas import topics
from services.imports.canonical import record_of
from services.queries import testing as books
from services.queries.dead_letters import dead_letter_id
from services.store import tables
from services.work.dead_letters import DeadLetterDesk
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.record import WorkLog
from services.work.users import User
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
ANN = User("ann", "Ann", "clerk")
PAYMENT = {
    "event_id": "e-9",
    "event_type": "payment.settled",
    "schema_version": 1,
    "source_system": "bank",
    "source_record_id": "payment/P-1",
    "source_version": 1,
    "occurred_at": NOW,
    "business_date": NOW.date(),
    "customer_id": "C-1",
    "currency": "XXE",
    "amount_minor": 500,
    "document_no": "P-1",
    "metadata": {},
    "allocations": [],
}
FIRST, SECOND = (dead_letter_id(topics.PAYMENTS.name, 0, offset) for offset in (1, 2))


@pytest.fixture
def desk(bench: Bench) -> Iterator[DeadLetterDesk]:
    raw = bench.codec.encode("payment", PAYMENT)
    letters = [
        books.dead_letter(1, "UNKNOWN_CURRENCY", raw_value=raw, raw_key=b"C-1", customer_id="C-1"),
        books.dead_letter(2, "NOT_FRAMED", raw_value=b"\x01?", raw_key=b"C-1"),
    ]
    books.write(bench.engine, tables.dead_letters, letters)
    inputs = dataclasses.replace(topics.PAYMENTS, name=bench.name(topics.PAYMENTS))
    with projecting(bench):
        log = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
        yield DeadLetterDesk(log, bench.codec, record_of, lambda: NOW, {topics.PAYMENTS.name: inputs})


def sent(bench: Bench) -> list[dict[str, Any]]:
    return [bench.codec.decode("payment", value) for value in bench.records(topics.PAYMENTS)]


def test_a_repaired_event_names_its_cause_and_the_original_stays(bench: Bench, desk: DeadLetterDesk) -> None:
    with bench.engine.connect() as connection:
        before = desk.read(connection, FIRST)
        stored = connection.execute(sa.select(tables.dead_letters)).all()
    assert (before.state, (before.event or {})["currency"]) == (DeadLetterState.REFUSED, "XXE")
    done = desk.repair(ANN, FIRST, changes={"currency": "EUR"}, comment="typing error")
    assert (done.state, done.history[0].comment) == (DeadLetterState.REPAIRED, "typing error")
    assert done.history[0].details["changed"] == "currency=EUR"
    (event,) = sent(bench)
    assert event == {
        **event,
        **PAYMENT,
        "currency": "EUR",
        "event_id": done.history[0].details["event_id"],
        "causation_id": f"dead-letter/{FIRST}",
    }
    with bench.engine.connect() as connection:
        assert connection.execute(sa.select(tables.dead_letters)).all() == stored


def test_the_same_repair_again_is_the_same_event_and_another_is_refused(
    bench: Bench, desk: DeadLetterDesk
) -> None:
    for _ in range(2):
        desk.repair(ANN, FIRST, changes={"currency": "EUR"})
    first, again = sent(bench)
    assert first == again
    for act in (
        lambda: desk.repair(ANN, FIRST, changes={"currency": "USD"}),
        lambda: desk.replay(ANN, FIRST),
        lambda: desk.discard(ANN, FIRST, comment="no"),
    ):
        with pytest.raises(ActionRefusedError, match="REPAIRED already"):
            act()
    assert len(sent(bench)) == 2


def test_what_would_be_refused_again_is_not_sent(bench: Bench, desk: DeadLetterDesk) -> None:
    for changes in (
        {},
        {"currency": "EUR", "amount_minor": -1},
        {"currency": "EUR", "event_type": "gift.made"},
    ):
        with pytest.raises(ActionRefusedError):
            desk.repair(ANN, FIRST, changes=changes)
    with pytest.raises(ActionRefusedError, match="whole event"):
        desk.repair(ANN, SECOND, changes={"currency": "EUR"})
    with pytest.raises(NotAllowedError):
        desk.replay(User("eve", "Eve", "viewer"), FIRST)
    for unknown in (dead_letter_id(topics.PAYMENTS.name, 0, 77), "nonsense", "a/b/c"):
        with pytest.raises(NoSuchSubjectError):
            desk.replay(ANN, unknown)
    assert sent(bench) == []
    assert bench.records(topics.WORK_EVENTS) == []


def test_unreadable_bytes_are_replaced_by_a_whole_event(bench: Bench, desk: DeadLetterDesk) -> None:
    given = {**PAYMENT, "currency": "EUR", "occurred_at": NOW.isoformat(), "business_date": "2026-02-01"}
    assert desk.repair(ANN, SECOND, event=given).state == DeadLetterState.REPAIRED
    assert [event["amount_minor"] for event in sent(bench)] == [500]


def test_replayed_bytes_are_the_very_same_and_a_discarded_letter_says_why(
    bench: Bench, desk: DeadLetterDesk
) -> None:
    assert desk.replay(ANN, FIRST).state == DeadLetterState.REPLAYED
    assert bench.records(topics.PAYMENTS) == [bench.codec.encode("payment", PAYMENT)]
    with pytest.raises(ActionRefusedError):
        desk.discard(ANN, SECOND, comment=" ")
    assert desk.discard(ANN, SECOND, comment="a test of theirs").state == DeadLetterState.DISCARDED
