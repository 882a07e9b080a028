"""What an app says about its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class StateTable(Generic[V]):
    """What the app's table holds, one value per key. ``decode(encode(v))`` equals ``v``. No key contains NUL."""

    name: str
    changelog: str
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]
