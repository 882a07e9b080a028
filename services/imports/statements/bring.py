"""``tieout import customer-statement`` and ``supplier-statement``: file → drafts → events on their topic.

What a file brought is remembered (``memory``).
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from domain.money import to_text
from domain.parties import Role, role_of
from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.errors import OptionUnreadableError, SourceUnreadableError
from services.imports.notes import Note, NoteCode
from services.imports.publisher import Progress, publish
from services.imports.rejections import CELL_COLUMNS, Rejection, RejectionReport
from services.imports.statements.draft import StatementDraft, View
from services.imports.statements.events import Statement, event_of, statements_of, view_of_file
from services.imports.statements.formats import CORRECTED, FileContent, Source, read_file
from services.imports.statements.memory import ImportMemory, Step
from services.imports.statements.options import Corrections, StatementOptions
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.sheet import open_excel, texts_of
from services.imports.statements.sides import on_the_other_side
from services.imports.summary import Options, Summary, Targets

_REPORT_COLUMNS: Final = frozenset({"row", "column", "corrected"})
KINDS: Final = {Role.CUSTOMER: "customer-statement", Role.SUPPLIER: "supplier-statement"}


def import_customer_statement(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """A statement of account that a customer sent, in any format of ``formats``.

    Raises ``FileRefusedError``, ``SourceUnreadableError``, and what ``publish`` raises.
    """
    return _import(Role.CUSTOMER, path, targets, options, on_progress)


def import_supplier_statement(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """A statement of account that a supplier sent; else as ``import_customer_statement``."""
    return _import(Role.SUPPLIER, path, targets, options, on_progress)


def _import(
    role: Role,
    path: Path,
    targets: Targets,
    options: Options,
    on_progress: Callable[[Progress], None] | None,
) -> Summary:
    named = options.statement.customer_id
    if named is not None and role_of(named) is not role:
        raise OptionUnreadableError(role.value, f"{named!r} is a {role_of(named)}.")
    memory = ImportMemory(targets.engine())
    kept = memory.layout(options.statement.customer_id)
    asked = msgspec.structs.replace(options.statement, role=role, layout=options.statement.layout.over(kept))
    now = dt.datetime.now(dt.UTC)

    digest = sha256_of(path)
    content = read_source(path, asked, on_progress)
    if asked.remember and asked.customer_id is not None:
        memory.keep_layout(asked.customer_id, asked.layout, now)
    with RejectionReport(path, options.report, CELL_COLUMNS) as report:
        statements = list(_statements(content, asked, options.hold_incomplete, report.add))
        steps = [memory.next_step(statement, withdraw=asked.withdraw) for statement in statements]
        notes = [*notes_on_reading(content), *_notes(content, steps, memory)]
        if asked.layout.view is View.AUTO:
            notes += _notes_on_view(steps, targets.engine())
        with targets.publisher() as publisher:
            published = publish(
                _outgoing(steps),
                publisher,
                on_error=lambda error: report.add(of_error(error)),
            )
    refused = sum(report.counts.values())
    memory.record(KINDS[role], digest, path.name, content.rows, refused, steps, now)
    return Summary(
        KINDS[role],
        content.rows,
        published.receipt.counts,
        report.counts,
        report.path,
        published.receipt,
        tuple(notes),
        frozenset({Reason.NOT_BOOKED.value}),
    )


def read_source(
    path: Path, asked: StatementOptions, on_progress: Callable[[Progress], None] | None
) -> FileContent:
    """What a file holds. Raises ``FileRefusedError`` and ``SourceUnreadableError``."""

    def tick(rows: int, total: int | None) -> None:
        if on_progress is not None:
            on_progress(Progress(rows, rows, total))

    corrections = read_corrections(Path(asked.corrections)) if asked.corrections else {}
    cells = {
        row: {column: right for column, right in of_row.items() if column}
        for row, of_row in corrections.items()
    }
    try:
        content = read_file(Source(path, asked, asked.layout, tick, cells))
    except OSError as error:
        raise SourceUnreadableError(path, error.strerror or str(error)) from error
    unused = [
        row
        for row, of_row in corrections.items()
        if not row or "" in of_row or content.format not in CORRECTED
    ]
    return dataclasses.replace(content, not_corrected=tuple(unused))


def notes_on_reading(content: FileContent) -> Iterator[Note]:
    """What a file's corrections came to nothing for."""
    if content.not_corrected:
        rows = ", ".join(map(str, sorted(content.not_corrected)))
        yield Note(NoteCode.NOT_CORRECTED, {"rows": rows})


def read_corrections(path: Path) -> Corrections:
    """The cells of an error report whose column ``corrected`` was filled in; a whole row has no column.

    Raises ``FileRefusedError`` and ``SourceUnreadableError``.
    """
    found: dict[int, dict[str, str]] = {}
    try:
        for row in _report_rows(path):
            if not row.keys() >= _REPORT_COLUMNS:
                missing = ", ".join(sorted(_REPORT_COLUMNS - row.keys()))
                raise FileRefusedError(
                    Reason.UNREADABLE, f"it has no column {missing}", format="error report"
                )
            right = (row.get("corrected") or "").strip()
            if right and (row.get("row") or "").isdigit():
                found.setdefault(int(row["row"]), {})[(row["column"] or "").removeprefix("'")] = right
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefusedError(Reason.UNREADABLE, str(error), format="error report") from error
    except OSError as error:
        raise SourceUnreadableError(path, error.strerror or str(error)) from error
    return found


def _report_rows(path: Path) -> Iterator[dict[str, str]]:
    if path.suffix.lower() == ".xlsx":
        headings: list[str] = []
        for _, cells in open_excel(path, None).rows():
            texts = texts_of(cells) if isinstance(cells, list) else []
            if headings:
                yield dict(zip(headings, texts, strict=False))
            else:
                headings = texts
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def _statements(
    content: FileContent, asked: StatementOptions, hold: bool, reject: Callable[[Rejection], None]
) -> Iterator[Statement]:
    """The statements that can be sent; what cannot is reported."""
    for problem in content.problems:
        reject(problem.rejection())
    taken: dict[tuple[str, str, str], Statement] = {}
    # before anything is summed up: a balance that the lines tell is of booked ones
    announced = [list(_announced(draft)) for draft in content.drafts]
    view = view_of_file(content.drafts, asked.layout.view)
    for draft, left_out in zip(content.drafts, announced, strict=True):
        for problem in (*draft.problems, *left_out):
            reject(problem.rejection())
        # a row of which nothing is known may be any statement's
        if (draft.problems and not draft.lines) or (hold and (draft.problems or content.problems)):
            reject(Problem(0, Reason.STATEMENT_HELD_BACK, value=_label(draft)).rejection())
            continue
        if (accounts := _other_accounts(draft, content.drafts)) is not None:
            reject(Problem(0, Reason.SEVERAL_ACCOUNTS, value=accounts).rejection())
            continue
        named = asked.statement_id if len(content.drafts) == 1 else None
        made = statements_of(draft, view, named)
        if isinstance(made, Problem):
            reject(made.rejection())
            continue
        for statement in made:
            key = (statement.customer_id, statement.currency, statement.statement_id)
            first = taken.setdefault(key, statement)
            if first is statement:
                yield statement
            elif not first.says_the_same(statement):
                reject(Problem(0, Reason.SAME_STATEMENT, value=statement.statement_id).rejection())


def _announced(draft: StatementDraft) -> Iterator[Problem]:
    """Takes out the entries that a bank has not booked: its balances do not hold them. Each is named."""
    lines, draft.lines = draft.lines, []
    for line in lines:
        if line.party is None or line.party.booked:
            draft.lines.append(line)
        else:
            amount = str(abs(line.signed_minor))
            yield Problem(line.row, Reason.NOT_BOOKED, value=amount, document_no=line.document_no)


def _other_accounts(draft: StatementDraft, drafts: list[StatementDraft]) -> str | None:
    """The accounts that a bank's file shows for days of this statement, if it is not the only one."""
    accounts = {
        other.account
        for other in drafts
        if other.account is not None
        and (other.customer_id, other.currency) == (draft.customer_id, draft.currency)
        and _meet(draft, other)
    }
    return ", ".join(sorted(accounts)) if len(accounts) > 1 else None


def _meet(one: StatementDraft, other: StatementDraft) -> bool:
    """Whether two statements have a day in common; one whose period is not stated may have any."""
    start = max(one.period_start or dt.date.min, other.period_start or dt.date.min)
    return start <= min(one.period_end or dt.date.max, other.period_end or dt.date.max)


def _outgoing(steps: list[Step]) -> Iterator[Outgoing | LineError]:
    for position, step in enumerate(steps, start=1):
        if not step.known:
            yield read_event(position, event_of(step.statement, step.version, step.life))


def _notes(content: FileContent, steps: list[Step], memory: ImportMemory) -> Iterator[Note]:
    for draft in content.drafts:
        for note in draft.notes:
            yield dataclasses.replace(note, about=_label(draft))
    for step in steps:
        statement = step.statement
        name, currency = statement.statement_id, statement.currency
        if step.known:
            yield Note(NoteCode.KNOWN_BEFORE, {"version": str(step.version)}, name)
            continue
        told = {"version": str(step.version), "lines": str(statement.line_count), **_read_as(statement)}
        yield Note(NoteCode(step.life.upper()), told, name)
        if step.life == "withdrawn":
            continue
        if statement.rows_left_out:
            yield Note(NoteCode.ROWS_LEFT_OUT, about=name)
        if statement.gap_minor:
            gap = f"{to_text(statement.gap_minor, currency)} {currency}"
            yield Note(NoteCode.DOES_NOT_ADD_UP, {"gap": gap}, name)
        others = memory.of_the_same_days(statement)
        if others:
            yield Note(NoteCode.SAME_DAYS, {"other": others[0]}, name)
        before = memory.closing_before(statement)
        if before is not None and before[1] != statement.opening_minor:
            opening = f"{to_text(statement.opening_minor, currency)} {currency}"
            told = {"opening": opening, "closing": to_text(before[1], currency), "before": before[0]}
            yield Note(NoteCode.OPENING_IS_NOT_LAST_CLOSING, told, name)


def _read_as(statement: Statement) -> dict[str, str]:
    """In whose view the file was read, in each language."""
    if statement.in_our_view:
        return {"how": "our view", "how_zh": "按我方视角读取"}
    role = role_of(statement.customer_id)
    whose = {Role.CUSTOMER: "客户", Role.SUPPLIER: "供应商"}[role]
    return {"how": f"the {role}'s view, turned round", "how_zh": f"按{whose}视角读取并反转"}


def _notes_on_view(steps: list[Step], engine: sa.Engine) -> Iterator[Note]:
    for statement in (step.statement for step in steps if not step.known):
        other, there = on_the_other_side(engine, statement)
        if 2 * other > there:
            view = "theirs" if statement.in_our_view else "ours"
            told = {"other": str(other), "there": str(there), "view": view}
            yield Note(NoteCode.ON_THE_OTHER_SIDE, told, statement.statement_id)


def _label(draft: StatementDraft) -> str:
    return " ".join(part for part in (draft.statement_no, draft.customer_id, draft.currency) if part)


def of_error(error: LineError) -> Rejection:
    """A record that could not be sent, as a row of the report."""
    return Rejection(error.line_no, error.reason, error.detail, "", error.excerpt)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes. Raises ``SourceUnreadableError``."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceUnreadableError(path, error.strerror or str(error)) from error
