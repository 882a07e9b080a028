"""Start one server so that it outlives its starter, under an account that the server accepts.

Run as a script by `process.spawn` (never imported by it), because everything here happens between fork and
exec: `preexec_fn` is not safe in a program with threads, and the stack starts its three services in threads.

- New session and second fork: the server has no terminal, gets no Ctrl-C, belongs to init, leaves no zombie
  behind.
- PostgreSQL refuses to run as root.  As root the server is therefore started under an unprivileged account.
  Where that account cannot reach the folders (anything under /root), it keeps the one capability which lets
  it read past directory permissions, instead of our opening /root to everybody with chmod.  Nothing on the
  machine changes.

Input: one JSON object as the only argument.  Output of a detached start: {"pid": n} or {"errno": n, "error":
"..."} on stdout.  Not detached (`initdb` and the like), it becomes the program, which reads our stdin.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import sys
from typing import Any

_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def _keep_capability(cap: int, libc: ctypes.CDLL) -> bool:
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(1 << cap, 1 << cap, 1 << cap, 0, 0, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    return bool(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0)


def _become(uid: int, gid: int, pass_directories: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True) if pass_directories and platform.system() == "Linux" else None
    if libc is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if libc is not None and not _keep_capability(_CAP_DAC_READ_SEARCH, libc):
        _keep_capability(_CAP_DAC_OVERRIDE, libc)  # containers often grant only this, wider one


def _execute(spec: dict[str, Any]) -> None:
    """Become the server.  Returns only by raising OSError."""
    log_fd = os.open(spec["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log_fd, 1)
    os.dup2(log_fd, 2)
    os.umask(0o077)
    if spec["uid"] is not None:
        _become(spec["uid"], spec["gid"], spec["pass_directories"])
    os.chdir(spec["cwd"])
    os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - absolute path, no shell


def _detach(spec: dict[str, Any]) -> int:
    """Fork twice, exec the server, report its pid or why the exec failed."""
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_fd)
        os.setsid()
        grandchild = os.fork()
        if grandchild:
            os.write(write_fd, json.dumps({"pid": grandchild}).encode() + b"\n")
            os._exit(0)
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            _execute(spec)
        except OSError as error:
            os.write(write_fd, json.dumps({"errno": error.errno, "error": str(error)}).encode() + b"\n")
        os._exit(127)
    os.close(write_fd)
    os.waitpid(child, 0)
    with os.fdopen(read_fd, "rb") as pipe:
        reports: dict[str, Any] = {}
        for line in pipe:  # ends when exec closes the pipe's last writer
            reports.update(json.loads(line))
    sys.stdout.write(json.dumps(reports))
    return 0


def main(spec: dict[str, Any]) -> int:
    """Start a server detached, or become a short-lived program whose end the caller waits for."""
    if spec["detach"]:
        return _detach(spec)
    _execute(spec)
    return 127


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
