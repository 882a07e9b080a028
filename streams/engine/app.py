"""The app factory: an ordinary Faust app whose transport, table and recovery are the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import faust
from faust.types import Message
from yarl import URL

from runtime.kafka import STAYS_IN_TOUCH
from streams.engine.batch import Batch, BatchView
from streams.engine.engine import Engine
from streams.engine.faust_seams import assert_seams
from streams.engine.faust_tables import EngineTable, EngineTableManager
from streams.engine.faust_transport import BatchTransport
from streams.engine.pace import PaceSettings
from streams.engine.partition import PartitionSettings
from streams.engine.stores import ColdStore, MemoryStore
from streams.engine.table import StateTable

V = TypeVar("V")
#: aiokafka takes a member that does not poll for idle: after this long it leaves the group and, being idle, never
#: joins again. Records come from the data plane, so ours never polls (with Faust's 1000 s every worker fell silent
#: for good after 17 minutes). Seconds.
_NEVER_IDLE_S = 100 * 365 * 86_400.0
#: between two turns at one batch, so that whatever waits for the event loop meanwhile gets it; between two batches of
#: a fetch, what is ready goes first (checkpoints that start or end)
_BREATH_S = 0.001


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``instance_id`` stays with a worker over restarts (static membership)."""

    app_id: str
    bootstrap_servers: str
    partitions: int
    instance_id: str
    data_dir: Path
    pace: PaceSettings = field(default_factory=PaceSettings)
    store: Literal["memory", "rocksdb"] = "memory"
    hot_keys_max: int = 50_000
    batch_records_max: int = 4_000


class BatchSchema(faust.Schema):
    """Hands batches through as they are: decoding is the agent's business."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        create_event = app.create_event

        async def decode(message: Message, *, propagate: bool = False) -> Any:
            return create_event(None, message.value, {}, message)

        return decode


def create_app(settings: EngineSettings, table: StateTable[V], source_topics: Collection[str]) -> faust.App:
    """A Faust app with one engine-backed table over co-partitioned sources.

    ``app.topic(name, schema=BatchSchema())`` is what agents listen to (see ``batch_topic``); the engine is
    ``engine_of(app)``. Must be called inside a running event loop's thread, before the loop starts.
    """
    assert_seams()
    app = faust.App(
        settings.app_id,
        broker=[URL(f"kafka://{server}") for server in settings.bootstrap_servers.split(",")],
        datadir=str(settings.data_dir),
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_buffer_maxsize=64,
        web_enabled=False,
        worker_redirect_stdouts=False,
        Table=EngineTable,
        TableManager=EngineTableManager,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=15.0,
        broker_max_poll_interval=_NEVER_IDLE_S,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance_id,
    )
    app.transport = BatchTransport(app.conf.broker, app)
    kafka = {"bootstrap.servers": settings.bootstrap_servers, **STAYS_IN_TOUCH}
    app.engine = Engine(
        settings.app_id,
        kafka,
        table,
        source_topics,
        PartitionSettings(settings.pace, settings.hot_keys_max),
        settings.batch_records_max,
        settings.partitions,
        _store_opener(settings),
    )
    app.Table(
        table.name,
        partitions=settings.partitions,
        key_type=bytes,
        value_type=bytes,
        changelog_topic=app.topic(table.changelog, internal=True),
    )
    return app


def _store_opener(settings: EngineSettings) -> Callable[[int], ColdStore]:
    if settings.store == "memory":
        return lambda number: MemoryStore()
    # An optional dependency: only who chooses it needs it installed.
    from streams.engine.rocksdb_store import RocksStore

    return lambda number: RocksStore(settings.data_dir / "state" / str(number))


def batch_topic(app: faust.App, name: str) -> Any:
    """The Faust topic of ``name`` as record batches: an event is those of one fetch, one per partition."""
    return app.topic(name, schema=BatchSchema())


def batch_agent(app: faust.App, topic: str, *, name: str) -> Callable[[Callable[[BatchView[V]], None]], Any]:
    """Make a function an ordinary Faust agent that is called with a view of each batch of ``topic``.

    It runs on the event loop and must not block; where its records may cost much it takes them ``in_turn``. Its
    exception ends the process without commit (fail-stop).
    """
    engine = engine_of(app)

    def decorate(work: Callable[[BatchView[V]], None]) -> Any:
        async def run(stream: AsyncIterator[list[Batch]]) -> None:
            async for batches in stream:
                for batch in batches:
                    rest: Batch | None = batch
                    while rest is not None:
                        with engine.open(rest) as view:
                            work(view)
                        rest = view.rest
                        await asyncio.sleep(0 if rest is None else _BREATH_S)

        return app.agent(batch_topic(app, topic), name=name)(run)

    return decorate


def engine_of(app: faust.App) -> Engine[Any]:
    return cast("Engine[Any]", app.engine)
