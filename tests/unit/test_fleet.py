"""The processes of a folder: what their environment is, and that they are stopped before anything else is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from deploy.fleet import Fleet, FleetState, _keeping_bytecode
from deploy.stack.state import free_ports

#: answers no RPC any more, and needs a while for its end
_ENDING = """
import signal, sys, time
from pathlib import Path

def end(number, frame):
    time.sleep(0.5)
    Path(sys.argv[2]).touch()
    sys.exit()

signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""


def test_processes_that_are_started_again_keep_what_they_compiled() -> None:
    given = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "TIEOUT_HOME": "/data"}
    assert _keeping_bytecode(given) == {"PYTHONUNBUFFERED": "1", "TIEOUT_HOME": "/data"}


def test_stop_waits_for_the_end_of_what_somebody_else_is_stopping(tmp_path: Path) -> None:
    fleet, ended = Fleet(tmp_path), tmp_path / "ended"
    command = [sys.executable, "-c", _ENDING, str(tmp_path.resolve() / "supervisord.conf"), str(ended)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        state = FleetState(process.pid, free_ports(1)[0], "", ())
        (tmp_path / "fleet.json").write_text(json.dumps(asdict(state)))
        assert fleet.running() is None
        fleet.stop()
        assert ended.exists()
    assert not (tmp_path / "fleet.json").exists()
    fleet.stop()  # there is nothing to stop any more
