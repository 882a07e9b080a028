"""Where an installed Python package keeps its files, found without importing it.

The packages that carry our server binaries do work on import (create lock files, look for users); we only
want their files.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path


def package_folder(name: str) -> Path | None:
    """The folder of the installed package `name`, or None."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
