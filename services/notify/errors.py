"""What can go wrong with notices; drawn in the package's docstring."""

from __future__ import annotations


class NotifyError(Exception):
    """Root of this package's errors."""


class ChannelUnusableError(NotifyError):
    """A URL that apprise cannot make a channel of. Holds its scheme only: the rest may be a secret."""

    def __init__(self, position: int, scheme: str) -> None:
        super().__init__(f"channel {position} ({scheme}://…) is not a URL that apprise understands")
        self.position = position
        self.scheme = scheme


class NoticePublishError(NotifyError):
    """Kafka did not take the notice. It stays unpublished in the outbox and is tried again."""

    def __init__(self, notice_id: str, reason: str) -> None:
        super().__init__(f"Kafka did not take notice {notice_id}: {reason}")
        self.notice_id = notice_id
        self.reason = reason
