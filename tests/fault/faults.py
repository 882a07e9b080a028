"""The hard faults, which tests let strike a whole service one by one; ``deploy.faults`` says what they do.

The storm (``test_kill``) has these and the gentle ones.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Final

from deploy.faults import (
    BEYOND_THE_SESSION_S,
    Strike,
    freeze,
    kill_server,
    signalled,
)

FAULTS: Final[Mapping[str, Strike]] = {
    "kill -9 worker": signalled("worker-1", signal.SIGKILL),
    "kill -9 projector": signalled("projector", signal.SIGKILL),
    "kill -9 broker": kill_server("kafka"),
    "kill -9 postgres": kill_server("postgres"),
    "kill -9 valkey": kill_server("valkey"),
    "freeze worker beyond its session": freeze("worker-1", BEYOND_THE_SESSION_S),
}
