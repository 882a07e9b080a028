"""From notices to messages: what goes out as one message is the choice of the service (``Compose``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.notify.outbox import Notice, Severity


@dataclass(frozen=True, slots=True)
class Message:
    """One message about one or more notices. ``recipient`` fills the placeholders of a channel's URL."""

    notice_ids: tuple[str, ...]
    subject: str
    body: str
    severity: Severity
    recipient: tuple[tuple[str, str], ...] = ()


#: Puts a batch of notices into messages; every notice must be in exactly one.
Compose = Callable[[Sequence[Notice]], list[Message]]


def one_message_each(batch: Sequence[Notice]) -> list[Message]:
    """The plain way: a message per notice, with the notice id as its last line."""
    return [
        Message((notice.notice_id,), notice.subject, f"{notice.body}\n\n{notice.notice_id}", notice.severity)
        for notice in batch
    ]
