"""Master data in PostgreSQL: what changed is kept, and payers are found by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.parties import Role
from services.imports.master import CUSTOMERS, PRODUCTS, SUPPLIERS, MasterKind, read_master, upsert
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.memory import ImportMemory
from services.imports.statements.payers import PayerDirectory
from services.imports.statements.receipts import Owner, Receipt, receipts_of
from services.queries import testing as books
from services.store import tables
from services.store.engine import create_engine

pytestmark = pytest.mark.integration

JAN = dt.date(2026, 1, 5)
NOW = dt.datetime(2026, 2, 7, 12, tzinfo=dt.UTC)


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    with books.fresh_database(stack.database_url) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


def bring(engine: sa.Engine, kind: MasterKind, path: Path, text: str) -> tuple[int, int]:
    path.write_text(text, encoding="utf-8")
    rejected: list[Any] = []
    done = upsert(engine, kind, read_master(kind, path, rejected.append), NOW)
    assert rejected == []
    return done


def history(engine: sa.Engine, kind: str) -> list[tuple[str, int, str]]:
    table = tables.master_history
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.c.record_id, table.c.version, table.c.record)
            .where(table.c.kind == kind)
            .order_by(table.c.record_id, table.c.version)
        ).all()
    return [(row.record_id, row.version, row.record["name"]) for row in rows]


def test_every_state_of_a_record_is_kept_and_a_repeated_file_changes_nothing(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    first = "customer_id,name,accounts\nC-1,Old,DE1;DE2\nC-2,Two,\n"
    assert bring(engine, CUSTOMERS, path, first) == (2, 2)
    assert bring(engine, CUSTOMERS, path, first) == (2, 0)
    assert bring(engine, CUSTOMERS, path, "customer_id,name,accounts\nC-1,New,DE2\n") == (1, 1)
    assert history(engine, "customer") == [("C-1", 1, "Old"), ("C-1", 2, "New"), ("C-2", 1, "Two")]
    with engine.connect() as connection:
        accounts = connection.execute(sa.select(tables.customer_accounts.c.account)).scalars().all()
    assert accounts == ["DE2"]
    assert bring(engine, PRODUCTS, tmp_path / "products.csv", "sku,name\nA,Bolt\n") == (1, 1)
    assert history(engine, "product") == [("A", 1, "Bolt")]


def test_the_group_is_kept_with_the_record_and_its_history(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    bring(engine, CUSTOMERS, path, "customer_id,name,group\nC-1,One,retail\nC-2,Two,\n")
    assert bring(engine, CUSTOMERS, path, "customer_id,name,group\nC-1,One,wholesale\nC-2,Two,\n") == (2, 1)
    row, kept = tables.customers.c, tables.master_history.c
    with engine.connect() as connection:
        now = connection.execute(sa.select(row.customer_group).order_by(row.customer_id)).scalars().all()
        record = kept.record["customer_group"].astext
        then = connection.execute(sa.select(record).order_by(kept.record_id, kept.version)).scalars().all()
    assert (now, then) == (["wholesale", None], ["retail", "wholesale", None])


def test_a_state_that_was_kept_before_groups_were_known_is_none_of_its_own(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path, kept = tmp_path / "customers.csv", tables.master_history
    bring(engine, CUSTOMERS, path, "customer_id,name\nC-1,One\n")
    with engine.begin() as connection:
        connection.execute(sa.update(kept).values(record=kept.c.record.op("-")("customer_group")))
    assert bring(engine, CUSTOMERS, path, "customer_id,name\nC-1,One\n") == (1, 0)
    assert bring(engine, CUSTOMERS, path, "customer_id,name,group\nC-1,One,retail\n") == (1, 1)


def test_a_payer_is_found_by_document_account_and_name(engine: sa.Engine, tmp_path: Path) -> None:
    bring(
        engine,
        CUSTOMERS,
        tmp_path / "customers.csv",
        "customer_id,name,accounts\nC-1,Calder Tools,GB33 1\nC-2,Other,\n",
    )
    books.write(engine, tables.ledger_entries, [books.entry("C-2", "INV-1", 12_100, JAN)])
    details = PaymentDetails(name="CALDER TOOLS", account="gb331")
    line = DraftLine(1, JAN, "", -100, None, None, "for INV-1", details)
    [receipt] = receipts_of(StatementDraft(None, "EUR", [line]))
    assert isinstance(receipt, Receipt)
    bring(
        engine,
        SUPPLIERS,
        tmp_path / "suppliers.csv",
        "supplier_id,name,accounts\nS-1,Calder Tools,GB33 1\n",
    )
    for role, names, other in (
        (Role.CUSTOMER, "C-1", {"INV-1": frozenset({"C-2"})}),
        (Role.SUPPLIER, "supplier:S-1", {}),
    ):
        found = PayerDirectory(engine, [receipt], role)
        assert found.by_document == other
        assert found.by_account == {"GB331": frozenset({names})}
        assert found.by_name["calder tools"] == frozenset({names})


def test_whose_a_receipt_is_stays_as_it_was_decided_first(engine: sa.Engine) -> None:
    memory = ImportMemory(engine)
    memory.keep_owners({"k": Owner("C-1", "document")}, "sha", NOW)
    memory.keep_owners({"k": Owner("C-2", "payer name")}, "sha", NOW)
    assert memory.receipts(["k", "other"]) == {"k": (Owner("C-1", "document"), False)}
    memory.mark_sent(["k"], NOW)
    assert memory.receipts(["k"])["k"][1]
