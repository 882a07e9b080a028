"""Issue statements: read one snapshot, prove, register, write.

Invariants:

* What does not prove is not issued: ``StatementDoesNotProveError`` comes before anything is registered.
* Issuing again is free: the same figures give the same version, number, date of issue, and bytes.
* A file is complete or not there: it is written beside its place, flushed, and then moved.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from domain.ageing import DEFAULT_EDGES
from domain.parties import Role, role_of
from domain.statements import Period, Statement, build_statement
from services.reports import read
from services.reports.document import Customer, Letterhead, Section, StatementDocument
from services.reports.errors import NothingToStateError, UnknownFormatError
from services.reports.localise import localiser
from services.reports.register import Registered, register, statement_number
from services.reports.render_csv import render_csv
from services.reports.render_html import render_html
from services.reports.render_json import render_json
from services.reports.render_pdf import render_pdf
from services.reports.render_xlsx import render_xlsx

Format = Literal["pdf", "xlsx", "csv", "html", "json"]
RENDERERS: Final[dict[str, Callable[[StatementDocument], bytes]]] = {
    "pdf": render_pdf,
    "xlsx": render_xlsx,
    "csv": render_csv,
    "html": render_html,
    "json": render_json,
}
MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
_NAME_LENGTH_MAX: Final = 120


class IssuedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A finished document. ``sections`` are its rows in the register, one per currency."""

    content: bytes
    filename: str
    media_type: str
    document: StatementDocument
    sections: tuple[Registered, ...]

    @property
    def statement_no(self) -> str:
        return self.document.document_no


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is, after each customer. ``written`` is False where the file was there already."""

    done: int
    total: int
    customer_id: str
    path: Path
    written: bool


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch did: documents in the folder, files written this time, new rows in the register."""

    documents: int
    written: int
    registered: int


def issue_statement(
    engine: sa.Engine,
    customer_id: str,
    currency: str | None,
    period: Period,
    language: str | None,
    fmt: str,
    issued_at: dt.datetime,
    *,
    letterhead: Letterhead,
    edges: tuple[int, ...] = DEFAULT_EDGES,
) -> IssuedStatement:
    """One document for a customer: one section for ``currency``, or for every currency if it is ``None``.

    ``language`` ``None`` is the customer's own, else English. ``issued_at`` (aware) is kept with a version
    when it is first issued and printed from then on. Blocks for database and layout.
    Raises ``UnknownFormatError``, ``UnknownLanguageError``, ``NothingToStateError`` and
    ``StatementDoesNotProveError``; then nothing is registered.
    """
    if fmt not in RENDERERS:
        raise UnknownFormatError(fmt, RENDERERS)
    if language is not None:
        localiser(language)
    customer, proven = _prove(engine, customer_id, currency, period, edges)
    tongue = language or customer.language or "en"
    localiser(tongue)
    with engine.begin() as connection:
        rows = tuple(register(connection, statement, issued_at) for statement in proven)
    document = StatementDocument(
        document_no=_document_no(rows),
        language=tongue,
        letterhead=letterhead,
        customer=customer,
        period=period,
        sections=tuple(
            Section(
                statement_no=row.statement_no,
                version=row.version,
                issued_at=row.issued_at,
                statement=statement,
            )
            for row, statement in zip(rows, proven, strict=True)
        ),
    )
    return IssuedStatement(
        content=RENDERERS[fmt](document),
        filename=f"{file_stem(document.document_no)}-{tongue}.{fmt}",
        media_type=MEDIA_TYPES[fmt],
        document=document,
        sections=rows,
    )


def prove_statements(
    engine: sa.Engine,
    customer_id: str,
    currency: str | None,
    period: Period,
    edges: tuple[int, ...] = DEFAULT_EDGES,
) -> tuple[Statement, ...]:
    """Build and prove without issuing: one statement per currency, nothing registered.

    Raises ``NothingToStateError`` and ``StatementDoesNotProveError``.
    """
    return _prove(engine, customer_id, currency, period, edges)[1]


def issue_all(
    engine: sa.Engine,
    period: Period,
    fmt: str,
    language: str | None,
    directory: Path,
    issued_at: dt.datetime,
    *,
    letterhead: Letterhead,
    progress: Callable[[BatchProgress], None] = lambda _: None,
    edges: tuple[int, ...] = DEFAULT_EDGES,
    role: Role | None = None,
) -> BatchResult:
    """One document for every party (of a ``role``) with an entry up to the period's end, into ``directory``.

    May be stopped at any moment and run again: what is registered keeps its version, a file that is there
    with the same bytes is left alone, and there is never a torn file. Memory holds the ids of all customers
    and the entries of one at a time.
    The first statement that does not prove stops the batch; what was written before it is right.
    """
    directory.mkdir(parents=True, exist_ok=True)
    documents = written = registered = 0
    with read.snapshot(engine) as connection:
        known = read.customers_up_to(connection, period.end)
    customer_ids = [party for party in known if role is None or role_of(party) is role]
    for customer_id in customer_ids:
        issued = issue_statement(
            engine, customer_id, None, period, language, fmt, issued_at, letterhead=letterhead, edges=edges
        )
        path = directory / issued.filename
        is_new = write_once(path, issued.content)
        documents += 1
        written += is_new
        registered += sum(row.is_new for row in issued.sections)
        step = BatchProgress(
            done=documents, total=len(customer_ids), customer_id=customer_id, path=path, written=is_new
        )
        progress(step)
    return BatchResult(documents=documents, written=written, registered=registered)


def write_once(path: Path, content: bytes) -> bool:
    """Put ``content`` at ``path`` in one step; ``False`` if it was there already."""
    if path.is_file() and path.read_bytes() == content:
        return False
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def _prove(
    engine: sa.Engine, customer_id: str, currency: str | None, period: Period, edges: tuple[int, ...]
) -> tuple[Customer, tuple[Statement, ...]]:
    with read.snapshot(engine) as connection:
        known = read.currencies_of(connection, customer_id, period.end)
        wanted = known if currency is None else [code for code in known if code == currency]
        if not wanted:
            raise NothingToStateError(customer_id, currency, period.label)
        customer = read.customer_of(connection, customer_id)
        return customer, tuple(
            build_statement(
                customer_id=customer_id,
                currency=code,
                period=period,
                lines=read.account_lines(connection, customer_id, code, period.end),
                allocations=read.account_allocations(connection, customer_id, code, period.end),
                control_total_minor=read.control_total(connection, customer_id, code, period.end),
                edges=edges,
            )
            for code in wanted
        )


def _document_no(rows: tuple[Registered, ...]) -> str:
    """The statement's own number; of several currencies one number, whose version counts all restatements."""
    first = rows[0]
    if len(rows) == 1:
        return first.statement_no
    restatements = sum(row.version - 1 for row in rows)
    return statement_number(first.customer_id, None, first.period, restatements + 1)


def file_stem(document_no: str) -> str:
    """A name that every file system takes; two document numbers never share one."""
    stem = urllib.parse.quote(document_no, safe=" ()+,;=@")
    if len(stem) <= _NAME_LENGTH_MAX:
        return stem
    return f"{stem[:_NAME_LENGTH_MAX]}-{hashlib.sha256(document_no.encode()).hexdigest()[:16]}"
