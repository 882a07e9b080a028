"""Who the other side of a receipt is, from the books and the master data: looked up once for all receipts of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

import sqlalchemy as sa

from domain.parties import Role
from services.imports.statements.receipts import Receipt, numbers_of, plain_account, plain_name
from services.queries.filters import has_role
from services.store.tables import customer_accounts, customers, ledger_entries

_BATCH: Final = 1000


class PayerDirectory:
    """Parties of one role by number of a document of theirs, by account, by plain name. Reads when it is made."""

    def __init__(self, engine: sa.Engine, receipts: Sequence[Receipt], role: Role) -> None:
        with engine.connect() as connection:
            self.by_document = _documents(connection, numbers_of(receipts), role)
            accounts = any(receipt.details.account for receipt in receipts)
            self.by_account = _grouped(
                _pairs(connection, customer_accounts.c.account, customer_accounts, role) if accounts else (),
                plain_account,
            )
            names = any(receipt.details.name for receipt in receipts)
            self.by_name = _grouped(
                _pairs(connection, customers.c.name, customers, role) if names else (), plain_name
            )


def _pairs(
    connection: sa.Connection, name: sa.Column[str], table: sa.Table, role: Role
) -> Iterable[tuple[str, str]]:
    for row in connection.execute(
        sa.select(name, table.c.customer_id).where(has_role(table.c.customer_id, role))
    ):
        yield row[0], row[1]


def _documents(connection: sa.Connection, numbers: Sequence[str], role: Role) -> Mapping[str, frozenset[str]]:
    rows: list[tuple[str, str]] = []
    pending = iter(numbers)
    while batch := list(islice(pending, _BATCH)):
        found = connection.execute(
            sa.select(ledger_entries.c.document_no, ledger_entries.c.customer_id)
            .where(
                ledger_entries.c.document_no.in_(batch),
                has_role(ledger_entries.c.customer_id, role),
            )
            .distinct()
        )
        rows += [(row[0], row[1]) for row in found]
    return _grouped(rows, str)


def _grouped(rows: Iterable[tuple[str, str]], key: Callable[[str], str]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, customer_id in rows:
        plain = key(name)
        if plain:
            found.setdefault(plain, set()).add(customer_id)
    return {name: frozenset(owners) for name, owners in found.items()}
