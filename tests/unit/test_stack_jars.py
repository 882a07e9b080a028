"""The broker's jars: only what was locked arrives, whole, once, whoever asks."""

from __future__ import annotations

import concurrent.futures
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack.errors import ChecksumMismatch, NoNetworkOnFirstRun
from deploy.stack.jars import KAFKA_VERSION, ensure_jars, locked_jars

JARS = {f"part{n}": bytes([n]) * 100_000 for n in range(6)}


class Repository(http.server.ThreadingHTTPServer):
    """A Maven repository in memory, which counts what it hands out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"/org/example/{name}/1.0/{name}-1.0.jar": content for name, content in JARS.items()}
        self.served: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.server.served.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        return


@pytest.fixture
def repository() -> Iterator[Repository]:
    with Repository() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    path = tmp_path / "test.lock"
    lines = (
        f"{hashlib.sha256(content).hexdigest()} {len(content)} org.example:{name}:1.0"
        for name, content in JARS.items()
    )
    path.write_text("# a comment\n" + "\n".join(lines) + "\n")
    return path


def fetch(tmp_path: Path, lock_file: Path, url: str) -> list[Path]:
    return ensure_jars(tmp_path / "cache", lambda line: None, repository_url=url, lock_file=lock_file)


def leftovers(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").glob("download-*"))


def test_all_jars_arrive_once_and_need_no_network_again(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    paths = fetch(tmp_path, lock_file, repository.url)
    assert [path.read_bytes() for path in paths] == list(JARS.values())
    assert fetch(tmp_path, lock_file, "http://127.0.0.1:1") == paths
    assert len(repository.served) == len(JARS)
    assert leftovers(tmp_path) == []


def test_concurrent_first_runs_download_once(repository: Repository, lock_file: Path, tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(fetch, tmp_path, lock_file, repository.url) for _ in range(4)]
        assert len({tuple(future.result()) for future in asked}) == 1
    assert len(repository.served) == len(JARS)


@pytest.mark.parametrize("served", [b"\x03" * 99_999 + b"!", b"\x03" * 10, b"<html>blocked</html>"])
def test_a_jar_that_is_not_the_locked_one_is_refused(
    repository: Repository, lock_file: Path, tmp_path: Path, served: bytes
) -> None:
    repository.files["/org/example/part3/1.0/part3-1.0.jar"] = served
    with pytest.raises(ChecksumMismatch, match=r"part3-1\.0\.jar") as caught:
        fetch(tmp_path, lock_file, repository.url)
    assert caught.value.actual_sha256 == hashlib.sha256(served).hexdigest()
    assert caught.value.expected_sha256 == hashlib.sha256(JARS["part3"]).hexdigest()
    assert not (tmp_path / "cache" / f"kafka-{KAFKA_VERSION}" / "part3-1.0.jar").exists()
    assert leftovers(tmp_path) == []


def test_a_truncated_jar_in_the_cache_is_fetched_again(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    paths = fetch(tmp_path, lock_file, repository.url)
    paths[2].write_bytes(b"half")
    assert fetch(tmp_path, lock_file, repository.url) == paths
    assert paths[2].read_bytes() == JARS["part2"]
    assert len(repository.served) == len(JARS) + 1


@pytest.mark.parametrize("missing", [True, False])
def test_no_repository_is_an_error_of_its_own(
    repository: Repository, lock_file: Path, tmp_path: Path, missing: bool
) -> None:
    repository.files.clear()
    with pytest.raises(NoNetworkOnFirstRun) as caught:
        fetch(tmp_path, lock_file, repository.url if missing else "http://127.0.0.1:1")
    assert "Start once with network access" in caught.value.next_step
    assert leftovers(tmp_path) == []


def test_the_released_lock_is_complete() -> None:
    jars = locked_jars()
    names = [jar.filename for jar in jars]
    assert len(set(names)) == len(names)
    assert {f"kafka_2.13-{KAFKA_VERSION}.jar", f"kafka-clients-{KAFKA_VERSION}.jar"} <= set(names)
    assert any(name.startswith("log4j-slf4j-impl-") for name in names), "Kafka would log nothing"
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 1000 for jar in jars)
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {KAFKA_VERSION}
