"""The job on Faust as it comes: one event at a time, its table in memory, its own changelog and commits."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import faust

from bench.ours import job
from bench.peers import marks
from bench.peers.committed import committed_by
from bench.workload.events import EVENT_HEADER, EVENT_SCHEMA, HEADER_BYTES, KINDS, encode_finding

_COMMIT_EVERY_S = 0.5


def build_app(arguments: Mapping[str, str]) -> faust.App:
    """The app; Faust's own defaults but for what the job and the clock need."""
    topics = [arguments[kind] for kind in KINDS]
    servers, partitions = arguments["bootstrap_servers"], int(arguments["partitions"])
    app = faust.App(
        arguments["app_id"],
        broker=f"kafka://{servers}",
        store="memory://",
        datadir=arguments["state_dir"],
        topic_partitions=partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        stream_wait_empty=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
        processing_guarantee=arguments["guarantee"],
        broker_commit_interval=_COMMIT_EVERY_S,
        consumer_auto_offset_reset="earliest",
        key_serializer="raw",
        value_serializer="raw",
    )
    counter = marks.Marks(
        int(arguments["total"]),
        int(arguments["warm_at"]),
        committed_by(servers, arguments["app_id"], topics, partitions),
    )
    raw: Any = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    events = app.topic(*topics, **raw)
    findings = app.topic(arguments["findings"], **raw)
    accounts: Any = app.Table("accounts", partitions=partitions, key_type=bytes, value_type=bytes)
    rules = dict(zip(topics, job.RULES, strict=True))

    @app.agent(events)
    async def reconcile(stream: Any) -> None:
        async for record in stream.events():
            counter.before()
            if not record.value.startswith(EVENT_HEADER):
                raise ValueError("no event")
            event: Any = fastavro.schemaless_reader(
                io.BytesIO(record.value[HEADER_BYTES:]), EVENT_SCHEMA, None
            )
            kept = accounts.get(record.key)
            account = job.Account() if kept is None else job.decode(kept)
            rule = rules[record.message.topic]
            found = rule(account, event["event_id"], event["document"], event["amount_minor"])
            accounts[record.key] = job.encode(account)
            for one in found or ():
                await findings.send(
                    key=record.key, value=encode_finding(*one), partition=record.message.partition
                )
            counter.after(1)

    return app


def main() -> None:
    arguments = marks.read_arguments(sys.argv[1:])
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    Path(arguments["state_dir"]).mkdir(parents=True, exist_ok=True)
    app = build_app(arguments)
    marks.end_with_harness()
    faust.Worker(app, quiet=True, loglevel="WARNING", override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main()
