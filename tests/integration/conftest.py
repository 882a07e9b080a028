"""One embedded stack for all integration tests: real Kafka, PostgreSQL and Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import EmbeddedStack, StackUrls
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
