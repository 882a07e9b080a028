"""How commands print: a table for people, unpaged JSON for machines."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, JustifyMethod
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from domain.money import is_currency, to_text

out = Console()
err = Console(stderr=True)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: dates as ISO text, dataclasses and structs as objects, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (dt.date, Path)):
        return value.isoformat() if isinstance(value, dt.date) else str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(plain(value)), indent=2) + b"\n")
    sys.stdout.flush()


def print_rows(rows: Iterable[Any], columns: Sequence[str], *, as_json: bool) -> int:
    """Print rows; returns how many. As JSON: an array, written row by row so that memory stays bounded."""
    count = 0
    if as_json:
        write = sys.stdout.buffer.write
        write(b"[")
        for row in rows:
            write((b",\n " if count else b"\n ") + msgspec.json.encode(plain(row)))
            count += 1
        write(b"\n]\n" if count else b"]\n")
        sys.stdout.flush()
        return count
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        title = column.removesuffix("_minor").replace("_", " ")
        justify: JustifyMethod = "right" if column.endswith(("_minor", "_no", "days_past_due")) else "left"
        # an id or a number that is cut short cannot be used
        table.add_column(title, justify=justify, overflow="fold")
    for row in rows:
        cells = plain(row)
        table.add_row(*(_cell(cells, column) for column in columns))
        count += 1
    out.print(table if count else "Nothing found.")
    return count


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    currency = row.get("currency")
    if column.endswith("_minor") and isinstance(currency, str) and is_currency(currency):
        return to_text(int(value), currency)
    if isinstance(value, Mapping):
        money = isinstance(currency, str) and is_currency(currency)
        return "  ".join(f"{k}: {to_text(v, str(currency)) if money else v}" for k, v in value.items() if v)
    return str(value)


def say(text: str) -> None:
    """A line about what is going on, for people; never on standard output."""
    err.print(text, highlight=False)


@contextmanager
def progress_bar(label: str, *, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error; call with (done, total or None)."""
    if quiet:
        yield lambda done, total: None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
