"""How a statement reads once people corrected lines of it. What follows for the comparison: ``tests/scenarios``."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from domain.comparison.corrections import as_sent, corrected, corrections_of, moved_minor
from domain.comparison.unmoved import Change, reach_of, settled_on
from domain.events import Source, StatementLine
from domain.facts import EntryKind, Fact, LineCorrection, StatementFact
from domain.rules import Rules

DAY = dt.date(2026, 1, 5)
NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
SOURCE = Source("t", 0, 0)


def line(line_no: int, document_no: str, signed: int, running: int | None = None) -> StatementLine:
    return StatementLine(
        line_no=line_no,
        document_no=document_no,
        date=DAY,
        debit_minor=max(signed, 0),
        credit_minor=max(-signed, 0),
        running_balance_minor=running,
        their_reference=None if running is None else "THEIRS",
    )


def statement(*lines: StatementLine, closing: int, version: int = 1) -> StatementFact:
    return StatementFact(
        statement_id="S-1",
        rank=(version, version, 0),
        withdrawn=False,
        event_id="e-1",
        digest=b"sent",
        period_start=DAY,
        period_end=DAY,
        opening_minor=0,
        closing_minor=closing,
        total_debit_minor=0,
        total_credit_minor=0,
        line_count=len(lines),
        lines=lines,
        occurred_at=NOON,
        correlation_id=None,
        source=SOURCE,
    )


def decided(number: str, line_no: int, read: StatementLine | None, hour: int = 1, **other: object) -> Fact:
    fact = Fact(
        kind=EntryKind.ADJUSTMENT,
        signed_minor=0,
        undone=False,
        rank=(1, 0),
        event_id=f"{number}/posted",
        digest=number.encode(),
        source_system="tieout",
        source_record_id=f"adjustment/{number}",
        document_no=number,
        aliases=(),
        business_date=DAY,
        due_date=None,
        occurred_at=NOON + dt.timedelta(hours=hour),
        source=SOURCE,
        recorded_at=NOON,
        correction=LineCorrection("S-1", 1, line_no, read),
    )
    return msgspec.structs.replace(fact, **other)


SENT = statement(line(1, "INV-1", 100, 100), line(2, "INV-2", 20), closing=120)
READ = line(1, "INV-1", 130)


def test_a_statement_that_nobody_corrected_is_itself() -> None:
    (same,) = corrected([SENT], [decided("ADJ-1", 1, READ, undone=True), decided("ADJ-2", 9, None)])
    assert same is SENT
    assert as_sent(SENT) is SENT
    assert (corrections_of(SENT), moved_minor(SENT)) == ((), 0)


def test_a_line_reads_as_corrected_and_what_was_sent_is_known() -> None:
    (found,) = corrected([SENT], [decided("ADJ-1", 1, READ)])
    assert [one.debit_minor for one in found.lines] == [130, 20]
    assert (found.closing_minor, found.line_count, as_sent(found)) == (120, 2, SENT)
    (correction,) = corrections_of(found)
    assert (correction.sent, correction.adjustment_no) == (SENT.lines[0], "ADJ-1")
    assert found.digest != SENT.digest


def test_what_a_correction_does_not_speak_of_stands_as_sent() -> None:
    (found,) = corrected([SENT], [decided("ADJ-1", 1, READ)])
    assert (found.lines[0].running_balance_minor, found.lines[0].their_reference) == (100, "THEIRS")
    spoken = msgspec.structs.replace(READ, running_balance_minor=7)
    (found,) = corrected([SENT], [decided("ADJ-1", 1, spoken)])
    assert found.lines[0].running_balance_minor == 7


@pytest.mark.parametrize(
    ("closing", "read", "moved"),
    [(120, READ, 30), (120, None, -100), (119, READ, 0), (119, None, 0)],
)
def test_a_closing_balance_moves_only_if_it_came_from_the_lines(
    closing: int, read: StatementLine | None, moved: int
) -> None:
    sent = msgspec.structs.replace(SENT, closing_minor=closing)
    (found,) = corrected([sent], [decided("ADJ-1", 1, read)])
    assert moved_minor(found) == moved
    assert len(found.lines) == (1 if read is None else 2)


def test_of_two_corrections_of_one_line_the_later_decides() -> None:
    earlier, later = decided("ADJ-2", 1, line(1, "X", 5)), decided("ADJ-1", 1, READ, hour=2)
    for facts in ([earlier, later], [later, earlier]):
        (found,) = corrected([SENT], facts)
        assert found.lines[0].debit_minor == 130


def test_a_correction_is_of_the_version_that_was_seen() -> None:
    newer = statement(*SENT.lines, closing=120, version=2)
    assert corrected([newer], [decided("ADJ-1", 1, READ)]) == [newer]
    seen_newer = msgspec.structs.replace(
        decided("ADJ-2", 1, READ), correction=LineCorrection("S-1", 2, 1, READ)
    )
    assert corrected([newer], [seen_newer])[0].lines[0].debit_minor == 130
    assert corrected([SENT], [seen_newer]) == [SENT]


def test_a_correction_moves_comparisons_of_earlier_periods() -> None:
    """Without it a comparison is not made again for an event that books nothing in its period."""
    late = dt.date(2026, 3, 1)
    fact = decided("ADJ-1", 1, READ)
    plain = msgspec.structs.replace(fact, correction=None)
    undone = msgspec.structs.replace(fact, undone=True)

    def spared(*facts: Fact) -> bool:
        change = Change(late, fact.record_key, facts)
        return reach_of(change, {}, [SENT.names]).spares(SENT.period_end, settled_on(SENT, Rules()))

    assert spared(plain)
    assert not spared(fact)
    assert not spared(fact, undone)
