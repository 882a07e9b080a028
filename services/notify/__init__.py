"""Notices to people: written down first, then sent. Shared by the alerts and the reminders process.

Invariants:
- A notice is a row of ``notices`` before anything leaves the house; its id is a function of its cause.
- Per channel, a notice that is marked as delivered is never sent there again. Between sending and marking
  a crash may repeat one message (at least once), which carries the same notice id, so that receivers can
  tell.
- A notice whose cause went away while it waited is withdrawn, not sent.

Errors::

    NotifyError
    ├── ChannelUnusableError   an alert or reminder URL cannot be understood
    └── NoticePublishError     Kafka did not take a notice
"""

from services.notify.channels import Channel, Delivery, apprise_channels
from services.notify.dispatch import Dispatcher, DispatchPolicy, NoticePublisher
from services.notify.errors import ChannelUnusableError, NoticePublishError, NotifyError
from services.notify.messages import Message, one_message_each
from services.notify.outbox import Notice, NoticeKind, NoticeOutbox, NoticeState, Severity
from services.notify.publish import KafkaNoticePublisher

__all__ = [
    "Channel",
    "ChannelUnusableError",
    "Delivery",
    "DispatchPolicy",
    "Dispatcher",
    "KafkaNoticePublisher",
    "Message",
    "Notice",
    "NoticeKind",
    "NoticeOutbox",
    "NoticePublishError",
    "NoticePublisher",
    "NoticeState",
    "NotifyError",
    "Severity",
    "apprise_channels",
    "one_message_each",
]
