"""Waiting for Ctrl-C: signals end the wait, and nothing can deadlock on them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from services.cli.stopping import StopSignals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    with StopSignals() as signals:
        assert not signals.wait(0)
        os.kill(os.getpid(), number)
        assert signals.wait(5)
        assert signals.wait(0)


def test_the_handlers_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_signals_while_waiting_end_a_process_cleanly() -> None:
    code = (
        "from services.cli.stopping import StopSignals\n"
        "with StopSignals() as s:\n"
        "    print('waiting', flush=True)\n"
        "    s.wait()\n"
        "print('clean')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout as lines:
        assert lines.readline() == "waiting\n"
        child.send_signal(signal.SIGTERM)
        assert lines.read() == "clean\n"
    assert child.wait(10) == 0
