"""The broker's jars: locked by checksum, fetched once from a Maven repository, shared by all stacks of a
user.

`kafka-4.1.1.lock` names each jar with its sha256.  The list was resolved once by jgo; a start does not
resolve again, so that what runs is what was locked, and so that the first start costs a download and not a
resolution.

Lesson: jgo resolves the closure of `kafka_2.13` alone correctly, but adding `log4j-slf4j-impl` to the same
endpoint silently mixed in kafka-clients 3.8.0 from another bill of materials.  The extra is therefore locked
on its own.

Invariant: a file under `<cache>/kafka-4.1.1/` has the locked content.  Files arrive by rename after their
checksum was verified, under a lock, so a killed or a concurrent first start leaves nothing half-written.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import errno
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import filelock
import platformdirs

from .errors import ChecksumMismatch, DiskFull, NoNetworkOnFirstRun

KAFKA_VERSION = "4.1.1"
MAVEN_CENTRAL_URL = "https://repo.maven.apache.org/maven2"
LOCK_FILE = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.lock")
_PARALLEL_DOWNLOADS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str
    size_bytes: int

    @property
    def filename(self) -> str:
        """The jar's file name, unique within the lock."""
        return f"{self.artifact}-{self.version}.jar"


def default_cache_dir() -> Path:
    """The user's cache folder, e.g. ~/.cache/tieout."""
    return platformdirs.user_cache_path("tieout")


def locked_jars(lock_file: Path = LOCK_FILE) -> list[Jar]:
    """The jars of the lock file, in its order (sorted by coordinate)."""
    jars = []
    for line in lock_file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            sha256, size, coordinate = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, sha256, int(size)))
    return jars


def ensure_jars(
    cache_dir: Path, progress: Callable[[str], None], *, repository_url: str = MAVEN_CENTRAL_URL
) -> list[Path]:
    """Paths of all locked jars, downloading what is missing.  Blocks while another process downloads.

    Raises NoNetworkOnFirstRun, ChecksumMismatch, DiskFull.
    """
    jars = locked_jars()
    folder = cache_dir / f"kafka-{KAFKA_VERSION}"
    if _missing(jars, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache_dir / f"kafka-{KAFKA_VERSION}.lock"):
            missing = _missing(jars, folder)
            if missing:
                megabytes = sum(jar.size_bytes for jar in missing) / 1e6
                progress(f"kafka: downloading {len(missing)} jars ({megabytes:.0f} MB), once per user")
                _download(missing, folder, repository_url)
    return [folder / jar.filename for jar in jars]


def _missing(jars: list[Jar], folder: Path) -> list[Jar]:
    """Jars that are absent or of another length; contents were verified when the file was put there."""

    def present(jar: Jar) -> bool:
        try:
            return (folder / jar.filename).stat().st_size == jar.size_bytes
        except OSError:
            return False

    return [jar for jar in jars if not present(jar)]


def _download(jars: list[Jar], folder: Path, repository_url: str) -> None:
    import requests  # jgo's own transport; named here for its errors
    from jgo.maven import MavenContext

    def fetch(jar: Jar, context: MavenContext) -> None:
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        path = component.artifact().resolve()
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
        if actual != jar.sha256:
            raise ChecksumMismatch(jar.filename, jar.sha256, actual, repository_url)
        path.replace(folder / jar.filename)

    with tempfile.TemporaryDirectory(prefix="download-", dir=folder.parent) as scratch:
        context = MavenContext(
            repo_cache=Path(scratch),
            local_repos=[],
            remote_repos={"central": repository_url.rstrip("/")},
            timeout=20,
        )
        with concurrent.futures.ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
            futures = [pool.submit(fetch, jar, context) for jar in jars]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            except (requests.RequestException, RuntimeError) as error:
                raise NoNetworkOnFirstRun(repository_url, folder, _first_line(error)) from error
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    needed = sum(jar.size_bytes for jar in jars)
                    raise DiskFull(folder, shutil.disk_usage(folder).free, needed) from error
                raise
            finally:
                for future in futures:
                    future.cancel()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
