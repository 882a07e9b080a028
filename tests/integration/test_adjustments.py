"""Adjustments by two users on real Kafka, PostgreSQL and projector, from proposal to the event for the books."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.work.adjustments import AdjustmentAction, AdjustmentState
from schemas import topics
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.queries import testing as books
from services.queries.filters import AccountFilter
from services.store import tables
from services.store.producer import Parcel
from services.work.adjustments import AdjustmentDesk
from services.work.errors import (
    ActionRefusedError,
    NoSuchSubjectError,
    NotAllowedError,
    NotRecordedError,
    NotShownError,
)
from services.work.policy import read_policy
from services.work.proposals import LineReading, Proposal
from services.work.record import WorkLog
from services.work.trail import AdjustmentRow
from services.work.users import User
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

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


def test_the_maker_cannot_approve_and_another_can(bench: Bench, desk: AdjustmentDesk) -> None:
    asked = desk.propose(BOB, proposal(case_id="d-1"))
    assert (asked.state, asked.amount_minor, asked.proposed_by) == (AdjustmentState.PROPOSED, 50, "bob")
    with pytest.raises(ActionRefusedError, match="cannot approve"):
        desk.act(BOB, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert posted(desk) == []
    done = desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert (done.state, done.approved_by) == (AdjustmentState.POSTED, "carla")
    (event,) = posted(desk)
    assert (event["write_off_side"], event["amount_minor"], event["correlation_id"]) == ("CREDIT", 50, "d-1")
    with bench.engine.connect() as connection:
        history = desk.trail(connection, asked.adjustment_id).history
    assert [(action.actor, action.action) for action in history] == [("bob", "propose"), ("carla", "approve")]


def test_of_two_write_offs_of_one_document_the_second_finds_nothing_open(
    bench: Bench, desk: AdjustmentDesk
) -> None:
    first, second = desk.propose(BOB, proposal()), desk.propose(BOB, proposal())
    desk.act(CARLA, first.adjustment_id, AdjustmentAction.APPROVE)
    cleared = sa.update(tables.open_items).where(tables.open_items.c.document_no == "INV-1001")
    with bench.engine.begin() as connection:
        connection.execute(cleared.values(open_minor=0))
    with pytest.raises(ActionRefusedError, match="at most what is open"):
        desk.act(CARLA, second.adjustment_id, AdjustmentAction.APPROVE)
    assert len(posted(desk)) == 1
    assert desk.act(BOB, second.adjustment_id, AdjustmentAction.WITHDRAW).state == "WITHDRAWN"
    desk.act(BOB, first.adjustment_id, AdjustmentAction.PROPOSE_REVERSAL)
    desk.act(CARLA, first.adjustment_id, AdjustmentAction.APPROVE)  # gives back, takes nothing


def test_an_approval_that_kafka_did_not_take_is_none(bench: Bench, desk: AdjustmentDesk) -> None:
    asked = desk.propose(ANN, proposal())
    assert isinstance(desk.log, Posting)
    desk.log.down = True
    with pytest.raises(NotRecordedError):
        desk.act(BOB, asked.adjustment_id, AdjustmentAction.APPROVE)
    with bench.engine.connect() as connection:
        assert desk.trail(connection, asked.adjustment_id).adjustment.state == AdjustmentState.PROPOSED
    assert posted(desk) == []


def test_what_was_approved_while_the_projector_was_away_is_in_the_books(bench: Bench) -> None:
    books.write(bench.engine, tables.open_items, [books.item("C-1", "INV-1001", 50, JAN)])
    name = bench.name(topics.WORK_EVENTS)
    inputs = dataclasses.replace(topics.ADJUSTMENTS, name=bench.name(topics.ADJUSTMENTS))
    with projecting(bench):
        log = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=name)
        asked = AdjustmentDesk(log, read_policy(), lambda: NOW, inputs).propose(ANN, proposal())
    hasty = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=name, timeout_s=3)
    desk = AdjustmentDesk(hasty, read_policy(), lambda: NOW, inputs)
    with pytest.raises(NotShownError, match="is recorded and holds"):
        desk.act(BOB, asked.adjustment_id, AdjustmentAction.APPROVE)
    (raw,) = bench.records(topics.ADJUSTMENTS)
    assert CODEC.decode("adjustment", raw)["approved_by"] == "bob"


def test_approving_again_posts_the_same_again(desk: AdjustmentDesk) -> None:
    asked = desk.propose(ANN, proposal())
    desk.act(BOB, asked.adjustment_id, AdjustmentAction.APPROVE)
    by_another = desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert by_another.approved_by == "bob"
    first, again = posted(desk)
    assert first == again
    with pytest.raises(NotAllowedError):
        desk.act(User("eve", "Eve", "viewer"), asked.adjustment_id, AdjustmentAction.APPROVE)


def test_of_two_write_offs_approved_at_once_one_finds_nothing_open(desk: AdjustmentDesk) -> None:
    asked = [desk.propose(BOB, proposal()).adjustment_id for _ in range(2)]

    def approve(number: str) -> str:
        try:
            return desk.act(CARLA, number, AdjustmentAction.APPROVE).state
        except ActionRefusedError as error:
            return error.refusal.detail

    with ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(approve, asked))
    assert states == ["A write-off is at most what is open: 0.00 EUR.", "POSTED"]
    assert len(posted(desk)) == 1


def test_what_is_on_its_way_counts_until_the_open_item_shows_it(bench: Bench, desk: AdjustmentDesk) -> None:
    """The entry may be shown a moment before the item that it changed."""

    def write_off(amount_minor: int) -> str:
        asked = desk.propose(BOB, proposal(amount_minor=amount_minor))
        return desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE).adjustment_id

    first = write_off(30)
    entry = books.entry("C-1", first, -30, JAN, kind="WRITE_OFF", account_version=7)
    books.write(bench.engine, tables.ledger_entries, [entry])
    with pytest.raises(ActionRefusedError, match=r"open: 20\.00|open: 0\.20"):
        write_off(21)
    item = tables.open_items
    shown = sa.update(item).where(item.c.document_no == "INV-1001")
    with bench.engine.begin() as connection:
        connection.execute(shown.values(open_minor=20, allocated_minor=12_080, account_version=7))
    write_off(20)


def test_two_halves_count_as_the_whole_against_a_limit(desk: AdjustmentDesk) -> None:
    half = proposal(target_document_no="INV-2", amount_minor=1_000_000)
    first = desk.propose(ANN, half)
    with pytest.raises(NotAllowedError, match=r"20000\.00 EUR, with what else was decided about INV-2"):
        desk.propose(ANN, half)
    second = desk.propose(BOB, half)
    desk.act(BOB, first.adjustment_id, AdjustmentAction.APPROVE)
    with pytest.raises(NotAllowedError):
        desk.act(User("dan", "Dan", "approver"), second.adjustment_id, AdjustmentAction.APPROVE)
    other = {"target_document_no": "INV-1001", "adjustment_type": AdjustmentType.CREDIT, "amount_minor": 1}
    assert desk.propose(ANN, proposal(**other)).state == "PROPOSED"
    desk.act(CARLA, second.adjustment_id, AdjustmentAction.APPROVE)


def test_a_correction_of_what_came_anew_is_not_approved(bench: Bench, desk: AdjustmentDesk) -> None:
    asked = desk.propose(BOB, proposal(**correction(reading=LineReading(signed_minor=12_100))))
    part = tables.statement_comparisons
    with bench.engine.begin() as connection:
        connection.execute(sa.update(part).values(statement_version=4))
    with pytest.raises(ActionRefusedError, match="has come anew"):
        desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert posted(desk) == []


def test_what_was_unmatched_meanwhile_is_not_approved_again(bench: Bench, desk: AdjustmentDesk) -> None:
    link = books.allocation("C-1", "P-77", "INV-1001", 12_050, JAN)
    books.write(bench.engine, tables.allocations, [link])
    bars = {"adjustment_type": AdjustmentType.UNMATCH, "target_document_no": "P-77"}
    asked = desk.propose(CARLA, proposal(**bars, barred_document_no="INV-1001"))
    with bench.engine.begin() as connection:
        connection.execute(sa.update(tables.allocations).values(state="withdrawn", amount_minor=0))
    with pytest.raises(ActionRefusedError, match="P-77 is not matched with INV-1001"):
        desk.act(User("dora", "Dora", "controller"), asked.adjustment_id, AdjustmentAction.APPROVE)


def test_limits_are_by_role_and_amount(desk: AdjustmentDesk) -> None:
    with pytest.raises(NotAllowedError):
        desk.propose(ANN, proposal(target_document_no="INV-2"))
    asked = desk.propose(BOB, proposal(target_document_no="INV-2"))
    for user in (ANN, User("dan", "Dan", "approver")):
        with pytest.raises(NotAllowedError):
            desk.act(user, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE).state == AdjustmentState.POSTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_document_no": "INV-9"},
        {"amount_minor": 51},
        {"reason": " "},
        {"amount_minor": 0},
        {"business_date": dt.date(2026, 1, 4)},
        {"target_document_no": "P-77"},
        {"adjustment_type": AdjustmentType.DEBIT},
        {"adjustment_type": AdjustmentType.CREDIT, "amount_minor": 1, "target_document_no": "INV-9"},
        {
            "adjustment_type": AdjustmentType.DEBIT,
            "amount_minor": 1,
            "target_document_no": None,
            "customer_id": "C-9",
        },
        {"adjustment_type": AdjustmentType.UNMATCH, "barred_document_no": "INV-1001"},
        {"adjustment_type": AdjustmentType.UNMATCH, "target_document_no": "P-77"},
        correction(reading=None, line_no=9),
        correction(reading=None, statement_id="S-9"),
        correction(reading=LineReading()),
        correction(reading=LineReading("INV-1001", dt.date(2026, 1, 5), 11_200)),
        {
            "adjustment_type": AdjustmentType.REALLOCATION,
            "target_document_no": "P-77",
            "allocations": [("INV-2", 12_051)],
        },
        {
            "adjustment_type": AdjustmentType.REALLOCATION,
            "target_document_no": "P-77",
            "allocations": [("INV-2", 1), ("INV-9", 1)],
        },
    ],
)
def test_what_the_books_would_refuse_is_never_proposed(
    bench: Bench, desk: AdjustmentDesk, wrong: Any
) -> None:
    with pytest.raises(ActionRefusedError):
        desk.propose(BOB, proposal(**wrong))
    assert bench.records(topics.WORK_EVENTS) == []


def test_rejected_withdrawn_and_reversed(bench: Bench, desk: AdjustmentDesk) -> None:
    def propose() -> AdjustmentRow:
        return desk.propose(ANN, proposal())

    rejected, withdrawn, kept = propose(), propose(), propose()
    desk.act(BOB, rejected.adjustment_id, AdjustmentAction.REJECT)
    desk.act(ANN, withdrawn.adjustment_id, AdjustmentAction.WITHDRAW)
    desk.act(BOB, kept.adjustment_id, AdjustmentAction.APPROVE)
    desk.act(BOB, kept.adjustment_id, AdjustmentAction.PROPOSE_REVERSAL, date=dt.date(2026, 2, 1))
    with pytest.raises(ActionRefusedError):
        desk.act(BOB, kept.adjustment_id, AdjustmentAction.APPROVE)
    desk.act(CARLA, kept.adjustment_id, AdjustmentAction.APPROVE)
    assert [event["event_type"] for event in posted(desk)] == ["adjustment.posted", "adjustment.reversed"]
    with bench.engine.connect() as connection:
        found = {row.adjustment_id: row.state for row in desk.iterate(connection, AccountFilter("C-1"))}
        assert list(desk.iterate(connection, AccountFilter(), pending_only=True)) == []
        with pytest.raises(NoSuchSubjectError):
            desk.trail(connection, "ADJ-0")
    states = (AdjustmentState.REJECTED, AdjustmentState.WITHDRAWN, AdjustmentState.REVERSED)
    assert found == dict(zip((row.adjustment_id for row in (rejected, withdrawn, kept)), states, strict=True))


def test_the_trail_leads_to_entries_and_to_the_statements_that_show_them(
    bench: Bench, desk: AdjustmentDesk
) -> None:
    asked = desk.propose(ANN, proposal())
    number = asked.adjustment_id
    record = f"adjustment/{number}"
    books.write(
        bench.engine,
        tables.ledger_entries,
        [books.entry("C-1", number, -50, JAN, kind="WRITE_OFF", source_record_id=record)],
    )
    statement = {
        "customer_id": "C-1",
        "currency": "EUR",
        "period_start": JAN,
        "period_end": JAN,
        "version": 1,
        "opening_minor": 0,
        "debit_minor": 0,
        "credit_minor": 50,
        "closing_minor": -50,
        "digest": "",
        "figures": {"lines": [{"document_no": number}]},
        "statement_no": "S-1",
        "issued_at": NOW,
    }
    other = {**statement, "version": 2, "statement_no": "S-2", "figures": {"lines": [{"document_no": "X"}]}}
    with bench.engine.begin() as connection:
        connection.execute(sa.insert(tables.statements), [statement, other])
        trail = desk.trail(connection, number)
    assert [(entry["kind"], entry["side"], entry["amount_minor"]) for entry in trail.entries] == [
        ("WRITE_OFF", "CREDIT", 50)
    ]
    assert trail.statements == ["S-1"]


@pytest.mark.parametrize(
    ("reading", "corrected", "moved_minor"),
    [
        (LineReading(signed_minor=12_100), ("INV-1001", "2026-01-05", 12_100, 0), 900),
        (LineReading(signed_minor=-50, document_no="P-1"), ("P-1", "2026-01-05", 0, 50), 11_250),
        (LineReading(date=dt.date(2026, 1, 7)), ("INV-1001", "2026-01-07", 11_200, 0), 0),
        (None, None, 11_200),
    ],
)
def test_a_line_of_theirs_is_corrected_from_what_was_sent(
    desk: AdjustmentDesk, reading: LineReading | None, corrected: Any, moved_minor: int
) -> None:
    asked = desk.propose(BOB, proposal(**correction(reading=reading)))
    assert (asked.amount_minor, asked.moved_minor, asked.statement_version) == (0, moved_minor, 3)
    assert asked.sent_line == {"document_no": "INV-1001", "date": "2026-01-05", "signed_minor": 11_200}
    desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE)
    (event,) = posted(desk)
    line = event["corrected_line"]
    assert (event["statement_id"], event["line_no"]) == ("S-1", 2)
    assert corrected == (
        line and (line["document_no"], str(line["date"]), line["debit_minor"], line["credit_minor"])
    )


def test_the_trail_tells_what_it_settled_and_which_statements_of_theirs_show_it(
    bench: Bench, desk: AdjustmentDesk
) -> None:
    asked = desk.propose(ANN, proposal(**correction(reading=None)))
    number = asked.adjustment_id
    desk.act(CARLA, number, AdjustmentAction.APPROVE)
    row = books.discrepancy(
        "d-1", "AMOUNT_MISMATCH", "C-1", 900, state="RESOLVED", event_id=f"{number}/posted"
    )
    other = books.discrepancy("d-2", "AMOUNT_MISMATCH", "C-1", 900)
    books.write(bench.engine, tables.discrepancies, [row, other])
    names = tables.discrepancy_history.columns.keys()
    history = [{name: one[name] for name in names} for one in (row, other)]
    books.write(bench.engine, tables.discrepancy_history, history)
    shown = line(2, "INV-1001", 11_200, "CORRECTED") | {"reason_arguments": {"adjustment": number}}
    booked = line(3, "X", 1) | {"our_document_no": number}
    parts = [
        books.comparison_part("C-1", "S-2", 1, 1, [], rows=[shown]),
        books.comparison_part("C-1", "S-3", 1, 1, [], rows=[booked], period_end=dt.date(2026, 2, 28)),
        books.comparison_part("C-1", "S-4", 1, 1, [], rows=[line(1, number, 1)]),
        books.comparison_part("C-1", "S-5", 1, 0, []),  # withdrawn, and what it left behind
        books.comparison_part("C-1", "S-5", 2, 2, [], rows=[booked], account_version=0),
    ]
    books.write(bench.engine, tables.statement_comparisons, parts)
    with bench.engine.connect() as connection:
        trail = desk.trail(connection, number)
    assert [(one.discrepancy_id, one.state) for one in trail.discrepancies] == [("d-1", "RESOLVED")]
    assert trail.compared_statements == ["S-2", "S-3"]
    assert (trail.adjustment.pending_by, trail.adjustment.approved_by) == (None, "carla")


def test_a_suppliers_documents_are_written_off_and_its_payments_allocated_in_our_view(
    bench: Bench, desk: AdjustmentDesk
) -> None:
    supplier = "supplier:S-1"
    books.write(
        bench.engine,
        tables.open_items,
        [
            books.item(supplier, "R-1", -12_100, JAN, allocated_minor=12_050, kind="INVOICE"),
            books.item(supplier, "PAY-1", 12_050, JAN, kind="PAYMENT"),
        ],
    )
    asked = desk.propose(ANN, proposal(customer_id=supplier, target_document_no="R-1"))
    assert (asked.amount_minor, asked.write_off_side) == (50, "DEBIT")  # what lowers our debt
    moved = {"adjustment_type": AdjustmentType.REALLOCATION, "customer_id": supplier}
    to_invoice = proposal(**moved, target_document_no="PAY-1", allocations=[("R-1", 12_050)])
    assert desk.propose(ANN, to_invoice).state == AdjustmentState.PROPOSED
    with pytest.raises(ActionRefusedError, match="is no payment"):
        desk.propose(ANN, proposal(**moved, target_document_no="R-1", allocations=[("PAY-1", 1)]))
