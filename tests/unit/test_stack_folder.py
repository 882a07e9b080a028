"""What a stack's folder remembers, what its errors say, and how processes are told apart.  No server is started."""

from __future__ import annotations

import concurrent.futures
import errno
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from deploy.stack import EmbeddedStack, errors, kafka, process, stack, supervision
from deploy.stack.errors import (
    BinaryMissing,
    DiskFull,
    PathNotUsable,
    ServiceDied,
    StackError,
    UnknownService,
)
from deploy.stack.process import Command
from deploy.stack.service import Progress, Service
from deploy.stack.state import Folder, Owner, Ports, Run, free_ports, is_free

RUNNING = "echo healthy; sleep 60; true"


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Script:
    """A service that is a few lines of shell; healthy as soon as its log holds the word."""

    name = "script"
    ports: tuple[int, ...] = ()
    stop_signal = 15
    url = ""

    def __init__(self, folder: Folder, lines: str, *, failure: OSError | None = None) -> None:
        self.log_paths: tuple[Path, ...] = (folder.logs / "script.log",)
        self._lines = lines
        self._failure = failure
        self.marker: tuple[str, ...] = (str(folder.home / "marker"),)

    def prepare(self, progress: Progress) -> Command:
        if self._failure is not None:
            raise self._failure
        return Command(("/bin/sh", "-c", self._lines, *self.marker), Path("/"), self.log_paths[0])

    def probe(self) -> str | None:
        return "1" if self.log_paths[0].read_text().endswith("healthy\n") else None

    def stopped(self) -> None:
        return

    def leftovers(self) -> list[psutil.Process]:
        return []


def start(folder: Folder, lines: str, *, failure: OSError | None = None) -> tuple[int, bool]:
    service = Script(folder, lines, failure=failure)
    return supervision.bring_up(service, folder, lambda line: None, threading.Event())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_ports_are_chosen_once_below_the_ephemeral_range(folder: Folder) -> None:
    assert folder.ports() is None
    ports = folder.ensure_ports()
    chosen = {ports.kafka, ports.kafka_controller, ports.postgres, ports.valkey}
    assert len(chosen) == 4
    assert all(20_000 <= port < 32_000 for port in chosen)
    assert Folder(folder.home).ensure_ports() == ports == folder.ports()
    assert len(set(free_ports(50))) == 50


def test_asking_for_a_port_does_not_take_it_while_programs_are_started() -> None:
    """The process that a thread starts inherits what the others have open, until its exec."""
    (port,) = free_ports(1)
    asked = threading.Event()

    def start_programs() -> None:
        while not asked.is_set():
            subprocess.run(["true"], start_new_session=True, check=True)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        starters = [pool.submit(start_programs) for _ in range(3)]
        try:
            assert all(is_free(port) for _ in range(300))
        finally:
            asked.set()
    assert [starter.result() for starter in starters] == [None] * 3


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    (port,) = free_ports(1)
    with socket.socket() as neighbour:
        neighbour.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        neighbour.bind(("127.0.0.1", port))
        neighbour.listen()
        assert not is_free(port)
    assert is_free(port)


def test_the_password_is_random_private_and_kept(folder: Folder, tmp_path: Path) -> None:
    assert folder.password() is None
    password = folder.ensure_password()
    assert len(password) >= 32
    assert folder.ensure_password() == password
    assert Folder(tmp_path / "other").ensure_password() != password
    assert stat.S_IMODE((tmp_path / "postgres.password").stat().st_mode) == 0o600


def test_a_run_is_remembered_with_its_owner(folder: Folder) -> None:
    assert folder.run() == Run({})
    run = Run({"kafka": 7}, Owner.current())
    folder.save_run(run)
    assert folder.run() == run
    assert run.owner is not None
    assert run.owner.is_alive()
    assert not Owner(run.owner.pid, run.owner.created_s - 60).is_alive(), "the number now belongs to another"


def test_a_dead_process_is_no_owner() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    owner = Owner(child.pid, psutil.Process(child.pid).create_time())
    child.wait()
    assert not owner.is_alive()


def test_only_known_services_can_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UnknownService, match="Use one of: kafka, postgres, valkey"):
        EmbeddedStack(tmp_path, services=frozenset({"mysql"}))
    with pytest.raises(UnknownService):
        EmbeddedStack(tmp_path, services=frozenset({"valkey"})).kill("kafka")
    assert list(tmp_path.iterdir()) == [], "nothing is touched by asking"


def test_a_start_on_a_nearly_full_disk_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40, 100 * 2**20))
    with pytest.raises(DiskFull, match=r"has 100 MB left; 512 MB are needed\. Free some space") as caught:
        EmbeddedStack(tmp_path).start()
    assert caught.value.free_bytes == 100 * 2**20
    assert not (tmp_path / "ports.json").exists()


def test_the_folder_can_be_locked_for_a_stop_when_the_disk_is_full(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int, *arguments: object, **options: object) -> None:
        os.close(descriptor)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", fail)
    with folder.lock(1), pytest.raises(DiskFull):
        folder.ensure_ports()
    assert [path.name for path in folder.home.iterdir()] == ["stack.lock"]


def test_a_service_that_dies_says_why(folder: Folder) -> None:
    start(folder, RUNNING)
    supervision.stop(Script(folder, ""), folder, 5)
    assert "healthy" in (folder.logs / "script.log").read_text()
    with pytest.raises(ServiceDied, match="cannot read the map") as caught:
        start(folder, "echo cannot read the map; exit 3")
    assert caught.value.last_lines == ["cannot read the map"]


def test_a_full_disk_is_told_from_other_deaths(folder: Folder) -> None:
    with pytest.raises(DiskFull):
        start(folder, "echo 'PANIC: could not write: No space left on device'; exit 1")
    with pytest.raises(DiskFull):
        start(folder, "", failure=OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(PathNotUsable, match="/somewhere"):
        start(folder, "", failure=PermissionError(errno.EACCES, "Permission denied", "/somewhere"))


def test_a_program_that_cannot_be_run_is_an_error_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        process.spawn(Command((str(tmp_path / "none"),), tmp_path, tmp_path / "log"))
    assert caught.value.errno == errno.ENOENT


def test_a_spawned_process_is_in_a_session_of_its_own_and_found_by_its_marker(folder: Folder) -> None:
    pid, is_new = start(folder, RUNNING)
    assert is_new
    assert os.getsid(pid) != os.getsid(0)
    assert pid not in [child.pid for child in psutil.Process().children(recursive=True)]
    for hint in (None, pid, os.getpid(), 2**22):
        found = process.find((str(folder.home / "marker"),), hint)
        assert found is not None
        assert found.pid == pid
    assert process.find((str(folder.home / "other"),), pid) is None, "its pid alone proves nothing"
    assert start(folder, RUNNING) == (pid, False), "it was adopted"

    supervision.stop(Script(folder, ""), folder, 5)
    assert process.find((str(folder.home / "marker"),)) is None
    assert not process.is_alive(found)


def test_a_service_is_given_up_when_another_one_failed(folder: Folder) -> None:
    abort = threading.Event()
    threading.Timer(0.3, abort.set).start()
    begun = time.monotonic()
    with pytest.raises(errors.StartAborted):
        supervision.bring_up(Script(folder, "sleep 60; true"), folder, lambda line: None, abort)
    assert time.monotonic() - begun < 20
    assert process.find((str(folder.home / "marker"),)) is None


def test_a_failed_start_stops_what_it_started_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_up = threading.Barrier(3)
    stopped: list[str] = []

    def bring_up(service: Service, *rest: object) -> tuple[int, bool]:
        others_are_up.wait(10)
        if service.name == "postgres":
            raise ServiceDied("postgres", tmp_path, ["why"])
        return 1, service.name == "valkey"  # Kafka was running before

    monkeypatch.setattr(stack, "bring_up", bring_up)
    monkeypatch.setattr(stack, "stop", lambda service, *rest: stopped.append(service.name))
    with pytest.raises(ServiceDied, match="why"):
        EmbeddedStack(tmp_path).start()
    assert stopped == ["valkey"]
    assert Folder(tmp_path).run() == Run({})


def test_old_logs_are_rotated(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_bytes(b"x" * (10 * 2**20 + 1))
    process.run_to_end(Command(("/bin/echo", "fresh"), tmp_path, log))
    assert log.read_text() == "fresh\n"
    assert log.with_suffix(".log.1").stat().st_size > 10 * 2**20


def test_a_path_in_a_java_properties_file_survives_any_alphabet() -> None:
    assert kafka._property(Path("/home/客户 对账/a𝄞")) == r"/home/\u5ba2\u6237 \u5bf9\u8d26/a\ud834\udd1e"


def test_kafka_cannot_live_under_a_comma(tmp_path: Path) -> None:
    broker = kafka.Kafka(Folder(tmp_path / "a,b"), Ports(1, 2, 3, 4), heap_mb=512, cache_dir=tmp_path)
    with pytest.raises(PathNotUsable, match="commas"):
        broker.prepare(lambda line: None)


def test_every_error_is_in_the_drawing_and_says_what_to_do() -> None:
    kinds = {
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, StackError)
    }
    assert {word for word in str(errors.__doc__).split() if word in kinds} == kinds
    missing = BinaryMissing("Valkey", "PATH was searched", "Install it.")
    assert (missing.summary, missing.next_step) == (
        "No program for Valkey was found (PATH was searched).",
        "Install it.",
    )
    assert str(missing) == f"{missing.summary} {missing.next_step}"
