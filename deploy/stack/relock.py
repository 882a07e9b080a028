"""`python -m deploy.stack.relock`: resolve the broker's jars anew and rewrite the lock file.

For the maintainer who moves to another Kafka version (change `KAFKA_VERSION` first).  Needs the network.
Read the difference before committing: this file is what every first start trusts.
"""

from __future__ import annotations

import hashlib
import sys

from .jars import KAFKA_VERSION, LOCK_FILE

_BROKER = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
_LOGGING = (
    "org.apache.logging.log4j",
    "log4j-slf4j-impl",
)  # a part of Kafka's release, not of its dependencies
_HEADER = f"""\
# Jars of the embedded Apache Kafka {KAFKA_VERSION} broker: sha256, size in bytes, Maven coordinate.
# Written by `python -m deploy.stack.relock`; never edit by hand, a wrong line stops every first start.
"""


def resolve() -> list[str]:
    """The lock's lines, sorted by coordinate; downloads all jars into jgo's cache."""
    import jgo
    from jgo.maven import MavenContext

    wanted = jgo.resolve(_BROKER)
    log4j_version = next(artifact.version for artifact in wanted if artifact.artifactId == "log4j-core")
    wanted.append(MavenContext().project(*_LOGGING).at_version(log4j_version).artifact())
    lines = []
    for artifact in wanted:
        content = artifact.resolve().read_bytes()
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        lines.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {coordinate}")
    return sorted(lines, key=lambda line: line.split()[2].split(":"))


def main() -> int:
    """Rewrite the lock file."""
    lines = resolve()
    LOCK_FILE.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{LOCK_FILE}: {len(lines)} jars\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
