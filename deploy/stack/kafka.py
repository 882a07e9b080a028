"""Apache Kafka as one KRaft node, broker and controller in one process.

- The configuration is written at every start from this module; the topics' own settings live in
  `schemas/topics.py`.
- A single node can never have more than one replica: every internal topic says so, or Kafka would wait for
  others.
- The controller's voters are static, so a changed port is a changed line of the configuration and nothing
  else.
- The process is recognised by its argument file, which also keeps its command line short.
"""

from __future__ import annotations

import base64
import logging
import shutil
import signal
import uuid
from pathlib import Path

import psutil

from .class_archive import archive_flags, keep_recording
from .errors import PathNotUsable, ServiceDied
from .jars import KAFKA_VERSION, ensure_jars
from .java import Java, find_java
from .process import Command, last_lines, run_to_end
from .service import Progress
from .state import Folder, Ports, is_listening

_NODE_ID = 1
_SERIAL_UP_TO_MB = 1024
_CONFIG = """\
# Written by tieout at every start.
process.roles=broker,controller
node.id={node_id}
controller.quorum.voters={node_id}@127.0.0.1:{controller_port}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=BROKER://127.0.0.1:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}

auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# After a kill -9 the controller refuses the new broker until the dead one's session has ended, and the broker
# asks again after 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7 s.  With the default of 9 s a restart took 12.4 s.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# A laptop's disk: the defaults reserve 20 MB of index per partition and roll at 1 GB.
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
offsets.topic.segment.bytes=16777216
transaction.state.log.segment.bytes=16777216
# A laptop's memory and cores: the cleaner alone would take 128 MB of heap.
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=33554432
num.network.threads=2
num.io.threads=4
background.threads=4
"""
_LOG4J = """\
status = error
# Log4j would stop logging at the first signal and hide how the broker ends.
shutdownHook = disable
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss,SSS}} %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
logger.broker.name = kafka.server.BrokerServer
logger.broker.level = info
logger.recovery.name = org.apache.kafka.storage.internals.log.LogManager
logger.recovery.level = info
"""


class Kafka:
    """The embedded Kafka of one folder."""

    name = "kafka"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Folder, ports: Ports, *, heap_mb: int, cache_dir: Path) -> None:
        self._home = folder.home / "kafka"
        self._data = self._home / "data"
        self._log4j = self._home / "log4j2.properties"
        self._recording = self._home / "recording"
        self._arguments = self._home / "broker.args"
        self._controller_port = ports.kafka_controller
        self._heap_mb = heap_mb
        self._cache_dir = cache_dir
        self.log_paths: tuple[Path, ...] = (folder.logs / "kafka.log", folder.logs / "kafka-console.log")
        self.ports: tuple[int, ...] = (ports.kafka, ports.kafka_controller)

    @property
    def marker(self) -> tuple[str, ...]:
        """The path of the argument file."""
        return (f"@{self._arguments}",)

    @property
    def url(self) -> str:
        """The bootstrap servers, for Kafka clients."""
        return f"127.0.0.1:{self.ports[0]}"

    def prepare(self, progress: Progress) -> Command:
        """Fetch the jars, write the configuration, format the storage once.

        Raises JavaNotFound, NoNetworkOnFirstRun, ChecksumMismatch, DiskFull, PathNotUsable, ServiceDied.
        """
        if "," in str(self._data):
            raise PathNotUsable(self._data, "Kafka", "it splits the paths of its data at commas")
        java = find_java()
        jars = ensure_jars(self._cache_dir, progress)
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = self._write_config()
        flags = _jvm_flags(java, self._heap_mb)
        archive = archive_flags(
            java, jars, flags[0], cache_dir=self._cache_dir, recording_dir=self._recording
        )
        options = [*flags, *self._jvm_options(), "-cp", ":".join(str(path) for path in jars)]
        _write_arguments(self._arguments, [*archive, *options, "kafka.Kafka", str(config)])
        if not (self._data / "meta.properties").exists():
            progress("kafka: formatting its storage")
            ready_made = [flag for flag in archive if flag.startswith("-XX:SharedArchiveFile")]
            self._format(java, [*ready_made, "-XX:TieredStopAtLevel=1", *options], config)
        return self._command(java, self._arguments)

    def _write_config(self) -> Path:
        config = self._home / "server.properties"
        ports = {"port": self.ports[0], "controller_port": self._controller_port}
        text = _CONFIG.format(node_id=_NODE_ID, data=_property(self._data), **ports)
        config.write_text(text, encoding="ascii")
        self._log4j.write_text(_LOG4J.format(log=_property(self.log_paths[0])), encoding="ascii")
        return config

    def _jvm_options(self) -> list[str]:
        scratch = self._home / "tmp"  # native libraries are unpacked here; a kill -9 leaves them behind
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        return [f"-Dlog4j2.configurationFile={self._log4j.as_uri()}", f"-Djava.io.tmpdir={scratch}"]

    def _format(self, java: Java, options: list[str], config: Path) -> None:
        arguments = self._home / "format.args"
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "-t",
            _cluster_id(),
            "-c",
            str(config),
        ]
        _write_arguments(arguments, [*options, *tool])
        if run_to_end(self._command(java, arguments)) != 0:
            raise ServiceDied(self.name, self.log_paths[1], last_lines(self.log_paths))

    def probe(self) -> str | None:
        """The broker's version when it answers a metadata request."""
        if not is_listening(self.ports[0]):
            return None
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        try:
            admin = AdminClient({"bootstrap.servers": self.url, "log_level": 0}, logger=_silent())
            brokers = admin.list_topics(timeout=2).brokers
        except KafkaException:
            return None
        return KAFKA_VERSION if brokers else None

    def stopped(self) -> None:
        """Keep the class archive that the JVM wrote at its end, if it recorded one."""
        keep_recording(self._recording, self._cache_dir)

    def leftovers(self) -> list[psutil.Process]:
        """None: one process is all there is."""
        return []

    def _command(self, java: Java, arguments: Path) -> Command:
        return Command((str(java.executable), f"@{arguments}"), self._home, self.log_paths[1])


def _jvm_flags(java: Java, heap_mb: int) -> list[str]:
    """The collector comes first.  Serial costs the least CPU and memory while the heap is small."""
    flags = ["-XX:+UseSerialGC" if heap_mb <= _SERIAL_UP_TO_MB else "-XX:+UseG1GC"]
    flags += [f"-Xms{min(heap_mb, 256)}m", f"-Xmx{heap_mb}m", "-XX:+ExitOnOutOfMemoryError"]
    # No statistics file in /tmp: a garbage collection waits for it when the disk is slow.
    flags += ["-XX:+PerfDisableSharedMem", "-Djava.awt.headless=true"]
    flags += ["-Xlog:cds*=off"]  # remarks on the class archive, which is never a reason to fail
    if java.major >= 25:
        flags += ["-Xlog:aot*=off", "--sun-misc-unsafe-memory-access=allow"]
    return flags


def _write_arguments(path: Path, arguments: list[str]) -> None:
    quoted = ('"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"' for argument in arguments)
    path.write_text("\n".join(quoted) + "\n", encoding="utf-8")


def _property(path: Path) -> str:
    """A path as a value in a Java properties file, which is read as Latin-1: 客户 is written as escapes."""
    units = str(path).replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def _cluster_id() -> str:
    """A random id in Kafka's form: 16 bytes, URL-safe base64 without padding, not beginning with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        if not text.startswith("-"):
            return text


def _silent() -> logging.Logger:
    logger = logging.getLogger("deploy.stack.kafka.probe")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
