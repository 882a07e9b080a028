"""Topics are declared once, each has one writer, and no other room spells their names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from schemas import topics

#: who a room may write for; what people do enters by the front door, as an event of a source
WRITES_FOR = {"streams": {"streams"}, "services": {"services", "sources"}}
PRODUCING = {"produce", "send", "send_and_wait"}


def topic_constants(tree: ast.AST) -> list[str]:
    """Names such as ``topics.BALANCES`` or ``BALANCES`` in an expression."""
    names = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    return [name for name in names if isinstance(getattr(topics, name, None), topics.Topic)]


def written(module: Any) -> list[tuple[ast.AST, topics.Topic]]:
    """Topics that a produce call of the module names directly."""
    return [
        (call, getattr(topics, name))
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in PRODUCING
        for argument in [*call.args, *[keyword.value for keyword in call.keywords]]
        for name in topic_constants(argument)
    ]


def strangers(modules: list[Any]) -> list[str]:
    return [
        f"{module.at(call)} writes {topic.name}, which belongs to {topic.writer}"
        for module in modules
        for call, topic in written(module)
        if topic.writer not in WRITES_FOR.get(module.room, set())
    ]


def test_every_topic_is_declared_once() -> None:
    declared = [value for value in vars(topics).values() if isinstance(value, topics.Topic)]
    assert sorted(declared, key=lambda t: t.name) == sorted(topics.ALL, key=lambda t: t.name)
    assert len({topic.name for topic in topics.ALL}) == len(topics.ALL) == len(topics.BY_NAME)


def test_every_topic_has_one_writer() -> None:
    assert {topic.writer for topic in topics.INPUTS} == {"sources"}
    assert {topic.writer for topic in (*topics.RESULTS, topics.BOOKS_CHANGELOG)} == {"streams"}
    assert topics.NOTICES.writer == "services"


def test_every_topic_of_events_has_a_schema() -> None:
    assert [topic.name for topic in topics.ALL if topic.schema is None] == [topics.BOOKS_CHANGELOG.name]


def test_no_room_writes_a_topic_of_another(modules: Callable[..., list[Any]]) -> None:
    assert strangers(modules("streams", "services", "deploy", "runtime")) == []


def test_topic_names_are_spelled_in_one_place(
    rooms: tuple[str, ...], modules: Callable[..., list[Any]]
) -> None:
    spelled = [
        f"{module.at(node)} {node.value}"
        for module in modules(*rooms)
        if module.path.as_posix() != "schemas/topics.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value in topics.BY_NAME
    ]
    assert spelled == []


def test_the_writer_rule_catches_a_stranger(snippet: Callable[[str], Any]) -> None:
    module = snippet("producer.produce(topics.BALANCES.name, key=b'C-1')\nproducer.produce(ORDERS.name)")
    assert len(strangers([module])) == 2
