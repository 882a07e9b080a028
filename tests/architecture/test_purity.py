"""The domain is a function of its arguments, and money is never a float, in any room."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: modules that read a clock, chance, the machine, or talk to the world
IMPURE_MODULES = {"asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib"} | {
    *(
        "random",
        "secrets",
        "shutil",
        "socket",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
    ),
}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4"}
IMPURE_BUILTINS = {"open", "print", "input", "eval", "exec", "hash", "id"}
CLOCKS = {"datetime", "date", "dt", "uuid"}


def terminal_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def impurities(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.partition(".")[0] in IMPURE_MODULES:
                        yield node, f"imports {name.name}"
            case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] in IMPURE_MODULES:
                yield node, f"imports from {module}"
            case ast.ImportFrom(module="uuid" | "datetime", names=names):
                for name in names:
                    if name.name in IMPURE_CALLS:
                        yield node, f"imports {name.name}"
            case ast.Attribute(attr=attr, value=value) if attr in IMPURE_CALLS:
                if terminal_name(value) in CLOCKS:
                    yield node, f"uses {terminal_name(value)}.{attr}"
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_BUILTINS:
                yield node, f"calls {name}()"
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                yield node, "is asynchronous"
            case ast.Global():
                yield node, "changes a module's state"


def floats(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Where a float comes into being. Dividing integers makes one too: use // or Fraction."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() as value):
                yield node, f"the literal {value}"
            case ast.Name(id="float"):
                yield node, "the type float"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node, "the operator /"


def float_money(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """A name that ends in ``_minor`` annotated as, cast to, divided or multiplied into a float."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=target, annotation=annotation):
                if is_money(target) and mentions_float(annotation):
                    yield node, "annotated as float"
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                if name.endswith("_minor") and mentions_float(annotation):
                    yield node, "annotated as float"
            case ast.FunctionDef(name=name, returns=ast.expr() as returns):
                if name.endswith("_minor") and mentions_float(returns):
                    yield node, "returns a float"
            case ast.Call(func=ast.Name(id="float"), args=[argument]) if is_money(argument):
                yield node, "cast to float"
            case ast.BinOp(left=left, op=ast.Div(), right=right) if is_money(left) or is_money(right):
                yield node, "divided with /"
            case ast.BinOp(left=left, right=ast.Constant(value=float())) if is_money(left):
                yield node, "combined with a float"
            case ast.Assign(targets=targets, value=ast.Constant(value=float())) if any(
                map(is_money, targets)
            ):
                yield node, "assigned a float"
            case ast.keyword(arg=str(name), value=ast.Constant(value=float())) if name.endswith("_minor"):
                yield node.value, "passed a float"
            case ast.Call(args=[ast.Constant(value=str(name)), *types]) if name.endswith("_minor"):
                if any(terminal_name(part) in {"Float", "Numeric", "REAL", "Double"} for part in types):
                    yield node, "stored in a column that is no integer"


def is_money(node: ast.AST) -> bool:
    return terminal_name(node).endswith("_minor")


def mentions_float(annotation: ast.expr) -> bool:
    written = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
    return "float" in str(written)


Rule = Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]


def broken(rule: Rule, found: list[Any]) -> list[str]:
    return [f"{module.at(node)} {why}" for module in found for node, why in rule(module.tree)]


def test_domain_is_pure(modules: Callable[..., list[Any]]) -> None:
    assert broken(impurities, modules("domain")) == []


def test_domain_has_no_floats(modules: Callable[..., list[Any]]) -> None:
    assert broken(floats, modules("domain")) == []


def test_money_is_never_a_float_in_any_room(
    rooms: tuple[str, ...], modules: Callable[..., list[Any]], root: Path
) -> None:
    bench = ("bench",) if (root / "bench").is_dir() else ()
    assert broken(float_money, modules(*rooms, "tests", *bench)) == []


def test_money_is_an_integer_on_the_wire(root: Path) -> None:
    def fields(schema: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(schema, list):
            for part in schema:
                yield from fields(part)
        elif isinstance(schema, dict):
            for field in schema.get("fields", []):
                yield field["name"], field["type"]
                yield from fields(field["type"])
            yield from fields(schema.get("items", []))

    contracts = sorted((root / "schemas" / "avro").rglob("*.avsc"))
    money = [
        (path.name, name, kind)
        for path in contracts
        for name, kind in fields(json.loads(path.read_text(encoding="utf-8")))
        if name.endswith("_minor")
    ]
    assert len(money) > len(contracts)
    assert [line for line in money if line[2] not in ("long", ["null", "long"])] == []


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "import os.path",
        "from time import time",
        "import datetime\ndatetime.datetime.now()",
        "import datetime as dt\ndt.date.today()",
        "from uuid import uuid4",
        "import uuid\nuuid.uuid4()",
        "async def f(): ...",
        "open('x')",
        "hash('differs from run to run')",
        "def f():\n    global state",
    ],
)
def test_the_purity_rule_catches(text: str, snippet: Callable[[str], Any]) -> None:
    assert broken(impurities, [snippet(text)])


@pytest.mark.parametrize(
    "text", ["import uuid\nuuid.uuid5(uuid.NAMESPACE_OID, 'x')", "rules.now", "import datetime"]
)
def test_the_purity_rule_lets_pass(text: str, snippet: Callable[[str], Any]) -> None:
    assert broken(impurities, [snippet(text)]) == []


@pytest.mark.parametrize("text", ["x = 1.0", "x = 1e3", "float('1')", "x: float", "a / b", "a /= 2"])
def test_the_float_rule_catches(text: str, snippet: Callable[[str], Any]) -> None:
    assert broken(floats, [snippet(text)])


@pytest.mark.parametrize(
    "text",
    [
        "amount_minor: float",
        "amount_minor: 'int | float' = 1",
        "def f(amount_minor: float): ...",
        "def open_minor() -> float: ...",
        "float(row.amount_minor)",
        "row.amount_minor / 100",
        "row.amount_minor * 1.2",
        "amount_minor = 1.5",
        "f(amount_minor=1.5)",
        "sa.Column('amount_minor', sa.Float)",
    ],
)
def test_the_money_rule_catches(text: str, snippet: Callable[[str], Any]) -> None:
    assert broken(float_money, [snippet(text)])
