"""Read one customer's comparisons in one snapshot and make a document of them. Nothing is registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa

from domain.statements import Period
from services.queries.comparisons import iterate_comparisons
from services.queries.filters import AccountFilter
from services.reports import read
from services.reports.comparisons.document import ComparisonDocument
from services.reports.comparisons.paper import render_html, render_pdf
from services.reports.comparisons.render_machine import render_csv, render_json
from services.reports.comparisons.render_xlsx import render_xlsx
from services.reports.document import Letterhead
from services.reports.errors import NothingToCompareError, UnknownFormatError
from services.reports.localise import localiser
from services.reports.service import MEDIA_TYPES, file_stem

RENDERERS: Final[dict[str, Callable[[ComparisonDocument], bytes]]] = {
    "pdf": render_pdf,
    "xlsx": render_xlsx,
    "csv": render_csv,
    "html": render_html,
    "json": render_json,
}


class ComparisonFile(msgspec.Struct, frozen=True, kw_only=True):
    """A finished document. ``filename`` is plain ASCII."""

    content: bytes
    filename: str
    media_type: str
    document: ComparisonDocument


def write_comparisons(
    engine: sa.Engine,
    customer_id: str,
    currency: str | None,
    statement_id: str | None,
    period: Period | None,
    language: str | None,
    fmt: str,
    *,
    letterhead: Letterhead,
) -> ComparisonFile:
    """One document of a customer's comparisons: of one statement, or of those whose period ends in ``period``, or all.

    ``language`` ``None`` is the customer's own, else English. Blocks for database and layout. Raises
    ``UnknownFormatError``, ``UnknownLanguageError`` and ``NothingToCompareError``.
    """
    if fmt not in RENDERERS:
        raise UnknownFormatError(fmt, RENDERERS)
    with read.snapshot(engine) as connection:
        customer = read.customer_of(connection, customer_id)
        found = tuple(
            iterate_comparisons(
                connection,
                AccountFilter(customer_id, currency),
                statement_id=statement_id,
                from_date=None if period is None else period.start,
                to_date=None if period is None else period.end,
            )
        )
    if not found:
        raise NothingToCompareError(customer_id)
    tongue = language or customer.language or "en"
    localiser(tongue)
    document = ComparisonDocument(
        language=tongue, letterhead=letterhead, customer=customer, comparisons=found
    )
    return ComparisonFile(
        content=RENDERERS[fmt](document),
        filename=f"{file_stem(document.document_no)}-{tongue}.{fmt}",
        media_type=MEDIA_TYPES[fmt],
        document=document,
    )
