"""The faults: what strikes the servers and processes of a folder. Each strike returns when it is over or mended.

One home for them: ``tieout chaos`` and the tests in ``tests/fault`` let the same ones strike.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import httpx
import psutil
import tenacity

from deploy.fleet import Fleet, FleetError
from deploy.stack import EmbeddedStack
from deploy.topic_settings import setting

#: beyond ``broker_session_timeout`` (6 s): the broker has given the worker's partitions away
BEYOND_THE_SESSION_S: Final = 8.0
_SHORT_S: Final = 2.0
#: a worker that has had work for so long and committed nothing is held up
_HELD_UP_S: Final = 1.5
#: time in which a worker that has work says so: it looks at itself once a second
_NOTICES_WITHIN_S: Final = 4.0
#: more than the record batch of a transaction's marker (78 bytes), less than one with any record of ours
_BYTES_OF_NO_RECORD: Final = 100
#: so much of the next write still finds room
_LAST_BYTES: Final = 64


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
    gauges = re.findall(
        r'^tieout_stream_state_keys\{partition="(\d+)"\} (\S+)$', _metrics(struck, program), re.MULTILINE
    )
    return frozenset(int(number) for number, keys in gauges if float(keys) >= keys_min)


def held_up_s(struck: Struck, program: str) -> float:
    """Seconds since a ready worker that has work has committed any of it; 0 where it is not ready."""
    ages = re.findall(r"^tieout_stream_progress_age_seconds (\S+)$", _metrics(struck, program), re.MULTILINE)
    return float(ages[0]) if ages else 0.0


def _metrics(struck: Struck, program: str) -> str:
    """What ``/metrics`` of a ready process says; empty where it is not ready."""
    port = next(status.port for status in struck.fleet.status() if status.name == program)
    address = f"http://127.0.0.1:{port}"
    try:
        if httpx.get(f"{address}/readyz").status_code != httpx.codes.OK:
            return ""
        return httpx.get(f"{address}/metrics").text
    except httpx.HTTPError:
        return ""


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


def restarted(struck: Struck, before: Mapping[str, int]) -> list[str]:
    """Which of the programs in ``before`` (name → pid) run again, as another process."""
    now = struck.fleet.pids()
    return [program for program, pid in before.items() if now.get(program, 0) not in (0, pid)]


def hang_broker(workers: Collection[str]) -> Strike:
    """The broker lives and answers nothing, until the watchdog of a worker that has work has ended it."""

    def strike(struck: Struck) -> None:
        wait_for(
            lambda: _hang_until_a_watchdog_barks(struck, workers), "a watchdog has ended its worker", 180
        )

    return strike


def _hang_until_a_watchdog_barks(struck: Struck, workers: Collection[str]) -> bool:
    """Freeze the broker. False where that met no checkpoint, so that nobody noticed: it goes on then."""
    before = _running(struck, workers)
    with struck.stack.frozen("kafka"):
        try:
            wait_for(lambda: _any_held_up(struck, workers), "a worker is held up", _NOTICES_WITHIN_S)
        except NotMended:
            return False
        wait_for(lambda: bool(restarted(struck, before)), "a watchdog has ended its worker", 90)
    return True


def refuse_records(workers: Collection[str], topics: Collection[str]) -> Strike:
    """Produce errors that do not pass: MSG_SIZE_TOO_LARGE for every record, until a worker has given up."""

    def strike(struck: Struck) -> None:
        before = _running(struck, workers)
        refusing = str(_BYTES_OF_NO_RECORD)
        with setting(struck.stack.urls.kafka_bootstrap_servers, topics, "max.message.bytes", refusing):
            wait_for(lambda: bool(restarted(struck, before)), "a worker has given up")

    return strike


def fill_disk(worker: str) -> Strike:
    """No file of a worker with RocksDB can grow any more; its successor finds the disk full, too.

    The limit on the size of files (RLIMIT_FSIZE, Linux) does it without privileges: the kernel cuts the write short and
    refuses the next with EFBIG, which RocksDB meets as it meets ENOSPC.
    """

    def strike(struck: Struck) -> None:
        wait_for(lambda: pid_of(struck, worker) > 0, f"{worker} runs")
        state = struck.fleet.home / "faust" / worker / "state"
        wait_for(lambda: any(state.rglob("*.log")), f"{worker} has begun to write")
        room = max(path.stat().st_size for path in state.rglob("*.log")) + _LAST_BYTES
        for limit in (room, 0):
            before = _running(struck, [worker])
            limit_files(before[worker], limit)
            wait_for(lambda: bool(restarted(struck, before)), f"{worker} has ended and was started again")  # noqa: B023

    return strike


def limit_files(pid: int, size: int) -> None:
    """No file of the process may grow beyond ``size`` bytes; what it writes into a pipe is not meant."""
    process = psutil.Process(pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))


def _running(struck: Struck, programs: Collection[str]) -> dict[str, int]:
    """Program → pid, as soon as all of them run."""
    found: dict[str, int] = {}

    def all_run() -> bool:
        pids = struck.fleet.pids()
        found.update({program: pids.get(program, 0) for program in programs})
        return all(found.values())

    wait_for(all_run, f"{', '.join(programs)} run")
    return found


def _any_held_up(struck: Struck, workers: Collection[str]) -> bool:
    return any(held_up_s(struck, worker) >= _HELD_UP_S for worker in workers)


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
