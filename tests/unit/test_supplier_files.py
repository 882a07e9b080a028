"""Suppliers in events and files: whose they are, in whose view they stand, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.parties import Role
from domain.validation import Refusal, RefusalReason, parse_event
from schemas.topics import CUSTOMER_STATEMENTS, ORDERS
from services.imports.canonical import LineError, LineReason, Outgoing, read_event
from services.imports.errors import OptionUnreadableError
from services.imports.kinds import find_import
from services.imports.master import CUSTOMERS, SUPPLIERS, MasterKind, read_master
from services.imports.rejections import Rejection
from services.imports.statements.draft import View
from services.imports.statements.events import Statement, event_of, statements_of
from services.imports.statements.formats import Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import Problem, Reason
from services.imports.statements.structured import draft_of_event, is_event
from services.imports.statements.template import make_template
from services.imports.summary import Options
from tests.unit.test_imports_canonical import ORDER, STATEMENT

PURCHASE: dict[str, Any] = {name: value for name, value in ORDER.items() if name != "customer_id"}
SENT: dict[str, Any] = {name: value for name, value in STATEMENT.items() if name != "customer_id"}


def sent(event: dict[str, Any]) -> Outgoing:
    found = read_event(1, event)
    assert isinstance(found, Outgoing), found
    return found


def refused(event: dict[str, Any]) -> str:
    found = read_event(1, event)
    assert isinstance(found, LineError)
    assert found.reason == LineReason.BAD_PARTY
    return found.detail


def test_a_supplier_id_is_the_party_of_the_contract() -> None:
    outgoing = sent({**PURCHASE, "supplier_id": "S-1"})
    assert (outgoing.key, outgoing.topic) == (b"supplier:S-1", ORDERS)
    assert outgoing.value["customer_id"] == "supplier:S-1"
    assert outgoing.value["metadata"] == {}
    assert outgoing.value == sent({**PURCHASE, "customer_id": "supplier:S-1"}).value
    assert sent({**ORDER, "supplier_id": None}).key == b"C-1"


def test_the_statement_of_a_supplier_may_be_called_one() -> None:
    plain = sent({**SENT, "supplier_id": "S-1"})
    named = sent({**SENT, "event_type": "supplier_statement.received", "supplier_id": "S-1"})
    assert (named.topic, named.value) == (CUSTOMER_STATEMENTS, plain.value)
    assert named.value["event_type"] == "customer_statement.received"


def test_an_event_says_once_whose_it_is() -> None:
    assert "both" in refused({**ORDER, "supplier_id": "S-1"})
    assert "no text" in refused({**PURCHASE, "supplier_id": 7})
    assert "own number" in refused({**PURCHASE, "supplier_id": "supplier:S-1"})
    assert "own number" in refused({**PURCHASE, "supplier_id": " "})
    assert "supplier_id" in refused({**STATEMENT, "event_type": "supplier_statement.received"})
    assert "supplier_id" in refused({**SENT, "event_type": "supplier_statement.received"})


def test_a_supplier_without_a_number_is_nobody() -> None:
    value = {**sent({**PURCHASE, "supplier_id": "S-1"}).value, "customer_id": "supplier: "}
    refusal = parse_event(value, ORDERS.kinds, None)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.detail) == (
        RefusalReason.MISSING_PARTY,
        "The event names no supplier.",
    )


def master(kind: MasterKind, path: Path, text: str) -> tuple[list[dict[str, Any]], list[Rejection]]:
    path.write_text(text, encoding="utf-8")
    rejected: list[Rejection] = []
    return list(read_master(kind, path, rejected.append)), rejected


def test_suppliers_master_data_is_kept_under_the_party(tmp_path: Path) -> None:
    text = "供应商编号,供应商名称,收款账号\nS-1,恒信,DE89 3704\nsupplier:S-2,Who,\n,Nobody,\n"
    rows, rejected = master(SUPPLIERS, tmp_path / "suppliers.csv", text)
    assert [(row["customer_id"], row["name"], row["accounts"]) for row in rows] == [
        ("supplier:S-1", "恒信", ["DE893704"])
    ]
    assert [(one.row, one.document_no) for one in rejected] == [(3, ""), (4, "")]


def test_a_supplier_is_no_customer_in_master_data(tmp_path: Path) -> None:
    rows, rejected = master(
        CUSTOMERS, tmp_path / "customers.csv", "customer_id,name\nsupplier:S-1,Who\nC-1,X\n"
    )
    assert [row["customer_id"] for row in rows] == ["C-1"]
    assert "supplier's" in rejected[0].detail


def statement(
    path: Path, text: str, view: View = View.AUTO, role: Role = Role.SUPPLIER, **asked: Any
) -> Statement | Problem:
    path.write_text(text, encoding="utf-8")
    options = StatementOptions(role=role, **asked)
    content = read_file(Source(path, options, Layout(currency="EUR")))
    found = statements_of(content.drafts[0], view)
    return found if isinstance(found, Problem) else found[0]


def figures(found: Statement | Problem) -> tuple[str, int, int, list[int]]:
    assert isinstance(found, Statement)
    lines = [line["debit_minor"] - line["credit_minor"] for line in found.body["lines"]]
    return found.customer_id, found.opening_minor, found.closing_minor, lines


THEIR_BOOKS = (
    "Supplier no.,S-1\nCustomer no.,4711\nPeriod,2026-01\nDate,Document no.,Debit,Credit,Balance\n"
    "2026-01-05,R-501,121.00,,121.00\n2026-01-20,PAY-77,,100.00,21.00\n"
)
OUR_BOOKS = (
    "Supplier no.,S-1\nPeriod,2026-01\nDate,Document no.,Debit,Credit,Balance\n"
    "2026-01-05,R-501,,121.00,-121.00\n2026-01-20,PAY-77,100.00,,-21.00\n"
)
IN_OUR_VIEW = ("supplier:S-1", 0, -2100, [-12100, 10000])


@pytest.mark.parametrize("text", [THEIR_BOOKS, OUR_BOOKS])
def test_what_we_owe_stands_below_zero_in_whoever_s_books_the_file_is(tmp_path: Path, text: str) -> None:
    assert figures(statement(tmp_path / "a.csv", text)) == IN_OUR_VIEW


def test_the_view_can_be_told(tmp_path: Path) -> None:
    _, _, closing, _ = figures(statement(tmp_path / "a.csv", THEIR_BOOKS, View.OURS))
    assert closing == 2100


def test_the_same_file_of_a_customer_is_read_the_other_way_round(tmp_path: Path) -> None:
    text = THEIR_BOOKS.replace("Supplier no.,S-1\n", "")
    party, _, closing, lines = figures(statement(tmp_path / "a.csv", text, role=Role.CUSTOMER))
    assert (party, closing, lines) == ("4711", 2100, [12100, -10000])


def test_our_number_in_their_books_does_not_say_whose_statement_it_is(tmp_path: Path) -> None:
    text = THEIR_BOOKS.replace("Supplier no.,S-1\n", "")
    found = statement(tmp_path / "a.csv", text)
    assert isinstance(found, Problem)
    assert found.reason is Reason.NO_CUSTOMER
    named = statement(tmp_path / "a.csv", text, customer_id="supplier:S-9")
    assert figures(named)[0] == "supplier:S-9"


def test_columns_of_what_is_owed_are_what_we_owe_them(tmp_path: Path) -> None:
    text = (
        "Supplier no.,S-1\nPeriod,2026-01\nDate,Document no.,Invoiced,Paid or credited,Balance owed\n"
        "2026-01-05,R-501,121.00,,121.00\n2026-01-20,PAY-77,,100.00,21.00\n"
    )
    assert figures(statement(tmp_path / "a.csv", text)) == IN_OUR_VIEW


def test_several_suppliers_stand_in_one_file_by_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Supplier,Date,Document no.,Debit,Credit,Balance\n"
        "S-1,2026-01-05,R-501,121.00,,121.00\nS-2,2026-01-05,R-9,5.00,,5.00\n"
        "supplier:S-3,2026-01-05,R-10,5.00,,5.00\n",
        encoding="utf-8",
    )
    content = read_file(Source(path, StatementOptions(role=Role.SUPPLIER), Layout(currency="EUR")))
    assert [draft.customer_id for draft in content.drafts] == ["supplier:S-1", "supplier:S-2"]
    assert [problem.reason for problem in content.problems] == [Reason.MISSING_CUSTOMER]


def test_an_event_of_a_suppliers_file_names_its_source_and_view(tmp_path: Path) -> None:
    found = statement(tmp_path / "a.csv", THEIR_BOOKS)
    assert isinstance(found, Statement)
    event = event_of(found, 1, "received")
    assert event["source_system"] == "supplier-file"
    assert event["metadata"]["read_as"] == "the supplier's view, turned round"
    assert sent(event).key == b"supplier:S-1"


def test_canonical_events_of_suppliers_are_read_from_files() -> None:
    event = {**SENT, "event_type": "supplier_statement.received", "supplier_id": "S-1"}
    assert is_event(event)
    draft = draft_of_event(1, event)
    assert not isinstance(draft, Problem)
    assert (draft.customer_id, draft.closing_minor) == ("supplier:S-1", -5)
    problem = draft_of_event(1, {**event, "customer_id": "C-1"})
    assert isinstance(problem, Problem)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_for_suppliers_is_read_as_it_is_filled_in(tmp_path: Path, language: Any) -> None:
    rows = make_template("supplier-statement", "csv", language).decode("utf-8-sig").splitlines()
    said = ["S-1", "EUR", "SA-1", "2026-01-01", "2026-01-31", "0.00", "21.00"]
    filled = [row.rstrip(",") + "," + value for row, value in zip(rows, said, strict=False)]
    lines = [
        "2026-01-05,R-501,121.00,,121.00,,",
        "2026-01-20,PAY-77,,100.00,21.00,,",
    ]
    found = statement(tmp_path / "a.csv", "\n".join([*filled, *rows[len(said) :], *lines]) + "\n")
    assert figures(found) == IN_OUR_VIEW


@pytest.mark.parametrize(
    ("kind", "party", "said"),
    [
        ("supplier-statement", "C-1", "is a customer"),
        ("customer-statement", "supplier:S-1", "is a supplier"),
    ],
)
def test_a_statement_is_imported_for_a_party_of_its_role(
    tmp_path: Path, kind: str, party: str, said: str
) -> None:
    options = Options(statement=StatementOptions(customer_id=party))
    with pytest.raises(OptionUnreadableError, match=said):
        find_import(kind)(tmp_path / "a.csv", None, options, None)  # type: ignore[arg-type]


_LINES = "Date,Document,{}\n2026-01-05,INV-1,{}\n2026-01-20,PAY-1,{}\n"


@pytest.mark.parametrize(
    ("customers", "suppliers", "said"),
    [
        (("Debit,Credit", ",100.00", "20.00,"), ("Debit,Credit", "100.00,", ",20.00"), {"opening": "50.00"}),
        (("Debit,Credit", ",10.00", "10.00,"), ("Debit,Credit", "10.00,", ",10.00"), {"opening": "50.00"}),
        (("Amount", "100.00", "-40.00"), ("Amount", "100.00", "-40.00"), {"opening": "0"}),
        (
            ("Amount,Balance", "100.00,100.00", "-40.00,60.00"),
            ("Amount,Balance", "100.00,100.00", "-40.00,60.00"),
            {},
        ),
    ],
    ids=["only an opening balance", "nothing moves it", "one column", "one column with balances"],
)
def test_what_a_file_leaves_open_is_read_in_the_mirror(
    tmp_path: Path, customers: tuple[str, ...], suppliers: tuple[str, ...], said: dict[str, str]
) -> None:
    """What is owed stands in credit in a customer's books, in debit in a supplier's."""

    def figures(columns: tuple[str, ...], role: Role, party: str) -> list[int]:
        path = tmp_path / "theirs.csv"
        found = statement(path, _LINES.format(*columns), View.AUTO, role, customer_id=party, **said)
        assert isinstance(found, Statement), found
        lines = [line["debit_minor"] - line["credit_minor"] for line in found.body["lines"]]
        return [found.body["opening_balance_minor"], found.body["closing_balance_minor"], *lines]

    ours = figures(customers, Role.CUSTOMER, "C-1")
    assert ours[2] > 0 > ours[3], "an invoice, then a payment"
    assert figures(suppliers, Role.SUPPLIER, "supplier:S-1") == [-figure for figure in ours]
