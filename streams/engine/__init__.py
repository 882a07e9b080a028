"""The streaming engine: record batches in, exactly-once checkpoints out, inside an ordinary Faust app.

Public face: ``create_app`` (an app whose transport delivers record batches), ``StateTable`` (what the table holds and
how it is encoded), ``batch_agent`` (makes a function an ordinary Faust agent over batches), ``BatchView`` (state and
outputs of a batch) and ``SeenIds`` (exact deduplication). Everything else of Faust's (agents, group membership,
assignment) stays. Why its per-event path and its commit are replaced: docs/adr/0001-delivery-guarantee.md.

Read in the order in which data walks: ``data_plane`` → ``faust_transport`` → ``batch`` and ``fold`` → ``state`` →
``partition`` (with ``pace``) → ``checkpoint``; then ``engine`` and ``restore`` for taking over and giving up.
"""

from streams.engine.app import EngineSettings, batch_agent, batch_topic, create_app, engine_of
from streams.engine.batch import Batch, BatchView
from streams.engine.door import add_door
from streams.engine.pace import PaceSettings
from streams.engine.seen import SeenIds
from streams.engine.table import StateTable
from streams.engine.watchdog import Watchdog

__all__ = [
    "Batch",
    "BatchView",
    "EngineSettings",
    "PaceSettings",
    "SeenIds",
    "StateTable",
    "Watchdog",
    "add_door",
    "batch_agent",
    "batch_topic",
    "create_app",
    "engine_of",
]
