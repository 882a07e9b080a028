"""The embedded stack on this machine: real servers, real kills.  One stack serves nearly all tests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
)

from deploy.stack import EmbeddedStack, StackUrls, running_urls, supervision
from deploy.stack.errors import (
    DataNotOurs,
    PortTaken,
    ServiceDied,
    StackError,
    StackLocked,
)

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
SMALL = frozenset({"valkey"})


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    stack = EmbeddedStack(tmp_path_factory.mktemp("对账 stack"))  # neither a space nor Chinese may matter
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def home(embedded: EmbeddedStack) -> Path:
    return embedded._folder.home


@pytest.fixture
def small(tmp_path: Path) -> Iterator[EmbeddedStack]:
    stack = EmbeddedStack(tmp_path, services=SMALL)
    yield stack
    stack.stop()


def pids(stack: EmbeddedStack) -> dict[str, int | None]:
    return {status.name: status.pid for status in stack.status()}


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything whose arguments or working folder lie in the stack's folder, whoever started it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            traces = [process.cwd(), *process.cmdline()]
            if any(str(home) in trace for trace in traces) and process.pid != os.getpid():
                found.append(process)
    return found


def elsewhere(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a few lines in another Python process."""
    lines = (
        "import json, os, signal, sys, time\nfrom pathlib import Path\nfrom deploy.stack import *\n" + program
    )
    return subprocess.run(
        [sys.executable, "-c", lines, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def produce(urls: StackUrls, topic: str, value: bytes) -> None:
    producer = Producer(
        {"bootstrap.servers": urls.kafka_bootstrap_servers, "transactional.id": topic, "log_level": 0}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.commit_transaction(30)


def consume(urls: StackUrls, topic: str, count: int) -> list[bytes]:
    consumer = Consumer(
        {
            "bootstrap.servers": urls.kafka_bootstrap_servers,
            "group.id": uuid.uuid4().hex,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    try:
        consumer.subscribe([topic])
        messages = consumer.consume(count, timeout=30)
        return [value for m in messages if isinstance(value := m.value(), bytes)]
    finally:
        consumer.close()


def make_topic(urls: StackUrls) -> str:
    topic = f"t{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": urls.kafka_bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    return topic


def query(urls: StackUrls, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.database_url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


# --- what is there after a start


def test_every_service_is_healthy_and_says_what_it_is(embedded: EmbeddedStack) -> None:
    found = {status.name: status for status in embedded.status()}
    assert list(found) == ["kafka", "postgres", "valkey"]
    for status in found.values():
        assert status.running
        assert status.healthy
        assert status.log_path.stat().st_size > 0
        assert status.rss_bytes
        assert status.rss_bytes > 2**20
    assert found["kafka"].version == "4.1.1"
    assert str(found["postgres"].version).startswith("18.")
    assert embedded.urls.kafka_bootstrap_servers == f"127.0.0.1:{found['kafka'].port}"
    assert embedded.urls.redis_url == f"redis://127.0.0.1:{found['valkey'].port}/0"


def test_a_transactional_record_comes_back(embedded: EmbeddedStack) -> None:
    topic = make_topic(embedded.urls)
    produce(embedded.urls, topic, b"42")
    assert consume(embedded.urls, topic, 1) == [b"42"]


def test_kafka_is_set_up_for_one_node(embedded: EmbeddedStack) -> None:
    admin = AdminClient({"bootstrap.servers": embedded.urls.kafka_bootstrap_servers})
    resource = ConfigResource(ConfigResource.Type.BROKER, "1")
    found = {
        name: entry.value for name, entry in admin.describe_configs([resource])[resource].result(30).items()
    }
    expected = {
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    assert expected.items() <= found.items()


def test_the_database_is_unicode_with_a_locale_of_its_own(embedded: EmbeddedStack) -> None:
    catalogue = query(
        embedded.urls,
        "select current_user, pg_encoding_to_char(encoding), datlocprovider, datlocale, upper('é'), "
        "current_setting('timezone') from pg_database where datname = current_database()",
    )
    assert catalogue == [("tieout", "UTF8", "b", "C.UTF-8", "É", "UTC")]


def test_the_password_is_needed_and_kept_private(embedded: EmbeddedStack, home: Path) -> None:
    password_file = home / "postgres.password"
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    password = password_file.read_text().strip()
    assert password not in repr(embedded.urls)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        query(
            StackUrls("", embedded.urls.database_url.replace(password, "guess"), ""),
            "select 1",
        )


def test_valkey_answers_and_keeps_a_log(embedded: EmbeddedStack) -> None:
    with redis.from_url(embedded.urls.redis_url) as client:
        assert client.ping()
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_nothing_listens_beyond_this_machine(home: Path) -> None:
    listening = [
        connection.laddr
        for process in processes_of(home)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert {address[0].removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


# --- starting again, from here and from elsewhere


def test_a_second_start_changes_nothing(embedded: EmbeddedStack) -> None:
    before, urls = pids(embedded), embedded.urls
    said: list[str] = []
    assert embedded.start(progress=said.append) == urls
    assert pids(embedded) == before
    assert sorted(said) == ["kafka: already running", "postgres: already running", "valkey: already running"]


def test_another_process_finds_the_stack_adopts_it_and_leaves_it_running(
    embedded: EmbeddedStack, home: Path
) -> None:
    before = pids(embedded)
    other = elsewhere(
        "home = Path(sys.argv[1])\nfound = running_urls(home)\nassert found is not None\n"
        "with EmbeddedStack(home) as guest: assert guest.start() == found\n"
        "print(found.database_url)",
        home,
    )
    assert other.stderr == ""
    assert other.stdout.strip() == embedded.urls.database_url
    assert pids(embedded) == before


def test_an_empty_folder_has_no_stack(tmp_path: Path) -> None:
    assert running_urls(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()
    assert EmbeddedStack(tmp_path / "none").urls == StackUrls("", "", "")
    assert [status.running for status in EmbeddedStack(tmp_path / "none").status()] == [False] * 3
    EmbeddedStack(tmp_path / "none").stop()


def test_two_processes_that_start_at_once_share_one_stack(tmp_path: Path, small: EmbeddedStack) -> None:
    program = (
        "lines = []\n"
        "stack = EmbeddedStack(Path(sys.argv[1]), services=frozenset({'valkey'}))\n"
        "print(stack.start(progress=lines.append).redis_url, *lines[-1:])"
    )
    lines = f"import sys\nfrom pathlib import Path\nfrom deploy.stack import *\n{program}"
    starter = [sys.executable, "-c", lines, str(tmp_path)]
    starters = [subprocess.Popen(starter, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [starter.communicate(timeout=60)[0] for starter in starters]
    assert len({line.split()[0] for line in said}) == 1
    assert sorted("already" in line for line in said) == [False, True]
    assert len(processes_of(tmp_path)) == 1


# --- faults


@pytest.mark.parametrize("name", ["valkey", "postgres", "kafka"])
def test_a_killed_service_comes_back_on_its_port_with_its_data(
    embedded: EmbeddedStack, home: Path, name: str
) -> None:
    urls = embedded.urls
    topic = make_topic(urls)
    produce(urls, topic, b"kept")
    query(urls, f"create table {topic} (n int)")
    query(urls, f"insert into {topic} values (7)")
    with redis.from_url(urls.redis_url) as client:
        client.set(topic, "kept")
        client.waitaof(1, 0, 5000)

    before = pids(embedded)
    embedded.kill(name)
    assert pids(embedded) == {**before, name: None}
    assert running_urls(home) is None
    embedded.restart(name)

    assert running_urls(home) == urls
    assert consume(urls, topic, 1) == [b"kept"]
    assert query(urls, f"select n from {topic}") == [(7,)]
    with redis.from_url(urls.redis_url) as client:
        assert client.get(topic) == b"kept"


def test_after_all_were_killed_one_start_brings_them_back(embedded: EmbeddedStack, home: Path) -> None:
    urls = embedded.urls
    query(urls, "create table survivors as select 1 as n")
    for process in processes_of(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # a backend leaves by itself without its postmaster
            process.kill()
    assert embedded.start() == urls
    assert query(urls, "select n from survivors") == [(1,)]
    assert running_urls(home) == urls


def test_a_backend_that_outlives_its_killed_postmaster_is_no_obstacle(
    embedded: EmbeddedStack, home: Path
) -> None:
    postmaster = pids(embedded)["postgres"]
    assert postmaster is not None
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(embedded.urls.database_url) as session,
    ):
        os.kill(session.info.backend_pid, signal.SIGSTOP)  # it cannot notice, and keeps the shared memory
        os.kill(postmaster, signal.SIGKILL)
        embedded.start()
        assert query(embedded.urls, "select 1") == [(1,)]
        session.execute("select 1")
    assert running_urls(home) is not None


def test_services_outlive_a_killed_starter_and_its_successor_owns_them(tmp_path: Path) -> None:
    starter = elsewhere(
        "services = frozenset({'valkey', 'postgres'})\n"
        "with EmbeddedStack(Path(sys.argv[1]), services=services) as stack:\n"
        "    print(json.dumps({s.name: s.pid for s in stack.status()}), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)",
        tmp_path,
    )
    assert starter.returncode == -signal.SIGKILL
    left = json.loads(starter.stdout)
    assert running_urls(tmp_path) is not None
    with EmbeddedStack(tmp_path, services=frozenset(left)) as successor:
        assert pids(successor) == left
        with EmbeddedStack(tmp_path, services=frozenset(left)) as guest:
            assert pids(guest) == left
        assert pids(successor) == left
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("moment", ["initialising", "starting"])
def test_a_start_that_was_killed_halfway_is_simply_repeated(tmp_path: Path, moment: str) -> None:
    killed = elsewhere(
        "def say(line):\n"
        "    if sys.argv[2] in line: os.kill(os.getpid(), signal.SIGKILL)\n"
        "EmbeddedStack(Path(sys.argv[1]), services=frozenset({'postgres'})).start(progress=say)",
        tmp_path,
        moment,
    )
    assert killed.returncode == -signal.SIGKILL
    with EmbeddedStack(tmp_path, services=frozenset({"postgres"})) as stack:
        assert query(stack.urls, "select 1") == [(1,)]


def test_a_service_that_hangs_is_replaced(small: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_ADOPTED_HEALTHY_WITHIN_S", 0.5)
    monkeypatch.setattr(supervision, "STOP_WITHIN_S", 0.5)
    urls = small.start()
    hung = pids(small)["valkey"]
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    assert small.start() == urls
    assert pids(small)["valkey"] not in (None, hung)
    assert not psutil.pid_exists(hung) or psutil.Process(hung).status() == psutil.STATUS_ZOMBIE


# --- errors


def test_a_second_starter_learns_who_is_at_work(small: EmbeddedStack, tmp_path: Path) -> None:
    impatient = EmbeddedStack(tmp_path, services=SMALL, lock_timeout_s=0.1)
    with small._folder.lock(1), pytest.raises(StackLocked, match=str(os.getpid())) as caught:
        impatient.start()
    assert caught.value.holder_pid == os.getpid()
    impatient.start()


def test_a_taken_port_is_named_with_its_holder(small: EmbeddedStack) -> None:
    small.start()
    port = small.status()[0].port
    small.stop()
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", port))
        intruder.listen()
        with pytest.raises(PortTaken, match=rf"Port {port} of valkey .*process {os.getpid()}") as caught:
            small.start()
    assert caught.value.next_step.startswith("Stop that program, or delete")
    caught.value.ports_file.unlink()
    small.start()
    assert small.status()[0].port != port


def test_a_failed_start_leaves_nothing_running(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path, services=frozenset({"valkey", "postgres"}))
    stack.start()
    stack.stop()
    (tmp_path / "postgres" / "postgresql.user.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(ServiceDied, match="invalid value for parameter") as caught:
        stack.start()
    assert caught.value.service == "postgres"
    assert caught.value.log_path == tmp_path / "logs" / "postgres.log"
    assert all("shut down" not in line for line in caught.value.last_lines), "lines of the run before"
    assert processes_of(tmp_path) == []
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DataNotOurs, match="version 17"):
        stack.start()
    assert processes_of(tmp_path) == []


def test_the_command_says_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for command, home, code in (("status", tmp_path, 0), ("down", tmp_path, 0), ("up", tmp_path / "file", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "deploy.stack", command, "--home", str(home)],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


# --- the end


def test_a_stop_leaves_nothing_running_and_can_come_from_elsewhere(
    embedded: EmbeddedStack, home: Path
) -> None:
    ports = [status.port for status in embedded.status()]
    begun = time.monotonic()
    assert elsewhere("EmbeddedStack(Path(sys.argv[1])).stop()", home).returncode == 0
    assert time.monotonic() - begun < 30
    assert processes_of(home) == []
    assert running_urls(home) is None
    for port in ports:
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
    embedded.stop()
    assert (home / "kafka" / "data" / ".kafka_cleanshutdown").exists()


def test_every_error_has_a_next_step() -> None:
    assert StackError("It broke.", "Mend it.").next_step == "Mend it."
