"""The SQL of the projector, derived from the tables: stage by COPY, then one set-based upsert per table.

Rows that are immutable, or that the first event of an account brings, go straight into their table; only when one of
them stands there already are they staged. Of rows that change only the newest of each key is sent: the writer folds a
batch before it sends it.

Invariant: an upsert that meets the row that is already there writes nothing, so a replay costs reads only and
its row counts tell what changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.projector.columns.binary_copy import BinaryCopy
from services.projector.projections import Target

#: order of arrival within a batch, where all rows are staged; no table of ours has a column of this name
ARRIVAL = "arrival__"


@dataclass(frozen=True, slots=True)
class Copy:
    """A COPY FROM STDIN and what makes its bytes."""

    sql: str
    binary: BinaryCopy


@dataclass(frozen=True, slots=True)
class Statements:
    """For one table."""

    table: str
    #: of each of these keys one row is staged, the newest; None where rows are immutable and all are
    folds_by: tuple[str, ...] | None
    create_stage: str
    #: where rows are immutable, with arrival numbers
    into_stage: Copy
    into_table: Copy
    upsert: str
    #: keeps what was not taken because another row stands under its key; None where no row is refused
    refuse: str | None


def statements_of(target: Target) -> Statements:
    """The statements for a table and its rule."""
    table = target.table
    stage = _stage(target)
    return Statements(
        table=table.name,
        folds_by=target.key if target.keeps == "newest" else None,
        create_stage=_create(stage),
        into_stage=_copy(stage),
        into_table=_copy(table),
        upsert=_text(_upsert(target, stage)),
        refuse=None if target.refusals is None else _text(_refuse(target.table, target.refusals, stage)),
    )


def _stage(target: Target) -> sa.Table:
    columns = [
        sa.Column(column.name, column.type, nullable=column.nullable) for column in target.table.columns
    ]
    if target.keeps == "first":
        columns.append(sa.Column(ARRIVAL, sa.Integer, nullable=False))
    return sa.Table(f"stage_{target.table.name}", sa.MetaData(), *columns)


def _create(stage: sa.Table) -> str:
    names = _dialect().identifier_preparer
    columns = ", ".join(
        f"{names.quote(column.name)} {column.type.compile(_dialect())}" for column in stage.columns
    )
    return f"create temp table if not exists {names.format_table(stage)} ({columns}) on commit delete rows"


def _copy(table: sa.Table) -> Copy:
    binary = BinaryCopy(list(table.columns))
    names = _dialect().identifier_preparer
    columns = ", ".join(map(names.quote, binary.names))
    return Copy(f"copy {names.format_table(table)} ({columns}) from stdin (format binary)", binary)


def _upsert(target: Target, stage: sa.Table) -> postgresql.Insert:
    table = target.table
    key = [column.name for column in table.primary_key.columns]
    chosen = sa.select(*(stage.c[column.name] for column in table.columns))
    if target.keeps == "first":
        staged_key = [stage.c[name] for name in key]
        first = postgresql.distinct_on(*staged_key)
        chosen = chosen.ext(first).order_by(*staged_key, stage.c[ARRIVAL].asc())
    insert = postgresql.insert(table).from_select([column.name for column in table.columns], chosen)
    if target.keeps == "first":
        return insert.on_conflict_do_nothing(index_elements=key)
    rest = [column.name for column in table.columns if column.name not in key]
    new, old = insert.excluded, table.c
    differs = sa.tuple_(*(old[name] for name in rest)).is_distinct_from(
        sa.tuple_(*(new[name] for name in rest))
    )
    return insert.on_conflict_do_update(
        index_elements=key,
        set_={name: new[name] for name in rest},
        where=sa.and_(new.account_version >= old.account_version, differs),
    )


def _refuse(table: sa.Table, refusals: sa.Table, stage: sa.Table) -> postgresql.Insert:
    """The last guard against a double: the stream's deduplication has a horizon, the table's key has none."""
    names = [column.name for column in table.columns]
    kept = [column.name for column in refusals.columns if column.name != "content"]
    content = sa.cast(sa.func.to_jsonb(sa.literal_column(stage.name)), postgresql.JSONB).op("-")(
        sa.literal_column(f"'{ARRIVAL}'")
    )
    differs = sa.tuple_(*(stage.c[name] for name in names)).is_distinct_from(
        sa.tuple_(*(table.c[name] for name in names))
    )
    same_key = sa.and_(*(stage.c[key.name] == table.c[key.name] for key in table.primary_key.columns))
    refused = sa.select(*(stage.c[name] for name in kept), content).join(table, same_key).where(differs)
    return postgresql.insert(refusals).from_select([*kept, "content"], refused).on_conflict_do_nothing()


def _text(statement: postgresql.Insert) -> str:
    return str(statement.compile(dialect=_dialect()))


def _dialect() -> sa.Dialect:
    return postgresql.dialect()  # type: ignore[no-untyped-call]
