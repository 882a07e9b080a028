"""``python -m services.api``: the composition root of the API process."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import ipaddress
import signal
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI

from domain.rules import Rules
from runtime.logs import configure_logging
from runtime.metrics import process_registry
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.api.adapters import ComparisonWriter, EventPublisher, FileImporter, StatementIssuer
from services.api.app import create_app
from services.api.lag import KafkaLag
from services.api.ports import ApiDependencies
from services.imports.canonical import record_of
from services.reports.document import Letterhead
from services.store.engine import create_engine
from services.store.live_redis import connect_live
from services.work.adjustments import AdjustmentDesk
from services.work.cases import CaseDesk
from services.work.dead_letters import DeadLetterDesk
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.rule_sets import RuleDesk


def compose(settings: Settings) -> FastAPI:
    """The application as settings say. Connects to nothing yet."""
    engine = create_engine(settings.database_url.get_secret_value(), application="tieout-api", pool_size=10)
    live = connect_live(settings.redis_url.get_secret_value())
    codec = Codec(registry_for(settings.schema_registry_url))
    version = importlib.metadata.version("tieout")

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    zone = ZoneInfo(settings.time_zone)
    policy = read_policy(settings.work_policy)
    log = WorkLog(settings.kafka_bootstrap_servers, codec, engine, app_id=settings.app_id)

    letterhead = Letterhead(name=settings.company_name, time_zone=settings.time_zone)
    return create_app(
        ApiDependencies(
            engine=engine,
            live=live,
            clock=clock,
            zone=zone,
            publish=EventPublisher(settings.kafka_bootstrap_servers, codec),
            statement=StatementIssuer(engine, letterhead, clock),
            comparison=ComparisonWriter(engine, letterhead),
            import_file=FileImporter(settings.kafka_bootstrap_servers, codec, engine),
            lag=KafkaLag(settings.kafka_bootstrap_servers, settings.app_id, settings.partitions, live),
            case_desk=CaseDesk(log, policy, clock, lambda: clock().astimezone(zone).date()),
            adjustment_desk=AdjustmentDesk(log, policy, clock),
            letter_desk=DeadLetterDesk(log, codec, record_of, clock),
            rule_desk=RuleDesk(
                log, policy, clock, Rules(terms_days=settings.terms_days), settings.partitions
            ),
            policy=policy,
            registry=process_registry("api", version),
            version=version,
            company_name=settings.company_name,
            language=settings.language,
            allowed_hosts=allowed_hosts(settings.api_host),
        )
    )


def allowed_hosts(api_host: str) -> tuple[str, ...]:
    """On loopback only this machine's own names are answered; elsewhere a proxy in front decides."""
    try:
        loopback = ipaddress.ip_address(api_host).is_loopback
    except ValueError:
        loopback = api_host == "localhost"
    return ("127.0.0.1", "localhost", "[::1]", api_host) if loopback else ("*",)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging("api", settings.log_level, settings.log_format)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops by itself and then raises the signal again for whoever was there before it: having
        # been asked to stop is no failure, so that one does nothing and the process ends with 0.
        signal.signal(number, lambda *_: None)
    uvicorn.run(
        compose(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,  # logging is configured above
        access_log=False,  # the middleware writes a line with the ids and the route
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
