"""`python -m deploy.stack.relock`: resolve the broker's jars anew and rewrite the lock file.

For the maintainer who moves to another Kafka version (change `KAFKA_VERSION` first).  Needs the network.  Read the
difference before committing: this file is what every first start trusts.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from .jars import KAFKA_VERSION, LOCK_FILE

_BROKER = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}:compile"
_LOGGING = (
    "org.apache.logging.log4j",
    "log4j-slf4j-impl",
)  # a part of Kafka's release, not of its dependencies
_HEADER = f"""\
# Jars of the embedded Apache Kafka {KAFKA_VERSION} broker: sha256, size in bytes, Maven coordinate.
# Written by `python -m deploy.stack.relock`; never edit by hand, a wrong line stops every first start.
"""


def resolve(scratch: Path) -> list[str]:
    """The lock's lines, sorted by coordinate; downloads all jars into `scratch`."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=scratch, local_repos=[])
    inputs, transitive = context.resolver.resolve([context.create_dependency(_BROKER)])
    wanted = [d.artifact for d in (*inputs, *(d for d in transitive if d.scope in ("compile", "runtime")))]
    log4j = next(a.version for a in wanted if a.artifactId == "log4j-core")
    wanted.append(context.project(*_LOGGING).at_version(log4j).artifact())
    lines = []
    for one in wanted:
        content = one.resolve().read_bytes()
        coordinate = f"{one.groupId}:{one.artifactId}:{one.version}"
        lines.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {coordinate}")
    return sorted(lines, key=lambda line: line.split()[2])


def main() -> int:
    """Rewrite the lock file."""
    with tempfile.TemporaryDirectory() as scratch:
        lines = resolve(Path(scratch))
    LOCK_FILE.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{LOCK_FILE}: {len(lines)} jars\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
