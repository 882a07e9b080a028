"""Whether a statement stands on the other side than the books: the view of a file is found by its balances, and those
of a customer who has overpaid, or of a file without any, can tell a wrong one. It is said, never decided by: what a
file brings does not depend on what the books hold when it is read.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

import sqlalchemy as sa

from services.imports.statements.events import Statement
from services.store.tables import ledger_entries

_LOOKED_AT: Final = 1000


def on_the_other_side(engine: sa.Engine, statement: Statement) -> tuple[int, int]:
    """(of the first documents of the statement: how many stand on the other side in the books, how many are there)."""
    shown: dict[str, int] = {}
    for line in statement.body["lines"]:
        signed = line["debit_minor"] - line["credit_minor"]
        shown[line["document_no"]] = shown.get(line["document_no"], 0) + signed
    documents = list(islice((document for document, signed in shown.items() if signed), _LOOKED_AT))
    entry = ledger_entries.c
    signed_minor = sa.func.sum(
        sa.case((entry.side == "DEBIT", entry.amount_minor), else_=-entry.amount_minor)
    )
    query = (
        sa.select(entry.document_no, signed_minor)
        .where(
            entry.customer_id == statement.customer_id,
            entry.currency == statement.currency,
            entry.document_no.in_(documents),
        )
        .group_by(entry.document_no)
    )
    with engine.connect() as connection:
        booked = [(row[0], int(row[1])) for row in connection.execute(query) if row[1]]
    return sum(shown[document] * signed < 0 for document, signed in booked), len(booked)
