"""The results as a file and as a table."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

_WIDTH = 160


def machine() -> dict[str, Any]:
    """Where and when it ran."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "system": platform.system(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def read(path: Path) -> dict[str, Any]:
    """Earlier results, empty when there are none."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write(results: dict[str, Any], path: Path) -> None:
    """As JSON; keys in order, so that two runs can be compared line by line. ``ratios`` stand at the top, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = results | {"ratios": results.get("throughput", {}).get("ratios", {})}
    path.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def show(results: dict[str, Any]) -> None:
    """Print a table per section."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    for name, found in results.items():
        console.print(TABLES[name](found))


def _table(title: str, first: str, *headings: str) -> Table:
    table = Table(title=title)
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _throughput(found: dict[str, Any]) -> Table:
    headings = (
        "events",
        "runs",
        "events/s all",
        "events/s warm",
        "CPU s/M all",
        "warm",
        "peak MB",
        "commit p99 ms",
        "ours is",
        "warm",
    )
    table = _table("Throughput: medians (min to max); all digests equal", "peer", *headings)
    for name, peer in found["peers"].items():
        table.add_row(
            peer["title"],
            f"{peer['events']:,}",
            str(len(peer["runs"])),
            _spread(peer["events_per_s_all"]),
            _spread(peer["events_per_s_warm"]),
            f"{peer['cpu_s_per_million_all']['median']:.1f}",
            f"{peer['cpu_s_per_million_warm']['median']:.1f}",
            f"{peer['peak_rss_mb']['median']:.0f}",
            _known(peer.get("checkpoint_p99_ms")),
            _times(found["ratios"].get(name)),
            _times(found["ratios_warm"].get(name)),
        )
    return table


def _known(spread: dict[str, float] | None) -> str:
    """The median; a dash where the peer does not tell."""
    return f"{spread['median']:.0f}" if spread and spread["median"] else "-"


def _latency(found: dict[str, Any]) -> Table:
    headings = ("events/s", "samples", "p50 ms", "p99 ms", "max ms")
    table = _table("Latency: produced to discrepancy at a reader of committed records", "peer", *headings)
    for rate, peers in found["rates"].items():
        for name, one in peers.items():
            figures = (one["p50_ms"], one["p99_ms"], one["max_ms"])
            table.add_row(
                name, f"{int(rate):,}", f"{one['samples']:,}", *(f"{figure:.1f}" for figure in figures)
            )
    return table


def _restore(found: dict[str, Any]) -> Table:
    headings = ("records/s", "MB", "bytes per key", "of which value", "over value")
    table = _table(f"Restore of {found['keys']:,} accounts", "peer", *headings)
    for peer in found["peers"].values():
        table.add_row(
            peer["title"],
            _spread(peer["records_per_s"]),
            f"{peer['rss_mb']:,}",
            f"{peer['bytes_per_key']:,}",
            f"{peer['value_bytes']:,}",
            f"{peer['bytes_per_key_over_value']:,}",
        )
    return table


def _limits(found: dict[str, Any]) -> Table:
    table = _table("Limits, one core", "part", "per s")
    for name, value in found.items():
        if name != "machine":
            table.add_row(name.removesuffix("_per_s").replace("_", " "), f"{value:,}")
    return table


def _scaling(found: dict[str, Any]) -> Table:
    table = _table("Scaling of ours", "", "events/s", "CPU s/M")
    for what in ("partitions", "workers"):
        for number, one in found[what].items():
            table.add_row(f"{number} {what}", f"{one['events_per_s']:,}", f"{one['cpu_s_per_million']:.1f}")
    changing = found["changing_workers"]
    workers = ", ".join(map(str, changing["workers"]))
    table.caption = f"{workers} workers one after the other over {changing['events']:,} events: digest equal"
    return table


def _projector(found: dict[str, Any]) -> Table:
    table = _table("Projector beside raw COPY of the same rows", "rows", "projector/s", "raw COPY/s", "")
    for name, one in found["workloads"].items():
        ours, raw = _spread(one["projector_rows_per_s"]), _spread(one["raw_copy_rows_per_s"])
        table.add_row(name, ours, raw, _times(one["ratio"]))
    paced = found["paced"]
    behind = paced["behind_s"]
    table.caption = (
        f"At {paced['records_per_s']:,} records/s behind by {behind['median']:.2f} s in the median, "
        f"{behind['max']:.2f} s at most"
    )
    return table


def _comparison(found: dict[str, Any]) -> Table:
    title = f"Statement of {found['rows']:,} lines against as many entries: medians (min to max), s"
    table = _table(
        title, "rows come", "ours", "Polars join", "normalised", "ours is", "of normalised", "read too"
    )
    for order, one in found["orders"].items():
        seconds = one["seconds"]
        table.add_row(
            order,
            *(_seconds(seconds[name]) for name in ("tieout", "polars_join", "polars_normalised_join")),
            *(_times(one[name]) for name in ("ratio_ready", "ratio_ready_normalised", "ratio_read")),
        )
    return table


def _allocation(found: dict[str, Any]) -> Table:
    title = f"Allocation of payments to {found['invoices']:,} invoices, by category"
    table = _table(title, "category", "pairs", "confirmed", "precision", "found")
    for name, one in (*found["categories"].items(), ("all", found)):
        table.add_row(
            name,
            f"{one['pairs']:,}",
            f"{one['confirmed']:,}",
            _percent(one["precision_ppm"]),
            _percent(one["recall_ppm"]),
        )
    table.caption = "Precision is of what is confirmed, found is confirmed or suggested"
    return table


def _habits(found: dict[str, Any]) -> Table:
    title = f"Allocation of what customers' banks send: {found['invoices']:,} invoices per set and seed"
    table = _table(title, "set, category", "pairs", "confirmed", "precision", "found", "noise")
    for name, one in found["sets"].items():
        for category, row in one["categories"].items():
            _habits_row(table, f"{name[0]} {category}", row)
        _habits_row(table, f"{name}: all", one)
        table.add_section()
    _habits_row(table, "all", found)
    table.caption = (
        "Precision is of what is confirmed; found is confirmed or suggested, of what can be known; "
        "noise is wrong suggestions per 100 payments and credit notes"
    )
    return table


def _habits_row(table: Table, name: str, row: dict[str, Any]) -> None:
    figures = (f"{row['pairs']:,}", f"{row['confirmed']:,}")
    noise = "" if row["noise"] is None else f"{row['noise'] / 100:.1f}"
    table.add_row(name, *figures, _percent(row["precision_ppm"]), _percent(row["recall_ppm"]), noise)


def _percent(ppm: int | None) -> str:
    return "" if ppm is None else f"{ppm / 10_000:.2f} %"


def _seconds(value: dict[str, float]) -> str:
    return f"{value['median']:.2f} ({value['min']:.2f} to {value['max']:.2f})"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f} ×"


def _spread(value: dict[str, float]) -> str:
    return f"{value['median']:,.0f} ({value['min']:,.0f} to {value['max']:,.0f})"


#: section -> its table
TABLES: Final[Mapping[str, Callable[[dict[str, Any]], Table]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "restore": _restore,
    "limits": _limits,
    "scaling": _scaling,
    "projector": _projector,
    "comparison": _comparison,
    "allocation": _allocation,
    "habits": _habits,
}
