"""The faults that tests let strike a service one by one; what they do is in ``deploy.faults``."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Final

from deploy.faults import (
    BEYOND_THE_SESSION_S,
    Strike,
    freeze,
    kill_server,
    restart_server,
    signalled,
)

FAULTS: Final[Mapping[str, Strike]] = {
    "kill -9 worker": signalled("worker-1", signal.SIGKILL),
    "SIGTERM worker": signalled("worker-1", signal.SIGTERM),
    "kill -9 projector": signalled("projector", signal.SIGKILL),
    "kill -9 broker": kill_server("kafka"),
    "kill -9 postgres": kill_server("postgres"),
    "kill -9 valkey": kill_server("valkey"),
    "restart postgres": restart_server("postgres"),
    "restart valkey": restart_server("valkey"),
    "freeze worker": freeze("worker-1", 2.0),
    "freeze worker beyond its session": freeze("worker-1", BEYOND_THE_SESSION_S),
}
