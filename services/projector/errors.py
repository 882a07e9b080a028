"""Why the projector stops. It never skips: each of these ends the process and names the position.

ProjectorError
├── AnotherProjector     the database is being written by another instance
├── TopicsMissing        result topics do not exist
├── HistoryMissing       the topic no longer holds, or does not hold yet, the record to read next
├── ResultUnreadable     a record of our own stream cannot be decoded: a defect, not an input error
├── ResultRejected       PostgreSQL refuses a row: a defect as well
├── PositionsMoved       the database stands elsewhere than this process left it
└── ResultsUnavailable   Kafka reports an error that does not pass
"""

from __future__ import annotations

from collections.abc import Sequence


class ProjectorError(Exception):
    """Root of this module's errors."""


class AnotherProjector(ProjectorError):
    """One projector per database: the lock is taken."""

    def __init__(self, holder: str, waited_s: float) -> None:
        self.holder = holder
        self.waited_s = waited_s
        super().__init__(
            f"another projector writes this database ({holder}) and did not end within {waited_s:g} s; "
            "stop it first, or leave this one stopped"
        )


class TopicsMissing(ProjectorError):
    """The topics were not created, or this is another cluster."""

    def __init__(self, names: Sequence[str], waited_s: float) -> None:
        self.names = tuple(names)
        self.waited_s = waited_s
        super().__init__(f"topics do not exist after {waited_s:g} s: {', '.join(names)}; create them first")


class HistoryMissing(ProjectorError):
    """Offset ``wanted`` is not within ``low``..``high`` of its partition."""

    def __init__(self, topic: str, partition: int, wanted: int, low: int, high: int) -> None:
        self.topic = topic
        self.partition = partition
        self.wanted = wanted
        self.low = low
        self.high = high
        super().__init__(
            f"PostgreSQL stands at {topic}[{partition}]@{wanted}, but the topic holds {low} to {high}: "
            "records were deleted, or the database and the topics do not belong together; "
            "restore both from one backup"
        )


class ResultUnreadable(ProjectorError):
    """A record of a result topic is not what its schema says."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.reason = reason
        super().__init__(f"the record at {topic}[{partition}]@{offset} cannot be read: {reason}")


class ResultRejected(ProjectorError):
    """PostgreSQL does not take the rows of a batch, and would not on another try."""

    def __init__(self, positions: str, reason: str) -> None:
        self.positions = positions
        self.reason = reason
        super().__init__(f"PostgreSQL refuses a row of {positions}: {reason}")


class PositionsMoved(ProjectorError):
    """Somebody else wrote the projector's positions, or the database was restored beneath it."""

    def __init__(self, topic: str, partition: int, expected: int, found: int) -> None:
        self.topic = topic
        self.partition = partition
        self.expected = expected
        self.found = found
        super().__init__(
            f"PostgreSQL stands at {topic}[{partition}]@{found}, this projector left it at {expected}; "
            "start it again to go on from there"
        )


class ResultsUnavailable(ProjectorError):
    """Kafka does not let the topics be read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the result topics cannot be read: {reason}")
