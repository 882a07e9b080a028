"""Cases on real Kafka, PostgreSQL and projector: what is done is an event first, and reads the same everywhere."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from domain.work.cases import CaseAction, CaseState
from schemas import topics
from services.queries import testing as books
from services.store import tables
from services.work.cases import (
    CaseDesk,
    CaseFilter,
    CaseOrder,
    CaseRow,
    iterate_cases,
    read_attachment,
    read_case,
)
from services.work.errors import (
    ActionRefusedError,
    AttachmentRefusedError,
    NoSuchSubjectError,
    NotAllowedError,
    NotRecordedError,
    UnknownUserError,
    UserRefusedError,
)
from services.work.evidence import read_evidence
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.users import LOCAL, User, add_user, disable_user, user_named, user_of_token
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
JAN = dt.date(2026, 1, 5)
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


def test_the_most_urgent_come_first_where_that_is_asked_for(bench: Bench, desk: CaseDesk) -> None:
    assert ids(found(bench)) == ["d-1", "d-2", "d-3"]
    by_policy = [(row.due_date, -row.amount_minor, row.case_id) for row in found(bench)]
    assert ids(found(bench, order=CaseOrder.DUE)) == [case_id for _, _, case_id in sorted(by_policy)]
    desk.act(ANN, "d-3", CaseAction.SET_DUE, details={"due_date": "2026-01-06"})
    assert ids(found(bench, order=CaseOrder.DUE))[0] == "d-3"
    assert ids(found(bench, order=CaseOrder.DUE, limit=1)) == ["d-3"]


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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("alder", ["d-1", "d-2"]),
        ("东方", ["d-3"]),
        ("so-7", ["d-1"]),
        ("PAY-1", ["d-1"]),
        ("pay-2", ["d-2"]),
        ("CREDIT-9", []),
        ("1,210.00", ["d-1"]),
        ("1210", ["d-1"]),
        ("-1.5", ["d-3"]),
        ("1500", ["d-2"]),
        ("15.00", []),
        ("1,5", []),
        ("  ", ["d-1", "d-2", "d-3"]),
    ],
)
def test_cases_are_found_by_numbers_of_either_side_by_name_and_by_any_figure(
    bench: Bench, text: str, wanted: list[str]
) -> None:
    ours = {"reason_arguments": {"also": "SO-7"}, "document_no": "INV-1", "ours_minor": 121_000}
    discrepancies = [
        books.discrepancy("d-1", "AMOUNT_MISMATCH", "C-1", 5_000, **ours, theirs_minor=-9),
        books.discrepancy("d-2", "OVERPAYMENT", "C-1", 1_500, document_no="PAY-2", currency="JPY"),
        books.discrepancy("d-3", "OVERPAYMENT", "C-2", 7, theirs_minor=-1_500, currency="KWD"),
    ]
    for row in discrepancies:
        row["explanation"] = "x"
    books.write(bench.engine, tables.discrepancies, discrepancies)
    names = {"C-1": "Alder & Finch", "C-2": "东方贸易"}
    customers = [{"customer_id": key, "name": name, "language": "en"} for key, name in names.items()]
    books.write(bench.engine, tables.customers, customers)
    links = [
        books.allocation("C-1", "PAY-1", "INV-1", 10, JAN),
        books.allocation("C-1", "PAY-2", "INV-7", 10, JAN, currency="JPY"),
        books.allocation("C-2", "CREDIT-9", "INV-1", 10, JAN),
    ]
    books.write(bench.engine, tables.allocations, links)
    rows = found(bench, search=text)
    assert sorted(ids(rows)) == wanted
    assert {row.customer_name for row in rows} <= set(names.values())


def test_a_case_whose_adjustment_was_reversed_is_open_again(bench: Bench) -> None:
    rows = [books.discrepancy(f"d-{n}", "SHORT_PAYMENT", "C-1", 900, account_version=3) for n in (1, 2)]
    books.write(bench.engine, tables.discrepancies, rows)
    names = tables.discrepancy_history.columns.keys()
    changes = [
        {name: row[name] for name in names} | {"account_version": 2, "state": state}
        for row, state in zip(rows, ("RESOLVED", "RETRACTED"), strict=True)
    ]
    books.write(bench.engine, tables.discrepancy_history, changes)
    assert [(row.case_id, row.state) for row in found(bench)] == [("d-1", "REOPENED"), ("d-2", "NEW")]


def test_the_evidence_of_a_case_is_of_its_account_and_its_documents(bench: Bench) -> None:
    said = {"reason_arguments": {"document": "1001", "also": "INV-1001, SO-7", "ours": "1"}}
    source = {"topic": "t", "partition": 0, "offset": 7}
    case = books.discrepancy(
        "d-1", "AMOUNT_MISMATCH", "C-1", 900, document_no="1001", statement_id="S-1", line_no=2, **said
    )
    case |= {"ours_minor": 12_100, "theirs_minor": 11_200, "evidence": [source]}
    books.write(bench.engine, tables.discrepancies, [case])
    names = tables.discrepancy_history.columns.keys()
    books.write(bench.engine, tables.discrepancy_history, [{name: case[name] for name in names}])
    entries = [
        books.entry("C-1", "INV-1001", 12_100, JAN),
        books.entry("C-1", "INV-1002", 1, JAN),
        books.entry("C-2", "INV-1001", 1, JAN),
        books.entry("C-1", "INV-1001", 1, JAN, currency="USD"),
    ]
    books.write(bench.engine, tables.ledger_entries, entries)
    links = [
        books.allocation("C-1", "P-1", "INV-1001", 12_000, JAN),
        books.allocation("C-1", "P-2", "INV-1001", 0, JAN, state="withdrawn"),
        books.allocation("C-1", "P-3", "INV-9", 5, JAN),
    ]
    books.write(bench.engine, tables.allocations, links)
    lines = [
        {"line_no": number, "document_no": document, "our_document_no": None, "theirs_minor": number}
        for number, document in ((1, "INV-1001"), (2, "1001"))
    ]
    parts = [
        books.comparison_part("C-1", "S-1", 1, 1, [], rows=lines),
        # left behind by an earlier comparison that had more parts
        books.comparison_part("C-1", "S-1", 2, 2, [], rows=lines, account_version=0),
        books.comparison_part("C-1", "S-2", 1, 1, [], rows=lines),
    ]
    books.write(bench.engine, tables.statement_comparisons, parts)
    with bench.engine.connect() as connection:
        evidence = read_evidence(connection, "d-1")
        with pytest.raises(NoSuchSubjectError):
            read_evidence(connection, "d-9")
    assert (evidence.ours_minor, evidence.theirs_minor, evidence.sources) == (12_100, 11_200, [source])
    assert [(one["document_no"], one["amount_minor"]) for one in evidence.entries] == [("INV-1001", 12_100)]
    assert [one["payment_document_no"] for one in evidence.allocations] == ["P-1"]
    assert [(one["statement_id"], one["line_no"]) for one in evidence.lines] == [("S-1", 2)]
    assert [(one.state, one.event_id) for one in evidence.life] == [("OPENED", "ev-d-1")]


def test_a_case_of_our_own_events_shows_the_lines_of_theirs_about_its_document(bench: Bench) -> None:
    case = books.discrepancy("d-1", "SHORT_PAYMENT", "C-1", 900, document_no="INV-1001")
    books.write(bench.engine, tables.discrepancies, [case])
    lines = [
        {"line_no": 1, "document_no": "1001", "our_document_no": "INV-1001"},
        {"line_no": 2, "document_no": "INV-2", "our_document_no": None},
    ]
    months = [
        books.comparison_part("C-1", f"S-{n}", 1, 1, [], rows=lines, period_end=dt.date(2026, n, 28))
        for n in range(1, 9)
    ]
    books.write(bench.engine, tables.statement_comparisons, months)
    with bench.engine.connect() as connection:
        shown = read_evidence(connection, "d-1").lines
    assert {one["line_no"] for one in shown} == {1}
    assert {one["statement_id"] for one in shown} == {f"S-{n}" for n in range(3, 9)}


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


def test_where_one_is_not_recorded_the_rest_is_not_tried(
    desk: CaseDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def act(_: CaseDesk, user: User, case_id: str, action: str, **more: object) -> None:
        tried.append(case_id)
        if case_id == "d-2":
            raise NotRecordedError(case_id)

    monkeypatch.setattr(CaseDesk, "act", act)
    outcomes = desk.act_on_all(ANN, ["d-1", "d-2", "d-3", "d-4"], CaseAction.RESOLVE)
    assert tried == ["d-1", "d-2"]
    assert [(o.case_id, o.done) for o in outcomes] == [
        ("d-1", True),
        ("d-2", False),
        ("d-3", False),
        ("d-4", False),
    ]


@pytest.mark.parametrize("name", ["", "ann ", "a b", "bob\u200b", "x/y", "<b>", "a" * 101, "\uff41nn"])
def test_what_is_no_user_id_is_refused(bench: Bench, name: str) -> None:
    with bench.engine.begin() as connection, pytest.raises(UserRefusedError):
        add_user(connection, name, name, "clerk", NOW)


def test_nobody_is_added_whose_id_reads_like_anothers(bench: Bench) -> None:
    with bench.engine.begin() as connection:
        for name in ("ann", "王芳", "j.o+x@y-z.org", "ann"):
            add_user(connection, name, name, "clerk", NOW)
        with pytest.raises(UserRefusedError, match="reads like 'ann'"):
            add_user(connection, "Ann", "Ann", "controller", NOW)


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


def test_a_file_as_large_as_the_policy_allows_is_attached(bench: Bench, desk: CaseDesk) -> None:
    content = b"%PDF-" + random.Random(1).randbytes(POLICY.attachments.bytes_max - 5)
    file = ("scan.pdf", content)
    action = desk.act(ANN, "d-1", CaseAction.ATTACH, comment="c" * 4_000, file=file).history[0]
    with bench.engine.connect() as connection:
        assert read_attachment(connection, "d-1", action.event_id)[1] == content
    with pytest.raises(AttachmentRefusedError, match="Give the file"):
        desk.act(ANN, "d-1", CaseAction.ATTACH)


def test_many_who_act_at_once_do_not_wait_for_each_others_connections(bench: Bench, desk: CaseDesk) -> None:
    found = [books.discrepancy(f"d-1{number}", "OVERPAYMENT", "C-2", 5) for number in range(30)]
    books.write(bench.engine, tables.discrepancies, found)

    def comment(number: int) -> int:
        return desk.act(ANN, f"d-1{number}", CaseAction.COMMENT, comment="x").case.comments

    with ThreadPoolExecutor(30) as pool:
        assert list(pool.map(comment, range(30))) == [1] * 30


def test_who_may_not_act_changes_nothing(bench: Bench, desk: CaseDesk) -> None:
    with pytest.raises(NotAllowedError):
        desk.act(User("eve", "Eve", "viewer"), "d-1", CaseAction.COMMENT, comment="x")
    with bench.engine.begin() as connection:
        add_user(connection, "eve", "Eve", "viewer", NOW)
    for assignee in ("nobody", "eve"):
        with pytest.raises(ActionRefusedError, match=assignee):
            desk.act(ANN, "d-1", CaseAction.ASSIGN, details={"assignee": assignee})
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
