"""Writes the pages that are made from code: `make docs`. A test fails when a page differs from the code.

Configuration comes from ``runtime.settings``, so a setting without a sentence is an error here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_origin

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from runtime.settings import Settings

PAGES = Path(__file__).parent


class UndocumentedSettingError(Exception):
    """A field of ``Settings`` has no docstring below it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"runtime/settings.py: say below {name} what it is for")
        self.name = name


def configuration() -> str:
    """The page of settings, as Markdown."""
    rows = "\n".join(_row(name, field) for name, field in Settings.model_fields.items())
    return (
        "# Configuration\n\n"
        "Every process reads its settings from the environment, once, at start. This page is made from\n"
        "[runtime/settings.py](../../runtime/settings.py) by `make docs`; do not edit it.\n\n"
        "| variable | default | what it is for |\n|---|---|---|\n"
        f"{rows}\n\n"
        "Values of the three server URLs may hold passwords: give them by a secret of your platform, not on\n"
        "a command line. They are never logged.\n"
    )


def _row(name: str, field: FieldInfo) -> str:
    if not field.description:
        raise UndocumentedSettingError(name)
    sentence = field.description.replace("\n", " ").replace("|", "\\|")
    return f"| `{variable(name, field)}` | {_default(field)} | {sentence}{_choices(field.annotation)} |"


def variable(name: str, field: FieldInfo) -> str:
    """The environment variable of a field."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = str(alias.choices[0])
    return str(alias or f"{Settings.model_config.get('env_prefix', '')}{name}".upper())


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    shown = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{shown}`" if shown else "(empty)"


def _choices(annotation: Any) -> str:
    if get_origin(annotation) is not Literal:
        return ""
    return " One of " + ", ".join(f"`{choice}`" for choice in annotation.__args__) + "."


def pages() -> dict[Path, str]:
    """Each generated page and its text."""
    return {PAGES / "operations" / "configuration.md": configuration()}


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
