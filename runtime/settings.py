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

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", extra="ignore", populate_by_name=True)

    home: Path = Path(".tieout")
    kafka_bootstrap_servers: str = Field(default="", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    database_url: SecretStr = Field(default=SecretStr(""), validation_alias="DATABASE_URL")
    redis_url: SecretStr = Field(default=SecretStr(""), validation_alias="REDIS_URL")
    schema_registry_url: str = Field(default="", validation_alias="SCHEMA_REGISTRY_URL")

    partitions: int = Field(default=4, ge=1, le=1024)
    replication_factor: int = Field(default=1, ge=1)
    app_id: str = "tieout"
    instance_id: str = "worker-1"

    company_name: str = "Tieout Demo Ltd"
    language: Literal["en", "zh"] = "en"
    time_zone: str = "UTC"
    terms_days: int = Field(default=30, ge=0)

    api_host: str = "127.0.0.1"
    api_port: int = 8600
    worker_metrics_port: int = 8601
    projector_metrics_port: int = 8602
    alerts_metrics_port: int = 8603
    reminders_metrics_port: int = 8604

    alert_urls: str = ""
    reminder_urls: str = ""

    log_level: str = "INFO"
    log_format: Literal["json", "console"] = "json"
