"""A desk for adjustments on real Kafka, PostgreSQL and projector, and what is proposed at it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from domain.events import AdjustmentType
from schemas import topics
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.queries import testing as books
from services.store import tables
from services.store.producer import Parcel
from services.work.adjustments import AdjustmentDesk
from services.work.errors import (
    NotRecordedError,
)
from services.work.policy import read_policy
from services.work.proposals import Proposal
from services.work.record import WorkLog
from services.work.users import User
from tests.integration.projector_bench import Bench, projecting

CODEC = Codec(FingerprintRegistry())
NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
JAN = dt.date(2026, 1, 5)
ANN, BOB, CARLA = (
    User("ann", "Ann", "clerk"),
    User("bob", "Bob", "approver"),
    User("carla", "C", "controller"),
)


class Posting(WorkLog):
    """A log that keeps what is posted to the books; ``down`` makes the next sending fail."""

    posted: list[dict[str, Any]]
    down = False

    def send(self, parcels: Sequence[Parcel]) -> list[tuple[int, int]]:
        if self.down:
            self.down = False
            raise NotRecordedError("Kafka is away")
        places = super().send(parcels)
        events = [parcel for parcel in parcels if parcel.topic.endswith(topics.ADJUSTMENTS.name)]
        self.posted += [CODEC.decode("adjustment", parcel.value) for parcel in events]
        return places


@pytest.fixture
def desk(bench: Bench) -> Iterator[AdjustmentDesk]:
    books.write(
        bench.engine,
        tables.open_items,
        [
            books.item("C-1", "INV-1001", 12_100, JAN, allocated_minor=12_050),
            books.item("C-1", "INV-2", 2_000_000, JAN),
            books.item("C-1", "P-77", -12_050, JAN, allocated_minor=12_050),
        ],
    )
    books.write(bench.engine, tables.discrepancies, [books.discrepancy("d-1", "SHORT_PAYMENT", "C-1", 50)])
    lines = [line(1, "INV-1", 5), line(2, "INV-1001", 11_200, "CORRECTED"), line(2, "INV-1001", 12_000)]
    parts = [
        books.comparison_part("C-1", "S-1", 1, 1, [], rows=lines, statement_version=3),
        # left behind by an earlier comparison that had more parts
        books.comparison_part("C-1", "S-1", 2, 2, [], rows=[line(9, "INV-9", 5)], account_version=0),
    ]
    books.write(bench.engine, tables.statement_comparisons, parts)
    inputs = dataclasses.replace(topics.ADJUSTMENTS, name=bench.name(topics.ADJUSTMENTS))
    with projecting(bench):
        log = Posting(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
        log.posted = []
        yield AdjustmentDesk(log, read_policy(), lambda: NOW, inputs)


def proposal(**other: Any) -> Proposal:
    fields: dict[str, Any] = {
        "adjustment_type": AdjustmentType.WRITE_OFF,
        "customer_id": "C-1",
        "currency": "EUR",
        "reason": "small change",
        "business_date": dt.date(2026, 1, 31),
        "target_document_no": "INV-1001",
    }
    return Proposal(**{**fields, **other})


def correction(**other: Any) -> dict[str, Any]:
    """A proposal about line 2 of the statement S-1."""
    kind = {"adjustment_type": AdjustmentType.STATEMENT_LINE, "target_document_no": None}
    return {**kind, "statement_id": "S-1", "line_no": 2, **other}


def line(line_no: int, document_no: str, signed_minor: int, outcome: str = "MATCHED") -> dict[str, Any]:
    """A row of a comparison about a line of theirs."""
    shown = {"document_no": document_no, "date": "2026-01-05", "theirs_minor": signed_minor}
    return {"line_no": line_no, "outcome": outcome, "our_document_no": None, "reason_arguments": {}, **shown}


def posted(desk: AdjustmentDesk) -> list[dict[str, Any]]:
    assert isinstance(desk.log, Posting)
    return desk.log.posted
