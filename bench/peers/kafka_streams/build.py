"""Make the Kafka Streams peer ready: locked jars, and classes when there is a compiler.

The jars are the broker's own and two more (``kafka-streams-4.1.1.lock``), in the cache that the embedded stack uses.
A runtime without a compiler of its own cannot run it at all: that is said, never skipped in silence.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.stack.jars import default_cache_dir, ensure_jars
from deploy.stack.java import find_java

_HERE = Path(__file__).parent
_SOURCE = _HERE / "KafkaStreamsPeer.java"
_LOCK = _HERE / "kafka-streams-4.1.1.lock"
#: throughput of one busy thread: the parallel collector costs least; class data is shared by default
_FLAGS = ("-XX:+UseParallelGC", "-Xms1g", "-Xmx1g", "-XX:+PerfDisableSharedMem")


def command(work: Path) -> list[str]:
    """The command line before the arguments. Downloads and compiles the first time. Blocks."""
    java = find_java().executable
    jars = ensure_jars(default_cache_dir(), _say, lock_file=_LOCK)
    class_path = ":".join(map(str, jars))
    compiler = _compiler(java)
    if compiler is None:
        # A single-file source launch needs the module jdk.compiler; java says so itself when it has none.
        return [str(java), *_FLAGS, "-cp", class_path, str(_SOURCE)]
    classes = work / f"kafka-streams-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]}"
    if not classes.exists():
        arriving = classes.with_suffix(".new")
        shutil.rmtree(arriving, ignore_errors=True)
        subprocess.run([str(compiler), "-cp", class_path, "-d", str(arriving), str(_SOURCE)], check=True)
        arriving.rename(classes)
    return [str(java), *_FLAGS, "-cp", f"{classes}:{class_path}", "KafkaStreamsPeer"]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _compiler(java: Path) -> Path | None:
    beside = java.resolve().parent / "javac"
    if beside.is_file():
        return beside
    on_path = shutil.which("javac")
    return Path(on_path) if on_path else None
