"""Adjustments by two users on real Kafka, PostgreSQL and projector, from proposal to the event for the books."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.work.adjustments import AdjustmentAction, AdjustmentState
from schemas import topics
from services.queries import testing as books
from services.queries.filters import AccountFilter
from services.store import tables
from services.work.adjustments import AdjustmentDesk
from services.work.errors import (
    ActionRefusedError,
    NoSuchSubjectError,
    NotAllowedError,
)
from services.work.proposals import LineReading
from services.work.trail import AdjustmentRow
from services.work.users import User
from tests.integration.adjustment_desk import (
    ANN,
    BOB,
    CARLA,
    JAN,
    NOW,
    correction,
    line,
    posted,
    proposal,
)
from tests.integration.projector_bench import Bench

pytestmark = pytest.mark.integration


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


def test_approving_again_posts_the_same_again(desk: AdjustmentDesk) -> None:
    asked = desk.propose(ANN, proposal())
    desk.act(BOB, asked.adjustment_id, AdjustmentAction.APPROVE)
    by_another = desk.act(CARLA, asked.adjustment_id, AdjustmentAction.APPROVE)
    assert by_another.approved_by == "bob"
    first, again = posted(desk)
    assert first == again
    with pytest.raises(NotAllowedError):
        desk.act(User("eve", "Eve", "viewer"), asked.adjustment_id, AdjustmentAction.APPROVE)


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
        {"case_id": "d-9"},
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
        "d-5", "AMOUNT_MISMATCH", "C-1", 900, state="RESOLVED", event_id=f"{number}/posted"
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
    assert [(one.discrepancy_id, one.state) for one in trail.discrepancies] == [("d-5", "RESOLVED")]
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
