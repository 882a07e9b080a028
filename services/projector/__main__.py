"""The projector process: ``python -m services.projector``. Ends with 0 after SIGTERM or SIGINT, else with 1.

It needs KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL and REDIS_URL; the supervisor sets them for the embedded stack.
"""

from __future__ import annotations

import importlib.metadata
import logging
import signal
import sys
import threading
from typing import Final

import psycopg
import sqlalchemy.exc

from runtime import metrics
from runtime.health import HealthServer
from runtime.kafka import HeardEnds
from runtime.logs import configure_logging
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.confluent import ConfluentRegistry
from schemas.errors import RegistryError
from schemas.registry import FingerprintRegistry
from services.projector.errors import ProjectorError
from services.projector.live_side import LiveSide
from services.projector.loop import Projector, tune_process
from services.projector.reader import ResultsReader
from services.projector.writer import PostgresWriter
from services.store.errors import StoreError
from services.store.live import Applied
from services.store.live_redis import connect_live
from services.store.migrations import migrate

_log: Final = logging.getLogger("services.projector")


def main() -> int:
    """Run until told to stop; the exit code."""
    settings = Settings()
    configure_logging("projector", settings.log_level, settings.log_format)
    missing = _missing(settings)
    if missing:
        _log.error("not set: %s", ", ".join(missing))
        return 1
    tune_process()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        _project(settings, stopping)
    except (ProjectorError, StoreError, RegistryError) as error:
        _log.error("%s", error)
        return 1
    except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
        _log.error("PostgreSQL: %s", str(error).strip())
        if not (stopping.is_set() and isinstance(error, psycopg.OperationalError)):
            return 1  # to be told to stop while it is away is a stop as any other: nothing was committed
    except OSError as error:
        _log.error("cannot start: %s", error)
        return 1
    _log.info("stopped")
    return 0


def _project(settings: Settings, stopping: threading.Event) -> None:
    database_url = settings.database_url.get_secret_value()
    registry_url = settings.schema_registry_url
    codec = Codec(ConfluentRegistry(registry_url) if registry_url else FingerprintRegistry())
    revision = migrate(database_url)
    writer = PostgresWriter(
        database_url,
        stopping=stopping,
        observe_rows=_observe_rows,
        observe_refused=_observe_refused,
    )
    store = connect_live(settings.redis_url.get_secret_value())
    live = LiveSide(store, writer, observe=_observe_live, observe_rebuilt=metrics.LIVE_STORE_REBUILDS.inc)
    reader = ResultsReader(settings.kafka_bootstrap_servers, codec)
    ends = HeardEnds(settings.kafka_bootstrap_servers, reader.places)
    reader.heard_end = ends.end
    projector = Projector(reader, writer, live)
    metrics.PROJECTOR_PROGRESS_AGE_SECONDS.set_function(projector.progress_age_s)
    metrics.LIVE_STORE_OUT_OF_STEP_SECONDS.set_function(projector.out_of_step_s)
    registry = metrics.process_registry("projector", importlib.metadata.version("tieout"))
    health = HealthServer(
        registry,
        port=settings.projector_metrics_port,
        alive=projector.stuck_problems,
        ready=projector.ready_problems,
    )
    try:
        with health:
            ends.start()
            _log.info("projecting", extra={"schema_revision": revision, "metrics_port": health.port})
            projector.run(stopping.is_set)
    finally:
        ends.close()
        reader.close()
        writer.close()
        store.close()


def _missing(settings: Settings) -> list[str]:
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
    }
    return [name for name, value in given.items() if not value]


def _observe_rows(table: str, written: int, unchanged: int) -> None:
    metrics.PROJECTOR_ROWS.labels(table, "written").inc(written)
    metrics.PROJECTOR_ROWS.labels(table, "unchanged").inc(unchanged)


def _observe_refused(table: str, refused: int) -> None:
    metrics.PROJECTOR_REFUSED.labels(table).inc(refused)


def _observe_live(applied: Applied, changes: int) -> None:
    metrics.LIVE_STORE_WRITES.labels("balance").inc(applied.written)
    metrics.LIVE_STORE_WRITES.labels("change").inc(changes)
    metrics.LIVE_STORE_REJECTED.inc(applied.rejected)


if __name__ == "__main__":
    sys.exit(main())
