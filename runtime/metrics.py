"""Every Prometheus metric of every process, declared once: its meaning and the processes that serve it.

Invariants: names start with ``tieout_`` and end in their unit (counters in ``_total``); a label has few
values (topics, partitions, kinds, never a customer); a process serves only the metrics that it writes, so
that an untouched gauge of another process is never read as a figure. ``docs/reference/metrics.md`` is
generated from here: ``python -m runtime.metrics docs/reference/metrics.md``.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)

Process = Literal["worker", "projector", "api", "reminders", "alerts"]
ALL_PROCESSES: Final[tuple[Process, ...]] = get_args(Process)

#: Last word of a gauge's or histogram's name.
UNITS: Final = frozenset({"seconds", "bytes", "records", "keys", "connections"})

_QUICK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: checkpoints have a bound to be told from (``PaceSettings.commit_seconds_max``), so the steps around it are small
_CHECKPOINT_S: Final = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25),
    *(0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 2.5, 5.0, 10.0, 30.0),
)
_LONG_S: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
_SIZES: Final = (1, 2, 5, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 50_000)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric as documented: its exposed name, type, labels, meaning, and who serves it."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    labels: tuple[str, ...]
    meaning: str
    processes: tuple[Process, ...]
    collector: Counter | Gauge | Histogram | Info


_declared: Final[list[Declaration]] = []


def _counter(processes: Sequence[Process], name: str, meaning: str, *labels: str) -> Counter:
    metric = Counter(name, meaning, labels, registry=None)
    _declared.append(Declaration(name, "counter", labels, meaning, tuple(processes), metric))
    return metric


def _gauge(processes: Sequence[Process], name: str, meaning: str, *labels: str) -> Gauge:
    metric = Gauge(name, meaning, labels, registry=None)
    _declared.append(Declaration(name, "gauge", labels, meaning, tuple(processes), metric))
    return metric


def _histogram(
    processes: Sequence[Process], name: str, meaning: str, *labels: str, buckets: Sequence[float] = _QUICK_S
) -> Histogram:
    metric = Histogram(name, meaning, labels, registry=None, buckets=buckets)
    _declared.append(Declaration(name, "histogram", labels, meaning, tuple(processes), metric))
    return metric


def _info(name: str, meaning: str) -> Info:
    metric = Info(name.removesuffix("_info"), meaning, registry=None)
    _declared.append(Declaration(name, "info", (), meaning, ALL_PROCESSES, metric))
    return metric


# --- the stream worker ---
STREAM_EVENTS_APPLIED: Final = _counter(
    ("worker",), "tieout_stream_events_applied_total", "Input events that changed the books.", "topic"
)
STREAM_EVENTS_DUPLICATE: Final = _counter(
    ("worker",),
    "tieout_stream_events_duplicate_total",
    "Input events ignored because the same event, with the same content, was applied before.",
    "topic",
)
STREAM_EVENTS_SUPERSEDED: Final = _counter(
    ("worker",),
    "tieout_stream_events_superseded_total",
    "Input events accepted whose record already stands at a higher source version.",
    "topic",
)
STREAM_REVIEWS: Final = _counter(
    ("worker",),
    "tieout_stream_reviews_total",
    "Customers reviewed because the rules changed, by whether that changed any outcome (changed, unchanged).",
    "result",
)
STREAM_EVENTS_DEAD_LETTERED: Final = _counter(
    ("worker",),
    "tieout_stream_events_dead_lettered_total",
    "Input records refused and written to the dead-letter topic.",
    "topic",
    "reason",
)
STREAM_CHECKPOINTS: Final = _counter(
    ("worker",),
    "tieout_stream_checkpoints_total",
    "Kafka transactions that hold state, outputs and progress; result is committed or aborted.",
    "result",
)
STREAM_CHECKPOINT_SECONDS: Final = _histogram(
    ("worker",),
    "tieout_stream_checkpoint_seconds",
    "From the start of a checkpoint to its commit.",
    buckets=_CHECKPOINT_S,
)
STREAM_STATE_KEYS: Final = _gauge(
    ("worker",), "tieout_stream_state_keys", "Customers held in the state of a partition.", "partition"
)
STREAM_RESTORE_SECONDS: Final = _histogram(
    ("worker",),
    "tieout_stream_restore_seconds",
    "From the assignment of a partition until its state is restored and its sources are read on.",
    buckets=_LONG_S,
)
STREAM_RESTORED_RECORDS: Final = _counter(
    ("worker",), "tieout_stream_restored_records_total", "Changelog records read to restore state."
)
STREAM_LAG_RECORDS: Final = _gauge(
    ("worker",),
    "tieout_stream_lag_records",
    "Input records of a partition that no checkpoint covers yet.",
    "topic",
    "partition",
)
STREAM_PROGRESS_AGE_SECONDS: Final = _gauge(
    ("worker",),
    "tieout_stream_progress_age_seconds",
    "Seconds since a checkpoint or an empty poll last showed that the worker is getting on.",
)
DISCREPANCIES_OPENED: Final = _counter(
    ("worker",), "tieout_discrepancies_opened_total", "Discrepancies opened or opened again.", "kind"
)
DISCREPANCIES_RETRACTED: Final = _counter(
    ("worker",), "tieout_discrepancies_retracted_total", "Discrepancies that later events cleared.", "kind"
)
DISCREPANCIES_RESOLVED: Final = _counter(
    ("worker",), "tieout_discrepancies_resolved_total", "Discrepancies that adjustments cleared.", "kind"
)

# --- the projector ---
PROJECTOR_ROWS: Final = _counter(
    ("projector",),
    "tieout_projector_rows_total",
    "Result rows brought to PostgreSQL; outcome is written or unchanged (already there, or older).",
    "table",
    "outcome",
)
PROJECTOR_REFUSED: Final = _counter(
    ("projector",),
    "tieout_projector_refused_total",
    "Entries kept apart in refused_entries: another entry stands under their id. Any is an alarm.",
    "table",
)
PROJECTOR_BATCHES: Final = _counter(
    ("projector",), "tieout_projector_batches_total", "Batches committed to PostgreSQL, one transaction each."
)
PROJECTOR_BATCH_RECORDS: Final = _histogram(
    ("projector",), "tieout_projector_batch_records", "Result records in one batch.", buckets=_SIZES
)
PROJECTOR_COMMIT_SECONDS: Final = _histogram(
    ("projector",), "tieout_projector_commit_seconds", "One batch's PostgreSQL transaction, COPY to commit."
)
PROJECTOR_LAG_RECORDS: Final = _gauge(
    ("projector",),
    "tieout_projector_lag_records",
    "Offsets of a result partition that PostgreSQL does not hold yet.",
    "topic",
    "partition",
)
PROJECTOR_LAG_SECONDS: Final = _gauge(
    ("projector",),
    "tieout_projector_lag_seconds",
    "Age of the last projected record while its partition holds more; 0 at the end of the partition.",
    "topic",
    "partition",
)
PROJECTOR_PROGRESS_AGE_SECONDS: Final = _gauge(
    ("projector",),
    "tieout_projector_progress_age_seconds",
    "Seconds since the loop last finished a batch or found nothing to do.",
)
LIVE_STORE_WRITES: Final = _counter(
    ("projector",),
    "tieout_live_store_writes_total",
    "What Redis took; kind is balance or change.",
    "kind",
)
LIVE_STORE_REJECTED: Final = _counter(
    ("projector",),
    "tieout_live_store_rejected_total",
    "Balances that Redis refused because it holds a higher account version.",
)
LIVE_STORE_REBUILDS: Final = _counter(
    ("projector",),
    "tieout_live_store_rebuilds_total",
    "Rebuilds of Redis from PostgreSQL that were finished.",
)
LIVE_STORE_OUT_OF_STEP_SECONDS: Final = _gauge(
    ("projector",),
    "tieout_live_store_out_of_step_seconds",
    "Seconds since Redis ceased to reflect PostgreSQL; 0 when in step.",
)

# --- people's services ---
REPORTS_RENDERED: Final = _counter(
    ("api",), "tieout_reports_rendered_total", "Documents rendered, by report and format.", "report", "format"
)
REPORT_RENDER_SECONDS: Final = _histogram(
    ("api",), "tieout_report_render_seconds", "Time to render one document.", "report", "format"
)
SOURCE_SILENT_SECONDS: Final = _gauge(
    ("alerts",),
    "tieout_source_silent_seconds",
    "Seconds since the latest entry of a source system reached Kafka.",
    "source_system",
)
NOTICES: Final = _counter(
    ("reminders", "alerts"),
    "tieout_notices_total",
    "Notices by kind that reached a state: decided, sent, failed.",
    "kind",
    "state",
)
API_REQUESTS: Final = _counter(
    ("api",),
    "tieout_api_requests_total",
    "HTTP requests answered, by route template.",
    "method",
    "route",
    "status",
)
API_REQUEST_SECONDS: Final = _histogram(
    ("api",), "tieout_api_request_seconds", "Time to answer an HTTP request.", "method", "route"
)
API_LIVE_CONNECTIONS: Final = _gauge(
    ("api",), "tieout_api_live_connections", "Open connections of live pages (server-sent events)."
)

# --- every process ---
BUILD_INFO: Final = _info("tieout_build_info", "Version of Tieout and of Python, and which process this is.")

DECLARATIONS: Final[tuple[Declaration, ...]] = tuple(_declared)


def process_registry(process: Process, version: str) -> CollectorRegistry:
    """What ``/metrics`` of a process serves: its own metrics, build info, Python's and the OS process's.

    Call once per process: it fills in the build info.
    """
    registry = CollectorRegistry()
    BUILD_INFO.info({"version": version, "python": platform.python_version(), "process": process})
    for declaration in DECLARATIONS:
        if process in declaration.processes:
            registry.register(declaration.collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def reference() -> str:
    """The text of ``docs/reference/metrics.md``."""
    return "\n".join(_reference_lines()) + "\n"


def _reference_lines() -> Iterator[str]:
    yield "# Metrics"
    yield ""
    yield "Generated from `runtime/metrics.py` by `python -m runtime.metrics docs/reference/metrics.md`."
    yield "Every process also serves Python's `python_*` and `process_*` metrics."
    for process in ALL_PROCESSES:
        yield ""
        yield f"## {process}"
        yield ""
        yield "| metric | type | labels | meaning |"
        yield "|---|---|---|---|"
        for declaration in DECLARATIONS:
            if process in declaration.processes:
                labels = ", ".join(f"`{label}`" for label in declaration.labels) or "–"
                yield f"| `{declaration.name}` | {declaration.kind} | {labels} | {declaration.meaning} |"


def main() -> None:
    """Write the reference to the file that is named."""
    parser = argparse.ArgumentParser(
        prog="python -m runtime.metrics", description="Write the metrics reference."
    )
    parser.add_argument("path", type=Path)
    path: Path = parser.parse_args().path
    path.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
