"""One embedded stack for all integration tests: real Kafka, PostgreSQL and Valkey."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.stack import EmbeddedStack, StackUrls
from tests.integration.adjustment_desk import desk as desk
from tests.integration.projector_bench import bench as bench


@pytest.fixture(scope="session")
def embedded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with EmbeddedStack(home) as embedded:
        embedded.start()
        yield embedded


@pytest.fixture(scope="session")
def stack(embedded_stack: EmbeddedStack) -> StackUrls:
    return embedded_stack.urls


@pytest.fixture
def topic(stack: StackUrls) -> Iterator[str]:
    """A topic of two partitions, for one test."""
    name = f"test-{secrets.token_hex(4)}"
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    for future in admin.create_topics([NewTopic(name, 2, 1)]).values():
        future.result(30)
    yield name
    for future in admin.delete_topics([name]).values():
        future.result(30)
