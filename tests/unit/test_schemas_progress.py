from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from schemas import progress as progress_module
from schemas.errors import ProgressTimeout, ProgressUnreadable, UnknownStateFormat
from schemas.progress import (
    PROGRESS_KEY,
    STATE_FORMAT_HEADER,
    STATE_HEADERS,
    LogRecord,
    Progress,
    check_state_format,
    decode_progress,
    encode_progress,
    read_progress,
    scan_progress,
)

CHANGELOG = "books"

#: offset -> key and value
Records = Mapping[int, tuple[bytes, bytes | None]]


class InMemoryLog:
    """A committed changelog: records by offset with gaps (markers, compaction), read from an assignment on.

    ``more`` is written behind the end as soon as the ends were asked for, as a busy stream does.
    """

    def __init__(self, partitions: Mapping[int, tuple[int, int, Records]]) -> None:
        self.partitions = partitions
        self.positions: dict[int, int] = {}
        self.ended: set[int] = set()
        self.reads = 0
        self.assigned: list[dict[int, int]] = []
        self.errors: list[Message] = []
        self.more: dict[int, Records] = {}
        self.batch = 7
        self.fetched: list[Message] = []

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int] | None:
        assert timeout > 0
        assert partition.topic == CHANGELOG
        low, high, _ = self.partitions[partition.partition]
        return low, high

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.positions = {each.partition: each.offset for each in partitions}
        self.assigned.append(dict(self.positions))
        self.ended = set()

    def poll(self, timeout: float) -> LogRecord | None:
        assert timeout > 0
        if self.errors:
            return cast("LogRecord", self.errors.pop())
        self.fetched = list(self._next())
        return cast("LogRecord", self.fetched.pop(0)) if self.fetched else None

    def consume(self, num_messages: int, timeout: float) -> Sequence[LogRecord]:
        assert num_messages > 0
        assert timeout == 0
        rest, self.fetched = self.fetched, []
        return cast("Sequence[LogRecord]", rest)

    def _next(self) -> Iterator[Message]:
        for number, position in self.positions.items():
            records = {**self.partitions[number][2], **self.more.get(number, {})}
            ahead = [offset for offset in sorted(records) if offset >= position]
            for offset in ahead[: self.batch]:
                key, value = records[offset]
                self.reads += 1
                self.positions[number] = offset + 1
                yield Message(topic=CHANGELOG, partition=number, offset=offset, key=key, value=value)
            if not ahead and number not in self.ended:
                self.ended.add(number)
                yield Message(topic=CHANGELOG, partition=number, error=KafkaError(KafkaError._PARTITION_EOF))


class Clock:
    """Seconds that pass by ``step`` at each look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def at(offset: int) -> bytes:
    return encode_progress(Progress({"orders": offset}))


def scan(log: InMemoryLog, partitions: int, clock: Clock | None = None) -> dict[int, Progress]:
    return scan_progress(log, CHANGELOG, partitions, timeout_s=10, clock=clock or Clock())


def test_a_progress_record_is_read_back_as_written() -> None:
    progress = Progress({"tieout.payments": 7, "tieout.orders": 0})

    assert decode_progress(encode_progress(progress)) == progress
    assert encode_progress(progress) == b'{"offsets":{"tieout.orders":0,"tieout.payments":7},"version":1}'


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"offsets":{"a":-1}}', "Expected `int` >= 0"),
        (b'{"offsets":{"a":1.5}}', "Expected `int`"),
        (b'{"version":1}', "missing required field `offsets`"),
        (b'{"offsets":{},"version":2}', "version 2, known is 1"),
        (b'\xff{"offsets":{}}', "malformed"),
    ],
)
def test_what_is_no_progress_record_is_refused(data: bytes, detail: str) -> None:
    with pytest.raises(ProgressUnreadable) as caught:
        decode_progress(data)
    assert detail in caught.value.detail


@given(st.binary())
def test_random_bytes_are_never_progress(data: bytes) -> None:
    with pytest.raises(ProgressUnreadable):
        decode_progress(data)


def test_state_values_are_known_by_their_header() -> None:
    check_state_format(list(STATE_HEADERS))


@pytest.mark.parametrize("headers", [None, [], [("other", b"1")], [(STATE_FORMAT_HEADER, b"1")]])
def test_state_of_another_format_is_refused(headers: list[tuple[str, bytes | None]] | None) -> None:
    with pytest.raises(UnknownStateFormat) as caught:
        check_state_format(headers)
    assert caught.value.found == (dict(headers or ()).get(STATE_FORMAT_HEADER))


def test_the_newest_record_of_each_partition_counts() -> None:
    log = InMemoryLog(
        {
            0: (0, 12, {8: (PROGRESS_KEY, at(1)), 9: (b"C-1", b"x"), 10: (PROGRESS_KEY, at(2))}),
            1: (0, 0, {}),
            2: (5, 5, {}),
            3: (3, 7, {3: (b"C-2", b"x"), 5: (PROGRESS_KEY, at(9))}),
        }
    )

    assert scan(log, 4) == {0: Progress({"orders": 2}), 3: Progress({"orders": 9})}
    assert log.assigned == [{0: 0, 3: 3}]


def test_only_the_end_of_a_long_changelog_is_read() -> None:
    records = {offset: (b"C-%d" % offset, b"x") for offset in range(100_000)}
    records[99_998] = (PROGRESS_KEY, at(5))
    log = InMemoryLog({0: (0, 100_000, records)})

    assert scan(log, 1) == {0: Progress({"orders": 5})}
    assert log.reads <= 64


def test_the_search_goes_further_and_further_back() -> None:
    records = dict.fromkeys(range(20000), (b"C", b"x"))
    records[1_000] = (PROGRESS_KEY, at(1))
    near = dict.fromkeys(range(100), (b"C", b"x")) | {99: (PROGRESS_KEY, at(2))}
    log = InMemoryLog({0: (0, 20_000, records), 1: (0, 100, near)})
    log.batch = 1_000

    assert scan(log, 2) == {0: Progress({"orders": 1}), 1: Progress({"orders": 2})}
    assert log.assigned == [{0: 19_936, 1: 36}, {0: 19_424}, {0: 15_328}, {0: 0}]
    assert log.reads < 40_000


def test_a_changelog_without_progress_is_read_to_its_beginning() -> None:
    log = InMemoryLog({0: (90, 200, dict.fromkeys(range(90, 200), (b"C", b"x")))})

    assert scan(log, 1) == {}
    assert [assignment[0] for assignment in log.assigned] == [136, 90]


def test_a_deleted_progress_record_counts_as_none() -> None:
    log = InMemoryLog({0: (0, 3, {0: (PROGRESS_KEY, at(1)), 1: (PROGRESS_KEY, None)})})

    assert scan(log, 1) == {}


def test_what_is_written_while_reading_is_left_for_the_next_time() -> None:
    log = InMemoryLog({0: (0, 10, {4: (PROGRESS_KEY, at(1))}), 1: (0, 2, {1: (PROGRESS_KEY, at(3))})})
    log.more = {
        0: {offset: (PROGRESS_KEY, at(offset)) for offset in range(10, 10_000)},
        1: {offset: (PROGRESS_KEY, at(offset)) for offset in range(2, 10_000)},
    }

    assert scan(log, 2) == {0: Progress({"orders": 1}), 1: Progress({"orders": 3})}


def test_unreadable_progress_is_an_error_not_absence() -> None:
    log = InMemoryLog({0: (0, 1, {0: (PROGRESS_KEY, b"nonsense")})})

    with pytest.raises(ProgressUnreadable):
        scan(log, 1)


def test_passing_faults_are_waited_out() -> None:
    log = InMemoryLog({0: (0, 1, {0: (PROGRESS_KEY, at(1))})})
    log.errors = [Message(error=KafkaError(KafkaError._TRANSPORT))]

    assert scan(log, 1) == {0: Progress({"orders": 1})}


def test_other_faults_are_raised() -> None:
    log = InMemoryLog({0: (0, 1, {0: (PROGRESS_KEY, at(1))})})
    log.errors = [Message(error=KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))]

    with pytest.raises(KafkaException) as caught:
        scan(log, 1)
    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_changelog_that_stays_silent_is_a_timeout() -> None:
    log = InMemoryLog({0: (0, 5, {}), 1: (0, 5, {4: (PROGRESS_KEY, at(1))})})
    log.ended = {0}
    log.assign = lambda partitions: log.positions.update({1: 0})  # type: ignore[method-assign]

    with pytest.raises(ProgressTimeout) as caught:
        scan(log, 2, Clock(step=0.5))
    assert caught.value.partitions == (0,)
    assert caught.value.changelog == CHANGELOG
    assert caught.value.timeout_s == 10


class WithoutEnds(InMemoryLog):
    """A log whose ends cannot be had."""

    def __init__(self, answer: KafkaException | None) -> None:
        super().__init__({})
        self.answer = answer

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int] | None:
        if self.answer is not None:
            raise self.answer
        return None


@pytest.mark.parametrize("answer", [None, KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN))])
def test_ends_that_do_not_come_are_a_timeout(answer: KafkaException | None) -> None:
    with pytest.raises(ProgressTimeout):
        scan(WithoutEnds(answer), 1)


def test_ends_that_are_refused_are_an_error() -> None:
    refusal = KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))

    with pytest.raises(KafkaException) as caught:
        scan(WithoutEnds(refusal), 1)
    assert caught.value is refusal


def test_reading_uses_one_committed_reader_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[OneReader] = []

    class OneReader(InMemoryLog):
        def __init__(self, config: dict[str, object], logger: object) -> None:
            super().__init__({0: (0, 1, {0: (PROGRESS_KEY, at(4))})})
            self.config = config
            self.closed = False
            made.append(self)

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(progress_module, "Consumer", OneReader)

    assert read_progress("kafka:9092", CHANGELOG, 1, {"sasl.username": "u"}) == {0: Progress({"orders": 4})}
    (reader,) = made
    assert reader.closed
    assert reader.config["bootstrap.servers"] == "kafka:9092"
    assert reader.config["sasl.username"] == "u"
    assert reader.config["isolation.level"] == "read_committed"
