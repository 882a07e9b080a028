"""Every library's lines leave as one JSON object each, with correlation ids and without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from runtime.logs import OnceInAWhile, configure_logging, correlated, mask


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    root, clients = logging.getLogger(), logging.getLogger("librdkafka")
    handlers, level, clients_level = root.handlers[:], root.level, clients.level
    clients.setLevel(logging.NOTSET)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    clients.filters.clear()
    clients.setLevel(clients_level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_structlog_and_stdlib_leave_through_the_same_renderer() -> None:
    stream = io.StringIO()
    configure_logging("projector", stream=stream)
    structlog.get_logger("services.projector").info("batch", rows=3)
    logging.getLogger("aiokafka.consumer").warning("broker %s is slow", "b-1", extra={"node": 1})
    ours, theirs = lines(stream)
    assert (ours["event"], ours["rows"], ours["level"], ours["service"]) == ("batch", 3, "info", "projector")
    assert ours["logger"] == "services.projector"
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["node"], theirs["level"]) == ("broker b-1 is slow", 1, "warning")
    assert theirs["service"] == "projector"
    assert set(theirs) >= {"timestamp", "logger"}


def test_handlers_of_libraries_are_replaced_so_that_a_line_is_written_once() -> None:
    library = logging.getLogger("uvicorn.access")
    own = io.StringIO()
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    stream = io.StringIO()
    configure_logging("api", stream=stream)
    library.info("GET /")
    assert own.getvalue() == ""
    assert [line["event"] for line in lines(stream)] == ["GET /"]


def test_correlation_ids_are_on_every_line_of_the_block_and_on_none_after_it() -> None:
    stream = io.StringIO()
    configure_logging("worker", stream=stream)
    with correlated(event_id="e-1", customer_id="C-1"):
        logging.getLogger("faust").info("inside")
    logging.getLogger("faust").info("outside")
    inside, outside = lines(stream)
    assert (inside["event_id"], inside["customer_id"]) == ("e-1", "C-1")
    assert "correlation_id" not in inside
    assert "event_id" not in outside


def test_the_level_is_kept() -> None:
    stream = io.StringIO()
    configure_logging("worker", "warning", stream=stream)
    structlog.get_logger("x").info("no")
    logging.getLogger("y").info("no")
    logging.getLogger("y").error("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_passwords_and_given_secrets_never_leave(fmt: Any) -> None:
    stream = io.StringIO()
    configure_logging("worker", fmt=fmt, secrets=["tok-123", ""], stream=stream)
    url = "postgresql://tieout:hunter2@db:5432/tieout"
    log = structlog.get_logger("x")
    log.info("connect", url=url, urls=[url], nested={"redis": "redis://:hunter2@cache:6379/0"})
    logging.getLogger("library").warning("cannot reach %s with tok-123", url)
    try:
        raise ConnectionError(f"no route to {url}")
    except ConnectionError:
        log.exception("failed")
    text = stream.getvalue()
    assert "hunter2" not in text
    assert "tok-123" not in text
    assert "postgresql://tieout:***@db:5432/tieout" in text
    assert "redis://:***@cache:6379/0" in text
    assert "ConnectionError" in text
    assert "Traceback" in text


def test_money_and_flags_stay_what_they_are() -> None:
    stream = io.StringIO()
    configure_logging("worker", stream=stream)
    structlog.get_logger("x").info("booked", amount_minor=9_007_199_254_740_993, final=True, none=None)
    (line,) = lines(stream)
    assert line["amount_minor"] == 9_007_199_254_740_993
    assert line["final"] is True
    assert line["none"] is None


def test_mask_leaves_what_is_no_password() -> None:
    plain = "see https://example.org:8080/a@b and user@example.org at 10:30"
    assert mask(plain) == plain


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown level"):
        configure_logging("worker", "LOUD")


def test_what_a_client_says_again_and_again_is_written_once_in_a_while_with_how_often() -> None:
    stream = io.StringIO()
    configure_logging("projector", stream=stream)
    client, now_s = logging.getLogger("librdkafka"), 0.0
    client.filters = [OnceInAWhile(60, lambda: now_s)]
    for after_ms in range(3):
        client.error("Connect to 127.0.0.1:9092 failed (after %dms)", after_ms)
    client.error("Authentication failed")
    now_s = 60.0
    client.error("Connect to 127.0.0.1:9092 failed (after 7ms)")
    first, other, again = lines(stream)
    assert [line["event"] for line in (first, other)] == [
        "Connect to 127.0.0.1:9092 failed (after 0ms)",
        "Authentication failed",
    ]
    assert "repeated" not in first
    assert again["repeated"] == 2


def test_lines_of_ever_new_kinds_are_not_remembered_for_ever() -> None:
    once = OnceInAWhile(60, lambda: 0.0)
    kinds = ["x" * length for length in range(1, 600)]
    assert all(once.filter(logging.LogRecord("l", 40, "", 0, kind, None, None)) for kind in kinds)
    assert len(once._last) <= 256


def test_the_clients_of_kafka_are_among_those_that_repeat_themselves() -> None:
    stream = io.StringIO()
    configure_logging("projector", stream=stream)
    for _ in range(3):
        logging.getLogger("librdkafka").error("Disconnected")
    assert len(lines(stream)) == 1
