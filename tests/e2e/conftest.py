"""One whole service for all end-to-end tests; where one of them fails, the ends of its logs are in the report."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.e2e.service import WholeService, attach_logs, running


@pytest.fixture(scope="session")
def tieout(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[WholeService]:
    """The started service. Tests share it: each uses customers of its own."""
    with running(tmp_path_factory.mktemp("tieout"), pytestconfig.cache.mkdir("bytecode")) as service:
        yield service


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    attach_logs(item, report)
    return report
