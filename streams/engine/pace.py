"""When a checkpoint starts: soon where somebody waits for it, in big ones where events have piled up.

A checkpoint costs some milliseconds whatever it holds. So while the sources are read to their ends it starts soon after
the last one has finished (latency), and while full batches show that more is waiting it waits for ``busy_events`` or
``busy_seconds`` (throughput). What nobody waits for, changes without an output or a reader, waits for ``quiet_seconds``
or for what goes along: so the broker is sooner done with what is waited for.

All that adapts to the broker. Checkpoints of a partition are in flight half of the time at most, taken over
``_CREDIT_S``: a broker that is given more transactions than it can finish finishes each of them later. The busy bound
shrinks when checkpoints take longer than ``commit_seconds_max`` and recovers when they do not, so that a slow broker
gets smaller transactions.
"""

from __future__ import annotations

from dataclasses import dataclass

_EVENTS_MIN = 500
_SHRINK = 0.5
_GROW = 1.25
#: so much longer than half of the time may checkpoints have been in flight: what comes at random comes in swarms
_CREDIT_S = 0.25


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """``idle_seconds``: the least time between two starts. ``pending_events_max``: where reading pauses.

    ``quiet_seconds``: as often as Kafka Streams commits with exactly_once_v2 unless told otherwise.
    """

    idle_seconds: float = 0.005
    quiet_seconds: float = 0.1
    busy_events: int = 50_000
    busy_seconds: float = 0.5
    commit_seconds_max: float = 0.5
    pending_events_max: int = 150_000

    def __post_init__(self) -> None:
        assert 0 <= self.idle_seconds <= self.busy_seconds
        assert 0 < self.busy_events <= self.pending_events_max


class Pace:
    """The pace of one partition. ``now`` and durations in seconds of one monotonic clock."""

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self.started_s = float("-inf")
        """When the last checkpoint started."""
        self._even_s = float("-inf")
        """When checkpoints will have been in flight for half of the time."""
        self.events_bound = settings.busy_events

    def due_s(self, pending_events: int, *, awaited: bool, more_waiting: bool) -> float:
        """When the next checkpoint is to start, on the clock of ``now``.

        ``awaited``: somebody outside waits for what it commits. ``more_waiting``: the sources are not read to their
        ends.
        """
        settings = self._settings
        if pending_events >= self.events_bound:
            return self.started_s
        if more_waiting:
            return self.started_s + settings.busy_seconds
        soonest = max(self.started_s + settings.idle_seconds, self._even_s - _CREDIT_S)
        if not awaited:
            soonest = max(soonest, self.started_s + settings.quiet_seconds)
        return min(soonest, self.started_s + settings.busy_seconds)

    def started(self, now: float) -> None:
        self.started_s = now

    def finished(self, seconds: float, events: int) -> None:
        """The checkpoint that was started last, of ``events``, took ``seconds``."""
        start = self.started_s
        self._even_s = min(max(self._even_s, start), start + _CREDIT_S) + 2 * seconds
        if seconds > self._settings.commit_seconds_max:
            shrunk = int(min(self.events_bound, events) * _SHRINK)
            self.events_bound = max(min(_EVENTS_MIN, self._settings.busy_events), shrunk)
        elif self.events_bound < self._settings.busy_events:
            self.events_bound = min(self._settings.busy_events, int(self.events_bound * _GROW) + 1)
