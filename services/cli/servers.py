"""Which servers a command talks to: those of the environment, else the embedded stack of the home folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.settings import Settings
from services.cli.failure import CommandFailed

if TYPE_CHECKING:  # drivers are imported by the commands that use them
    import sqlalchemy as sa

    from services.store.live_redis import RedisLiveStore


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the three servers, complete."""

    kafka_bootstrap_servers: str
    database_url: str
    redis_url: str

    def engine(self) -> sa.Engine:
        from services.store.engine import create_engine

        return create_engine(self.database_url, application="tieout-cli", statement_timeout_s=600)

    def live(self) -> RedisLiveStore:
        from services.store.live_redis import connect_live

        return connect_live(self.redis_url)

    def environment(self) -> dict[str, str]:
        """For our own processes."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
        }


def given(settings: Settings) -> Servers:
    """What the environment names; empty where it names nothing."""
    return Servers(
        settings.kafka_bootstrap_servers,
        settings.database_url.get_secret_value(),
        settings.redis_url.get_secret_value(),
    )


def missing_services(servers: Servers) -> frozenset[str]:
    """The embedded services that are needed besides the servers that are given."""
    needed = {
        "kafka": servers.kafka_bootstrap_servers,
        "postgres": servers.database_url,
        "valkey": servers.redis_url,
    }
    return frozenset(name for name, address in needed.items() if not address)


def find_servers(settings: Settings) -> Servers:
    """The servers in use. Raises ``CommandFailed`` where some are neither given nor running embedded."""
    named = given(settings)
    if not missing_services(named):
        return named
    # The embedded stack is not installed everywhere (containers): only looked for when needed.
    from deploy.stack import running_urls

    urls = running_urls(Path(settings.home))
    if urls is None:
        raise CommandFailed(
            f"No servers are running in {settings.home}.",
            "Run `tieout up --detach`, or set KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL and REDIS_URL.",
        )
    return Servers(
        named.kafka_bootstrap_servers or urls.kafka_bootstrap_servers,
        named.database_url or urls.database_url,
        named.redis_url or urls.redis_url,
    )
