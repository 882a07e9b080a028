"""A worker without fencing, for the negative control: its transactional ids are its process's own."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tests.fault.entries.held import HeldCommitter, run


class UnfencedCommitter(HeldCommitter):
    def __init__(self, kafka: Mapping[str, str], transactional_id: str, changelog: str) -> None:
        super().__init__(kafka, f"{transactional_id}-{os.getpid()}", changelog)


if __name__ == "__main__":
    run(UnfencedCommitter)
