"""The benchmark's job: fold and reference agree, whatever the interleaving; a defect in either shows."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator

import pytest

from bench.ours import job
from bench.peers.kafka_streams import state as kafka_streams_state
from bench.peers.registry import plain
from bench.workload.digest import digest_findings, digest_states
from bench.workload.events import (
    DEDUPLICATION_WINDOW,
    OPENED,
    ORDER,
    PAYMENT,
    REFUND,
    RETRACTED,
    Event,
    Finding,
    decode_finding,
    encode_event,
    encode_finding,
)
from bench.workload.generate import Workload, generate
from bench.workload.reference import AccountState, Reference

WORKLOAD = Workload(events=20_000, customers=500, seed=7)


def fold(events: Iterable[Event]) -> tuple[dict[bytes, AccountState], Counter[Finding]]:
    """Every event through the job, the account encoded and decoded in between."""
    kept: dict[bytes, bytes] = {}
    findings: Counter[Finding] = Counter()
    for event in events:
        data = kept.get(event.customer)
        account = job.Account() if data is None else job.decode(data)
        found = job.RULES[event.kind](account, event.event_id, event.document, event.amount)
        findings.update(Finding(event.customer, *one) for one in found or ())
        kept[event.customer] = job.encode(account)
    return {customer: plain(job.decode(data)) for customer, data in kept.items()}, findings


def reference(events: Iterable[Event]) -> Reference:
    made = Reference()
    for event in events:
        made.add(event)
    return made


def digests(states: dict[bytes, AccountState], findings: Counter[Finding]) -> tuple[str, str]:
    return digest_states(states), digest_findings(findings)


def in_turns(events: list[Event], sizes: tuple[int, int, int]) -> Iterator[Event]:
    """The topics in batches of these sizes, each topic in its own order."""
    topics: defaultdict[int, deque[Event]] = defaultdict(deque)
    for event in events:
        topics[event.kind].append(event)
    while any(topics.values()):
        for kind, size in enumerate(sizes):
            for _ in range(min(size, len(topics[kind]))):
                yield topics[kind].popleft()


@pytest.mark.parametrize(
    "sizes", [(1, 1, 1), (10**9, 10**9, 10**9), (3, 2000, 1), (1, 1, 10**9), (100, 1, 7)]
)
def test_the_fold_is_the_reference_in_every_interleaving(sizes: tuple[int, int, int]) -> None:
    events = list(generate(WORKLOAD))
    wanted = reference(events)
    assert digests(*fold(in_turns(events, sizes))) == digests(wanted.states(), wanted.findings())


def test_a_record_that_is_lost_or_read_twice_changes_the_digest() -> None:
    events = list(generate(WORKLOAD))
    wanted = digests(*fold(events))
    assert digests(*fold(events[:-1])) != wanted
    assert digests(*fold([*events, events[-1]]))[0] != wanted[0], "the count sees what deduplication hides"


def test_opened_and_retracted_under_one_id_whatever_comes_first() -> None:
    order = Event(ORDER, b"C1", 1, 10, 500)
    payment = Event(PAYMENT, b"C1", 2, 10, 470)
    refund = Event(REFUND, b"C1", 3, 10, -30)
    both = Counter({Finding(b"C1", OPENED, 10, 30): 1, Finding(b"C1", RETRACTED, 10, 30): 1})
    for events in itertools.permutations([order, payment, refund]):
        states, findings = fold(events)
        assert findings == both
        assert states == {b"C1": AccountState(balance=0, count=3)}
        assert reference(events).states() == states


def test_a_refund_that_clears_nothing_stays_open() -> None:
    events = [
        Event(ORDER, b"C1", 1, 10, 500),
        Event(PAYMENT, b"C1", 2, 10, 470),
        Event(REFUND, b"C1", 3, 10, -29),
    ]
    wanted = AccountState(1, 3, refunds={10: -29}, differences={10: 30})
    for order in itertools.permutations(events):
        assert fold(order)[0] == {b"C1": wanted} == reference(order).states()


def test_the_window_forgets_the_oldest_id_only() -> None:
    ids: bytes | None = b""
    for event_id in range(DEDUPLICATION_WINDOW):
        assert ids is not None
        ids = job.remember(ids, event_id)
    assert ids is not None
    assert job.remember(ids, 0) is None
    moved = job.remember(ids, 99)
    assert moved is not None
    assert len(moved) == len(ids)
    assert job.remember(moved, 0) is not None
    assert job.remember(moved, 1) is None


def test_an_id_is_not_found_across_two_others() -> None:
    ids = (1 << 32).to_bytes(8, "little") + (1 << 32).to_bytes(8, "little")
    assert job.remember(ids, 1) == ids + (1).to_bytes(8, "little")


def test_the_input_is_a_function_of_its_arguments() -> None:
    events = list(generate(WORKLOAD))
    assert events == list(generate(WORKLOAD))
    shorter = Workload(events=5_000, customers=500, seed=7)
    assert list(generate(shorter)) == events[:5_000]
    assert list(generate(Workload(events=5_000, customers=500, seed=8))) != events[:5_000]


def test_the_shares_are_what_they_are_said_to_be() -> None:
    events = list(generate(Workload(events=100_000, customers=5_000)))
    kinds = Counter(event.kind for event in events)
    assert kinds[ORDER] == pytest.approx(45_000, rel=0.03)
    assert kinds[PAYMENT] == pytest.approx(45_000, rel=0.03)
    assert kinds[REFUND] == pytest.approx(10_000, rel=0.05)
    assert len(events) - len({event.event_id for event in events}) == pytest.approx(1_000, rel=0.15)
    opened = sum(1 for finding in reference(events).findings() if finding.action == OPENED)
    assert opened == pytest.approx(0.03 * 45_000, rel=0.15)


def test_events_and_findings_on_the_wire() -> None:
    event = Event(ORDER, b"C000001", 300, 2, 12_345)
    # header 1; 300, 2 and 12,345 as zigzag varints; EUR; 1,767,225,600,300 ms
    assert encode_event(event).hex() == "0000000001" + "d804" + "04" + "f2c001" + "02" + "d8a4d5edee66"
    assert decode_finding(b"C1", encode_finding(RETRACTED, 7, -30)) == Finding(b"C1", RETRACTED, 7, -30)
    with pytest.raises(ValueError, match="not a finding"):
        decode_finding(b"C1", encode_event(event))


def test_a_state_of_the_java_peer_is_read() -> None:
    # balance -3, count 300; ids of three topics as differences: [5, 7], [], [9]; orders {2: 100}; no other items
    value = bytes([0x05, 0xD8, 0x04, 0x04, 0x0A, 0x04, 0x00, 0x02, 0x12, 0x04, 0x04, 0xC8, 0x01, 0, 0, 0])
    assert kafka_streams_state.read(b"C1", value) == (b"C1", AccountState(-3, 300, orders={2: 100}))
