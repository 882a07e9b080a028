"""A value as large as the changelog takes is committed and restored; one that is larger ends the worker."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.stack import StackUrls
from schemas.admin import CHANGELOG_MAX_BYTES
from streams.engine.checkpoint import Checkpoint, Committer
from streams.engine.restore import restore

pytestmark = pytest.mark.integration

_MARGIN = 4_096  # a record's key, headers and batch


@pytest.fixture
def changelog(stack: StackUrls) -> Iterator[str]:
    name = f"test-{secrets.token_hex(4)}-changelog"
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    config = {"cleanup.policy": "compact", "max.message.bytes": str(CHANGELOG_MAX_BYTES)}
    admin.create_topics([NewTopic(name, 1, 1, config=config)])[name].result(30)
    yield name
    admin.delete_topics([name])[name].result(30)


def test_the_largest_value_comes_back(stack: StackUrls, changelog: str) -> None:
    kafka = {"bootstrap.servers": stack.kafka_bootstrap_servers}
    largest = random.Random(1).randbytes(CHANGELOG_MAX_BYTES - _MARGIN)  # compression makes nothing of it
    values: list[tuple[bytes, bytes | None]] = [(b"small", b"1"), (b"large", largest), (b"other", b"2")]
    end = Committer(kafka, changelog, changelog).commit(Checkpoint(0, values, [], {"orders": 7}))

    # As an owner does before it restores: it waits for the end of the last transaction.
    Committer(kafka, changelog, changelog)
    found = restore(kafka, changelog, {0: 0})[0]
    assert {key: found.values[key] for key, _ in values} == dict(values)
    assert (found.next_offset, found.progress) == (end + 1, {"orders": 7})  # behind the marker


def test_a_larger_one_is_refused_before_anything_is_sent(stack: StackUrls, changelog: str) -> None:
    kafka = {"bootstrap.servers": stack.kafka_bootstrap_servers}
    committer = Committer(kafka, changelog, changelog)
    with pytest.raises(KafkaException) as raised:
        committer.commit(Checkpoint(0, [(b"key", bytes(CHANGELOG_MAX_BYTES + 1))], [], {"orders": 7}))
    assert raised.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
