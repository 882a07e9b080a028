"""A small app on the engine, run as a process of its own: ``python -m tests.integration.engine_app``.

It counts numbers per key: a batch agent folds ``numbers``; a per-event agent of stock Faust listens to ``notes`` and
writes the table through Faust's API. Settings come from the environment, as one JSON document.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import faust

from streams.engine import (
    BatchView,
    EngineSettings,
    PaceSettings,
    SeenIds,
    StateTable,
    Watchdog,
    add_door,
    batch_agent,
    create_app,
    engine_of,
)

_HEAD = struct.Struct(">qqI")
TOKEN = "a token of the test's own"


class Tally(SeenIds):
    """Sum and count of the numbers seen, each event id once."""

    __slots__ = ("count", "total")

    def __init__(self, total: int = 0, count: int = 0, sealed: int = 0, tail: bytes = b"") -> None:
        super().__init__(tail, sealed)
        self.total = total
        self.count = count


def encode(value: Tally) -> bytes:
    return _HEAD.pack(value.total, value.count, value.sealed) + value.tail


def decode(data: bytes) -> Tally:
    total, count, sealed = _HEAD.unpack_from(data)
    return Tally(total, count, sealed, data[_HEAD.size :])


def to_json(data: bytes) -> bytes:
    value = decode(data)
    return json.dumps({"total": value.total, "count": value.count}).encode()


def events(values: list[bytes]) -> Iterable[tuple[bytes, int]]:
    """An event is 8 bytes of id and a number in decimal digits."""
    return [(value[:8], int(value[8:])) for value in values]


def count(tally: Tally, event: tuple[bytes, int]) -> list[bytes] | None:
    event_id, number = event
    if not tally.is_new(event_id):
        return None
    tally.total += number
    tally.count += 1
    return [b"%d" % tally.total] if number % 10 == 0 else None


def build(settings: dict[str, Any]) -> faust.App:
    prefix = settings["prefix"]
    app = create_app(
        EngineSettings(
            app_id=prefix,
            bootstrap_servers=settings["bootstrap"],
            partitions=settings["partitions"],
            instance_id=settings["instance"],
            data_dir=Path(settings["home"]) / settings["instance"],
            pace=PaceSettings(busy_events=2_000, pending_events_max=4_000),
            store=settings["store"],
            hot_keys_max=20,
            batch_records_max=500,
        ),
        StateTable("tallies", f"{prefix}-changelog", encode, decode),
        [f"{prefix}-numbers"],
    )
    table = app.tables["tallies"]

    @batch_agent(app, f"{prefix}-numbers", name="numbers")
    def numbers(view: BatchView[Tally]) -> None:
        view.fold(events, count, Tally, f"{prefix}-sums")

    @app.agent(app.topic(f"{prefix}-notes", key_type=bytes, value_type=bytes, value_serializer="raw"))
    async def notes(stream: Any) -> None:
        async for key, value in _items(stream):
            tally = table[key] if key in table else Tally()
            tally.total += int(value)
            table[key] = tally

    engine = engine_of(app)
    add_door(app, engine, settings["door_port"], TOKEN, to_json)
    Watchdog(settings["watchdog_s"], engine.stalled_s, engine.diagnose, engine.why_stalled).start()
    return app


async def _items(stream: Any) -> AsyncIterator[tuple[bytes, bytes]]:
    async for key, value in stream.items():
        yield key, value


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = json.loads(os.environ["ENGINE_APP"])
    Path(settings["home"], settings["instance"]).mkdir(parents=True, exist_ok=True)
    app = build(settings)
    sys.argv = ["engine_app", "worker", "--loglevel", "info"]
    faust.Worker(app, loglevel="info", override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main()
