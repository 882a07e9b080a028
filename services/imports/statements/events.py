"""A draft, turned into our view, as ``customer_statement.*`` events.

**The view.** An account on which the customer owes us stands in debit in our books and in credit in theirs. So a
file whose balances are mostly in debit is in our view (they sent our statement back), one in credit is in theirs,
and where nothing tells it is theirs. An account on which we owe a supplier is the mirror image. ``--view`` decides
otherwise.

**Ids** come from the content alone: the same statement in another file, or sent twice, is the same event.
``line_no`` is the line's row in the file, so that a finding leads to the row.

**Size.** A record holds at most ``LINES_MAX`` lines; a longer statement is cut between days into statements that
each add up and follow on one another (ADR 0012).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any, Final

import msgspec

from domain.parties import Role, role_of, view_sign
from services.imports.statements.draft import DraftLine, StatementDraft, View
from services.imports.statements.periods import complete
from services.imports.statements.reasons import Problem, Reason

LINES_MAX: Final = 20_000
#: a book's head is one record of the changelog (``CHANGELOG_MAX_BYTES``); a line that our books do not know costs it
#: about 215 bytes, with its finding
ALL_LINES_MAX: Final = 250_000
OUR_VIEW: Final = "our view"
SOURCE_SYSTEMS: Final = {Role.CUSTOMER: "customer-file", Role.SUPPLIER: "supplier-file"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in our view, ready to become an event. ``digest`` is of its content, not of its version."""

    customer_id: str
    currency: str
    statement_id: str
    body: dict[str, Any]
    digest: str

    @property
    def line_count(self) -> int:
        return len(self.body["lines"])

    @property
    def in_our_view(self) -> bool:
        """Whether the file was read as it stands, and not turned round."""
        return bool(self.body["metadata"]["read_as"] == OUR_VIEW)

    def says_the_same(self, other: Statement) -> bool:
        """Whether another one of its name says the same, in whatever rows of the file."""
        bodies = [
            {**body, "lines": [{**line, "line_no": 0} for line in body["lines"]]}
            for body in (self.body, other.body)
        ]
        return bodies[0] == bodies[1]

    @property
    def rows_left_out(self) -> bool:
        """Whether rows of the file could not be read."""
        return "rows_left_out" in self.body["metadata"]

    @property
    def period_start(self) -> dt.date:
        return dt.date.fromisoformat(self.body["period_start"])

    @property
    def period_end(self) -> dt.date:
        return dt.date.fromisoformat(self.body["period_end"])

    @property
    def opening_minor(self) -> int:
        return int(self.body["opening_balance_minor"])

    @property
    def closing_minor(self) -> int:
        return int(self.body["closing_balance_minor"])

    @property
    def gap_minor(self) -> int:
        """By how much opening plus lines misses closing; 0 where the statement adds up."""
        moved = sum(line["debit_minor"] - line["credit_minor"] for line in self.body["lines"])
        return self.closing_minor - self.opening_minor - int(moved)


def statements_of(
    draft: StatementDraft, view: View, statement_id: str | None = None
) -> list[Statement] | Problem:
    """The statements that a draft stands for, or why there is none.

    ``view``: of a draft whose columns do not say it themselves; ``AUTO``: as its balances tell.
    """
    complete(draft)
    label = draft.statement_no or draft.customer_id or ""
    if draft.customer_id is None:
        return Problem(0, Reason.NO_CUSTOMER, value=label)
    if draft.opening_minor is None or draft.closing_minor is None:
        return Problem(0, Reason.NO_BALANCE, value=label)
    start, end = draft.period_start, draft.period_end
    if start is None or end is None or start > end:
        value = "" if start is None or end is None else f"{start}..{end}"
        return Problem(0, Reason.BAD_PERIOD, value=value)
    if len(draft.lines) > ALL_LINES_MAX:
        return Problem(0, Reason.STATEMENT_TOO_LONG, value=label, arguments={"limit": str(ALL_LINES_MAX)})
    if draft.view is not View.AUTO:
        view = draft.view
    elif view is View.AUTO:
        view = view_of_file([draft], view)
    sign = 1 if view is View.OURS else -1
    name = statement_id or draft.statement_no or f"{draft.customer_id}/{draft.currency}/{start}..{end}"
    parts = list(_cut(draft.lines))
    found = []
    opening = sign * draft.opening_minor
    for number, lines in enumerate(parts, start=1):
        if len(lines) > LINES_MAX:
            return Problem(0, Reason.STATEMENT_TOO_LARGE, value=label, arguments={"limit": str(LINES_MAX)})
        last = number == len(parts)
        signed = [sign * line.signed_minor for line in lines]
        closing = sign * draft.closing_minor if last else opening + sum(signed)
        found.append(
            _statement(
                draft,
                name if len(parts) == 1 else f"{name}#{number}",
                (
                    start if number == 1 else min(line.date for line in lines),
                    end if last else min(line.date for line in parts[number]) - dt.timedelta(days=1),
                ),
                (opening, closing),
                lines,
                sign,
                whole=len(parts) == 1,
            )
        )
        opening = closing
    return found


def event_of(statement: Statement, version: int, life: str) -> dict[str, Any]:
    """The canonical event; ``life`` is ``received``, ``replaced`` or ``withdrawn``."""
    body = statement.body
    identity = f"{statement.digest}/{version}/{life}"
    system = SOURCE_SYSTEMS[role_of(statement.customer_id)]
    return {
        "event_id": f"{system}/{hashlib.sha256(identity.encode()).hexdigest()[:40]}",
        "event_type": f"customer_statement.{life}",
        "schema_version": 1,
        "source_system": system,
        "source_record_id": f"{statement.customer_id}/{statement.currency}/{statement.statement_id}",
        "source_version": version,
        "occurred_at": f"{body['period_end']}T00:00:00Z",
        "business_date": body["period_end"],
        "customer_id": statement.customer_id,
        "currency": statement.currency,
        "amount_minor": body["closing_balance_minor"],
        "document_no": statement.statement_id,
        "correlation_id": statement.statement_id,
        "statement_id": statement.statement_id,
        "statement_version": version,
        **body,
    }


def view_of_file(drafts: Iterable[StatementDraft], asked: View) -> View:
    """In whose view all statements of a file stand: one program made it, and one of them may be overpaid."""
    if asked is not View.AUTO:
        return asked
    owed = owing = 0
    for draft in drafts:
        if draft.view is View.AUTO:
            complete(draft)
            of_draft = _sides(draft)[:: view_sign(draft.customer_id or "")]
            owed, owing = owed + of_draft[0], owing + of_draft[1]
    return View.OURS if owed > owing else View.THEIRS


def _sides(draft: StatementDraft) -> tuple[int, int]:
    """How many of its balances stand in debit and in credit; where they do not tell, of those between its lines too."""
    running = [line.running_minor for line in draft.lines]
    debit, credit = _count([draft.opening_minor, draft.closing_minor, *running])
    if debit == credit:
        moved = (line.signed_minor for line in sorted(draft.lines, key=lambda line: line.date))
        more = _count([*accumulate(moved, initial=draft.opening_minor or 0)][1:])
        debit, credit = debit + more[0], credit + more[1]
    return debit, credit


def _count(balances: Iterable[int | None]) -> tuple[int, int]:
    found = [balance for balance in balances if balance]
    debit = sum(balance > 0 for balance in found)
    return debit, len(found) - debit


def _cut(lines: list[DraftLine]) -> Iterator[list[DraftLine]]:
    """The lines in parts of at most ``LINES_MAX``, never two parts of one day (or one day too long alone)."""
    if len(lines) <= LINES_MAX:
        yield lines
        return
    part: list[DraftLine] = []
    for _, day in groupby(sorted(lines, key=lambda line: (line.date, line.row)), key=lambda line: line.date):
        of_day = list(day)
        if part and len(part) + len(of_day) > LINES_MAX:
            yield part
            part = []
        part.extend(of_day)
    yield part


def _statement(
    draft: StatementDraft,
    name: str,
    period: tuple[dt.date, dt.date],
    balances: tuple[int, int],
    lines: list[DraftLine],
    sign: int,
    *,
    whole: bool,
) -> Statement:
    assert draft.customer_id is not None
    signed = [sign * line.signed_minor for line in lines]
    debit = sum(minor for minor in signed if minor > 0)
    credit = -sum(minor for minor in signed if minor < 0)
    if whole:  # a total that the file states is compared with its lines by the domain
        stated = (draft.total_debit_minor, draft.total_credit_minor)[::sign]
        debit = debit if stated[0] is None else abs(stated[0])
        credit = credit if stated[1] is None else abs(stated[1])
    role = role_of(draft.customer_id)
    metadata = {"read_as": OUR_VIEW if sign > 0 else f"the {role}'s view, turned round"}
    if draft.problems:
        metadata["rows_left_out"] = str(len(draft.problems))
    body: dict[str, Any] = {
        "period_start": period[0].isoformat(),
        "period_end": period[1].isoformat(),
        "opening_balance_minor": balances[0],
        "closing_balance_minor": balances[1],
        "total_debit_minor": debit,
        "total_credit_minor": credit,
        "line_count": len(lines),
        "lines": [
            {
                "line_no": line.row,
                "document_no": line.document_no or line.text[:60] or f"row {line.row}",
                "date": line.date.isoformat(),
                "debit_minor": max(minor, 0),
                "credit_minor": max(-minor, 0),
                "running_balance_minor": None if line.running_minor is None else sign * line.running_minor,
                # a reference that is the document already tells nothing more; the text may
                "their_reference": (line.reference if line.reference != line.document_no else None)
                or line.text
                or None,
            }
            for line, minor in zip(lines, signed, strict=True)
        ],
        "metadata": metadata,
    }
    content = msgspec.json.encode([draft.customer_id, draft.currency, name, body], order="sorted")
    return Statement(draft.customer_id, draft.currency, name, body, hashlib.sha256(content).hexdigest())
