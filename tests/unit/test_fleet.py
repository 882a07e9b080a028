"""What the processes of a folder are given by their environment.  No process is started."""

from __future__ import annotations

from deploy.fleet import _keeping_bytecode


def test_processes_that_are_started_again_keep_what_they_compiled() -> None:
    given = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "TIEOUT_HOME": "/data"}
    assert _keeping_bytecode(given) == {"PYTHONUNBUFFERED": "1", "TIEOUT_HOME": "/data"}
