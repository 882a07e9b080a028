"""Puts notices on the topic ``tieout.notices``, for programs that act on what people are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from schemas.topics import NOTICES
from services.notify.errors import NoticePublishError
from services.notify.outbox import Notice
from services.store.producer import Courier, NotDeliveredError, Parcel


class Encoder(Protocol):
    """Turns a value into the bytes of its contract (``schemas.codec.Codec``)."""

    def encode(self, schema_name: str, value: dict[str, Any]) -> bytes: ...


class KafkaNoticePublisher:
    """An idempotent producer; not for several threads. The same notice may be published again after a
    crash.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        encoder: Encoder,
        *,
        topic: str = NOTICES.name,
        delivery_timeout_s: int = 30,
    ) -> None:
        self._encoder = encoder
        self._topic = topic
        self._courier = Courier(bootstrap_servers, "tieout-notices", delivery_timeout_s=delivery_timeout_s)

    def publish(self, batch: Sequence[Notice]) -> None:
        """Blocks until Kafka has all of them. Raises ``NoticePublishError`` for the first that it has not."""
        try:
            self._courier.deliver(map(self._parcel, batch))
        except NotDeliveredError as error:
            raise NoticePublishError(batch[error.number].notice_id, error.reason) from error

    def _parcel(self, notice: Notice) -> Parcel:
        value = self._encoder.encode("notice", _record(notice))
        return Parcel(self._topic, notice.customer_id.encode(), value)


def _record(notice: Notice) -> dict[str, Any]:
    return {
        "notice_id": notice.notice_id,
        "notice_kind": notice.notice_kind.value,
        "customer_id": notice.customer_id,
        "currency": notice.currency,
        "document_no": notice.document_no,
        "amount_minor": notice.amount_minor,
        "level": notice.level,
        "severity": notice.severity.value,
        "language": notice.language,
        "subject": notice.subject,
        "body": notice.body,
        "created_at": notice.created_at,
    }
