"""The faults: what strikes the servers and processes of a folder. Each strike returns when it is over or mended.

One home for them: ``tieout chaos`` and the tests in ``tests/fault`` let the same ones strike.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import httpx
import tenacity

from deploy.fleet import Fleet, FleetError
from deploy.stack import EmbeddedStack

#: beyond ``broker_session_timeout`` (6 s): the broker has given the worker's partitions away
BEYOND_THE_SESSION_S: Final = 8.0
_SHORT_S: Final = 2.0


class Struck(Protocol):
    """What faults strike."""

    @property
    def stack(self) -> EmbeddedStack: ...
    @property
    def fleet(self) -> Fleet: ...


Strike = Callable[[Struck], None]


class NotMended(FleetError):
    """What should have come back after a fault has not."""

    def __init__(self, what: str, timeout_s: float) -> None:
        super().__init__(f"After {timeout_s:.0f} s still not: {what}.", "Read the logs in its folder.")


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Block until ``condition`` holds. Raises ``NotMended``."""
    wait = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda holds: not holds),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(timeout_s),
    )
    try:
        wait(condition)
    except tenacity.RetryError:
        raise NotMended(what, timeout_s) from None


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP for a while: a process that lives but does nothing, as in a long pause of its machine."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def pid_of(struck: Struck, program: str) -> int:
    """The pid of one of our processes; 0 while it does not run."""
    return struck.fleet.pids().get(program, 0)


def partitions_of(struck: Struck, program: str, *, keys_min: int = 0) -> frozenset[int]:
    """The partitions that a ready worker holds with at least ``keys_min`` customers in them.

    Without it, partitions that it gave away count too: their gauge stays, at 0.
    """
    port = next(status.port for status in struck.fleet.status() if status.name == program)
    address = f"http://127.0.0.1:{port}"
    try:
        if httpx.get(f"{address}/readyz").status_code != httpx.codes.OK:
            return frozenset()
        metrics = httpx.get(f"{address}/metrics").text
    except httpx.HTTPError:
        return frozenset()
    gauges = re.findall(r'^tieout_stream_state_keys\{partition="(\d+)"\} (\S+)$', metrics, re.MULTILINE)
    return frozenset(int(number) for number, keys in gauges if float(keys) >= keys_min)


def signalled(program: str, number: signal.Signals) -> Strike:
    """SIGKILL or SIGTERM one of our processes; supervisord starts it again."""

    def strike(struck: Struck) -> None:
        wait_for(lambda: pid_of(struck, program) > 0, f"{program} runs")
        before = pid_of(struck, program)
        os.kill(before, number)
        wait_for(lambda: pid_of(struck, program) not in (0, before), f"{program} was started again")

    return strike


def freeze(program: str, seconds: float) -> Strike:
    def strike(struck: Struck) -> None:
        wait_for(lambda: pid_of(struck, program) > 0, f"{program} runs")
        with frozen(pid_of(struck, program)):
            time.sleep(seconds)  # the fault itself: nothing can be waited for while time passes

    return strike


def absent(program: str, seconds: float) -> Strike:
    """A worker leaves its group cleanly, and joins it again later."""

    def strike(struck: Struck) -> None:
        struck.fleet.pause(program)
        time.sleep(seconds)  # the fault itself
        struck.fleet.resume(program)

    return strike


def kill_server(name: str) -> Strike:
    def strike(struck: Struck) -> None:
        struck.stack.kill(name)
        struck.stack.restart(name)

    return strike


def restart_server(name: str) -> Strike:
    return lambda struck: struck.stack.restart(name)


def server_faults() -> dict[str, Strike]:
    """Faults of the three servers, by name."""
    return {
        "kill -9 broker": kill_server("kafka"),
        "kill -9 postgres": kill_server("postgres"),
        "kill -9 valkey": kill_server("valkey"),
        "restart broker": restart_server("kafka"),
        "restart postgres": restart_server("postgres"),
        "restart valkey": restart_server("valkey"),
    }


def process_faults(programs: Sequence[str]) -> dict[str, Strike]:
    """Faults of our processes, by name."""
    faults: dict[str, Strike] = {}
    for program in programs:
        faults[f"kill -9 {program}"] = signalled(program, signal.SIGKILL)
        faults[f"SIGTERM {program}"] = signalled(program, signal.SIGTERM)
        faults[f"freeze {program}"] = freeze(program, _SHORT_S)
    return faults
