"""How a command fails: one sentence and what to do next, never a traceback."""

from __future__ import annotations


class CommandFailed(Exception):
    """``message`` is one sentence, ``next_step`` what to do; ``code`` is the exit code."""

    def __init__(self, message: str, next_step: str, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code
