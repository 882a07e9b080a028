"""The repository as the architecture tests see it: its rooms and their parsed modules."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "schemas", "runtime", "streams", "services", "deploy")


@dataclasses.dataclass(frozen=True)
class Module:
    """One Python file: its path relative to the repository and its syntax tree."""

    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.parts[0]

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def rooms() -> tuple[str, ...]:
    return ROOMS


@pytest.fixture(scope="session")
def modules() -> Callable[..., list[Module]]:
    """Modules of the named folders, parsed once."""
    parsed: dict[Path, Module] = {}

    def of(*folders: str) -> list[Module]:
        found = []
        for folder in folders:
            for path in sorted((ROOT / folder).rglob("*.py")):
                if path not in parsed:
                    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
                    parsed[path] = Module(path.relative_to(ROOT), tree)
                found.append(parsed[path])
        return found

    return of


@pytest.fixture(scope="session")
def snippet() -> Callable[[str], Module]:
    """A module made of text, to show that a rule catches what it is for."""

    def of(text: str) -> Module:
        return Module(Path("domain/snippet.py"), ast.parse(text))

    return of
