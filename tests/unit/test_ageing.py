"""Buckets, open items as of a date, and lines that were never real, on ledgers that fit a screen."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.ageing import (
    AgedItem,
    Allocated,
    BucketEdgesError,
    LedgerLine,
    age,
    buckets_of,
    days_past_due,
    open_items_as_of,
    without_annulled,
)
from domain.ledger import EntryRole, Side


def day(text: str) -> dt.date:
    """``01-31`` of 2011, or a whole ISO date."""
    return dt.date.fromisoformat(text if len(text) > 5 else f"2011-{text}")


def ledger(table: str) -> list[LedgerLine]:
    """One line per row: item, document, version, role, signed minor units, date, due date or ``-``."""
    lines = []
    for number, row in enumerate(filter(None, map(str.strip, table.splitlines()))):
        item, document, version, role, signed, date, due = row.split()
        lines.append(
            LedgerLine(
                entry_id=f"e{number}",
                item_id=item,
                kind="INVOICE" if item.startswith("i") else "PAYMENT",
                role=EntryRole(role),
                side=Side.DEBIT if int(signed) >= 0 else Side.CREDIT,
                amount_minor=abs(int(signed)),
                document_no=document,
                business_date=day(date),
                due_date=None if due == "-" else day(due),
                source_version=int(version),
                topic="tieout.orders",
                partition=0,
                offset=number,
            )
        )
    return lines


def booked(table: str) -> list[Allocated]:
    """One allocation per row: credit item, debit item, minor units, effective date."""
    rows = (row.split() for row in table.strip().splitlines())
    return [
        Allocated(credit_item_id=c, debit_item_id=d, amount_minor=int(amount), effective_date=day(date))
        for c, d, amount, date in rows
    ]


def open_of(items: tuple[AgedItem, ...]) -> dict[str, int]:
    return {item.document_no: item.open_minor for item in items}


def item_due(date: str, open_minor: int = 100) -> AgedItem:
    return AgedItem(
        item_id="i1",
        kind="INVOICE",
        document_no="A",
        business_date=day("01-01"),
        due_date=day(date),
        original_minor=open_minor,
        allocated_minor=0,
        open_minor=open_minor,
    )


def bucket_of(item: AgedItem, as_of: str, edges: tuple[int, ...] = (30, 60, 90, 120)) -> str:
    (name,) = (b.name for b in age([item], day(as_of), edges).buckets if b.amount_minor)
    return name


def test_default_buckets() -> None:
    assert [b.name for b in buckets_of()] == ["current", "1-30", "31-60", "61-90", "91-120", "121+"]


def test_buckets_are_configurable() -> None:
    assert [(b.name, b.first_day, b.last_day) for b in buckets_of((7, 14))] == [
        ("current", None, 0),
        ("1-7", 1, 7),
        ("8-14", 8, 14),
        ("15+", 15, None),
    ]
    assert [b.name for b in buckets_of(())] == ["current", "1+"]


@pytest.mark.parametrize("edges", [(0,), (-1,), (30, 30), (60, 30)])
def test_edges_must_rise(edges: tuple[int, ...]) -> None:
    with pytest.raises(BucketEdgesError) as caught:
        age([], day("01-31"), edges)
    assert caught.value.edges == edges


@pytest.mark.parametrize(
    ("as_of", "bucket"),
    [
        ("01-30", "current"),
        ("01-31", "current"),  # due on the as-of date is current
        ("02-01", "1-30"),
        ("03-02", "1-30"),
        ("03-03", "31-60"),
        ("04-01", "31-60"),
        ("04-02", "61-90"),
        ("05-31", "91-120"),
        ("06-01", "121+"),
        ("2031-01-31", "121+"),
    ],
)
def test_days_past_due_decide_the_bucket(as_of: str, bucket: str) -> None:
    assert bucket_of(item_due("01-31"), as_of) == bucket


def test_days_past_due_count_from_the_due_date() -> None:
    assert days_past_due(item_due("01-31"), day("01-31")) == 0
    assert days_past_due(item_due("01-31"), day("02-01")) == 1
    assert days_past_due(item_due("01-31"), day("01-01")) == -30


def test_credits_are_aged_and_buckets_sum_to_the_balance() -> None:
    ageing = age([item_due("01-31", 100), item_due("01-01", -30)], day("02-10"))
    assert {b.name: b.amount_minor for b in ageing.buckets if b.amount_minor} == {"1-30": 100, "31-60": -30}
    assert ageing.total_minor == 70
    assert ageing.overdue_minor == 70


def test_what_is_not_due_is_not_overdue() -> None:
    ageing = age([item_due("02-28", 100), item_due("01-01", 40)], day("01-31"))
    assert (ageing.total_minor, ageing.overdue_minor) == (140, 40)


def test_an_allocation_counts_from_its_effective_date() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED  100 01-05 02-04
        p1 P-1   1 POSTED -100 01-20 -
    """)
    pays = booked("p1 i1 100 01-20")
    assert open_of(open_items_as_of(lines, pays, day("01-19"))) == {"INV-1": 100}
    assert open_of(open_items_as_of(lines, pays, day("01-20"))) == {}


def test_money_that_was_there_settles_nothing_before_it_was_allocated() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED  100 01-05 02-04
        p1 P-1   1 POSTED -100 01-20 -
    """)
    pays = booked("p1 i1 100 02-10")
    assert open_of(open_items_as_of(lines, pays, day("02-09"))) == {"INV-1": 100, "P-1": -100}
    assert open_of(open_items_as_of(lines, pays, day("02-10"))) == {}


def test_a_later_payment_does_not_change_the_past() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED  100 01-05 02-04
        p1 P-1   1 POSTED  -60 03-01 -
    """)
    pays = booked("p1 i1 60 03-01")
    assert open_of(open_items_as_of(lines, pays, day("02-28"))) == {"INV-1": 100}
    assert open_of(open_items_as_of(lines, pays, day("03-01"))) == {"INV-1": 40}


def test_unapplied_cash_is_an_open_credit_due_on_its_date() -> None:
    (item,) = open_items_as_of(ledger("p1 P-1 1 POSTED -60 01-20 -"), [], day("01-31"))
    assert (item.open_minor, item.due_date, item.kind) == (-60, day("01-20"), "PAYMENT")


def test_an_allocation_of_an_item_without_a_line_moves_nothing() -> None:
    lines = ledger("i1 INV-1 1 POSTED 100 01-05 02-04")
    for pays in ("p9 i1 100 01-05", "p9 i9 100 01-05"):
        assert open_of(open_items_as_of(lines, booked(pays), day("01-31"))) == {"INV-1": 100}
    payment = ledger("p1 P-1 1 POSTED -100 01-05 -")
    assert open_of(open_items_as_of(payment, booked("p1 i9 100 01-05"), day("01-31"))) == {"P-1": -100}


def test_an_overallocated_document_shows_as_a_credit() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED   50 01-05 02-04
        p1 P-1   1 POSTED -100 01-20 -
    """)
    items = open_items_as_of(lines, booked("p1 i1 100 01-20"), day("01-31"))
    assert open_of(items) == {"INV-1": -50}
    assert (items[0].original_minor, items[0].allocated_minor) == (50, 100)


def test_an_amended_document_keeps_its_old_face_until_the_amendment() -> None:
    lines = ledger("""
        i1 INV-1  1 POSTED    100 01-05 02-04
        i1 INV-1  1 REVERSED -100 03-01 -
        i1 INV-1b 2 POSTED    120 03-01 04-01
    """)
    before, after = (open_items_as_of(lines, [], day(date)) for date in ("02-28", "03-01"))
    assert [(i.document_no, i.open_minor, i.due_date) for i in before] == [("INV-1", 100, day("02-04"))]
    assert [(i.document_no, i.open_minor, i.due_date) for i in after] == [("INV-1b", 120, day("04-01"))]


def test_the_line_that_was_not_reversed_describes_the_item() -> None:
    # Two versions with one number: the source sent placed and amended as version 1.
    lines = ledger("""
        i1 INV-1 1 POSTED    100 01-05 02-04
        i1 INV-1 1 REVERSED -100 01-02 -
        i1 INV-2 1 POSTED    120 01-02 02-01
    """)
    (item,) = open_items_as_of(lines, [], day("01-31"))
    assert (item.document_no, item.open_minor, item.due_date) == ("INV-2", 120, day("02-01"))


def test_a_cancelled_document_is_not_open_but_money_on_it_is() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED    100 01-05 02-04
        i1 INV-1 1 REVERSED -100 01-10 -
        p1 P-1   1 POSTED    -70 01-20 -
    """)
    assert open_of(open_items_as_of(lines, [], day("01-31"))) == {"P-1": -70}
    assert open_of(open_items_as_of(lines, booked("p1 i1 70 01-20"), day("01-31"))) == {"INV-1": -70}


def test_a_reversal_without_its_line_still_counts() -> None:
    # A store that is still catching up has the reversal but not what it reverses.
    lines = ledger("i1 INV-1 1 REVERSED -100 01-10 -")
    assert open_of(open_items_as_of(lines, [], day("01-31"))) == {"INV-1": -100}


def test_items_come_oldest_due_first() -> None:
    lines = ledger("""
        i2 B 1 POSTED 1 01-02 02-01
        i3 A 1 POSTED 1 01-02 02-01
        i1 C 1 POSTED 1 01-09 01-10
        i4 D 1 POSTED 1 01-01 02-01
    """)
    assert [i.document_no for i in open_items_as_of(lines, [], day("01-31"))] == ["C", "D", "A", "B"]


def test_an_annulled_line_leaves_with_its_contra() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED    100 01-05 02-04
        i1 INV-1 1 ANNULLED -100 01-05 -
        i1 INV-1 2 POSTED    120 01-06 02-05
    """)
    assert [line.entry_id for line in without_annulled(lines)] == ["e2"]


def test_the_contra_takes_the_line_of_its_own_version_and_document() -> None:
    lines = ledger("""
        i1 INV-A 1 POSTED    100 01-05 -
        i1 INV-B 2 POSTED    100 01-05 -
        i1 INV-B 2 ANNULLED -100 01-05 -
        i2 INV-C 1 POSTED    100 01-05 -
        i2 INV-D 1 POSTED    100 01-05 -
        i2 INV-D 1 ANNULLED -100 01-05 -
    """)
    assert [line.document_no for line in without_annulled(lines)] == ["INV-A", "INV-C"]


def test_the_contra_takes_the_version_that_it_names() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED    100 01-05 02-04
        i1 INV-1 2 POSTED    100 01-05 03-04
        i1 INV-1 2 ANNULLED -100 01-05 -
    """)
    assert [line.due_date for line in without_annulled(lines)] == [day("02-04")]


def test_a_line_posted_again_after_it_was_annulled_stays_once() -> None:
    lines = ledger("""
        i1 INV-1 1 POSTED    100 01-05 -
        i1 INV-1 1 ANNULLED -100 01-05 -
        i1 INV-1 1 POSTED    100 01-05 -
    """)
    assert [line.signed_minor for line in without_annulled(lines)] == [100]


def test_a_contra_whose_line_is_not_there_stays() -> None:
    lines = ledger("""
        i1 INV-1 1 ANNULLED -100 01-05 -
        i1 INV-1 1 POSTED    100 01-06 -
    """)
    assert [line.signed_minor for line in without_annulled(lines)] == [-100, 100]


def test_a_ledger_without_contras_is_only_sorted() -> None:
    lines = ledger("""
        i2 B 1 POSTED 2 01-05 -
        i1 A 1 POSTED 1 01-05 -
        i3 C 1 POSTED 3 01-01 -
    """)
    assert [line.document_no for line in without_annulled(lines)] == ["C", "A", "B"]
