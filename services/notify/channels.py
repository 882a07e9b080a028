"""Channels: where messages go. One apprise URL each: ``json://`` webhooks, ``mailto://``, Slack, DingTalk,
WeCom …

A URL may hold the placeholders ``{email}`` and ``{customer_id}``, filled for each message with the
recipient's, percent-encoded. Invariant: a URL is a secret and is never logged or stored; a channel is
known by a fingerprint.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

import apprise

from services.notify.errors import ChannelUnusableError
from services.notify.messages import Message
from services.notify.outbox import Severity

_TYPES: Final = {
    Severity.INFO: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
    Severity.CRITICAL: apprise.NotifyType.FAILURE,
}
_PLACEHOLDERS: Final = ("email", "customer_id")
_ERROR_LENGTH_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt. ``problem`` is None when the channel took the message."""

    problem: str | None = None
    retry: bool = True
    """False where trying again cannot help (the recipient has no address)."""


class Channel(Protocol):
    """Sends one message; blocks until the other side has answered."""

    @property
    def fingerprint(self) -> str:
        """Names the channel in the outbox, the same after a restart."""

    def send(self, message: Message) -> Delivery:
        """Never raises for a failure of the other side: it is the result."""


class AppriseChannel:
    """One apprise URL. ``position`` (from 1) names it in errors."""

    def __init__(self, url: str, position: int) -> None:
        self._url = url
        self._wanted = [name for name in _PLACEHOLDERS if f"{{{name}}}" in url]
        self.fingerprint = hashlib.sha256(url.encode()).hexdigest()[:12]
        probe = self._filled(dict.fromkeys(self._wanted, "probe@example.com"))
        if not apprise.Apprise().add(probe):
            raise ChannelUnusableError(position, url.partition("://")[0][:20])

    def send(self, message: Message) -> Delivery:
        """See ``Channel``. Blocks up to apprise's own time limits (4 s to connect, 4 s to read by
        default).
        """
        recipient = dict(message.recipient)
        missing = [name for name in self._wanted if not recipient.get(name)]
        if missing:
            return Delivery(f"the customer has no {' and no '.join(missing)}", retry=False)
        target = apprise.Apprise()
        target.add(self._filled(recipient))
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as captured:  # type: ignore[no-untyped-call]
            taken = target.notify(
                body=message.body,
                title=message.subject,
                notify_type=_TYPES[message.severity],
                body_format=apprise.NotifyFormat.TEXT,
            )
            said = captured.getvalue().strip() if captured is not None else ""
        if taken:
            return Delivery()
        return Delivery((said or "the channel refused the message")[:_ERROR_LENGTH_MAX])

    def _filled(self, values: Mapping[str, str]) -> str:
        url = self._url
        for name in self._wanted:
            url = url.replace(f"{{{name}}}", quote(values[name], safe=""))
        return url


def apprise_channels(urls: str) -> list[AppriseChannel]:
    """One channel per URL of a comma-separated list; empty for an empty one. Raises ``ChannelUnusableError``.

    A comma inside a URL is written ``%2C``.
    """
    parts = [part.strip() for part in urls.split(",") if part.strip()]
    return [AppriseChannel(url, position) for position, url in enumerate(parts, start=1)]
