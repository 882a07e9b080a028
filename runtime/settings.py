"""The one place that reads the environment. Every process takes a ``Settings`` from its composition root.

The three URLs point at servers of one's own; where they are empty, the embedded stack in ``home`` is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Values from ``TIEOUT_*`` variables; the three server URLs go by their usual names."""

    model_config = SettingsConfigDict(
        env_prefix="TIEOUT_", extra="ignore", populate_by_name=True, use_attribute_docstrings=True
    )

    home: Path = Path(".tieout")
    """Folder of the embedded stack: servers, their data, logs, backups."""
    kafka_bootstrap_servers: str = Field(default="", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """`host:port,...` of your Kafka; empty: the embedded broker."""
    database_url: SecretStr = Field(default=SecretStr(""), validation_alias="DATABASE_URL")
    """`postgresql://user:password@host/database`; empty: the embedded PostgreSQL."""
    redis_url: SecretStr = Field(default=SecretStr(""), validation_alias="REDIS_URL")
    """`redis://` or `rediss://` URL of Redis or Valkey; empty: the embedded Valkey."""
    schema_registry_url: str = Field(default="", validation_alias="SCHEMA_REGISTRY_URL")
    """URL of a Confluent-compatible registry; empty: ids from schema fingerprints (ADR 0005)."""

    partitions: int = Field(default=4, ge=1, le=1024)
    """Partitions of every topic, the most workers that can share the load. Fixed once topics exist."""
    replication_factor: int = Field(default=1, ge=1)
    """Replicas of every topic that `tieout topics` creates; 3 in production."""
    app_id: str = "tieout"
    """Prefix of consumer groups and transactional ids; two installations on one Kafka need two names."""
    instance_id: str = "worker-1"
    """Name of this worker among the workers; the same after a restart, never twice at a time."""

    state_store: Literal["memory", "rocksdb"] = "memory"
    """Where a worker keeps its state: in memory, or on disk (`pip install tieout[rocksdb]`) when it outgrows it."""

    worker_door_port: int = 0
    """Port of the worker's door, where services read state by key (loopback only, with a token); 0: no door."""
    worker_door_token: SecretStr = Field(default=SecretStr(""))
    """Bearer token that the door asks for; at least 16 characters where the door is open."""
    watchdog_s: float = Field(default=120.0, gt=0)
    """Seconds that a worker may have work and commit nothing before it ends itself to be started anew."""

    company_name: str = "Tieout Demo Ltd"
    """Our name on statements and notices."""
    language: Literal["en", "zh"] = "en"
    """Language of pages and of notices to people of ours; a customer has a language of their own."""
    time_zone: str = "UTC"
    """IANA name of the time zone that decides business dates."""
    terms_days: int = Field(default=30, ge=0)
    """Days until an order is due that names no due date."""

    api_host: str = "127.0.0.1"
    """Address that the API and the live page listen on."""
    api_port: int = 8600
    """Port of the API, of the live page and of their `/metrics` and `/healthz`."""
    metrics_host: str = "127.0.0.1"
    """Address that the ports below listen on. They know no sign-in: keep them inside."""
    worker_metrics_port: int = 8601
    """Port of `/metrics` and `/healthz` of the worker."""
    projector_metrics_port: int = 8602
    """Port of `/metrics` and `/healthz` of the projector."""
    alerts_metrics_port: int = 8603
    """Port of `/metrics` and `/healthz` of the alerts process."""
    reminders_metrics_port: int = 8604
    """Port of `/metrics` and `/healthz` of the reminders process."""

    alert_urls: str = ""
    """Apprise URLs that alerts go to, separated by commas; empty: they are only recorded."""
    reminder_urls: str = ""
    """Apprise URLs that reminders go to, separated by commas; empty: they are only recorded."""

    alert_grace_s: int = Field(default=5, ge=0)
    """Seconds that a finding must stand before it is announced; one retracted within them never is."""
    alert_group_above: int = Field(default=10, ge=1)
    """More alerts than this at once go out as one summary."""
    alert_warning_amount: int = Field(default=100, ge=0)
    """Amount at stake, in whole units of the currency, from which an alert is a warning."""
    alert_critical_amount: int = Field(default=10_000, ge=0)
    """Amount at stake, in whole units of the currency, from which an alert is critical. A break of a balance that comes
    from the statement before is information."""
    source_stalled_after_h: int = Field(default=72, ge=0)
    """Hours without a new entry after which a source system is reported as stalled; 0: never."""
    reminder_levels: str = "1,14,30"
    """Days past due at which an item is reminded of, ascending, separated by commas."""
    reminder_interval_days: int = Field(default=7, ge=0)
    """Least days between two reminders of one item."""

    work_policy: Path | None = None
    """TOML file of due dates and limits of adjustments (`services/work/policy.toml` is the model); empty: that one."""

    log_level: str = "INFO"
    """Least severe level that is logged."""
    log_format: Literal["json", "console"] = "json"
    """`json` for machines, `console` for people."""
