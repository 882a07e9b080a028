"""Fencing: a new client asks where the one before was told to wait; the last is patient, and its error counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.engine import checkpoint
from streams.engine.checkpoint import fencing_producer

CONFIG = {"transactional.id": "app-0"}
AWAY = KafkaError(KafkaError._TRANSPORT, "connection refused")
BUSY = KafkaError(KafkaError._TIMED_OUT, "no answer yet", retriable=True)
FENCED = KafkaError(KafkaError.PRODUCER_FENCED, "another one has it")


class Clients:
    """Makes clients of which each answers with the next of ``answers``; ``None``: it has fenced."""

    def __init__(self, answers: Iterator[KafkaError | None]) -> None:
        self.made: list[Client] = []
        self.patience_s: list[float] = []
        self._answers = answers

    def __call__(self, config: object, logger: object) -> Client:
        assert config is CONFIG
        self.made.append(Client(self, next(self._answers)))
        return self.made[-1]


class Client:
    def __init__(self, clients: Clients, answer: KafkaError | None) -> None:
        self._clients = clients
        self._answer = answer
        self._connected = False

    def list_topics(self, topic: str, timeout: float) -> None:
        assert topic == "changelog"
        if self._answer is AWAY:
            raise KafkaException(AWAY)
        self._connected = True

    def init_transactions(self, patience_s: float) -> None:
        self._clients.patience_s.append(patience_s)
        assert self._connected or patience_s == checkpoint._CALL_TIMEOUT_S
        if self._answer is not None:
            raise KafkaException(self._answer)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Clients]:
    def answering(*answers: KafkaError | None) -> Clients:
        made = Clients(iter(answers))
        monkeypatch.setattr(checkpoint, "Producer", made)
        return made

    return answering


def test_the_first_client_that_has_fenced_is_the_one(clients: Callable[..., Clients]) -> None:
    made = clients(AWAY, BUSY, BUSY, None)
    found: object = fencing_producer(CONFIG, "changelog")
    assert found is made.made[-1]
    assert len(made.made) == 4
    assert max(made.patience_s) < 0.5  # less than librdkafka waits before it asks again


@pytest.mark.parametrize("error", [AWAY, BUSY, FENCED])
def test_in_the_end_a_client_is_given_time_and_its_error_is_raised(
    clients: Callable[..., Clients], error: KafkaError
) -> None:
    made = clients(*[error] * 20)
    with pytest.raises(KafkaException) as raised:
        fencing_producer(CONFIG, "changelog")
    assert raised.value.args[0] is error
    assert made.patience_s[-1] == checkpoint._CALL_TIMEOUT_S
    assert len(made.made) == len(checkpoint._PATIENCE_S) + 1


def test_after_a_broker_that_was_away_a_client_that_is_given_time_may_fence(
    clients: Callable[..., Clients],
) -> None:
    made = clients(*[AWAY] * len(checkpoint._PATIENCE_S), None)
    found: object = fencing_producer(CONFIG, "changelog")
    assert found is made.made[-1]
