"""What is written agrees with what is built: links, words, commands, settings."""

from __future__ import annotations

import enum
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

import domain
from docs import generate

NOT_OURS = {".venv", ".tieout", ".git", "node_modules", ".pytest_cache"}


def pages(root: Path) -> list[Path]:
    found = [path for path in root.rglob("*.md") if not NOT_OURS & set(path.relative_to(root).parts)]
    return sorted(found)


def links(text: str) -> Iterator[str]:
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                yield str(target)


def anchors(text: str) -> set[str]:
    """Anchors as GitHub makes them from headings."""
    tokens = MarkdownIt("commonmark").parse(text)
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(root: Path, page: Path) -> list[str]:
    broken = []
    for link in links(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target) if target else page
        if not path.exists():
            broken.append(f"{page.relative_to(root)}: {link} leads nowhere")
        elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
            broken.append(f"{page.relative_to(root)}: {link} has no such heading")
    return broken


def test_every_relative_link_leads_somewhere(root: Path) -> None:
    assert len(pages(root)) > 10
    assert [link for page in pages(root) for link in broken_links(root, page)] == []


def test_the_link_rule_catches(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# One\n[x](b.md) ![y](c.png) [ok](#one) [no](#two) | [web](https://x.org)\n", encoding="utf-8"
    )
    assert len(broken_links(tmp_path, page)) == 3


def test_generated_pages_are_up_to_date() -> None:
    stale = [str(path) for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: make docs"


def enums() -> dict[str, set[str]]:
    """Every enumeration that the domain defines: its name and values."""
    found: dict[str, set[str]] = {}
    for info in pkgutil.walk_packages(domain.__path__, "domain."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, enum.Enum) and value.__module__ == info.name:
                found[name] = {str(member.value) for member in value}
    return found


def glossary(root: Path) -> dict[str, set[str]]:
    """Sections of the glossary that are named for an enumeration, and the values in their first column."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    sections = re.split(r"^### `(\w+)`.*$", text, flags=re.MULTILINE)
    return {
        name: set(re.findall(r"^\| `([^`]+)` \|", body.partition("\n## ")[0], re.MULTILINE))
        for name, body in zip(sections[1::2], sections[2::2], strict=True)
    }


def test_the_glossary_and_the_enumerations_hold_the_same_words(root: Path) -> None:
    assert glossary(root) == enums()


def test_no_page_uses_the_words_that_mean_too_much(root: Path) -> None:
    vague = re.compile(r"\b(recon|txn|txns)\b", re.IGNORECASE)
    used = [
        f"{page.relative_to(root)}:{number}"
        for page in pages(root)
        if page.name != "glossary.md"
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if vague.search(line)
    ]
    assert used == []


def test_every_command_and_option_is_documented(root: Path) -> None:
    typer = importlib.import_module("typer")
    click = importlib.import_module("click")
    group = typer.main.get_command(importlib.import_module("services.cli.main").build_app())
    page = (root / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    missing = []

    def walk(command: object, words: list[str]) -> None:
        children = getattr(command, "commands", {})
        for name, child in children.items():
            if not child.hidden:
                walk(child, [*words, name])
        if not children and f"tieout {' '.join(words)}" not in page:
            missing.append(" ".join(words))
        for parameter in getattr(command, "params", []):
            if isinstance(parameter, click.Option) and not parameter.hidden:
                missing.extend(f"{words} {o}" for o in parameter.opts if o.startswith("--") and o not in page)

    walk(group, [])
    assert missing == []


def test_every_decision_is_listed_and_numbered(root: Path) -> None:
    folder = root / "docs" / "adr"
    records = sorted(path.name for path in folder.glob("0*.md"))
    assert [name[:4] for name in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in records if f"]({name})" not in index] == []
    for name in records:
        text = (folder / name).read_text(encoding="utf-8")
        assert {"context", "decision", "rejected", "consequences"} <= anchors(text), name


def test_every_dependency_has_its_reason(root: Path) -> None:
    project = importlib.import_module("tomllib").loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in wanted}
    page = (root / "docs" / "adr" / "0008-dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == names
