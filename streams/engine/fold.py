"""The hot loop: one pure function per event, everything around it in batches.

People write ``apply(value, event)``, which changes the value in place and returns what to emit (usually nothing).
Decoding is a batch's business, look-up and dirty marks are dictionary operations, offsets are the batch's.
Measured beside ``get``/``put``/``emit`` per record: docs/reference/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from streams.engine.state import State

V = TypeVar("V")
E = TypeVar("E")
Output = tuple[str, bytes | None, bytes]
"""topic, key, value."""


def fold(
    state: State[V],
    outputs: list[Output],
    keys: Sequence[bytes],
    events: Iterable[E],
    apply: Callable[[V, E], Sequence[bytes] | None],
    new: Callable[[], V],
    output_topic: str,
) -> None:
    """Apply each event to the value of its key; a key without one gets ``new()``. ``apply`` must not raise."""
    young, dirty = state.young, state.dirty
    look_up = young.get
    wake = state.wake
    for key, event in zip(keys, events, strict=True):
        value = look_up(key)
        if value is None:
            value = wake(key)
            if value is None:
                value = new()
                state.put(key, value)
        dirty[key] = value
        emitted = apply(value, event)
        if emitted is not None:
            outputs += [(output_topic, key, record) for record in emitted]
