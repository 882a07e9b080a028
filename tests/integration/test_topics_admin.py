"""Topics and progress records against the real broker: what the fakes of the unit tests claim about Kafka."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic  # type: ignore[attr-defined]

from deploy.stack import StackUrls
from schemas import topics
from schemas.admin import FindingKind, ensure_topics, ensure_topics_with, topic_settings
from schemas.errors import ProgressTimeout
from schemas.partitioner import PRODUCER_PARTITIONER, partition_for
from schemas.progress import PROGRESS_KEY, STATE_HEADERS, Progress, encode_progress, read_progress

pytestmark = pytest.mark.integration

PARTITIONS = 4


@pytest.fixture
def servers(stack: StackUrls) -> str:
    return stack.kafka_bootstrap_servers


@pytest.fixture
def admin(servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": servers})


def declared_under(prefix: str) -> list[topics.Topic]:
    """The declared topics under other names, so that tests on one broker do not meet."""
    return [
        topics.Topic(f"{prefix}.{topic.name}", topic.schema, topic.writer, topic.cleanup, topic.retention_ms)
        for topic in topics.ALL
    ]


@pytest.fixture
def changelog(admin: AdminClient) -> Iterator[str]:
    name = f"changelog-{uuid.uuid4().hex}"
    settings = topic_settings(topics.BOOKS_CHANGELOG, replication_factor=1)
    admin.create_topics([NewTopic(name, PARTITIONS, 1, config=settings)])[name].result(30)
    yield name
    admin.delete_topics([name])[name].result(30)


def transactional(servers: str) -> Producer:
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "transactional.id": f"test-{uuid.uuid4().hex}",
            "partitioner": PRODUCER_PARTITIONER,
        }
    )
    producer.init_transactions(30)
    return producer


def checkpoint(producer: Producer, changelog: str, partition: int, offset: int, values: int) -> None:
    """One checkpoint as the engine writes it: state values, then the progress record; left open."""
    producer.begin_transaction()
    for number in range(values):
        key = f"C-{number}".encode()
        producer.produce(changelog, b"state", key, partition=partition, headers=list(STATE_HEADERS))
    progress = encode_progress(Progress({topics.ORDERS.name: offset}))
    producer.produce(changelog, progress, PROGRESS_KEY, partition=partition)


def test_topics_are_created_once_and_then_found_as_declared(servers: str, admin: AdminClient) -> None:
    first = ensure_topics(servers, PARTITIONS, 1)
    again = ensure_topics(servers, PARTITIONS, 1)

    names = tuple(topic.name for topic in topics.ALL)
    assert set(first.created) | set(first.existing) == set(names)
    assert first.ok
    assert again.created == ()
    assert again.existing == names
    assert again.ok
    shown = admin.list_topics(timeout=30).topics
    assert {len(shown[name].partitions) for name in names} == {PARTITIONS}
    resource = ConfigResource(ConfigResource.Type.TOPIC, topics.BOOKS_CHANGELOG.name)
    settings = admin.describe_configs([resource])[resource].result(30)
    assert settings["cleanup.policy"].value == "compact"
    assert settings["min.cleanable.dirty.ratio"].value == "0.3"


def test_processes_that_start_at_once_create_each_topic_once(servers: str) -> None:
    declared = declared_under(uuid.uuid4().hex)

    def ensure(number: int) -> tuple[str, ...]:
        client = AdminClient({"bootstrap.servers": servers, "client.id": f"starter-{number}"})
        report = ensure_topics_with(client, PARTITIONS, 1, declared=declared)
        assert report.ok
        return report.created

    with ThreadPoolExecutor(4) as pool:
        created = [name for names in pool.map(ensure, range(4)) for name in names]

    assert sorted(created) == sorted(topic.name for topic in declared)


def test_what_deviates_is_found_and_left_alone(servers: str, admin: AdminClient) -> None:
    declared = declared_under(uuid.uuid4().hex)
    orders, changelog = (
        next(topic for topic in declared if topic.name.endswith(name))
        for name in (topics.ORDERS.name, topics.BOOKS_CHANGELOG.name)
    )
    made = admin.create_topics(
        [
            NewTopic(orders.name, PARTITIONS + 1, 1, config={"retention.ms": "60000"}),
            NewTopic(changelog.name, PARTITIONS, 1, config={"cleanup.policy": "delete"}),
        ]
    )
    for future in made.values():
        future.result(30)

    report = ensure_topics_with(admin, PARTITIONS, 1, declared=declared)

    found = {(finding.topic, finding.kind, finding.expected, finding.actual) for finding in report.findings}
    assert found == {
        (orders.name, FindingKind.PARTITION_COUNT, str(PARTITIONS), str(PARTITIONS + 1)),
        (orders.name, FindingKind.RETENTION, "-1", "60000"),
        (orders.name, FindingKind.RECORD_SIZE, "at least 4194304", "1048588"),
        (changelog.name, FindingKind.CLEANUP_POLICY, "compact", "delete"),
        (changelog.name, FindingKind.RECORD_SIZE, "at least 67108864", "1048588"),
    }
    assert len(admin.list_topics(timeout=30).topics[orders.name].partitions) == PARTITIONS + 1


def test_a_broker_that_refuses_is_an_error(servers: str) -> None:
    with pytest.raises(KafkaException, match="INVALID_REPLICATION_FACTOR"):
        ensure_topics_with(
            AdminClient({"bootstrap.servers": servers}),
            PARTITIONS,
            5,  # of one broker
            declared=declared_under(uuid.uuid4().hex),
        )


def test_progress_is_the_newest_committed_record_of_each_partition(servers: str, changelog: str) -> None:
    producer = transactional(servers)
    for offset in (10, 20, 30):
        checkpoint(producer, changelog, 0, offset, values=3)
        producer.commit_transaction(30)
    checkpoint(producer, changelog, 2, 7, values=0)
    producer.commit_transaction(30)

    found = read_progress(servers, changelog, PARTITIONS)

    assert found == {0: Progress({topics.ORDERS.name: 30}), 2: Progress({topics.ORDERS.name: 7})}


def test_aborted_and_open_checkpoints_do_not_count(servers: str, changelog: str) -> None:
    producer = transactional(servers)
    checkpoint(producer, changelog, 1, 5, values=1)
    producer.commit_transaction(30)
    checkpoint(producer, changelog, 1, 99, values=500)  # longer than several steps back
    assert producer.flush(30) == 0  # in the log, not thrown away with the queue
    producer.abort_transaction(30)

    assert read_progress(servers, changelog, PARTITIONS) == {1: Progress({topics.ORDERS.name: 5})}

    other = transactional(servers)
    checkpoint(other, changelog, 1, 77, values=200)
    other.flush(30)
    assert read_progress(servers, changelog, PARTITIONS) == {1: Progress({topics.ORDERS.name: 5})}
    other.commit_transaction(30)
    assert read_progress(servers, changelog, PARTITIONS) == {1: Progress({topics.ORDERS.name: 77})}


def test_a_changelog_that_is_not_there_is_an_error(servers: str) -> None:
    with pytest.raises(KafkaException, match="UNKNOWN_PART"):
        read_progress(servers, f"nowhere-{uuid.uuid4().hex}", 1, timeout_s=10)


def test_a_broker_that_does_not_answer_is_a_timeout() -> None:
    with pytest.raises(ProgressTimeout):
        read_progress("127.0.0.1:1", "changelog", 1, timeout_s=1)


def test_librdkafka_puts_keys_where_partition_for_says(servers: str, changelog: str) -> None:
    keys = [f"C-{number}-客户".encode() for number in range(100)]
    producer = Producer({"bootstrap.servers": servers, "partitioner": PRODUCER_PARTITIONER})
    for key in keys:
        producer.produce(changelog, b"x", key)
    assert producer.flush(30) == 0

    consumer = Consumer({"bootstrap.servers": servers, "group.id": "t", "auto.offset.reset": "earliest"})
    consumer.subscribe([changelog])
    placed: dict[bytes | None, int | None] = {}
    while len(placed) < len(keys):
        record = consumer.poll(30)
        assert record is not None
        assert record.error() is None
        placed[record.key()] = record.partition()
    consumer.close()

    assert placed == {key: partition_for(key, PARTITIONS) for key in keys}
