"""The agents: one per input topic. Each is an ordinary Faust agent whose events are record batches."""

from __future__ import annotations

import faust

from schemas.topics import INPUTS, Topic
from streams.books_table import StoredBook
from streams.engine import BatchView, batch_agent
from streams.reconcile import Reconciler


def register_agents(app: faust.App, reconciler: Reconciler) -> None:
    """Declare the agents on ``app``; Faust starts them with the worker."""
    for topic in INPUTS:

        @batch_agent(app, topic.name, name=topic.name)
        def reconcile(view: BatchView[StoredBook], topic: Topic = topic) -> None:
            reconciler.apply(view, topic)
