"""An approval is in the books or not at all, and holds against the books as they are then."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.work.adjustments import AdjustmentAction, AdjustmentState
from schemas import topics
from services.queries import testing as books
from services.store import tables
from services.work.adjustments import AdjustmentDesk
from services.work.errors import (
    ActionRefusedError,
    NotAllowedError,
    NotRecordedError,
    NotShownError,
)
from services.work.policy import read_policy
from services.work.proposals import LineReading
from services.work.record import WorkLog
from services.work.users import User
from tests.integration.adjustment_desk import (
    ANN,
    BOB,
    CARLA,
    CODEC,
    JAN,
    NOW,
    Posting,
    correction,
    posted,
    proposal,
)
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration


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
