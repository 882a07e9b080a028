"""Waiting for what was published survives a broker that restarts, and nothing else that fails."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from services.imports import settle
from services.imports.errors import NotReflectedError, Receipt

PLACE = ("tieout.orders", 0)


class _Log:
    """Answers with what is in turn: a progress, or what Kafka says instead."""

    def __init__(self, answers: list[int | KafkaError]) -> None:
        self.answers = answers
        self.closed = False

    def progress(self) -> dict[tuple[str, int], int]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, KafkaError):
            raise KafkaException(answer)
        return {PLACE: answer}

    def close(self) -> None:
        self.closed = True


def _wait(monkeypatch: pytest.MonkeyPatch, answers: list[int | KafkaError], timeout_s: int = 30) -> _Log:
    log = _Log(answers)
    monkeypatch.setattr(settle, "_Log", lambda *_: log)
    monkeypatch.setattr(settle, "_stores_check", lambda *_: list)
    nothing: Any = None
    try:
        settle.wait_until_reflected(
            Receipt({PLACE: 5}, {}), bootstrap_servers="", engine=nothing, live=nothing, timeout_s=timeout_s
        )
    finally:
        assert log.closed
    return log


@pytest.mark.parametrize("code", [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError._TRANSPORT])
def test_a_broker_that_restarts_is_waited_for(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    log = _wait(monkeypatch, [3, KafkaError(code), KafkaError(code), 5])
    assert log.answers == [5]


def test_another_failure_of_kafka_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        _wait(monkeypatch, [KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), 5])


def test_a_broker_that_stays_away_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KafkaException, match="_TRANSPORT"):
        _wait(monkeypatch, [KafkaError(KafkaError._TRANSPORT)], timeout_s=0)


def test_who_is_behind_is_named_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReflectedError, match="the stream"):
        _wait(monkeypatch, [3], timeout_s=0)
