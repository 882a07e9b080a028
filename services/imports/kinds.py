"""Every kind of import, by name. A new format is one new file and one line in ``KINDS``.

A distribution of somebody else's adds its own through the entry point group ``tieout.imports``: an entry
point names a function of the type ``Import``. Functions are looked up when they are asked for, not before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.errors import UnknownImportKindError
from services.imports.master import CUSTOMERS, PRODUCTS, SUPPLIERS, MasterKind, read_master, upsert
from services.imports.notes import Note, NoteCode
from services.imports.online_retail import MISSING_CUSTOMER, Reading, read_documents
from services.imports.publisher import Progress, publish, publish_file
from services.imports.rejections import Rejection, RejectionReport
from services.imports.summary import Options, Summary, Targets

ENTRY_POINT_GROUP: Final = "tieout.imports"


Import = Callable[[Path, Targets, Options, Callable[[Progress], None] | None], Summary]

KINDS: Final[Mapping[str, str]] = {
    "events": "services.imports.kinds:import_events",
    "online-retail": "services.imports.kinds:import_online_retail",
    "customers": "services.imports.kinds:import_customers",
    "suppliers": "services.imports.kinds:import_suppliers",
    "products": "services.imports.kinds:import_products",
    "bank-statement": "services.imports.statements.bank:import_bank_statement",
    "customer-statement": "services.imports.statements.bring:import_customer_statement",
    "supplier-statement": "services.imports.statements.bring:import_supplier_statement",
}


def known_kinds() -> list[str]:
    """The names that ``find_import`` knows, sorted."""
    return sorted({*KINDS, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))})


def find_import(kind: str) -> Import:
    """The function of a kind; ours win over others of the same name. Raises ``UnknownImportKindError``."""
    target = KINDS.get(kind)
    if target is not None:
        found: Import = resolve_name(target)
        return found
    for point in entry_points(group=ENTRY_POINT_GROUP, name=kind):
        plugged: Import = point.load()
        return plugged
    raise UnknownImportKindError(kind, known_kinds())


def import_events(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """Canonical events, one JSON object a line."""
    with RejectionReport(path, options.report) as report, targets.publisher() as publisher:
        published = publish_file(
            path,
            publisher,
            on_error=lambda error: report.add(_rejection(error)),
            on_progress=on_progress,
            after_line=options.after_line,
        )
    return Summary(
        "events",
        published.last_position,
        published.receipt.counts,
        report.counts,
        report.path,
        published.receipt,
    )


def import_online_retail(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """Invoice lines of the Online Retail files. Positions are documents, in the order of the file."""
    reading = Reading()
    size = path.stat().st_size if path.exists() else 0
    with RejectionReport(path, options.report) as report, targets.publisher() as publisher:
        events = read_documents(
            path,
            report.add,
            reading,
            anonymous_account=options.anonymous_account,
            hold_incomplete=options.hold_incomplete,
            source_version=options.source_version,
        )

        def outgoing() -> Iterator[Outgoing | LineError]:
            numbered = enumerate(events, start=1)
            for position, event in islice(numbered, options.after_line, None):
                yield read_event(position, event)

        def progressed(handled: int) -> None:
            if on_progress is not None:
                on_progress(Progress(handled, size, size))  # the file is read before the first document

        published = publish(
            outgoing(),
            publisher,
            on_error=lambda error: report.add(_rejection(error)),
            on_progress=progressed,
            after=options.after_line,
        )
    notes = [
        Note(
            NoteCode.ROUNDED,
            {
                "exact": str(document.exact),
                "booked": str(document.booked_minor),
                "rows": ", ".join(map(str, document.rows)),
            },
            document.document_no,
        )
        for document in reading.rounded
    ]
    if options.anonymous_account is not None:
        told = {"count": str(reading.anonymous_rows), "account": options.anonymous_account}
        notes.append(Note(NoteCode.ANONYMOUS_ROWS, told))
    return Summary(
        "online-retail",
        reading.rows,
        published.receipt.counts,
        report.counts,
        report.path,
        published.receipt,
        tuple(notes),
        frozenset({MISSING_CUSTOMER}),
    )


def import_customers(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """Customers' master data from CSV or Excel."""
    return _import_master("customers", CUSTOMERS, path, targets, options, on_progress)


def import_suppliers(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """Suppliers' master data from CSV or Excel."""
    return _import_master("suppliers", SUPPLIERS, path, targets, options, on_progress)


def import_products(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """Products and services from CSV or Excel."""
    return _import_master("products", PRODUCTS, path, targets, options, on_progress)


def _import_master(
    name: str,
    kind: MasterKind,
    path: Path,
    targets: Targets,
    options: Options,
    on_progress: Callable[[Progress], None] | None,
) -> Summary:
    rows = 0
    with RejectionReport(path, options.report) as report:

        def counted() -> Iterator[Mapping[str, object]]:
            nonlocal rows
            for row in read_master(kind, path, report.add):
                rows += 1
                yield row

        different, changed = upsert(targets.engine(), kind, counted(), dt.datetime.now(dt.UTC))
    total = rows + sum(report.counts.values())
    if on_progress is not None:
        size = path.stat().st_size
        on_progress(Progress(total, size, size))
    notes = (Note(NoteCode.RECORDS_CHANGED, {"changed": str(changed), "different": str(different)}),)
    return Summary(name, total, {kind.name: different}, report.counts, report.path, None, notes)


def _rejection(error: LineError) -> Rejection:
    return Rejection(error.line_no, error.reason, error.detail, "", error.excerpt)
