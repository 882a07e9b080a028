"""The faults: what strikes, and how the service is left. Each returns when the fault is over or mended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import tenacity

from tests.e2e.service import WholeService

#: beyond ``broker_session_timeout`` (6 s): the broker has given the worker's partitions away
BEYOND_THE_SESSION_S: Final = 8.0

Strike = Callable[[WholeService], None]


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Block until ``condition`` holds."""
    wait = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda holds: not holds),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(timeout_s),
    )
    try:
        wait(condition)
    except tenacity.RetryError:
        raise AssertionError(f"after {timeout_s} s still not: {what}") from None


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP for a while: a process that lives but does nothing, as in a long pause of its machine."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _kill(program: str) -> Strike:
    def strike(service: WholeService) -> None:
        wait_for(lambda: service.pid_of(program) > 0, f"{program} runs")
        killed = service.fleet.kill(program)
        wait_for(lambda: service.pid_of(program) not in (0, killed), f"{program} was started again")

    return strike


def _kill_server(name: str) -> Strike:
    def strike(service: WholeService) -> None:
        service.stack.kill(name)
        service.stack.restart(name)

    return strike


def _restart_server(name: str) -> Strike:
    return lambda service: service.stack.restart(name)


def _freeze_worker(seconds: float) -> Strike:
    def strike(service: WholeService) -> None:
        wait_for(lambda: service.pid_of("worker-1") > 0, "the worker runs")
        with frozen(service.pid_of("worker-1")):
            time.sleep(seconds)  # the fault itself: nothing can be waited for while time passes

    return strike


FAULTS: Final[Mapping[str, Strike]] = {
    "kill -9 worker": _kill("worker-1"),
    "kill -9 projector": _kill("projector"),
    "kill -9 broker": _kill_server("kafka"),
    "kill -9 postgres": _kill_server("postgres"),
    "kill -9 valkey": _kill_server("valkey"),
    "restart postgres": _restart_server("postgres"),
    "restart valkey": _restart_server("valkey"),
    "freeze worker": _freeze_worker(2.0),
    "freeze worker beyond its session": _freeze_worker(BEYOND_THE_SESSION_S),
}
