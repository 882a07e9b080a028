"""One line of JSON per log event on stderr, for our code and for every library that uses ``logging``.

Invariants: structlog and stdlib records leave through the same renderer; what is bound with `correlated` is
on every line of that thread or task; no password inside a URL and none of the given secrets is ever written.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

MASK: Final = "***"

#: user information of a URL: ``scheme://user:password@host``; the password may be the only part
_URL_PASSWORD: Final = re.compile(r"(?P<head>[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]*):[^\s/@]+(?=@)")
_FIGURES: Final = re.compile(r"\d+")
#: libraries that install handlers of their own; theirs are taken away so that each line is written once
_OWN_HANDLERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "faust", "mode", "aiokafka", "alembic")
_TOO_CHATTY_AT_INFO: Final = (
    "httpx",
    "httpcore",
    "apprise",
    "apscheduler.executors.default",
    "apscheduler.scheduler",
    "alembic.runtime.migration",
)

#: clients that try again twenty times a second while a broker is away, and say so each time
_REPEATS_ITSELF: Final = "librdkafka"
_REPEATED_AFTER_S: Final = 60.0
_KINDS_KEPT: Final = 256


def configure_logging(
    service: str,
    level: str = "INFO",
    fmt: Literal["json", "console"] = "json",
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Route all logging of this process to ``stream`` (stderr). Call once, in the composition root.

    ``service`` is on every line. ``secrets`` are masked wherever they appear, besides passwords in URLs: give
    it what carries no ``user:password@`` (tokens of alert URLs). Raises ValueError for an unknown level.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        # plain_traceback, because exceptions are already text here: masked before they are rendered
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _Masking(secrets),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _OWN_HANDLERS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in _TOO_CHATTY_AT_INFO:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    repeating = logging.getLogger(_REPEATS_ITSELF)
    repeating.filters = [OnceInAWhile()]


class OnceInAWhile(logging.Filter):
    """Lets a line through that is new but for its figures, or that was last let through ``after_s`` ago; that one says
    as ``repeated`` how often it was held back. Bounded; a line too many does no harm.
    """

    def __init__(
        self, after_s: float = _REPEATED_AFTER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._after_s = after_s
        self._clock = clock
        self._last: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now_s = _FIGURES.sub("", record.getMessage()), self._clock()
        written_s, held_back = self._last.get(kind, (-math.inf, 0))
        if now_s - written_s < self._after_s:
            self._last[kind] = (written_s, held_back + 1)
            return False
        if held_back:
            record.repeated = held_back
        if len(self._last) >= _KINDS_KEPT:
            self._last.clear()
        self._last[kind] = (now_s, 0)
        return True


@contextlib.contextmanager
def correlated(
    *, event_id: str | None = None, correlation_id: str | None = None, customer_id: str | None = None
) -> Iterator[None]:
    """Put the ids that are not None on every log line of this thread or task within the block."""
    given = {"event_id": event_id, "correlation_id": correlation_id, "customer_id": customer_id}
    with structlog.contextvars.bound_contextvars(
        **{key: value for key, value in given.items() if value is not None}
    ):
        yield


def mask(text: str, secrets: Sequence[str] = ()) -> str:
    """The text with passwords of URLs and the given secrets replaced by ``***``."""
    masked = _URL_PASSWORD.sub(rf"\g<head>:{MASK}", text) if "://" in text else text
    for secret in secrets:
        masked = masked.replace(secret, MASK)
    return masked


class _Service:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event.setdefault("service", self._name)
        return event


class _Masking:
    """Last before the renderer, so that formatted tracebacks and messages of libraries pass it too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # longest first: a secret that contains another must not leave its rest behind
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {key: self._masked(value) for key, value in event.items()}

    def _masked(self, value: object) -> object:
        match value:
            case str():
                return mask(value, self._secrets)
            case bool() | int() | float() | None:
                return value
            case dict():
                return {key: self._masked(inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._masked(inner) for inner in value]
            case _:
                return mask(str(value), self._secrets)
