"""A statement proves itself or is not made, and does not know when or in what order its lines arrived."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import msgspec
import pytest

from domain.ageing import Allocated, BucketEdgesError, LedgerLine
from domain.ledger import EntryRole, Side
from domain.statements import (
    Period,
    PeriodUnreadableError,
    SourceRange,
    Statement,
    StatementDoesNotProveError,
    build_statement,
    canonical_bytes,
    digest_of,
    figures_of,
    parse_period,
)

JANUARY = Period(dt.date(2011, 1, 1), dt.date(2011, 1, 31))

LEDGER = """
    shop/1 INV-1 1 POSTED   10000 2010-12-10 2011-01-09 tieout.orders   2 10
    shop/2 INV-2 1 POSTED    5000 2011-01-05 2011-02-04 tieout.orders   2 12
    bank/1 P-1   1 POSTED   -9500 2011-01-20 -          tieout.payments 2  7
    shop/3 INV-3 1 POSTED     700 2011-01-20 2011-02-19 tieout.orders   2 11
    shop/4 INV-4 1 POSTED    8800 2011-02-01 2011-03-03 tieout.orders   2 13
"""
PAYS = [
    Allocated(
        credit_item_id="bank/1",
        debit_item_id="shop/1",
        amount_minor=9500,
        effective_date=dt.date(2011, 1, 20),
    )
]


def ledger(table: str) -> list[LedgerLine]:
    """One row a line: item, document, version, role, signed, date, due or ``-``, topic, partition, offset."""
    lines = []
    for number, row in enumerate(filter(None, map(str.strip, table.splitlines()))):
        item, document, version, role, signed, date, due, topic, partition, offset = row.split()
        lines.append(
            LedgerLine(
                entry_id=f"e{number}",
                item_id=item,
                kind="PAYMENT" if item.startswith("bank") else "INVOICE",
                role=EntryRole(role),
                side=Side.DEBIT if int(signed) >= 0 else Side.CREDIT,
                amount_minor=abs(int(signed)),
                document_no=document,
                business_date=dt.date.fromisoformat(date),
                due_date=None if due == "-" else dt.date.fromisoformat(due),
                source_version=int(version),
                topic=topic,
                partition=int(partition),
                offset=int(offset),
            )
        )
    return lines


def balance(lines: list[LedgerLine], end: dt.date) -> int:
    return sum(line.signed_minor for line in lines if line.business_date <= end)


def state(table: str = LEDGER, pays: list[Allocated] | None = None, **more: Any) -> Statement:
    lines = ledger(table)
    period = more.pop("period", JANUARY)
    arguments: dict[str, Any] = {
        "customer_id": "C-1",
        "currency": "EUR",
        "period": period,
        "lines": lines,
        "allocations": PAYS if pays is None else pays,
        "control_total_minor": balance(lines, period.end),
    }
    return build_statement(**(arguments | more))


def test_opening_movements_and_closing() -> None:
    statement = state()
    assert (
        statement.opening_minor,
        statement.debit_minor,
        statement.credit_minor,
        statement.closing_minor,
    ) == (10000, 5700, 9500, 6200)
    assert [
        (line.date.day, line.document_no, line.debit_minor, line.credit_minor, line.balance_minor)
        for line in statement.lines
    ] == [
        (5, "INV-2", 5000, 0, 15000),
        (20, "INV-3", 700, 0, 15700),
        (20, "P-1", 0, 9500, 6200),
    ]


def test_open_items_and_ageing_are_those_of_the_last_day() -> None:
    statement = state()
    assert [(i.document_no, i.open_minor) for i in statement.open_items] == [
        ("INV-1", 500),
        ("INV-2", 5000),
        ("INV-3", 700),
    ]
    assert {b.name: b.amount_minor for b in statement.ageing.buckets if b.amount_minor} == {
        "current": 5700,
        "1-30": 500,
    }


def test_what_comes_after_the_period_is_not_there() -> None:
    later = LEDGER + "shop/9 LATER 1 POSTED 1 2011-02-01 - tieout.orders 2 99"
    pays = [
        *PAYS,
        Allocated(
            credit_item_id="bank/9",
            debit_item_id="shop/2",
            amount_minor=1,
            effective_date=dt.date(2011, 2, 1),
        ),
    ]
    assert state(later, pays) == state()


def test_periods_follow_on_from_each_other() -> None:
    february = state(period=parse_period("2011-02"))
    assert february.opening_minor == state().closing_minor
    assert february.closing_minor == 15000


def test_source_ranges_cover_the_lines_of_the_period_only() -> None:
    assert state().sources == (
        SourceRange("tieout.orders", 2, 11, 12, 2),
        SourceRange("tieout.payments", 2, 7, 7, 1),
    )


def test_an_empty_period_is_a_statement_too() -> None:
    statement = state(period=parse_period("2010-11"))
    assert (statement.opening_minor, statement.closing_minor, statement.lines) == (0, 0, ())
    assert statement.open_items == ()
    assert statement.sources == ()


def test_every_line_has_a_key_for_its_text() -> None:
    table = """
        shop/1 INV-1 1 POSTED    100 2011-01-05 2011-02-04 tieout.orders 0 1
        shop/1 INV-1 1 REVERSED -100 2011-01-09 -          tieout.orders 0 2
    """
    assert [line.description_key for line in state(table, []).lines] == [
        "INVOICE.POSTED",
        "INVOICE.REVERSED",
    ]


def test_lines_that_were_never_real_are_left_out() -> None:
    in_order = """
        shop/1 INV-1 1 POSTED    100 2011-01-05 2011-02-04 tieout.orders 0 1
        shop/1 INV-1 1 REVERSED -100 2011-01-07 -          tieout.orders 0 2
        shop/1 INV-1 2 POSTED    120 2011-01-07 2011-02-06 tieout.orders 0 2
        shop/1 INV-1 2 REVERSED -120 2011-01-09 -          tieout.orders 0 3
        shop/1 INV-1 3 POSTED    130 2011-01-09 2011-02-08 tieout.orders 0 3
    """
    # Version 3 came before version 2, so version 1 was first reversed on the wrong day.
    late = """
        shop/1 INV-1 1 POSTED    100 2011-01-05 2011-02-04 tieout.orders 0 1
        shop/1 INV-1 1 REVERSED -100 2011-01-09 -          tieout.orders 0 2
        shop/1 INV-1 3 POSTED    130 2011-01-09 2011-02-08 tieout.orders 0 2
        shop/1 INV-1 1 ANNULLED  100 2011-01-09 -          tieout.orders 0 3
        shop/1 INV-1 1 REVERSED -100 2011-01-07 -          tieout.orders 0 3
        shop/1 INV-1 2 POSTED    120 2011-01-07 2011-02-06 tieout.orders 0 3
        shop/1 INV-1 2 REVERSED -120 2011-01-09 -          tieout.orders 0 3
    """
    one, other = state(in_order, []), state(late, [])
    assert one.lines == other.lines
    assert one.digest == other.digest


def test_the_order_of_arrival_changes_nothing() -> None:
    lines = ledger(LEDGER)
    assert state(lines=reversed(lines), allocations=reversed(PAYS)) == state()


def test_buckets_may_be_chosen() -> None:
    assert [b.name for b in state(edges=(10,)).ageing.buckets] == ["current", "1-10", "11+"]
    with pytest.raises(BucketEdgesError):
        state(edges=(10, 5))


def test_a_control_total_that_disagrees_stops_the_statement() -> None:
    with pytest.raises(StatementDoesNotProveError) as caught:
        state(control_total_minor=6201)
    error = caught.value
    assert (error.customer_id, error.currency, error.period, error.detail) == ("C-1", "EUR", JANUARY, "")
    assert error.figures == {
        "opening + movements": 6200,
        "running balance": 6200,
        "ledger": 6200,
        "control total": 6201,
        "open items": 6200,
        "ageing": 6200,
    }
    assert "C-1 in EUR for 2011-01 does not prove" in str(error)
    assert "control total 6201" in str(error)


def test_an_allocation_of_an_unknown_item_stops_the_statement() -> None:
    stray = Allocated(
        credit_item_id="bank/9",
        debit_item_id="shop/2",
        amount_minor=1,
        effective_date=dt.date(2011, 1, 31),
    )
    with pytest.raises(StatementDoesNotProveError, match="bank/9") as caught:
        state(pays=[*PAYS, stray])
    assert len(set(caught.value.figures.values())) == 1


def test_the_digest_is_sha_256_of_canonical_json() -> None:
    statement = state()
    figures = figures_of(statement)
    assert statement.digest == hashlib.sha256(canonical_bytes(figures)).hexdigest()
    assert json.loads(canonical_bytes(figures)) == figures
    reordered = dict(reversed(figures.items()))
    assert digest_of(reordered) == statement.digest
    # Golden: this digest is printed on documents that customers keep. It may only change with FIGURES_FORMAT.
    assert statement.digest == "7d3e5aa526a0707e7fc19ba454589582f674ad05ac8eaae3f5a6666f2bfd1d08"


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": "C-2"},
        {"currency": "USD"},
        {"period": Period(dt.date(2011, 1, 2), dt.date(2011, 1, 31))},
        {"lines": ledger(LEDGER.replace("INV-2", "INV-X"))},
        {"lines": ledger(LEDGER.replace("2011-01-05", "2011-01-06"))},
        {"lines": ledger(LEDGER.replace("2011-02-04", "2011-02-05"))},
        {"allocations": [msgspec.structs.replace(PAYS[0], amount_minor=9499)]},
        {"edges": (30,)},
    ],
)
def test_every_figure_is_in_the_digest(change: dict[str, Any]) -> None:
    assert state(**change).digest != state().digest


def test_positions_in_kafka_are_not_in_the_digest() -> None:
    assert state(LEDGER.replace("tieout.orders   2 12", "tieout.orders   3 99")).digest == state().digest


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2011-01", "2011-01-01", "2011-01-31"),
        ("2012-02", "2012-02-01", "2012-02-29"),
        ("2011", "2011-01-01", "2011-12-31"),
        ("2011-Q1", "2011-01-01", "2011-03-31"),
        ("2011-Q4", "2011-10-01", "2011-12-31"),
        ("2011-01-05..2011-02-03", "2011-01-05", "2011-02-03"),
        ("2011-01-05..2011-01-05", "2011-01-05", "2011-01-05"),
    ],
)
def test_periods_are_read_and_named(text: str, start: str, end: str) -> None:
    period = parse_period(text)
    assert period == Period(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    assert period.label == text


def test_two_dates_that_are_a_month_are_named_as_the_month() -> None:
    assert parse_period("2011-01-01..2011-01-31").label == "2011-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2011-13",
        "2011-00",
        "0000",
        "2011-Q5",
        "2011-Q0",
        "2011-1",
        "11-01",
        "2011-01-05",
        "2011-02-30..2011-03-01",
        "2011-02-03..2011-01-05",
        "２０１１",
        "2011-01 ",
    ],
)
def test_what_names_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodUnreadableError) as caught:
        parse_period(text)
    assert caught.value.text == text
