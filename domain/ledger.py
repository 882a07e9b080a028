"""The ledger: which lines a record's versions book.

Entries are immutable; signed numbers exist only inside (``signed_minor`` > 0 is a DEBIT). The lines that *should*
stand are a pure function of the known versions; what already stands and should not is ANNULLED by a contra line
on the same business date. So the balance as of any date depends on the set of facts alone.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.facts import EntryKind, Fact
from domain.identity import stable_id


class Side(enum.StrEnum):
    DEBIT = "DEBIT"
    CREDIT = "CREDIT"


class EntryRole(enum.StrEnum):
    POSTED = "POSTED"
    REVERSED = "REVERSED"
    ANNULLED = "ANNULLED"


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One ledger line that stands. ``fact_rank`` names the version of the record that it comes from."""

    entry_id: str
    kind: EntryKind
    role: EntryRole
    signed_minor: int
    document_no: str
    business_date: dt.date
    fact_rank: tuple[int, int]


def side_of(signed_minor: int) -> Side:
    """DEBIT raises what they owe, CREDIT lowers it; a zero line is a DEBIT of nothing."""
    return Side.CREDIT if signed_minor < 0 else Side.DEBIT


def our_side_of(signed_minor: int, sign: int) -> Side:
    """The side in our view of an amount of a book whose view ``sign`` turns into ours (``parties.view_sign``)."""
    side = side_of(signed_minor)
    if sign > 0:
        return side
    return Side.DEBIT if side is Side.CREDIT else Side.CREDIT


def lines_that_should_stand(account: str, facts: Sequence[Fact]) -> dict[str, Line]:
    """The lines of one record, by entry id. ``facts`` are its known versions in ascending rank.

    Each version posts its amount on its own business date, and reverses the line before it on that date.
    """
    lines: dict[str, Line] = {}
    standing: Fact | None = None
    for fact in facts:
        if standing is not None:
            reversal = _line(
                account, standing, EntryRole.REVERSED, -standing.signed_minor, fact.business_date, fact
            )
            lines[reversal.entry_id] = reversal
            standing = None
        if fact.signed_minor or (not fact.undone and _books_zero(fact)):
            posted = _line(account, fact, EntryRole.POSTED, fact.signed_minor, fact.business_date, None)
            lines[posted.entry_id] = posted
            standing = fact
    return lines


def _books_zero(fact: Fact) -> bool:
    # A document of amount zero is legal and is written down; only invoices are documents from birth.
    return fact.kind is EntryKind.INVOICE


def _line(
    account: str, fact: Fact, role: EntryRole, signed_minor: int, date: dt.date, undone_by: Fact | None
) -> Line:
    by = "" if undone_by is None else str(undone_by.rank)
    entry_id = stable_id("e", account, fact.record_key, str(fact.rank), role.value, by)
    return Line(entry_id, fact.kind, role, signed_minor, fact.document_no, date, fact.rank)


def postings(standing: Mapping[str, Line], wanted: Mapping[str, Line]) -> tuple[list[Line], list[Line]]:
    """(lines to annul, lines to post) that lead from what stands to what should stand.

    A line once annulled is never wanted again: versions only become known, so the version that undoes a line only
    comes closer to it. So no entry id is ever written twice.
    """
    annul = [line for entry_id, line in standing.items() if entry_id not in wanted]
    post = [line for entry_id, line in wanted.items() if entry_id not in standing]
    return annul, post


def contra(line: Line) -> Line:
    """The line that takes ``line`` back, on the same business date."""
    return Line(
        annulment_id(line.entry_id),
        line.kind,
        EntryRole.ANNULLED,
        -line.signed_minor,
        line.document_no,
        line.business_date,
        line.fact_rank,
    )


def annulment_id(entry_id: str) -> str:
    """The id of the line that takes the line ``entry_id`` back."""
    return stable_id("e", entry_id, EntryRole.ANNULLED.value)


def balance_as_of(lines: Iterable[Line], date: dt.date) -> int:
    """Σ of the lines with a business date up to and including ``date``, minor units."""
    return sum(line.signed_minor for line in lines if line.business_date <= date)
