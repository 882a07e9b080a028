"""A worker whose checkpoints can be held up, just before their transaction begins: for tests only.

While the file ``$TIEOUT_TEST_GATES/<instance>.hold`` exists, a checkpoint waits; ``<instance>.held-<partition>``
says that one does, ``<instance>.ended-<partition>`` how it ended. Everything else is the real worker.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from runtime.settings import Settings
from streams.__main__ import main
from streams.engine import engine
from streams.engine.checkpoint import Checkpoint, Committer

GATES = "TIEOUT_TEST_GATES"


class HeldCommitter(Committer):
    """Waits at the gate, then commits as ever."""

    def commit(self, checkpoint: Checkpoint) -> int:
        gate = Path(os.environ[GATES]) / Settings().instance_id
        if not gate.with_suffix(".hold").exists():
            return super().commit(checkpoint)
        gate.with_suffix(f".held-{checkpoint.partition}").touch()
        while gate.with_suffix(".hold").exists():
            time.sleep(0.01)
        ended = gate.with_suffix(f".ended-{checkpoint.partition}")
        try:
            offset = super().commit(checkpoint)
        except Exception as error:
            ended.write_text(repr(error))
            raise
        ended.write_text("committed")
        return offset


def run(committer: Any) -> None:
    """The worker with another committer."""
    engine.Committer = committer  # type: ignore[misc]
    main()


if __name__ == "__main__":
    run(HeldCommitter)
