"""Cases on real Kafka, PostgreSQL and projector: what is done is an event first, and reads the same everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from domain.work.cases import CaseAction, CaseState
from schemas import topics
from services.queries import testing as books
from services.store import tables
from services.work.cases import CaseDesk, CaseFilter, CaseRow, iterate_cases, read_attachment, read_case
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError, UnknownUserError
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.users import LOCAL, User, add_user, disable_user, user_named, user_of_token
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
ANN = User("ann", "Ann", "clerk")
POLICY = read_policy()


@pytest.fixture
def desk(bench: Bench) -> Iterator[CaseDesk]:
    """A desk over a projector that runs meanwhile, and three discrepancies."""
    found = [
        books.discrepancy("d-1", "SHORT_PAYMENT", "C-1", 5_000, document_no="INV-1001"),
        books.discrepancy("d-2", "OVERPAYMENT", "C-2", 12_345, document_no="P_7%"),
        books.discrepancy("d-3", "SHORT_PAYMENT", "C-2", 70, document_no="INV-9"),
    ]
    books.write(bench.engine, tables.discrepancies, found)
    with projecting(bench):
        log = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
        yield CaseDesk(log, POLICY, lambda: NOW, NOW.date)


def found(bench: Bench, **wanted: object) -> list[CaseRow]:
    with bench.engine.connect() as connection:
        return list(iterate_cases(connection, CaseFilter(**wanted), NOW.date(), POLICY))  # type: ignore[arg-type]


def ids(rows: list[CaseRow]) -> list[str]:
    return [row.case_id for row in rows]


def test_a_case_is_worked_to_its_end_and_opens_again_with_new_figures(bench: Bench, desk: CaseDesk) -> None:
    with bench.engine.begin() as connection:
        add_user(connection, "bob", "Bob", "clerk", NOW)
    assert desk.act(ANN, "d-1", CaseAction.ASSIGN, details={"assignee": "bob"}).case.assignee == "bob"
    desk.act(ANN, "d-1", CaseAction.COMMENT, comment="Skonto?")
    attached = desk.act(ANN, "d-1", CaseAction.ATTACH, file=("a.pdf", b"%PDF-1.7"))
    resolved = desk.act(ANN, "d-1", CaseAction.RESOLVE, details={"reason": "TIMING"})
    assert (resolved.case.state, resolved.case.reason) == (CaseState.RESOLVED, "TIMING")
    assert [action.action for action in resolved.history] == ["assign", "comment", "attach", "resolve"]
    with bench.engine.connect() as connection:
        details, content = read_attachment(connection, "d-1", attached.history[-1].event_id)
        assert (details["name"], content) == ("a.pdf", b"%PDF-1.7")
        with pytest.raises(NoSuchSubjectError):
            read_attachment(connection, "d-2", attached.history[-1].event_id)
    assert ids(found(bench)) == ["d-2", "d-3"]
    with bench.engine.begin() as connection:
        changed = sa.update(tables.discrepancies).where(tables.discrepancies.c.discrepancy_id == "d-1")
        connection.execute(changed.values(account_version=2, state="UPDATED"))
    assert found(bench, search="INV-1001")[0].state == CaseState.REOPENED


def test_the_topic_alone_brings_the_work_back(bench: Bench, desk: CaseDesk) -> None:
    before = desk.act(ANN, "d-1", CaseAction.COMMENT, comment="备注")
    with bench.engine.begin() as connection:
        rows = connection.execute(sa.select(tables.work_events)).all()
    value = bench.codec.decode("work_event", bench.records(topics.WORK_EVENTS)[0])
    assert (value["event_id"], value["comment"], value["actor"]) == (rows[0].event_id, "备注", "ann")
    assert value["occurred_at"] == NOW == before.history[0].occurred_at


def test_cases_are_found_by_anything_that_people_know(bench: Bench, desk: CaseDesk) -> None:
    desk.act(ANN, "d-3", CaseAction.COMMENT, comment="call Zoë back")
    for text, wanted in {
        "inv-1001": ["d-1"],
        "123.45": ["d-2"],
        "50": ["d-1"],
        "C-2": ["d-2", "d-3"],
        "zoë": ["d-3"],
        "7%": ["d-2"],
        "_": ["d-2"],
        "nothing": [],
    }.items():
        assert set(ids(found(bench, search=text))) >= set(wanted), text
        assert ids(found(bench, search=text)) == wanted or text in ("50", "_"), text
    assert ids(found(bench, kind="OVERPAYMENT")) == ["d-2"]
    assert ids(found(bench, overdue_only=True)) == []


def test_many_at_once_and_what_one_refuses_does_not_stop_the_rest(bench: Bench, desk: CaseDesk) -> None:
    desk.act(ANN, "d-2", CaseAction.RESOLVE, details={"reason": "ACCEPTED"})
    given = ["d-1", "d-2", "d-9", "d-3", "d-1"]
    outcomes = desk.act_on_all(ANN, given, CaseAction.RESOLVE, details={"reason": "OTHER"})
    assert [(o.case_id, o.done) for o in outcomes] == [
        ("d-1", True),
        ("d-2", False),
        ("d-9", False),
        ("d-3", True),
    ]
    assert "RESOLVED" in (outcomes[1].problem or "")


def test_of_two_who_resolve_at_once_one_is_first(bench: Bench, desk: CaseDesk) -> None:
    def resolve(user: str) -> str:
        try:
            desk.act(User(user, user, "clerk"), "d-1", CaseAction.RESOLVE, details={"reason": "OTHER"})
        except ActionRefusedError as error:
            return error.refusal.reason.value
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(resolve, "abcd")) == ["WRONG_STATE"] * 3 + ["done"]
    with bench.engine.connect() as connection:
        assert len(read_case(connection, "d-1", NOW.date(), POLICY).history) == 1


def test_who_may_not_act_changes_nothing(bench: Bench, desk: CaseDesk) -> None:
    with pytest.raises(NotAllowedError):
        desk.act(User("eve", "Eve", "viewer"), "d-1", CaseAction.COMMENT, comment="x")
    with pytest.raises(UnknownUserError):
        desk.act(ANN, "d-1", CaseAction.ASSIGN, details={"assignee": "nobody"})
    with pytest.raises(NoSuchSubjectError):
        desk.act(ANN, "d-77", CaseAction.COMMENT, comment="x")
    assert bench.records(topics.WORK_EVENTS) == []


def test_users_are_known_by_their_tokens_and_only_the_hash_is_kept(bench: Bench) -> None:
    with bench.engine.begin() as connection:
        assert user_of_token(connection, None).user_id == LOCAL == user_named(connection, None).user_id
        with pytest.raises(UnknownUserError):
            user_named(connection, "ann")
        token = add_user(connection, "ann", "Ann", "approver", NOW)
        assert user_of_token(connection, token) == User("ann", "Ann", "approver")
        for nobody in (None, "", token + "x"):
            with pytest.raises(UnknownUserError):
                user_of_token(connection, nobody)
        with pytest.raises(UnknownUserError):
            user_named(connection, None)
        assert token not in str(connection.execute(sa.select(tables.users)).all())
        newer = add_user(connection, "ann", "Ann", "clerk", NOW)
        with pytest.raises(UnknownUserError):
            user_of_token(connection, token)
        disable_user(connection, "ann")
        for attempt in (newer, ""):
            with pytest.raises(UnknownUserError):
                user_of_token(connection, attempt)
