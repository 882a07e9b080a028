"""What can go wrong with the stores, one type per failure.

StoreError
├── SchemaTooNew          the database was migrated by a later version of Tieout
└── LiveStoreError
    ├── LiveStoreUnavailable  Redis does not answer, or refuses to write
    └── LiveStoreOutOfStep    Redis holds other positions than the batch starts from: rebuild it
"""

from __future__ import annotations

from collections.abc import Sequence


class StoreError(Exception):
    """Root of this module's errors."""


class SchemaTooNew(StoreError):
    """The database stands at a revision that this version does not know."""

    def __init__(self, revision: str, known: Sequence[str]) -> None:
        self.revision = revision
        self.known = tuple(known)
        super().__init__(
            f"the database is at schema revision {revision}, which this version of Tieout does not know "
            f"(it knows {', '.join(known)}); run the newer version, or restore a backup of the older one"
        )


class LiveStoreError(StoreError):
    """Root of the live store's errors."""


class LiveStoreUnavailable(LiveStoreError):
    """Redis could not be reached or did not take a write; nothing is known about the write."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(f"the live store is unavailable: {cause}")


class LiveStoreOutOfStep(LiveStoreError):
    """Redis does not stand where the write begins, so it would leave a hole: rebuild it from PostgreSQL."""

    def __init__(self, place: str, expected: int, found: int) -> None:
        self.place = place
        self.expected = expected
        self.found = found
        super().__init__(f"the live store stands at {place}@{found}, the write begins at {expected}")
