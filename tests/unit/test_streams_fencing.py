"""Fencing: a new client asks where the one before was told to wait, and what cannot pass ends the attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.engine import checkpoint
from streams.engine.checkpoint import fencing_producer

CONFIG = {"transactional.id": "app-0"}
BUSY = KafkaError(KafkaError._TIMED_OUT, "no answer yet", retriable=True)
FENCED = KafkaError(KafkaError.PRODUCER_FENCED, "another one has it")


class Clients:
    """Makes clients of which each answers with the next of ``answers``; ``None``: it has fenced."""

    def __init__(self, answers: Iterator[KafkaError | None]) -> None:
        self.asked: list[tuple[object, float]] = []
        self._answers = answers

    def __call__(self, config: object) -> Client:
        assert config is CONFIG
        return Client(self)

    def answer(self, client: Client, patience_s: float) -> None:
        self.asked.append((client, patience_s))
        error = next(self._answers)
        if error is not None:
            raise KafkaException(error)


class Client:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def init_transactions(self, patience_s: float) -> None:
        self._clients.answer(self, patience_s)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Clients]:
    def answering(*answers: KafkaError | None) -> Clients:
        made = Clients(iter(answers))
        monkeypatch.setattr(checkpoint, "Producer", made)
        return made

    return answering


def test_the_first_client_that_has_fenced_is_the_one(clients: Callable[..., Clients]) -> None:
    made = clients(BUSY, BUSY, None)
    assert fencing_producer(CONFIG) is made.asked[-1][0]
    assert len({client for client, _ in made.asked}) == 3
    assert made.asked[0][1] < 0.5  # less than librdkafka waits before it asks again


def test_what_cannot_pass_is_raised_at_once(clients: Callable[..., Clients]) -> None:
    made = clients(FENCED)
    with pytest.raises(KafkaException) as raised:
        fencing_producer(CONFIG)
    assert raised.value.args[0] is FENCED
    assert len(made.asked) == 1


def test_in_the_end_a_coordinator_is_given_time(clients: Callable[..., Clients]) -> None:
    made = clients(*[BUSY] * 20)
    with pytest.raises(KafkaException) as raised:
        fencing_producer(CONFIG)
    assert raised.value.args[0] is BUSY
    assert made.asked[-1][1] == checkpoint._CALL_TIMEOUT_S
    assert all(patience_s < 0.5 for _, patience_s in made.asked[:-1])
