"""``python -m services.reminders``: the composition root of the reminders process."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import signal
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from runtime.health import HealthServer
from runtime.logs import configure_logging
from runtime.metrics import process_registry
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.notify import Dispatcher, KafkaNoticePublisher, NoticeKind, apprise_channels
from services.reminders.evaluate import policy_of_text, read_recipients
from services.reminders.process import ReminderProcess
from services.reminders.text import Recipient, compose_reminders
from services.store.engine import create_engine


def main() -> None:
    """Run until SIGTERM or SIGINT. Raises ``ChannelUnusableError`` and ``ReminderPolicyError`` for bad
    settings.
    """
    settings = Settings()
    urls = [url for url in settings.reminder_urls.split(",") if url]
    configure_logging("reminders", settings.log_level, settings.log_format, secrets=urls)
    engine = create_engine(settings.database_url.get_secret_value(), application="tieout-reminders")
    codec = Codec(registry_for(settings.schema_registry_url))

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def recipients(ids: Sequence[str]) -> Mapping[str, Recipient]:
        with engine.connect() as connection:
            return read_recipients(connection, ids, settings.language)

    dispatcher = Dispatcher(
        engine,
        NoticeKind.OVERDUE_REMINDER,
        apprise_channels(settings.reminder_urls),
        compose_reminders(recipients, settings.company_name),
        KafkaNoticePublisher(settings.kafka_bootstrap_servers, codec),
        clock,
    )
    process = ReminderProcess(
        engine,
        policy_of_text(settings.reminder_levels, settings.reminder_interval_days),
        ZoneInfo(settings.time_zone),
        settings.language,
        dispatcher,
        clock,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stop())
    registry = process_registry("reminders", importlib.metadata.version("tieout"))
    with HealthServer(
        registry, port=settings.reminders_metrics_port, alive=process.alive, ready=process.ready
    ):
        process.run()
    engine.dispose()


if __name__ == "__main__":
    main()
