"""The job on Quix Streams, exactly once, state in its RocksDB: runs in an environment of its own.

The same ``job`` as ours. Quix keeps bytes, so an account is decoded and encoded for every event: that is its way.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import fastavro
from quixstreams import Application

from bench.ours import job
from bench.peers import marks
from bench.peers.committed import committed_by
from bench.workload.events import EVENT_HEADER, EVENT_SCHEMA, HEADER_BYTES, KINDS, encode_finding

_KEY = "a"


def main() -> None:
    arguments = marks.read_arguments(sys.argv[1:])
    topics = [arguments[kind] for kind in KINDS]
    servers, partitions = arguments["bootstrap_servers"], int(arguments["partitions"])
    counter = marks.Marks(
        int(arguments["total"]),
        int(arguments["warm_at"]),
        committed_by(servers, arguments["app_id"], topics, partitions),
    )
    app = Application(
        servers,
        consumer_group=arguments["app_id"],
        auto_offset_reset="earliest",
        commit_interval=int(arguments["commit_ms"]) / 1000,
        state_dir=arguments["state_dir"],
        processing_guarantee="exactly-once",
        loglevel="WARNING",
        max_partition_buffer_size=10_000,
        consumer_extra_config={
            "check.crcs": False,
            "fetch.message.max.bytes": 2 << 20,
            "fetch.wait.max.ms": 20,
            "queued.min.messages": 100_000,
        },
        producer_extra_config={
            "compression.type": "lz4",
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
            "batch.num.messages": 20_000,
        },
    )
    findings = app.topic(arguments["findings"], key_serializer="bytes", value_serializer="bytes")

    def fold(tagged: tuple[int, bytes], state: Any) -> list[bytes]:
        counter.before()
        kind, value = tagged
        if not value.startswith(EVENT_HEADER):
            raise ValueError("no event")
        event: Any = fastavro.schemaless_reader(io.BytesIO(value[HEADER_BYTES:]), EVENT_SCHEMA, None)
        kept = state.get_bytes(_KEY)
        account = job.Account() if kept is None else job.decode(kept)
        found = job.RULES[kind](account, event["event_id"], event["document"], event["amount_minor"])
        state.set_bytes(_KEY, job.encode(account))
        counter.after(1)
        return [encode_finding(*one) for one in found] if found else []

    streams = [
        app.dataframe(app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")).apply(tag(kind))
        for kind, topic in enumerate(topics)
    ]
    joined = streams[0].concat(streams[1]).concat(streams[2])
    joined.apply(fold, stateful=True, expand=True).to_topic(findings)
    marks.end_with_harness()
    app.run()


def tag(kind: int) -> Callable[[bytes], tuple[int, bytes]]:
    """Say of every value which topic it came from."""
    return lambda value: (kind, value)


if __name__ == "__main__":
    main()
