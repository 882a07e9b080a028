"""Topics as declared in ``schemas.topics``: created where missing, checked where they stand.

Nothing of a topic that exists is changed: another partition count would move customers between partitions,
a shorter retention would delete books. What deviates is a finding, and the caller decides. Invariants: safe
to run again and by several processes at once; afterwards every declared topic exists, or the call has failed.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import tenacity
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
)

from schemas import topics
from schemas.errors import TopicsTimeout

#: A customer's state is one changelog record and grows with what is open; producers of it need as much. Consumers of
#: librdkafka take a single record of up to 100 MB.
CHANGELOG_MAX_BYTES: Final = 64 * 1024 * 1024
#: A customer statement has thousands of lines.
RECORD_MAX_BYTES: Final = 4 * 1024 * 1024
#: A dead letter holds a refused record whole, and more.
DEAD_LETTER_MAX_BYTES: Final = RECORD_MAX_BYTES + 1024 * 1024


class FindingKind(enum.StrEnum):
    """What deviates."""

    PARTITION_COUNT = "PARTITION_COUNT"
    REPLICATION_FACTOR = "REPLICATION_FACTOR"
    CLEANUP_POLICY = "CLEANUP_POLICY"
    RETENTION = "RETENTION"
    RECORD_SIZE = "RECORD_SIZE"


@dataclass(frozen=True, slots=True)
class TopicFinding:
    """A topic that stands otherwise than declared."""

    topic: str
    kind: FindingKind
    setting: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.actual}, declared is {self.expected}"


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What ``ensure_topics`` did and found; topics in the order of their declaration."""

    created: tuple[str, ...]
    existing: tuple[str, ...]
    findings: tuple[TopicFinding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


class Admin(Protocol):
    """What is asked of the broker; ``confluent_kafka.admin.AdminClient`` is one."""

    def list_topics(self, *, timeout: float) -> Any: ...
    def create_topics(
        self, new_topics: list[NewTopic], *, request_timeout: float
    ) -> Mapping[str, Future[None]]: ...
    def describe_configs(
        self, resources: list[ConfigResource], *, request_timeout: float
    ) -> Mapping[ConfigResource, Future[Mapping[str, Any]]]: ...


def ensure_topics(
    bootstrap_servers: str,
    partitions: int,
    replication_factor: int,
    config: Mapping[str, str | int | float | bool] | None = None,
    *,
    timeout_s: float = 30.0,
) -> TopicReport:
    """Create the declared topics that are missing and check those that exist.

    Blocks: each request up to ``timeout_s`` seconds. ``config`` adds librdkafka settings (security). Raises
    ``KafkaException`` where the broker refuses or does not answer, ``TopicsTimeout`` where it does not show
    what it created.
    """
    admin = AdminClient(
        {**(config or {}), "bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka")
    )
    return ensure_topics_with(cast("Admin", admin), partitions, replication_factor, timeout_s=timeout_s)


def ensure_topics_with(
    admin: Admin,
    partitions: int,
    replication_factor: int,
    *,
    declared: Sequence[topics.Topic] = topics.ALL,
    timeout_s: float = 30.0,
    pause_s: float = 0.05,
) -> TopicReport:
    """Do what ``ensure_topics`` says with a client of the caller's."""
    present = admin.list_topics(timeout=timeout_s).topics
    missing = [topic for topic in declared if topic.name not in present]
    created = _create(admin, missing, partitions, replication_factor, timeout_s)
    layouts = _layouts(admin, declared, timeout_s, pause_s)
    settings = _settings(admin, declared, timeout_s)
    findings = [
        finding
        for topic in declared
        for finding in (
            *_layout_findings(topic.name, layouts[topic.name], partitions, replication_factor),
            *_setting_findings(topic, settings[topic.name]),
        )
    ]
    existing = tuple(topic.name for topic in declared if topic.name not in created)
    return TopicReport(created, existing, tuple(findings))


def topic_settings(topic: topics.Topic, replication_factor: int) -> dict[str, str]:
    """Return the broker's settings with which a declared topic is created."""
    settings = {
        "cleanup.policy": topic.cleanup,
        "retention.ms": str(topic.retention_ms),
        "retention.bytes": str(topics.FOREVER),
        "max.message.bytes": str(_max_bytes(topic)),
        # a checkpoint survives the loss of one broker wherever there are brokers to spare
        "min.insync.replicas": str(max(1, replication_factor - 1)),
    }
    if topic.cleanup == "compact":
        settings |= {
            # a restore reads the whole changelog, so little of it may be dead, and segments must close
            # (only closed ones are compacted)
            "min.cleanable.dirty.ratio": "0.3",
            "segment.ms": str(topics.DAY_MS),
            "segment.bytes": str(128 * 1024 * 1024),
            # a worker that was away for a day still learns of deletions
            "delete.retention.ms": str(topics.DAY_MS),
        }
    return settings


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a topic is spread: partitions, and the fewest replicas that one of them has."""

    partitions: int
    replicas: int


def _create(
    admin: Admin, missing: Sequence[topics.Topic], partitions: int, replicas: int, timeout_s: float
) -> tuple[str, ...]:
    if not missing:
        return ()
    futures = admin.create_topics(
        [
            NewTopic(
                topic.name,
                num_partitions=partitions,
                replication_factor=replicas,
                config=topic_settings(topic, replicas),
            )
            for topic in missing
        ],
        request_timeout=timeout_s,
    )
    return tuple(name for name, future in futures.items() if _was_created(future, timeout_s))


def _was_created(future: Future[None], timeout_s: float) -> bool:
    try:
        future.result(timeout_s)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        return False  # another process was faster; it is checked like any that stood before
    return True


def _layouts(
    admin: Admin, declared: Sequence[topics.Topic], timeout_s: float, pause_s: float
) -> dict[str, _Layout]:
    """Wait until the broker shows every declared topic (its metadata lag behind its answers)."""
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_delay(timeout_s),
        wait=tenacity.wait_exponential(multiplier=pause_s, max=1.0),
        retry=tenacity.retry_if_exception_type(TopicsTimeout),
        reraise=True,
    )

    def once() -> dict[str, _Layout]:
        shown = admin.list_topics(timeout=timeout_s).topics
        absent = [
            topic.name for topic in declared if topic.name not in shown or not _is_complete(shown[topic.name])
        ]
        if absent:
            raise TopicsTimeout(absent, timeout_s)
        return {topic.name: _layout(shown[topic.name]) for topic in declared}

    return retrying(once)


def _is_complete(metadata: Any) -> bool:
    return metadata.error is None and bool(metadata.partitions)


def _layout(metadata: Any) -> _Layout:
    replicas = [len(partition.replicas) for partition in metadata.partitions.values()]
    return _Layout(len(replicas), min(replicas))


def _settings(admin: Admin, declared: Iterable[topics.Topic], timeout_s: float) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResource.Type.TOPIC, topic.name) for topic in declared]
    answers = admin.describe_configs(resources, request_timeout=timeout_s)
    return {
        resource.name: {name: str(entry.value) for name, entry in future.result(timeout_s).items()}
        for resource, future in answers.items()
    }


def _layout_findings(name: str, layout: _Layout, partitions: int, replicas: int) -> Iterable[TopicFinding]:
    if layout.partitions != partitions:
        yield TopicFinding(
            name, FindingKind.PARTITION_COUNT, "partitions", str(partitions), str(layout.partitions)
        )
    if layout.replicas < replicas:
        yield TopicFinding(
            name, FindingKind.REPLICATION_FACTOR, "replicas", str(replicas), str(layout.replicas)
        )


def _setting_findings(topic: topics.Topic, actual: Mapping[str, str]) -> Iterable[TopicFinding]:
    if actual["cleanup.policy"] != topic.cleanup:
        yield TopicFinding(
            topic.name, FindingKind.CLEANUP_POLICY, "cleanup.policy", topic.cleanup, actual["cleanup.policy"]
        )
    if topic.cleanup == "delete":
        yield from _retention_findings(topic, actual)
    if int(actual["max.message.bytes"]) < _max_bytes(topic):
        yield TopicFinding(
            topic.name,
            FindingKind.RECORD_SIZE,
            "max.message.bytes",
            f"at least {_max_bytes(topic)}",
            actual["max.message.bytes"],
        )


def _retention_findings(topic: topics.Topic, actual: Mapping[str, str]) -> Iterable[TopicFinding]:
    for setting, expected in (("retention.ms", topic.retention_ms), ("retention.bytes", topics.FOREVER)):
        if int(actual[setting]) != expected:
            yield TopicFinding(topic.name, FindingKind.RETENTION, setting, str(expected), actual[setting])


def _max_bytes(topic: topics.Topic) -> int:
    if topic is topics.DEAD_LETTERS:
        return DEAD_LETTER_MAX_BYTES
    return CHANGELOG_MAX_BYTES if topic.cleanup == "compact" else RECORD_MAX_BYTES
