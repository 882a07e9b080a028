"""Reads customers' master data from CSV into PostgreSQL: who they are, their language, where mail goes.

Columns ``customer_id, name, language, email, address, country, terms_days``; the first two are mandatory, the
others may be absent or empty. Master data are not events: they say nothing about what is owed.

Invariants: a customer is inserted or wholly replaced; a customer that the file does not name stays; the same
file again changes nothing; a wrong row is reported and the rest goes on; the last row of a customer wins.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.imports.errors import SourceUnreadableError
from services.imports.rejections import Rejection
from services.store.tables import customers

COLUMNS: Final = ("customer_id", "name", "language", "email", "address", "country", "terms_days")
MANDATORY: Final = ("customer_id", "name")
LANGUAGES: Final = ("en", "zh")
TERMS_DAYS_MAX: Final = 3650
_BATCH_ROWS: Final = 1000


def read_customers(path: Path, reject: Callable[[Rejection], None]) -> Iterator[dict[str, Any]]:
    """The rows of a customers file as values of the ``customers`` table. Raises ``SourceUnreadableError``."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [name for name in MANDATORY if name not in (reader.fieldnames or ())]
            if missing:
                raise SourceUnreadableError(path, f"the columns {', '.join(missing)} are missing")
            for row in reader:
                if None in row or any(value is None for value in row.values()):
                    detail = "The row has other cells than the heading."
                    reject(Rejection(reader.line_num, "BAD_ROW", detail, "", ""))
                    continue
                customer = _customer(row)
                if isinstance(customer, str):
                    reject(Rejection(reader.line_num, "BAD_VALUE", customer, "", row["customer_id"]))
                else:
                    yield customer
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceUnreadableError(path, str(error)) from error


def upsert_customers(engine: sa.Engine, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert or replace customers in one transaction; returns how many different ones. Blocks."""
    seen: set[str] = set()
    with engine.begin() as connection:
        pending = iter(rows)
        while batch := list(islice(pending, _BATCH_ROWS)):
            last = {row["customer_id"]: row for row in batch}  # one statement may not touch a row twice
            seen.update(last)
            statement = insert(customers).values(list(last.values()))
            replaced = {name: statement.excluded[name] for name in COLUMNS if name != "customer_id"}
            connection.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=replaced))
    return len(seen)


def _customer(row: Mapping[str, str]) -> dict[str, Any] | str:
    """The values of one row, or what is wrong with it."""
    cells = {name: row.get(name, "").strip() for name in COLUMNS}
    for name in MANDATORY:
        if not cells[name]:
            return f"{name} is empty."
    language = cells["language"].lower() or LANGUAGES[0]
    if language not in LANGUAGES:
        return f"language {cells['language']!r} is not one of {', '.join(LANGUAGES)}."
    terms = cells["terms_days"]
    if terms and not (terms.isascii() and terms.isdigit() and int(terms) <= TERMS_DAYS_MAX):
        return f"terms_days {terms[:20]!r} is no number of days up to {TERMS_DAYS_MAX}."
    if any("\x00" in value for value in cells.values()):
        return "A cell holds a NUL character."
    return {
        "customer_id": cells["customer_id"],
        "name": cells["name"],
        "language": language,
        "email": cells["email"] or None,
        "address": cells["address"] or None,
        "country": cells["country"] or None,
        "terms_days": int(terms) if terms else None,
    }
