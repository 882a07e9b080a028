"""The stream worker's composition root: ``python -m streams``."""

from __future__ import annotations

from importlib.metadata import version

import faust

from domain.rules import Rules
from runtime.health import HealthServer
from runtime.kafka import HeardEnds
from runtime.logs import configure_logging
from runtime.metrics import process_registry
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from schemas.topics import INPUTS, RESULTS, REVIEWS
from streams.agents.sources import register_agents
from streams.books_table import book_json, books_table
from streams.engine import EngineSettings, Watchdog, add_door, create_app, engine_of
from streams.reconcile import Reconciler


def build_app(settings: Settings) -> faust.App:
    """The Faust app of one worker, wired."""
    app = create_app(
        EngineSettings(
            app_id=settings.app_id,
            bootstrap_servers=settings.kafka_bootstrap_servers,
            partitions=settings.partitions,
            instance_id=f"{settings.app_id}-{settings.instance_id}",
            data_dir=settings.home / "faust" / settings.instance_id,
            store=settings.state_store,
        ),
        books_table(),
        [topic.name for topic in (*INPUTS, REVIEWS)],
    )
    codec = Codec(registry_for(settings.schema_registry_url))
    codec.prepare(topic.schema for topic in (*INPUTS, *RESULTS, REVIEWS) if topic.schema is not None)
    rules = Rules(terms_days=settings.terms_days)
    register_agents(app, Reconciler(codec, rules, settings.partitions))
    return app


def main() -> None:
    settings = Settings()
    configure_logging("worker", settings.log_level, settings.log_format)
    (settings.home / "faust" / settings.instance_id).mkdir(parents=True, exist_ok=True)
    app = build_app(settings)
    engine = engine_of(app)
    if settings.worker_door_port:
        add_door(
            app, engine, settings.worker_door_port, settings.worker_door_token.get_secret_value(), book_json
        )
    ends = HeardEnds(settings.kafka_bootstrap_servers, lambda: list(engine.committed_offsets()))
    engine.heard_end = ends.end
    ends.start()
    Watchdog(settings.watchdog_s, engine.stalled_s, engine.diagnose, engine.why_stalled).start()
    with HealthServer(
        process_registry("worker", version("tieout")),
        host=settings.metrics_host,
        port=settings.worker_metrics_port,
        ready=engine.not_ready,
    ):
        worker = faust.Worker(app, loglevel=settings.log_level, override_logging=False)
        worker.execute_from_commandline()


if __name__ == "__main__":
    main()
