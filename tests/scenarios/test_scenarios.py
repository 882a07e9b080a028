"""Every story of ``tests/scenarios/**/*.md``: told as written, in other orders, and with deliveries repeated.

A file is a page for domain experts: a heading per story, a sentence or two on what it is about, and its table between
lines of three backquotes, in the language of ``tests.unit.ledger_language``. A new file is found by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ledger_teller import holds

FOLDER = Path(__file__).parent
_STORY = re.compile(r"^## (?P<title>.+?)\n.*?^```\n(?P<table>.*?)^```$", re.MULTILINE | re.DOTALL)


def stories() -> Iterator[tuple[str, str]]:
    """(file and title, table) of every story."""
    for page in sorted(FOLDER.rglob("*.md")):
        for story in _STORY.finditer(page.read_text(encoding="utf-8")):
            yield f"{page.relative_to(FOLDER).with_suffix('')}: {story['title']}", story["table"]


@pytest.mark.parametrize("table", [pytest.param(table, id=title) for title, table in stories()])
def test_the_story_holds(table: str) -> None:
    holds(table)


def test_every_heading_is_one_story_and_no_two_are_the_same() -> None:
    titles = [title for title, _ in stories()]
    headings = sum(page.read_text(encoding="utf-8").count("\n## ") for page in FOLDER.rglob("*.md"))
    assert len(titles) == headings
    assert len(set(titles)) == len(titles)
