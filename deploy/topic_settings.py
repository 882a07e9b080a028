"""A topic's setting changed for a while, so that producers hear what a broker in trouble says."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import tenacity
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

    Blocks until the broker acts upon the change. Raises ``KafkaException``, ``tenacity.RetryError``.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka"))
    before = own_values(admin, topics, name)
    _alter(admin, name, dict.fromkeys(topics, value))
    try:
        yield
    finally:
        _alter(admin, name, before)


def own_values(admin: AdminClient, topics: Collection[str], name: str) -> dict[str, str | None]:
    """Topic → what it has for ``name``; None where it has nothing of its own and the broker's default holds."""
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    described = admin.describe_configs(resources, request_timeout=_CALL_TIMEOUT_S)
    entries = {resource.name: future.result()[name] for resource, future in described.items()}
    return {
        topic: entry.value if ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG else None
        for topic, entry in entries.items()
    }


def _alter(admin: AdminClient, name: str, values: Mapping[str, str | None]) -> None:
    resources = [
        ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[_entry(name, value)])
        for topic, value in values.items()
    ]
    for future in admin.incremental_alter_configs(resources, request_timeout=_CALL_TIMEOUT_S).values():
        future.result()
    # the controller has taken it; the broker hears of it a little later
    heard = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda seen: seen != values),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(_CALL_TIMEOUT_S),
    )
    heard(own_values, admin, values.keys(), name)


def _entry(name: str, value: str | None) -> ConfigEntry:
    operation = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
    return ConfigEntry(name, value, incremental_operation=operation)
