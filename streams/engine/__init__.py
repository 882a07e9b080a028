"""The streaming engine: record batches in, exactly-once checkpoints out, inside an ordinary Faust app.

Public face: ``create_app`` (an app whose transport delivers record batches), ``StateTable`` (what the table
holds and how it is encoded), ``Batch`` with ``Engine.open`` (a view onto state and outputs). Everything else of
Faust's (agents, group membership, assignment) stays. Why its per-event path and its commit are replaced:
docs/adr/0001-delivery-guarantee.md.
"""

from streams.engine.app import EngineSettings, batch_topic, create_app, engine_of
from streams.engine.batch import Batch, BatchView
from streams.engine.pace import PaceSettings
from streams.engine.seen import SeenIds
from streams.engine.state import StateTable

__all__ = [
    "Batch",
    "BatchView",
    "EngineSettings",
    "PaceSettings",
    "SeenIds",
    "StateTable",
    "batch_topic",
    "create_app",
    "engine_of",
]
