"""The SQL of the projector, derived from the tables: stage by COPY, then one set-based upsert per table.

Rows that are immutable go straight into their table first; only when one of them stands there already are they staged.
Of rows that change only the newest of each key is staged: the writer folds a batch before it sends it.

Invariant: an upsert that meets the row that is already there writes nothing, so a replay costs reads only and
its row counts tell what changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.projector.projections import Target

#: order of arrival within a batch; no table of ours has a column of this name
ARRIVAL = "arrival__"


@dataclass(frozen=True, slots=True)
class Statements:
    """For one table. ``columns`` is the order of values in the COPY, before the arrival number."""

    table: str
    #: of each of these keys one row is staged, the newest; None where rows are immutable and all are
    folds_by: tuple[str, ...] | None
    columns: tuple[str, ...]
    json_columns: frozenset[str]
    create_stage: str
    copy: str
    #: into the table itself, without arrival numbers
    copy_straight: str
    upsert: str
    #: keeps what was not taken because another row stands under its key; None where no row is refused
    refuse: str | None


def statements_of(target: Target) -> Statements:
    """The statements for a table and its rule."""
    table = target.table
    stage = _stage(table)
    columns = tuple(column.name for column in table.columns)
    json_columns = {column.name for column in table.columns if isinstance(column.type, postgresql.JSONB)}
    quoted = _dialect().identifier_preparer
    names = ", ".join(quoted.quote(name) for name in columns)
    stage_name, table_name = quoted.format_table(stage), quoted.format_table(table)
    return Statements(
        table=table.name,
        folds_by=target.key if target.keeps == "newest" else None,
        columns=columns,
        json_columns=frozenset(json_columns),
        create_stage=(
            f"create temp table if not exists {stage_name} on commit delete rows as "  # noqa: S608  # our own names
            f"select *, 0 as {ARRIVAL} from {table_name} with no data"
        ),
        copy=f"copy {stage_name} ({names}, {ARRIVAL}) from stdin",
        copy_straight=f"copy {table_name} ({names}) from stdin",
        upsert=_text(_upsert(target, stage)),
        refuse=None if target.refusals is None else _text(_refuse(target.table, target.refusals, stage)),
    )


def _stage(table: sa.Table) -> sa.Table:
    columns = [sa.Column(column.name, column.type) for column in table.columns]
    return sa.Table(f"stage_{table.name}", sa.MetaData(), *columns, sa.Column(ARRIVAL, sa.Integer))


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
