"""What the benchmark's harness concludes: wrong results are refused, ratios and percentiles are what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from bench.__main__ import read_options
from bench.broker import Broker, Input
from bench.ours import job
from bench.ours.worker import decode_events
from bench.peers import marks
from bench.peers.registry import KAFKA_STREAMS_MEMORY, OURS
from bench.sections.latency import percentile, triggers
from bench.sections.restore import account_of
from bench.sections.runs import Measured
from bench.sections.throughput import ratios
from bench.verify import WrongResult, verify
from bench.workload.events import (
    OPENED,
    ORDER,
    PAYMENT,
    REFUND,
    RETRACTED,
    Event,
    encode_event,
    encode_finding,
)
from bench.workload.generate import Workload, generate
from bench.workload.reference import Reference
from schemas.progress import PROGRESS_KEY

ORDERED = Event(ORDER, b"C1", 1, 10, 500)
PAID = Event(PAYMENT, b"C1", 2, 10, 470)
CLEARED = Event(REFUND, b"C1", 3, 10, -30)


class Log:
    """A broker that has these committed records."""

    def __init__(self, **topics: list[tuple[bytes, bytes]]) -> None:
        self.topics = topics

    def topics_of(self, prefix: str) -> list[str]:
        return [name for name in self.topics if name.startswith(prefix)]

    def read(self, topic: str, partitions: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.topics[topic])


def finished(*events: Event) -> tuple[Input, bytes]:
    """An input and the account that it ends in."""
    reference, account = Reference(), job.Account()
    for event in events:
        reference.add(event)
        job.RULES[event.kind](account, event.event_id, event.document, event.amount)
    return Input("", (), 1, reference), job.encode(account)


OPENING = (b"C1", encode_finding(OPENED, 10, 30))


def verified(given: Input, state: list[tuple[bytes, bytes]], findings: list[tuple[bytes, bytes]]) -> Any:
    return verify(cast("Broker", Log(state=state, findings=findings)), OURS, given, "state", "findings")


def test_the_newest_state_counts_and_progress_is_no_account() -> None:
    given, after = finished(ORDERED, PAID)
    before = finished(ORDERED)[1]
    verified(given, [(b"C1", before), (b"C1", after), (PROGRESS_KEY, b"{}")], [OPENING])


def test_a_stale_account_is_refused() -> None:
    given, after = finished(ORDERED, PAID)
    before = finished(ORDERED)[1]
    with pytest.raises(WrongResult, match="1 of 1 accounts differ"):
        verified(given, [(b"C1", after), (b"C1", before)], [OPENING])


def test_a_finding_that_is_missing_or_came_twice_is_refused() -> None:
    given, after = finished(ORDERED, PAID)
    with pytest.raises(WrongResult, match="1 findings are missing"):
        verified(given, [(b"C1", after)], [])
    with pytest.raises(WrongResult, match="1 are too many"):
        verified(given, [(b"C1", after)], [OPENING, OPENING])


def test_a_changelog_that_is_not_there_is_refused() -> None:
    given, _ = finished(ORDERED)
    with pytest.raises(WrongResult, match="0 topics begin with"):
        verify(cast("Broker", Log()), OURS, given, "state", "findings")


def test_a_finding_waits_for_the_last_event_that_it_needs() -> None:
    assert triggers([ORDERED, PAID, CLEARED]) == {(OPENED, 10): 1, (RETRACTED, 10): 2}
    assert triggers([CLEARED, PAID, PAID, ORDERED]) == {(OPENED, 10): 3, (RETRACTED, 10): 3}
    assert triggers([ORDERED, ORDERED, PAID]) == {(OPENED, 10): 2}
    assert triggers([ORDERED, Event(PAYMENT, b"C1", 2, 10, 500)]) == {}


def test_there_is_a_trigger_for_every_finding() -> None:
    events = list(generate(Workload(events=20_000, customers=500)))
    reference = Reference()
    for event in events:
        reference.add(event)
    wanted = {(finding.action, finding.document) for finding in reference.findings()}
    assert triggers(events).keys() == wanted


def test_percentiles_are_nearest_rank() -> None:
    values = list(range(1, 101))
    assert (percentile(values, 50), percentile(values, 99), percentile([7], 99)) == (50, 99, 7)


def measured(events_per_s: float) -> Measured:
    return Measured(events_per_s, events_per_s * 2, 1.0, 1.0, 1.0, 0.0)


def test_ratios_are_of_medians() -> None:
    runs = {
        OURS.name: [measured(300), measured(100), measured(200)],
        KAFKA_STREAMS_MEMORY.name: [measured(100)],
    }
    found = ratios(runs, [OURS, KAFKA_STREAMS_MEMORY])
    assert found["ratios"] == {"kafka_streams_eos_memory": 2.0} == found["ratios_warm"]
    assert found["ratios_of"] == {"kafka_streams_eos_memory": "ours_memory"}
    assert ratios({KAFKA_STREAMS_MEMORY.name: [measured(1)]}, [KAFKA_STREAMS_MEMORY])["ratios"] == {}


def test_a_batch_is_decoded_as_its_events_were_encoded() -> None:
    events = list(generate(Workload(events=300, customers=20)))
    found = decode_events([encode_event(event) for event in events])
    assert [one[:3] for one in found] == [event[2:] for event in events]
    with pytest.raises(ValueError, match="no event"):
        decode_events([encode_finding(OPENED, 1, 1)])
    whole = encode_event(events[0])
    for broken in (whole + b"\x02", whole + b"\x00", whole[:-1]):
        with pytest.raises(ValueError, match="are no events"):
            decode_events([whole, broken])


def test_marks_say_first_and_warm_once(capsys: pytest.CaptureFixture[str]) -> None:
    counter = marks.Marks(100, 20, lambda: 0)
    for _ in range(5):
        counter.before()
        counter.after(15)
    lines = capsys.readouterr().out.split("\n\n")
    assert ['"first"' in line for line in lines] == [True, False]
    assert '"warm"' in lines[1]
    assert '"seen": 30' in lines[1]


def test_arguments_may_contain_the_sign() -> None:
    assert marks.read_arguments(["a=b=c", "n=1"]) == {"a": "b=c", "n": "1"}


def test_an_account_to_restore_is_a_proper_one() -> None:
    account = account_of(7)
    again = job.decode(job.encode(account))
    assert (again.balance, again.orders, again.refund_ids) == (
        account.balance,
        account.orders,
        account.refund_ids,
    )


def test_a_partial_run_does_not_touch_the_published_results() -> None:
    assert read_options([]).results.name == "latest.json"
    assert read_options(["--quick"]).results.name == "results.json"
    assert read_options(["--only", "ours_memory"]).sections == ("throughput",)
    with pytest.raises(SystemExit):
        read_options(["--only", "nobody"])
