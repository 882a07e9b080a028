"""The agents: one per input topic. Each is an ordinary Faust agent whose events are record batches."""

from __future__ import annotations

from collections.abc import AsyncIterator

import faust

from schemas.topics import CUSTOMER_STATEMENTS, ORDERS, PAYMENTS, REFUNDS, Topic
from streams.engine import Batch, batch_topic, engine_of
from streams.reconcile import Reconciler


def register_agents(app: faust.App, reconciler: Reconciler) -> None:
    """Declare the agents on ``app``; Faust starts them with the worker."""
    engine = engine_of(app)

    async def work(stream: AsyncIterator[Batch], topic: Topic) -> None:
        async for batch in stream:
            with engine.open(batch) as view:
                reconciler.apply(view, topic)

    @app.agent(batch_topic(app, ORDERS.name), name="orders")
    async def orders(stream: AsyncIterator[Batch]) -> None:
        await work(stream, ORDERS)

    @app.agent(batch_topic(app, PAYMENTS.name), name="payments")
    async def payments(stream: AsyncIterator[Batch]) -> None:
        await work(stream, PAYMENTS)

    @app.agent(batch_topic(app, REFUNDS.name), name="refunds")
    async def refunds(stream: AsyncIterator[Batch]) -> None:
        await work(stream, REFUNDS)

    @app.agent(batch_topic(app, CUSTOMER_STATEMENTS.name), name="customer-statements")
    async def customer_statements(stream: AsyncIterator[Batch]) -> None:
        await work(stream, CUSTOMER_STATEMENTS)
