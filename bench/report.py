"""The results as a file and as a table."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table


def machine() -> dict[str, Any]:
    """Where and when it ran."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "system": platform.system(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(results: dict[str, Any], path: Path) -> None:
    """As JSON; keys in order, so that two runs can be compared line by line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    console = Console()
    _show_throughput(console, results["throughput"])


def _show_throughput(console: Console, found: dict[str, Any]) -> None:
    table = Table(title="Throughput: medians (min to max)")
    table.add_column("peer")
    for heading in ("events", "events/s all", "events/s warm", "CPU s/M all", "warm", "peak MB", "ours is"):
        table.add_column(heading, justify="right")
    for name, peer in found["peers"].items():
        ratio = found["ratios"].get(name)
        table.add_row(
            peer["title"],
            f"{peer['events']:,}",
            _spread(peer["events_per_s_all"]),
            _spread(peer["events_per_s_warm"]),
            f"{peer['cpu_s_per_million_all']['median']:.1f}",
            f"{peer['cpu_s_per_million_warm']['median']:.1f}",
            f"{peer['peak_rss_mb']['median']:.0f}",
            f"{ratio['all']:.2f} × (warm {ratio['warm']:.2f} ×)" if ratio else "",
        )
    console.print(table)


def _spread(value: dict[str, float]) -> str:
    return f"{value['median']:,.0f} ({value['min']:,.0f} to {value['max']:,.0f})"
