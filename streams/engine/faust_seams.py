"""The private seams of faust-streaming that the engine stands on, checked at start.

A new Faust release may move them without notice; then the process must not start, and must say why.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.tables.table import Table
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver

from streams.engine.failstop import ExitCode, fail_stop

SUPPORTED = "0.15."

#: callable -> the parameters that we rely on
SEAMS = {
    "AIOKafkaConsumerThread._commit": (driver.AIOKafkaConsumerThread._commit, ["self", "offsets"]),
    "AIOKafkaConsumerThread._ensure_consumer": (driver.AIOKafkaConsumerThread._ensure_consumer, ["self"]),
    "AIOKafkaConsumerThread.verify_event_path": (
        driver.AIOKafkaConsumerThread.verify_event_path,
        ["self", "now", "tp"],
    ),
    "Consumer._new_consumer_thread": (driver.Consumer._new_consumer_thread, ["self"]),
    "Consumer.getmany": (driver.Consumer.getmany, ["self", "timeout"]),
    "Consumer.perform_seek": (BaseConsumer.perform_seek, ["self"]),
    "Consumer._add_gap": (BaseConsumer._add_gap, ["self", "tp", "offset_from", "offset_to"]),
    "Consumer.force_commit": (BaseConsumer.force_commit, ["self", "topics", "start_new_transaction"]),
    "Consumer.on_task_error": (BaseConsumer.on_task_error, ["self", "exc"]),
    "Consumer.on_partitions_revoked": (BaseConsumer.on_partitions_revoked, ["self", "revoked"]),
    "Recovery._restart_recovery": (Recovery._restart_recovery.fun, ["self"]),
    "Recovery._slurp_changelogs": (Recovery._slurp_changelogs.fun, ["self"]),
    "Recovery._publish_stats": (Recovery._publish_stats.fun, ["self"]),
    "Recovery.on_recovery_completed": (Recovery.on_recovery_completed, ["self", "generation_id"]),
    "TableManager.on_start": (TableManager.on_start, ["self"]),
    "TableManager._update_channels": (TableManager._update_channels, ["self"]),
    "TableManager.on_stop": (TableManager.on_stop, ["self"]),
    "Table._new_store": (Table._new_store, ["self"]),
    "Table.on_key_set": (Table.on_key_set, ["self", "key", "value"]),
    "Table.on_key_del": (Table.on_key_del, ["self", "key"]),
}


def moved_seams() -> list[str]:
    """What differs from the Faust that the engine was written for; empty when all is well."""
    found = []
    installed = version("faust-streaming")
    if not installed.startswith(SUPPORTED):
        found.append(f"faust-streaming is {installed}, supported is {SUPPORTED}x")
    for name, (seam, expected) in SEAMS.items():
        parameters = list(inspect.signature(seam).parameters)
        if parameters != expected:
            found.append(f"{name} takes {parameters}, expected {expected}")
    return found


def assert_seams() -> None:
    problems = moved_seams()
    if problems:
        fail_stop(
            ExitCode.UNSUPPORTED_FAUST,
            "this faust-streaming does not fit the engine; install the pinned version: "
            + "; ".join(problems),
        )
