"""Which statements leave the hot state, what brings them back. ``tests/property/test_archive.py`` proves the rest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from domain.archive import statements as sealing
from domain.archive.archive import Archive, whole
from domain.books import Account
from domain.events import AdjustmentEvent, ClockEvent, CustomerStatementEvent, Event
from domain.rules import Rules
from tests.unit.test_domain_archive import START, archived, encoded, invoice, paid, payment, tell

DAYS = 10


def statement(number: int, *, version: int = 1, skipped: int = 0) -> CustomerStatementEvent:
    """Theirs of the ``number``-th ten days of ``paid``."""
    days = range(DAYS * (number - 1) + 1, DAYS * number + 1)
    lines = [
        line
        for day in days[skipped:]
        for line in (_line(day, f"INV-{day:05}", 1), _line(day, f"PAY{day}", -1))
    ]
    total = sum(line["debit_minor"] for line in lines)
    value = {
        "event_id": f"s{number}v{version}",
        "event_type": "customer_statement.received" if version == 1 else "customer_statement.replaced",
        "source_system": "mail",
        "source_record_id": f"s{number}",
        "source_version": version,
        "occurred_at": f"{_day(days[-1])}T18:00:00Z",
        "business_date": _day(days[-1]),
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": 0,
        "document_no": f"S-{number}",
        "statement_id": f"S-{number}",
        "statement_version": version,
        "period_start": _day(days[0]),
        "period_end": _day(days[-1]),
        "opening_balance_minor": 0,
        "closing_balance_minor": 0,
        "total_debit_minor": total,
        "total_credit_minor": total,
        "line_count": len(lines),
        "lines": [line | {"line_no": no} for no, line in enumerate(lines, start=1)],
    }
    return msgspec.convert(value, CustomerStatementEvent)


def _day(number: int) -> str:
    return (START + dt.timedelta(days=number)).isoformat()


def _line(day: int, document_no: str, sign: int) -> dict[str, Any]:
    amount = 1_000 + day
    sides = {"debit_minor": max(sign, 0) * amount, "credit_minor": max(-sign, 0) * amount}
    return {"document_no": document_no, "date": _day(day), **sides}


def day_comes(number: int) -> ClockEvent:
    value = {
        "event_id": f"day{number}",
        "event_type": "clock.passed",
        "source_system": "tieout",
        "source_record_id": f"day{number}",
        "occurred_at": f"{_day(number)}T00:00:00Z",
        "business_date": _day(number),
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": 0,
        "document_no": f"day{number}",
    }
    return msgspec.convert(value, ClockEvent)


def correction(number: int) -> AdjustmentEvent:
    """The first line of a statement is struck out."""
    value = {
        "event_id": f"a{number}",
        "event_type": "adjustment.posted",
        "source_system": "tieout",
        "source_record_id": f"adjustment/A{number}",
        "occurred_at": f"{_day(DAYS * number)}T19:00:00Z",
        "business_date": _day(DAYS * number),
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": 0,
        "document_no": f"A{number}",
        "adjustment_id": f"A{number}",
        "adjustment_type": "statement_line",
        "proposed_by": "ann",
        "approved_by": "bob",
        "reason": "",
        "statement_id": f"S-{number}",
        "statement_version": 1,
        "line_no": 1,
    }
    return msgspec.convert(value, AdjustmentEvent)


def with_statements(count: int, *also: Event) -> Archive:
    """A history with its statements, and a month in which nothing else happens."""
    history = paid(DAYS * count)
    for number in range(count, 0, -1):
        history.insert(2 * DAYS * number, statement(number))
    return archived([*history, *also, day_comes(DAYS * count + 30)])


def account_of(archive: Archive) -> Account:
    return archive.book.accounts["EUR"]


def sealed_ids(archive: Archive) -> list[str]:
    labels = archive.shelves.by_currency["EUR"].statement_labels
    return sorted(one for label in labels.values() for one in label.statement_ids)


def test_settled_statements_leave_but_the_newest() -> None:
    archive = with_statements(6)
    assert list(account_of(archive).statements) == ["S-6"]
    assert sealed_ids(archive) == ["S-1", "S-2", "S-3", "S-4", "S-5"]
    assert len(account_of(archive).comparisons) == 6
    assert not account_of(archive).findings
    assert len(encoded(archive.book)) < 15_000
    assert len(whole(archive.book, archive.parts).accounts["EUR"].statements) == 6


def test_few_lines_are_not_worth_a_segment() -> None:
    assert len(account_of(with_statements(3)).statements) == 3


def test_what_still_waits_stays() -> None:
    """Until the grace period after its last line has passed, what it shows may still arrive."""
    history = paid(DAYS * 8)
    news = [statement(number) for number in range(1, 9)]
    archive = archived([*history, *news], Rules(grace_days=15))
    assert {"S-7", "S-8"} <= account_of(archive).statements.keys()
    assert "S-1" in sealed_ids(archive)


def test_what_no_statement_names_leaves_them_where_they_are() -> None:
    archive = with_statements(6)
    before = sealed_ids(archive)
    tell(archive, [invoice(100), payment(100, "INV-00100"), day_comes(200)])
    assert sealed_ids(archive) == before


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (msgspec.structs.replace(invoice(5), event_id="late", source_version=2, amount_minor=900), 2),
        (statement(2, version=2, skipped=1), 1),
        (invoice(7, "INV-70000"), 0),
        (correction(1), 1),
    ],
    ids=["amended document", "new version", "late document", "correction"],
)
def test_what_may_move_a_comparison_brings_them_back(event: Event, kinds: int) -> None:
    """Whatever follows is what follows in an account that was never sealed."""
    archive = with_statements(6)
    late = msgspec.structs.replace(event, occurred_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC))
    if kinds == 0:
        late = msgspec.structs.replace(late, event_id="late", source_record_id="late")
    plain = Archive(whole(archive.book, archive.parts), archive.parts, 10_000, 10_000, 10_000)
    for account in plain.book.accounts.values():
        account.segments, account.statement_segments = [], []
    plain.book.id_segments = []
    tell(archive, [late])
    tell(Archive(plain.book, archive.parts, 10_000, 10_000, 10_000), [late])
    assert account_of(archive).findings == plain.book.accounts["EUR"].findings
    assert account_of(archive).comparisons == plain.book.accounts["EUR"].comparisons
    assert account_of(archive).findings


def test_other_rules_bring_them_back() -> None:
    archive = with_statements(6)
    outcomes = archive.decide_again(Rules(version=2, grace_days=300))
    assert len(account_of(archive).statements) == 6
    assert not outcomes


def test_a_statement_with_corrections_stays() -> None:
    archive = with_statements(6, correction(2))
    assert "S-2" in account_of(archive).statements
    assert "S-1" in sealed_ids(archive)


def test_a_withdrawn_statement_is_no_obstacle() -> None:
    gone = msgspec.structs.replace(
        statement(2, version=2), event_type="customer_statement.withdrawn", lines=(), line_count=0
    )
    archive = with_statements(6, gone)
    assert "S-2" in account_of(archive).statements
    assert sealed_ids(archive) == ["S-1", "S-3", "S-4", "S-5"]


def test_segments_are_of_about_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEGMENT_LINES", 45)
    archive = with_statements(6)
    labels = archive.shelves.by_currency["EUR"].statement_labels.values()
    assert sorted(len(label.statement_ids) for label in labels) == [1, 2, 2]
