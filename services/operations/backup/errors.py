"""What can be wrong with a backup or with the place it should be restored to.

BackupError
├── TargetTaken       something stands where the backup should go
├── NoBackup          the folder holds no backup that this version can read
├── BackupDamaged     a file is not what the manifest says
├── BackupUnfit       the settings or schemas of this installation would give other books
├── StackNotEmpty     restore adds to nothing: it only fills an empty stack
└── RestoreDiffers    everything was replayed, and the digest is another one
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class BackupError(Exception):
    """Root of this module's errors; ``next_step`` is what to do about it."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


class TargetTaken(BackupError):
    def __init__(self, target: Path) -> None:
        super().__init__(
            f"{target} exists already and was left as it is.", "Name a folder that does not exist."
        )
        self.target = target


class NoBackup(BackupError):
    def __init__(self, folder: Path, detail: str) -> None:
        super().__init__(f"{folder} holds no backup that can be read: {detail}.", "Check the path.")
        self.folder = folder


class BackupDamaged(BackupError):
    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"The backup is damaged: {'; '.join(problems)}.", "Use another backup.")
        self.problems = tuple(problems)


class BackupUnfit(BackupError):
    """Nothing was changed."""


class StackNotEmpty(BackupError):
    def __init__(self, found: Sequence[str]) -> None:
        super().__init__(
            f"A backup is restored into an empty stack only, but here {'; '.join(found)}.",
            "Restore with another TIEOUT_HOME, or with empty servers.",
        )
        self.found = tuple(found)


class RestoreDiffers(BackupError):
    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            f"The restored books have the digest {found}, the backup states {expected}.",
            "Keep both stacks and report this: the same records must give the same books.",
        )
        self.expected = expected
        self.found = found
