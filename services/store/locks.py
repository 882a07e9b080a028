"""The session and transaction locks of the database, numbered in one place so that no two mean the same."""

from __future__ import annotations

import enum
from typing import Final

#: first key of every advisory lock of ours: "tieo" in ASCII
NAMESPACE: Final = 0x7469656F


class AdvisoryLock(enum.IntEnum):
    """Second key: what is locked, for the whole database."""

    MIGRATION = 1
    PROJECTOR = 2
