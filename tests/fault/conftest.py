"""Services to break. Each has a folder of its own; a failure's report shows the ends of its logs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.service import WholeService, attach_logs, running


@pytest.fixture(scope="session")
def bytecode(pytestconfig: pytest.Config) -> Path:
    """Where compiled modules are kept, so that a process that was killed is back quickly."""
    return pytestconfig.cache.mkdir("bytecode")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[WholeService]:
    """A started service that tests break one after the other."""
    with running(tmp_path_factory.mktemp("broken"), bytecode) as started:
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    attach_logs(item, report)
    return report
