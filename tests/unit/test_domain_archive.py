"""What is sealed, what is not, and what comes back: single cases of what ``tests/property/test_archive.py`` proves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec
import pytest

from domain.archive.archive import Archive
from domain.archive.notes import Notes, tag
from domain.archive.sealing import _Sealing, seal
from domain.archive.shelf import Label, Segment, Shelf, Statements
from domain.archive.stored import StoredBooks
from domain.books import new_book
from domain.decide import evolve
from domain.events import Event, OrderEvent, PaymentEvent, Source
from domain.facts import Instruction, LineCorrection
from domain.rules import BorneBy, Rules, Timeline
from tests.unit.ledger_teller import RECORDED_AT, encoded

START = dt.date(2026, 1, 1)


class Parts:
    def __init__(self) -> None:
        self.values: dict[int, bytes] = {}

    def get(self, number: int) -> bytes:
        return self.values[number]

    def put(self, number: int, value: bytes | None) -> None:
        if value is None:
            del self.values[number]
        else:
            self.values[number] = value


def invoice(number: int, document_no: str | None = None, amount: int | None = None) -> OrderEvent:
    date = START + dt.timedelta(days=number)
    return OrderEvent(
        event_id=f"o{number}",
        event_type="order.placed",
        source_system="shop",
        source_record_id=f"o{number}",
        source_version=1,
        customer_id="C-1",
        currency="EUR",
        occurred_at=dt.datetime.combine(date, dt.time(9), dt.UTC),
        business_date=date,
        amount_minor=amount or 1_000 + number,
        document_no=document_no or f"INV-{number:05}",
    )


def payment(number: int, pays: str | None, amount: int | None = None) -> PaymentEvent:
    date = START + dt.timedelta(days=number)
    value = {
        "event_id": f"p{number}",
        "event_type": "payment.settled",
        "source_system": "bank",
        "source_record_id": f"p{number}",
        "source_version": 1,
        "customer_id": "C-1",
        "currency": "EUR",
        "occurred_at": dt.datetime.combine(date, dt.time(10), dt.UTC).isoformat(),
        "business_date": date.isoformat(),
        "amount_minor": amount or 1_000 + number,
        "document_no": f"PAY{number}",
        "remittance_text": pays,
    }
    return msgspec.convert(value, PaymentEvent)


def paid(count: int, *, named: bool = True) -> list[Event]:
    """Invoices, each paid on its day."""
    return [
        event
        for number in range(1, count + 1)
        for event in (invoice(number), payment(number, f"INV-{number:05}" if named else None))
    ]


def archived(events: Iterable[Event], rules: Rules | Timeline = Rules(), hot: int = 8) -> Archive:
    archive = Archive(new_book("C-1"), Parts(), hot, 8)
    tell(archive, events, rules)
    return archive


def tell(archive: Archive, events: Iterable[Event], rules: Rules | Timeline = Rules()) -> None:
    for event in events:
        for outcome in archive.decide(event, Source("events", 0, 0), RECORDED_AT, rules):
            evolve(archive.book, outcome)
        archive.tidy(rules)


def hot_records(archive: Archive) -> set[str]:
    return set(archive.book.accounts["EUR"].records)


def test_paid_documents_leave_and_the_newest_stay() -> None:
    archive = archived(paid(60))
    account = archive.book.accounts["EUR"]
    assert account.segments
    assert "order:shop/o1" not in account.records
    assert "order:shop/o60" in account.records
    assert len(account.records) < 40
    assert account.balance_minor == 0
    assert account.entry_count == 120


def test_money_without_a_reference_leaves_where_only_its_figure_counts() -> None:
    assert "order:shop/o1" not in hot_records(archived(paid(40, named=False)))


@pytest.mark.parametrize(
    "rules",
    [
        Rules(
            matching=msgspec.structs.replace(Rules().matching, stages=("fuzzy_reference", "amount_and_date"))
        ),
        Timeline(((dt.date.min, Rules()), (START, Rules(version=2)))),
    ],
    ids=["another stage looks first", "rules changed"],
)
def test_money_without_a_reference_stays_where_others_could_be_looked_at(rules: Rules | Timeline) -> None:
    assert "order:shop/o1" in hot_records(archived(paid(40, named=False), rules))
    assert "order:shop/o1" not in hot_records(archived(paid(40), rules))


def test_an_open_document_keeps_what_its_payment_could_have_been() -> None:
    """The same figure within the days of a payment: were it sealed, it would come back at every event."""
    twin = invoice(2, "INV-99999", amount=1_001)
    archive = archived([twin, *paid(40, named=False)])
    assert "order:shop/o1" in hot_records(archive)
    assert "order:shop/o9" not in hot_records(archive)


def test_a_payment_under_an_old_number_brings_the_document_back() -> None:
    archive = archived(paid(60))
    tell(archive, [payment(90, "INV-00001", 50)])
    assert "order:shop/o1" in hot_records(archive)
    assert [held.kind for held in archive.book.accounts["EUR"].findings.values()] == ["OVERPAYMENT"]


def test_a_version_of_an_old_record_brings_it_back() -> None:
    archive = archived(paid(60))
    late = msgspec.structs.replace(invoice(1), event_id="late", source_version=2, amount_minor=900)
    tell(archive, [late])
    assert len(archive.book.accounts["EUR"].records["order:shop/o1"].facts) == 2


def test_sealed_ids_are_known() -> None:
    archive = archived(paid(30))
    assert archive.book.id_segments
    assert "o1" not in archive.book.event_digests
    version = archive.book.accounts["EUR"].version
    tell(archive, [invoice(1)])
    assert archive.book.accounts["EUR"].version == version


def test_an_archive_is_made_again_from_what_is_stored() -> None:
    archive = archived(paid(60))
    again = Archive(
        msgspec.msgpack.decode(encoded(archive.book), type=type(archive.book)), archive.parts, 8, 8
    )
    assert again.shelves.by_currency["EUR"].labels == archive.shelves.by_currency["EUR"].labels
    assert again.shelves.event_digests == archive.shelves.event_digests


def test_documents_that_bear_on_each_other_leave_together() -> None:
    twins = [invoice(1, "INV 77001"), payment(1, "INV 77001"), invoice(3, "REF-88"), payment(3, "REF-88")]
    archive = archived([*twins, *paid(60)[8:]])
    assert {"order:shop/o1", "order:shop/o3"}.isdisjoint(hot_records(archive))


def test_a_segment_that_a_sealed_one_bears_on_is_not_made() -> None:
    archive = archived(paid(60), hot=1_000)
    shelf = Shelf(_nothing, _no_statements)
    shelf.add(Label(999, (), (tag("exact_document", "INV-00001"),), (), (), (), (), 0))
    made = seal(archive.book, "EUR", shelf, Rules(), 0)
    assert made
    assert not shelf.wanted
    assert "order:shop/o1" in hot_records(archive)
    assert "order:shop/o40" not in hot_records(archive)


def _nothing(number: int) -> Segment:
    raise AssertionError(f"nobody asks for segment {number}")


def _no_statements(number: int) -> Statements:
    raise AssertionError(f"nobody asks for statements {number}")


def test_notes_meet_by_money_and_day() -> None:
    receipt, document = Notes(receipts=[(10, 100)]), Notes(documents=[(5, 15, 100)])
    other, late = Notes(documents=[(5, 15, 99)]), Notes(documents=[(11, 15, 100)])
    assert receipt.meets(document, exactly=True)
    assert document.meets(receipt, exactly=True)
    assert not receipt.meets(other, exactly=True)
    assert receipt.meets(other, exactly=False)
    assert not receipt.meets(late, exactly=False)
    assert not Notes().meets(Notes(), exactly=True)


def test_other_payers_bring_back_what_was_matched_by_figure() -> None:
    shelf = Shelf(_nothing, _no_statements)
    shelf.add(Label(1, (), (), (), ((1, 1),), (), (), tag("payers", "ACME")))
    shelf.want(Notes(payers={"ACME"}), exactly=True)
    assert not shelf.wanted
    shelf.want(Notes(payers={"ACME", "OTHER"}), exactly=True)
    assert shelf.wanted == {1}


def test_stored_books_follow_the_changelog() -> None:
    archive = archived(paid(60))
    stored = StoredBooks()
    for number, part in archive.parts.values.items():  # type: ignore[attr-defined]
        assert stored.take(b"C-1\x00" + number.to_bytes(4, "big"), part) == "C-1"
    assert stored.book("C-1") is None
    stored.take(b"C-1", encoded(archive.book))
    book = stored.book("C-1")
    assert book is not None
    assert len(book.accounts["EUR"].records) == 120
    stored.take(b"C-1\x00" + (9_999).to_bytes(4, "big"), None)
    stored.take(b"C-1", None)
    assert stored.book("C-1") is None


def test_a_tolerance_is_one_only_where_we_bear_it() -> None:
    assert Rules(tolerance_minor=1).tolerant
    assert Rules(tolerance_ppm=1).tolerant
    assert not Rules().tolerant
    assert not Rules(tolerance_minor=1, tolerance_borne_by=BorneBy.CUSTOMER).tolerant


def review(archive: Archive, rules: Rules) -> int:
    """Review under other rules; returns how many outcomes that has."""
    outcomes = archive.decide_again(rules)
    for outcome in outcomes:
        evolve(archive.book, outcome)
    archive.tidy(rules)
    return len(outcomes)


def test_a_review_under_other_rules_looks_at_what_is_sealed_and_seals_it_again() -> None:
    archive = archived(paid(60))
    before = encoded(archive.book)
    assert archive.book.accounts["EUR"].segments
    assert review(archive, Rules(version=2)) == 0
    assert archive.book.accounts["EUR"].segments
    assert encoded(archive.book) != before  # other segments, under another digest
    assert len(hot_records(archive)) < 40
    assert review(archive, Rules(version=2)) == 0


def test_an_event_that_is_known_stands_for_no_review() -> None:
    short = [invoice(1), payment(1, "INV-00001", 1_000)]
    archive = archived(short)
    assert len(archive.book.accounts["EUR"].findings) == 1
    generous = Rules(version=2, tolerance_minor=1)
    tell(archive, short[:1], generous)
    assert review(archive, generous) > 0
    assert not archive.book.accounts["EUR"].findings


def test_records_that_do_not_stand_for_themselves_are_not_sealed() -> None:
    """A document without the payment that cleared it."""
    archive = archived(paid(3), hot=100)
    before = encoded(archive.book)
    assert (
        _Sealing(archive.book, "EUR", Shelf(_nothing, _no_statements), Rules()).sealed(("order:shop/o1",), 0)
        == []
    )
    assert encoded(archive.book) == before


def test_ids_that_are_delivered_again_are_not_sealed_again() -> None:
    events = paid(30)
    archive = archived(events)
    assert archive.book.id_segments
    for _ in range(3):
        tell(archive, events[:40])
    known = [_ids_of(archive, number) for number in archive.book.id_segments]
    assert sum(map(len, known)) == len(set().union(*known))


def _ids_of(archive: Archive, number: int) -> set[str]:
    return set(msgspec.msgpack.decode(archive.parts.get(2 * number), type=dict[str, bytes]))


@pytest.mark.parametrize(
    "word",
    [
        {"instruction": Instruction("PAY1", "INV-00001", None)},
        {"correction": LineCorrection("S-1", 1, 1, None)},
    ],
    ids=["instruction", "correction"],
)
def test_a_record_that_once_was_the_word_of_a_person_stays(word: dict[str, object]) -> None:
    archive = archived(paid(40), hot=10_000)
    account = archive.book.accounts["EUR"]
    record = account.records["order:shop/o1"]
    said = msgspec.structs.replace(record.facts[0], **word)
    account.records["order:shop/o1"] = msgspec.structs.replace(record, facts=[said, *record.facts])
    assert seal(archive.book, "EUR", Shelf(lambda number: Segment({}, {}), _no_statements), Rules(), 0)
    assert "order:shop/o1" in account.records
    assert "order:shop/o2" not in account.records


def test_a_doubt_beside_sealed_records_is_the_one_of_a_book_that_is_never_sealed() -> None:
    wrong = payment(63, "INV-00061", amount=9_999)
    events = [*paid(60), invoice(61), invoice(62, amount=9_999), wrong]
    sealed, never = archived(events), archived(events, hot=10_000)
    found, expected = (
        {
            pair: (match.amount_minor, match.confirmed)
            for pair, match in archive.book.accounts["EUR"].allocations.items()
            if "payment:bank/p63" in pair
        }
        for archive in (sealed, never)
    )
    assert sealed.book.accounts["EUR"].segments
    assert not never.book.accounts["EUR"].segments
    assert found == expected
    assert found == {
        ("payment:bank/p63", "order:shop/o61"): (1_061, False),
        ("payment:bank/p63", "order:shop/o62"): (9_999, False),
    }
