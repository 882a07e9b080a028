"""What is true of every room: names resolve here, one door to the environment, files of a readable size."""

from __future__ import annotations

import ast
import graphlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MAX_LINES = 450
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
#: who may read the environment beside runtime/settings.py, and why
MAY_READ_ENVIRONMENT = {
    "runtime/settings.py": "the one place",
    "deploy/fleet.py": "hands the environment on to the processes it starts",
    "deploy/stack/java.py": "looks for a Java on this machine (JAVA_HOME, PATH)",
    "deploy/stack/process.py": "hands the environment on to the servers it starts",
}


def environment_uses(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and terminal_name(node.value) == "os":
            yield node
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(name.name in ENVIRONMENT for name in node.names)
        ):
            yield node


def terminal_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def test_each_top_level_name_resolves_to_this_repository(rooms: tuple[str, ...], root: Path) -> None:
    # in a process of its own: this one may have imported a name before
    program = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    asked = subprocess.run(
        [sys.executable, "-c", program, *rooms], cwd="/", capture_output=True, text=True, check=True
    )
    assert [Path(line) for line in asked.stdout.splitlines()] == [
        root / room / "__init__.py" for room in rooms
    ]


def test_every_room_is_packaged_and_held_by_the_import_rules(rooms: tuple[str, ...], root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(rooms)
    contracts = (root / ".importlinter").read_text(encoding="utf-8")
    assert all(f"\n    {room}\n" in contracts for room in rooms)


def test_only_settings_reads_the_environment(
    rooms: tuple[str, ...], modules: Callable[..., list[Any]]
) -> None:
    uses = {module.at(node) for module in modules(*rooms) for node in environment_uses(module.tree)}
    assert {use for use in uses if use.partition(":")[0] not in MAY_READ_ENVIRONMENT} == set()


def test_every_reader_of_the_environment_that_is_listed_exists(root: Path) -> None:
    assert [path for path in MAY_READ_ENVIRONMENT if not (root / path).is_file()] == []


def test_the_environment_rule_catches_both_spellings() -> None:
    spelled = ast.parse("import os\nfrom os import getenv\nos.environ['HOME']\nos.getenv('X')\nos.sep\n")
    assert len(list(environment_uses(spelled))) == 3


def imported(tree: ast.Module, names: frozenset[str]) -> set[str]:
    """The modules among ``names`` that a module imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= inside or {node.module} & names
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & names
    return found


def test_no_files_import_each_other_in_a_circle(
    rooms: tuple[str, ...], modules: Callable[..., list[Any]]
) -> None:
    trees = {".".join(module.path.with_suffix("").parts): module.tree for module in modules(*rooms)}
    trees = {name: tree for name, tree in trees.items() if not name.endswith(".__init__")}
    names = frozenset(trees)
    graphlib.TopologicalSorter({name: imported(tree, names) for name, tree in trees.items()}).prepare()


def test_the_rule_of_circles_sees_every_import() -> None:
    written = ast.parse(
        "from domain import money\nfrom domain.events import Event\nimport domain.rules\n"
        "def late() -> None:\n    from domain import books\n"
    )
    names = frozenset({"domain.money", "domain.events", "domain.rules", "domain.books"})
    assert imported(written, names) == names
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


def clients_without_a_log(tree: ast.Module) -> Iterator[ast.AST]:
    """Kafka clients that write their remarks to standard error, past the logs and amid what people read."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and terminal_name(node.func) in {"AdminClient", "Consumer", "Producer"}
            and not any(keyword.arg == "logger" for keyword in node.keywords)
        ):
            yield node


def test_every_client_of_kafka_has_a_log(rooms: tuple[str, ...], modules: Callable[..., list[Any]]) -> None:
    made = [(module, node) for module in modules(*rooms) for node in clients_without_a_log(module.tree)]
    assert [module.at(node) for module, node in made] == []


def test_the_rule_of_logs_catches_a_client_without_one() -> None:
    written = ast.parse("Consumer({}, logger=log)\nkafka.Consumer({})\nAdminClient({})\n")
    assert len(list(clients_without_a_log(written))) == 2


def test_no_file_is_too_long(root: Path, rooms: tuple[str, ...]) -> None:
    too_long = {
        str(path.relative_to(root)): lines
        for folder in (*rooms, "tests", "bench", "docs")
        for path in (root / folder).rglob("*")
        if path.suffix in {".py", ".js", ".css", ".html", ".java"}
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert too_long == {}


def test_every_module_says_why_it_exists(rooms: tuple[str, ...], modules: Callable[..., list[Any]]) -> None:
    silent = [str(m.path) for m in modules(*rooms) if m.tree.body and not ast.get_docstring(m.tree)]
    assert silent == []


def test_nothing_is_named_utils(rooms: tuple[str, ...], root: Path) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
    assert [str(p) for room in rooms for p in (root / room).rglob("*") if p.stem in vague] == []


VIOLATIONS = {
    "domain/_bad.py": "import sqlalchemy",
    "schemas/_bad.py": "import faust",
    "runtime/_bad.py": "import schemas.topics\nimport bench",
    "streams/_bad.py": "import services.store",
    "services/projector/_bad.py": "import streams\nimport services.reports._bad\nimport deploy",
    "services/reports/_bad.py": "",
    "services/store/_fine.py": "",
    "services/reports/_fine.py": "import services.store._fine",
    "services/cli/_fine.py": "import deploy\nimport services.reports._fine",
    "deploy/_bad.py": "import services.store",
    "bench/_bad.py": "import domain",
}


def test_each_import_contract_can_break(root: Path, rooms: tuple[str, ...], tmp_path: Path) -> None:
    for room in (*rooms, "bench"):
        shutil.copytree(root / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in VIOLATIONS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    shutil.copy(root / ".importlinter", tmp_path)
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [linter, "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    contracts = [line for line in ran.stdout.splitlines() if line.endswith((" KEPT", " BROKEN"))]
    assert contracts, ran.stdout + ran.stderr
    assert [line for line in contracts if line.endswith(" KEPT")] == []
    assert "_fine" not in ran.stdout
