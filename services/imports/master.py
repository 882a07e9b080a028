"""Master data from CSV and Excel into PostgreSQL: customers, suppliers, products; each change kept with its time.

Master data are not events: they say nothing about what is owed (ADR 0012). Headings are known in English and Chinese;
only the mandatory ones must be there, the others may be absent or empty.

Invariants: a record is inserted or wholly replaced; one that the file does not name stays; the same file again changes
nothing; a wrong row is reported and the rest goes on; the last row of a record wins; ``master_history`` holds every
state that a record has had, numbered from 1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from domain.parties import Role, SupplierIdError, role_of, supplier_party
from domain.rule_sets import NAME_LENGTH_MAX
from services.imports.errors import ColumnsMissingError, SourceUnreadableError
from services.imports.rejections import Rejection
from services.imports.statements.reasons import FileRefusedError
from services.imports.statements.receipts import plain_account
from services.imports.statements.sheet import (
    DELIMITERS,
    CsvSheet,
    Sheet,
    check_size,
    encoding_of,
    open_excel,
    texts_of,
)
from services.imports.statements.words import plain
from services.store.tables import customer_accounts, customers, master_history, products

LANGUAGES: Final = ("en", "zh")
TERMS_DAYS_MAX: Final = 3650
_BATCH_ROWS: Final = 1000
_ACCOUNTS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class MasterKind:
    """One kind of master data: its table, its key there, and by which headings its columns are known.

    The first of the ``mandatory`` columns tells the records apart.
    """

    name: str
    table: sa.Table
    key: str
    headings: Mapping[str, str]
    mandatory: tuple[str, ...]
    read: Callable[[dict[str, str]], dict[str, Any] | str]
    """The values of a row, or what is wrong with it."""


def read_master(
    kind: MasterKind, path: Path, reject: Callable[[Rejection], None]
) -> Iterator[dict[str, Any]]:
    """The records of a file. Raises ``SourceUnreadableError``."""
    try:
        check_size(path)
        sheet = _sheet(path)
        rows = sheet.rows()
        columns: dict[str, int] = {}
        width = 0
        for number, cells in rows:
            if isinstance(cells, str):
                reject(Rejection(number, "BAD_ROW", cells))
                continue
            texts = texts_of(cells)
            if not columns:
                columns, width = _columns(kind, texts), len(texts)
                missing = [name for name in kind.mandatory if name not in columns]
                if missing:
                    raise ColumnsMissingError(path, missing)
                continue
            if not any(texts):
                continue
            if len(texts) != width:
                reject(Rejection(number, "BAD_ROW", "The row has other cells than the heading."))
                continue
            said = {name: texts[columns[name]] if name in columns else "" for name in kind.headings}
            record = _record(kind, said)
            if isinstance(record, str):
                reject(Rejection(number, "BAD_VALUE", record, "", said[kind.mandatory[0]]))
            else:
                yield record
        if not columns:
            raise ColumnsMissingError(path, kind.mandatory)
    except FileRefusedError as error:
        raise SourceUnreadableError(path, str(error)) from error
    except (OSError, UnicodeError) as error:
        raise SourceUnreadableError(path, str(error)) from error


def upsert(
    engine: sa.Engine, kind: MasterKind, records: Iterable[Mapping[str, Any]], at: dt.datetime
) -> tuple[int, int]:
    """Insert or replace records in one transaction; (how many different ones, how many changed). Blocks."""
    seen: set[str] = set()
    changed = 0
    with engine.begin() as connection:
        pending = iter(records)
        while batch := list(islice(pending, _BATCH_ROWS)):
            last = {record[kind.key]: record for record in batch}  # one statement may not touch a row twice
            seen.update(last)
            changed += _write(connection, kind, last, at)
    return len(seen), changed


def _write(
    connection: sa.Connection, kind: MasterKind, records: Mapping[str, Mapping[str, Any]], at: dt.datetime
) -> int:
    history = master_history
    versions: dict[str, tuple[int, Any]] = {
        row.record_id: (row.version, row.record)
        for row in connection.execute(
            sa.select(history.c.record_id, history.c.version, history.c.record)
            .ext(distinct_on(history.c.record_id))
            .where(history.c.kind == kind.name, history.c.record_id.in_(records))
            .order_by(history.c.record_id, history.c.version.desc())
        )
    }
    # a state that was kept before a column was known says nothing in it, as a file does that leaves it empty
    fresh = {
        name: record
        for name, record in records.items()
        if name not in versions or {**dict.fromkeys(record), **versions[name][1]} != record
    }
    if not fresh:
        return 0
    columns = set(kind.table.c.keys())
    values = [{name: value for name, value in record.items() if name in columns} for record in fresh.values()]
    statement = insert(kind.table).values(values)
    replaced = {name: statement.excluded[name] for name in columns if name != kind.key}
    connection.execute(statement.on_conflict_do_update(index_elements=[kind.key], set_=replaced))
    if kind.table is customers:
        _write_accounts(connection, fresh)
    connection.execute(
        insert(history),
        [
            {
                "kind": kind.name,
                "record_id": name,
                "version": versions[name][0] + 1 if name in versions else 1,
                "record": record,
                "changed_at": at,
            }
            for name, record in fresh.items()
        ],
    )
    return len(fresh)


def _write_accounts(connection: sa.Connection, records: Mapping[str, Mapping[str, Any]]) -> None:
    connection.execute(sa.delete(customer_accounts).where(customer_accounts.c.customer_id.in_(records)))
    pairs = [
        {"customer_id": name, "account": account}
        for name, record in records.items()
        for account in record.get("accounts", ())
    ]
    if pairs:
        connection.execute(insert(customer_accounts), pairs)


def _sheet(path: Path) -> Sheet:
    with path.open("rb") as stream:
        head = stream.read(65_536)
    if head.startswith(b"PK\x03\x04"):
        return open_excel(path, None)
    encoding = encoding_of(path)
    first = head.decode(encoding, errors="replace").lstrip("\ufeff").partition("\n")[0]
    return CsvSheet(path, encoding, max(DELIMITERS, key=first.count))


def _columns(kind: MasterKind, headings: list[str]) -> dict[str, int]:
    known = {plain(word): name for name, words in kind.headings.items() for word in (name, *words.split("|"))}
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        name = known.get(plain(heading))
        if name is not None:
            found.setdefault(name, at)
    return found


def _record(kind: MasterKind, said: dict[str, str]) -> dict[str, Any] | str:
    for name in kind.mandatory:
        if not said[name]:
            return f"{name} is empty."
    if any("\x00" in value for value in said.values()):
        return "A cell holds a NUL character."
    return kind.read(said)


def _customer(said: dict[str, str]) -> dict[str, Any] | str:
    if role_of(said["customer_id"]) is not Role.CUSTOMER:
        return f"customer_id {said['customer_id'][:40]!r} is a supplier's."
    return _party(said["customer_id"], said)


def _supplier(said: dict[str, str]) -> dict[str, Any] | str:
    try:
        return _party(supplier_party(said["supplier_id"]), said)
    except SupplierIdError as error:
        return str(error)


def _party(party_id: str, said: dict[str, str]) -> dict[str, Any] | str:
    language = said["language"].lower() or LANGUAGES[0]
    if language not in LANGUAGES:
        return f"language {said['language']!r} is not one of {', '.join(LANGUAGES)}."
    terms = said["terms_days"]
    if terms and not (terms.isascii() and terms.isdigit() and int(terms) <= TERMS_DAYS_MAX):
        return f"terms_days {terms[:20]!r} is no number of days up to {TERMS_DAYS_MAX}."
    accounts = sorted({plain_account(one) for one in said["accounts"].replace(",", ";").split(";")} - {""})
    if len(accounts) > _ACCOUNTS_MAX:
        return f"{len(accounts)} accounts are more than {_ACCOUNTS_MAX}."
    if len(said["customer_group"]) > NAME_LENGTH_MAX:
        return f"group {said['customer_group'][:40]!r} … has more than {NAME_LENGTH_MAX} characters."
    optional = (
        "email",
        "address",
        "country",
        "salesperson",
        "department",
        "external_id",
        "customer_group",
    )
    return {
        "customer_id": party_id,
        "name": said["name"],
        "language": language,
        **{name: said[name] or None for name in optional},
        "terms_days": int(terms) if terms else None,
        "accounts": accounts,
    }


def _product(said: dict[str, str]) -> dict[str, Any] | str:
    return {
        "sku": said["sku"],
        "name": said["name"],
        "category": said["category"] or None,
        "unit": said["unit"] or None,
    }


CUSTOMERS: Final = MasterKind(
    "customer",
    customers,
    "customer_id",
    {
        "customer_id": "customer no|customer|customer number|id|客户编号|客户代码|客户号",
        "name": "customer name|客户名称|名称|单位名称",
        "language": "lang|语言",
        "email": "e-mail|mail|邮箱|电子邮件",
        "address": "地址",
        "country": "国家|国家或地区",
        "terms_days": "terms|payment terms|账期天数|付款天数",
        "salesperson": "sales|account manager|业务员|销售员",
        "department": "部门",
        "external_id": "external no|their id|外部编号",
        "customer_group": "group|客户组|客户分组|分组",
        "accounts": "bank accounts|iban|银行账号|付款账号",
    },
    ("customer_id", "name"),
    _customer,
)
SUPPLIERS: Final = MasterKind(
    "supplier",
    customers,
    "customer_id",
    {
        "supplier_id": "supplier no|supplier|supplier number|vendor|vendor no|id|供应商编号|供应商代码|供应商号",
        **{name: words for name, words in CUSTOMERS.headings.items() if name != "customer_id"},
        "name": "supplier name|vendor name|供应商名称|名称|单位名称",
        "customer_group": "group|supplier group|供应商组|供应商分组|分组",
        "accounts": "bank accounts|iban|银行账号|收款账号",
    },
    ("supplier_id", "name"),
    _supplier,
)
PRODUCTS: Final = MasterKind(
    "product",
    products,
    "sku",
    {
        "sku": "product no|product id|item no|商品编号|产品编号|货号",
        "name": "product name|description|商品名称|产品名称|名称",
        "category": "group|类别|分类",
        "unit": "uom|单位|计量单位",
    },
    ("sku", "name"),
    _product,
)
