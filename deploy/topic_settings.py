"""A topic's setting changed for a while, so that producers hear what a broker in trouble says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does export them
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)

_CALL_TIMEOUT_S: Final = 30.0


@contextmanager
def setting(bootstrap_servers: str, topics: Collection[str], name: str, value: str) -> Iterator[None]:
    """``topics`` have ``value`` for ``name`` while the block runs; afterwards each has what it had before.

    Blocks until the broker has taken the change. Raises ``KafkaException``.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    described = admin.describe_configs(resources, request_timeout=_CALL_TIMEOUT_S)
    before = {resource.name: future.result()[name] for resource, future in described.items()}
    _alter(
        admin,
        {topic: ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for topic in topics},
    )
    try:
        yield
    finally:
        _alter(admin, {topic: _back(entry) for topic, entry in before.items()})


def _back(entry: ConfigEntry) -> ConfigEntry:
    own = ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG
    operation = AlterConfigOpType.SET if own else AlterConfigOpType.DELETE
    return ConfigEntry(entry.name, entry.value if own else None, incremental_operation=operation)


def _alter(admin: AdminClient, entries: dict[str, ConfigEntry]) -> None:
    resources = [
        ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for topic, entry in entries.items()
    ]
    for future in admin.incremental_alter_configs(resources, request_timeout=_CALL_TIMEOUT_S).values():
        future.result()
