"""The agents: one per topic that the stream reads. Each is an ordinary Faust agent whose events are record batches."""

from __future__ import annotations

import faust

from schemas.topics import EVENTS, REVIEWS, RULES, Topic
from streams.books_table import StoredBook
from streams.engine import BatchView, batch_agent
from streams.reconcile import Reconciler


def register_agents(app: faust.App, reconciler: Reconciler) -> None:
    """Declare the agents on ``app``; Faust starts them with the worker."""

    @batch_agent(app, RULES.name, name=RULES.name)
    def take_rules(view: BatchView[StoredBook]) -> None:
        reconciler.rules.apply(view)

    for topic in EVENTS:

        @batch_agent(app, topic.name, name=topic.name)
        def reconcile(view: BatchView[StoredBook], topic: Topic = topic) -> None:
            reconciler.apply(view, topic)

    @batch_agent(app, REVIEWS.name, name=REVIEWS.name)
    def review(view: BatchView[StoredBook]) -> None:
        reconciler.review(view)
