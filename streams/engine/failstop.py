"""Fail-stop: end the process at once, without committing anything.

Raising is not enough inside Faust: it acknowledges the failed event, and stopping commits
(docs/adr/0001-delivery-guarantee.md). The supervisor restarts the process, which goes on from the last checkpoint.
"""

from __future__ import annotations

import enum
import logging
import os
import sys
from typing import NoReturn

log = logging.getLogger(__name__)


class ExitCode(enum.IntEnum):
    """Distinct codes, so that a supervisor's log tells what happened."""

    AGENT_ERROR = 70
    RECOVERY_ERROR = 71
    CHECKPOINT_ERROR = 72
    OFFSET_WENT_BACK = 73
    DATA_PLANE_ERROR = 74
    RETENTION_OVERTOOK = 75
    UNSUPPORTED_FAUST = 76
    STALLED = 77


def fail_stop(code: ExitCode, why: str, error: BaseException | None = None) -> NoReturn:
    """Log and end the process. Nothing that is not in a committed checkpoint survives, on purpose."""
    try:
        log.critical(
            "fail-stop %s: %s",
            code.name,
            why,
            exc_info=(type(error), error, error.__traceback__) if error is not None else None,
        )
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)  # also where the words find no room on a full disk
