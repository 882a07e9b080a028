"""``python -m services.alerts``: the composition root of the alerts process."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import signal

from runtime.health import HealthServer
from runtime.logs import configure_logging
from runtime.metrics import process_registry
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.alerts.clock import ClockTopic, DayTeller
from services.alerts.decide import AlertPolicy
from services.alerts.intake import AlertIntake
from services.alerts.process import AlertProcess
from services.alerts.stalled import SourceWatch
from services.alerts.text import compose_alerts
from services.alerts.topic import DiscrepancyTopic
from services.notify import (
    Dispatcher,
    KafkaNoticePublisher,
    NoticeKind,
    apprise_channels,
    one_message_each,
)
from services.store.engine import create_engine


def policy_of(settings: Settings) -> AlertPolicy:
    """The policy as settings say."""
    return AlertPolicy(
        warning_amount=settings.alert_warning_amount,
        critical_amount=settings.alert_critical_amount,
        grace=dt.timedelta(seconds=settings.alert_grace_s),
        group_above=settings.alert_group_above,
    )


def main() -> None:
    """Run until SIGTERM or SIGINT. Raises ``ChannelUnusableError`` for a bad ``TIEOUT_ALERT_URLS``."""
    settings = Settings()
    urls = [url for url in settings.alert_urls.split(",") if url]
    configure_logging("alerts", settings.log_level, settings.log_format, secrets=urls)
    engine = create_engine(settings.database_url.get_secret_value(), application="tieout-alerts")
    codec = Codec(registry_for(settings.schema_registry_url))
    policy = policy_of(settings)

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    intake = AlertIntake(engine, codec, policy, settings.language, clock)
    publisher = KafkaNoticePublisher(settings.kafka_bootstrap_servers, codec)
    dispatchers = [
        Dispatcher(engine, kind, apprise_channels(settings.alert_urls), compose, publisher, clock)
        for kind, compose in (
            (NoticeKind.DISCREPANCY_ALERT, compose_alerts(policy.group_above, settings.language)),
            (NoticeKind.SOURCE_STALLED, one_message_each),
        )
    ]
    silence = dt.timedelta(hours=settings.source_stalled_after_h)
    watch = SourceWatch(engine, silence, settings.language, clock)
    days = DayTeller(engine, ClockTopic(settings.kafka_bootstrap_servers, codec).tell, clock)
    group = f"{settings.app_id}-alerts"
    with DiscrepancyTopic(settings.kafka_bootstrap_servers, group, intake.places) as topic:
        process = AlertProcess(topic, intake, dispatchers, watch, days)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: process.stop())
        registry = process_registry("alerts", importlib.metadata.version("tieout"))
        with HealthServer(
            registry, port=settings.alerts_metrics_port, alive=process.alive, ready=process.ready
        ):
            process.run()
    engine.dispose()


if __name__ == "__main__":
    main()
