"""One whole service for all end-to-end tests; where one of them fails, the ends of its logs are in the report."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import started_browser
from tests.e2e.service import WholeService, attach_logs, running


@pytest.fixture(scope="session")
def tieout(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[WholeService]:
    """The started service. Tests share it: each uses customers of its own."""
    with running(tmp_path_factory.mktemp("tieout"), pytestconfig.cache.mkdir("bytecode")) as service:
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of a module's tests; each opens pages of its own. No longer: while it is there, this thread's event
    loop is Playwright's.
    """
    with started_browser() as browser:
        yield browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    attach_logs(item, report)
    return report
