"""One defect of the rules that must turn a test red."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutation:
    """Replace ``old`` by ``new`` in ``path``."""

    name: str
    path: str
    old: str
    new: str
