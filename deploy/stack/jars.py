"""The broker's jars: locked by checksum, fetched once from a Maven repository, shared by all of a user's stacks.

`kafka-4.1.1.lock` names each jar with its sha256.  The list was resolved once, by jgo (see `relock`); a start
does not resolve again, so that what runs is what was locked, and a first start costs a download only.

Lessons: jgo resolves the closure of `kafka_2.13` alone correctly, but adding `log4j-slf4j-impl` to the same
endpoint silently mixed in kafka-clients 3.8.0 from another bill of materials; the extra is therefore locked on
its own.  And jgo only warns when a checksum differs; we refuse.

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
import httpx
import platformdirs
import tenacity

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

    @property
    def path(self) -> str:
        """Where a Maven repository keeps it."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.filename}"


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
    cache_dir: Path,
    progress: Callable[[str], None],
    *,
    repository_url: str = MAVEN_CENTRAL_URL,
    lock_file: Path = LOCK_FILE,
) -> list[Path]:
    """Paths of all locked jars, downloading what is missing.  Blocks while another process downloads.

    Raises NoNetworkOnFirstRun, ChecksumMismatch, DiskFull.
    """
    jars = locked_jars(lock_file)
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
    needed = sum(jar.size_bytes for jar in jars)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="download-", dir=folder.parent) as scratch,
            httpx.Client(
                timeout=20, follow_redirects=True, headers={"Accept-Encoding": "identity"}
            ) as client,
            concurrent.futures.ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool,
        ):

            def fetch(jar: Jar) -> None:
                arriving = Path(scratch) / jar.filename
                actual = _save(client, f"{repository_url.rstrip('/')}/{jar.path}", arriving)
                if actual != jar.sha256:
                    raise ChecksumMismatch(jar.filename, jar.sha256, actual, repository_url)
                arriving.replace(folder / jar.filename)

            futures = [pool.submit(fetch, jar) for jar in jars]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            finally:
                for future in futures:
                    future.cancel()
    except httpx.HTTPError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NoNetworkOnFirstRun(repository_url, folder, reason) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(folder, shutil.disk_usage(folder).free, needed) from error
        raise


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(httpx.TransportError),
    stop=tenacity.stop_after_attempt(3),
    wait=tenacity.wait_exponential(0.2),
    reraise=True,
)
def _save(client: httpx.Client, url: str, path: Path) -> str:
    """Write what the address serves to `path` and return its sha256."""
    digest = hashlib.sha256()
    with client.stream("GET", url) as response, path.open("wb") as file:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
