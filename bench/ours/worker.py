"""Our engine with the job: the composition root of one worker. Arguments: see ``bench.peers.registry``."""

from __future__ import annotations

import gc
import io
import logging
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import fastavro
import faust

from bench.ours import job
from bench.peers import marks
from bench.workload.events import EVENT_HEADER, EVENT_SCHEMA, HEADER_BYTES, KINDS, encode_finding
from runtime import metrics
from streams.engine import (
    BatchView,
    EngineSettings,
    PaceSettings,
    StateTable,
    batch_agent,
    create_app,
    engine_of,
)

#: all fields of an event are zigzag varints on the wire (Avro 1.12, "Complex Types": an enum is an int, a timestamp a
#: long), so the records of a batch, one after the other, are an Avro array of longs
_FIELDS = len(EVENT_SCHEMA["fields"])
_LONGS: Any = fastavro.parse_schema({"type": "array", "items": "long"})
_ONLY_EVENTS = {EVENT_HEADER}
_header_of = itemgetter(slice(0, HEADER_BYTES))
_body_of = itemgetter(slice(HEADER_BYTES, None))
_GC_THRESHOLD = 50_000
_POLL_S = 0.005


def decode_events(values: Sequence[bytes]) -> Iterator[tuple[int, ...]]:
    """Read all records of a batch in one go, each as its fields in their order; a currency is its symbol's index.

    Raises ``ValueError`` when a value has another schema's header, or there are more or fewer fields than those of so
    many events.
    """
    if {*map(_header_of, values)} != _ONLY_EVENTS:
        raise ValueError("a record of this batch is no event")
    block = io.BytesIO(b"".join((_zigzag(_FIELDS * len(values)), *map(_body_of, values), b"\x00")))
    try:
        longs: Any = fastavro.schemaless_reader(block, _LONGS, None)
    except EOFError:
        longs = ()
    if len(longs) != _FIELDS * len(values) or block.read(1):
        raise ValueError("the records of this batch are no events")
    fields = iter(longs)
    return zip(*[fields] * _FIELDS, strict=True)


def _zigzag(number: int) -> bytes:
    number <<= 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def build_app(arguments: Mapping[str, str]) -> tuple[faust.App, marks.Marks]:
    """The Faust app of this worker and its counter."""
    state_dir = Path(arguments["state_dir"])
    state_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(
        EngineSettings(
            app_id=arguments["app_id"],
            bootstrap_servers=arguments["bootstrap_servers"],
            partitions=int(arguments["partitions"]),
            instance_id=f"{arguments['app_id']}-{arguments['instance']}",
            data_dir=state_dir,
            pace=PaceSettings(
                busy_events=int(arguments["checkpoint_events"]),
                busy_seconds=int(arguments["commit_ms"]) / 1000,
            ),
            store="rocksdb" if arguments["store"] == "rocksdb" else "memory",
            batch_records_max=int(arguments["batch_records"]),
        ),
        StateTable("accounts", f"{arguments['app_id']}-accounts-changelog", job.encode, job.decode),
        [arguments[kind] for kind in KINDS],
    )
    engine = engine_of(app)
    counter = marks.Marks(
        int(arguments["total"]),
        int(arguments["warm_at"]),
        lambda: sum(engine.committed_offsets().values()),
        lambda: {"checkpoint_p99_us": round(checkpoint_s(0.99) * 1e6)},
    )
    for kind, name in enumerate(KINDS):
        _add_agent(app, arguments[name], name, job.RULES[kind], arguments["findings"], counter)
    return app, counter


def _add_agent(
    app: faust.App, topic: str, name: str, rule: job.Rule, findings: str, counter: marks.Marks
) -> None:
    def apply(account: job.Account, event: tuple[int, ...]) -> list[bytes] | None:
        event_id, document, amount, _, _ = event
        found = rule(account, event_id, document, amount)
        return None if found is None else [encode_finding(*one) for one in found]

    @batch_agent(app, topic, name=name)
    def reconcile(view: BatchView[job.Account]) -> None:
        if not view.records:
            return  # a rebalance has superseded the batch
        counter.before()
        view.fold(decode_events, apply, job.Account, findings)
        counter.after(len(view.records))


def checkpoint_s(share: float) -> float:
    """Seconds within which ``share`` of the checkpoints were committed: the upper end of a step of the histogram."""
    samples = next(iter(metrics.STREAM_CHECKPOINT_SECONDS.collect())).samples
    counts = {float(s.labels["le"]): s.value for s in samples if s.name.endswith("_bucket")}
    return min(le for le, count in counts.items() if count >= share * max(counts.values()))


def say_when_running(app: faust.App) -> None:
    """Announce ``running`` once all partitions are active, with what was restored and how long that took."""
    engine = engine_of(app)

    def wait() -> None:
        while engine.not_ready():
            time.sleep(_POLL_S)
        restored = sum(len(partition.state) for partition in engine.partitions.values())
        samples = next(iter(metrics.STREAM_RESTORE_SECONDS.collect())).samples
        seconds = sum(sample.value for sample in samples if sample.name.endswith("_sum"))
        marks.say("running", restored=restored, restore_ns=int(seconds * 1e9))

    threading.Thread(target=wait, daemon=True, name="running").start()


def main() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    app, _ = build_app(marks.read_arguments(sys.argv[1:]))
    marks.end_with_harness()
    say_when_running(app)
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    faust.Worker(app, quiet=True, loglevel="WARNING", override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main()
