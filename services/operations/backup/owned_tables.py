"""Tables that services own, in files: PostgreSQL's own ``COPY`` as CSV with a header, gzip around it.

Invariants: all tables are of one snapshot; columns are written by name, so that a later release, which has more of
them, can read an earlier backup; the same rows give the same bytes (ordered by the primary key, gzip without a time).
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql

from services.store.engine import connect
from services.store.tables import DERIVED, consumer_offsets, discrepancies, metadata, notices, schema_ids

#: filled by ``tieout topics`` of every release, so rows in it do not make a stack a used one
_RELEASED: Final = schema_ids
_TIMEOUT_S: Final = 3600
_CHUNK_BYTES: Final = 1024 * 1024

Connection = psycopg.Connection[tuple[Any, ...]]


def owned_tables() -> list[sa.Table]:
    """Tables that cannot be made again from the topics, referenced ones first."""
    return [table for table in metadata.sorted_tables if table.name not in DERIVED]


@contextmanager
def snapshot(database_url: str) -> Iterator[Connection]:
    """A connection whose reads are all of the moment when it was opened."""
    with connect(database_url, application="tieout-backup", statement_timeout_s=_TIMEOUT_S) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("select 1")  # PostgreSQL takes the snapshot at the first statement
        yield connection


def revision(connection: Connection) -> str:
    """The schema revision that the database stands at; empty before the first migration."""
    found = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    if found is None or not found[0]:
        return ""
    row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else ""


def followers(connection: Connection, projector: str) -> dict[str, list[str]]:
    """Services other than the projector that keep their place in a topic, and these topics."""
    rows = connection.execute(
        "select distinct consumer, topic from consumer_offsets where consumer <> %s order by 1, 2",
        [projector],
    )
    found: dict[str, list[str]] = {}
    for consumer, topic in rows:
        found.setdefault(consumer, []).append(topic)
    return found


def write_table(connection: Connection, table: sa.Table, path: Path) -> int:
    """Write all rows of a table; returns how many."""
    columns = [column.name for column in table.columns if column.computed is None]
    query = sql.SQL("copy (select {} from {} order by {}) to stdout (format csv, header)").format(
        _names(columns), sql.Identifier(table.name), _names([c.name for c in table.primary_key] or columns)
    )
    with (
        path.open("xb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as file,
        connection.cursor() as cursor,
    ):
        with cursor.copy(query) as copy:
            for data in copy:
                file.write(data)
        return cursor.rowcount


def read_tables(database_url: str, files: dict[str, Path]) -> None:
    """Fill the empty tables from their files (table name → file), in one transaction."""
    with connect(database_url, application="tieout-restore", statement_timeout_s=_TIMEOUT_S) as connection:
        connection.execute(sql.SQL("delete from {}").format(sql.Identifier(_RELEASED.name)))
        for table in owned_tables():
            if table.name in files:
                _read_table(connection, table, files[table.name])
    # psycopg commits here, or rolls back after an error


def _read_table(connection: Connection, table: sa.Table, path: Path) -> None:
    with gzip.open(path, "rb") as file:
        header = file.readline()
        columns = next(csv.reader(io.StringIO(header.decode())))
        query = sql.SQL("copy {} ({}) from stdin (format csv)").format(
            sql.Identifier(table.name), _names(columns)
        )
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            while chunk := file.read(_CHUNK_BYTES):
                copy.write(chunk)
    for column in table.columns:
        sequence = connection.execute(
            "select pg_get_serial_sequence(%s, %s)", [table.name, column.name]
        ).fetchone()
        if sequence is not None and sequence[0] is not None:
            query = sql.SQL("select setval(%s, max({})) from {} having max({}) is not null").format(
                sql.Identifier(column.name), sql.Identifier(table.name), sql.Identifier(column.name)
            )
            connection.execute(query, [sequence[0]])


def used_tables(engine: sa.Engine) -> list[str]:
    """Tables of ours that hold rows; none where the database was not migrated yet."""
    present = set(sa.inspect(engine).get_table_names())
    with engine.connect() as connection:
        return [
            table.name
            for table in metadata.sorted_tables
            if table.name in present
            and table is not _RELEASED
            and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
        ]


def unannounced(engine: sa.Engine) -> int:
    """How many open discrepancies no notice is about."""
    finding = discrepancies.c
    told = sa.exists().where(notices.c.cause_id == finding.discrepancy_id)
    query = sa.select(sa.func.count()).where(finding.state.in_(("OPENED", "UPDATED")), ~told)
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def place_followers(engine: sa.Engine, places: dict[str, dict[tuple[str, int], int]]) -> None:
    """Write where each follower (by name) goes on in its topics: (topic, partition) → next offset."""
    rows = [
        {"consumer": consumer, "topic": topic, "partition": partition, "next_offset": offset}
        for consumer, ends in places.items()
        for (topic, partition), offset in ends.items()
    ]
    if rows:
        with engine.begin() as connection:
            connection.execute(sa.insert(consumer_offsets), rows)


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
