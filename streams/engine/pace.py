"""When a checkpoint starts: soon where somebody waits for it, in big ones where events have piled up.

A checkpoint costs some milliseconds whatever it holds. So while the sources are read to their ends it starts soon after
the last one has finished (latency), and while full batches show that more is waiting it waits for ``busy_events`` or
``busy_seconds`` (throughput). What nobody waits for, changes without an output or a reader, waits for ``quiet_seconds``
or for what goes along: so the broker is sooner done with what is waited for.

All that adapts to the broker. The pause between two checkpoints is as long as they take of late, so that one is in
flight half of the time at most: a broker that is given more transactions than it can finish finishes each of them
later. The busy bound shrinks when checkpoints take longer than ``commit_seconds_max`` and recovers when they do not, so
that a slow broker gets smaller transactions.
"""

from __future__ import annotations

from dataclasses import dataclass

_EVENTS_MIN = 500
_SHRINK = 0.5
_GROW = 1.25
#: weight of the newest checkpoint in how long they take of late: a single slow one, or a big one while catching up,
#: says little about the next
_SLOWER = 0.125
_QUICKER = 0.5


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
        self._last_start = float("-inf")
        self._takes_s = 0.0
        """How long checkpoints take of late."""
        self.events_bound = settings.busy_events

    def due_s(self, pending_events: int, *, awaited: bool, more_waiting: bool) -> float:
        """When the next checkpoint is to start, on the clock of ``now``.

        ``awaited``: somebody outside waits for what it commits. ``more_waiting``: the sources are not read to their
        ends.
        """
        settings = self._settings
        if pending_events >= self.events_bound:
            return self._last_start
        if more_waiting:
            return self._last_start + settings.busy_seconds
        pause = max(settings.idle_seconds, 2 * self._takes_s)
        if not awaited:
            pause = max(pause, settings.quiet_seconds)
        return self._last_start + min(pause, settings.busy_seconds)

    def started(self, now: float) -> None:
        self._last_start = now

    def finished(self, seconds: float, events: int) -> None:
        """A checkpoint of ``events`` took ``seconds``."""
        change = seconds - self._takes_s
        self._takes_s += change * (_SLOWER if change > 0 else _QUICKER)
        if seconds > self._settings.commit_seconds_max:
            shrunk = int(min(self.events_bound, events) * _SHRINK)
            self.events_bound = max(min(_EVENTS_MIN, self._settings.busy_events), shrunk)
        elif self.events_bound < self._settings.busy_events:
            self.events_bound = min(self._settings.busy_events, int(self.events_bound * _GROW) + 1)
