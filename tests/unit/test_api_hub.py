"""The fan-out of changes: nothing is missed, nothing told twice, nobody slows the others down."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from services.store.live import RESET, Change, Told
from services.store.testing import MemoryLiveStore
from services.web.hub import LiveHub, Signal
from services.web.wire import Batch, batch_of, browser_json


class WaitingStore(MemoryLiveStore):
    """The fake, but ``wait_ms`` waits, as the real one does."""

    def __init__(self, *, feed_length: int = 1000) -> None:
        super().__init__(feed_length=feed_length)
        self._arrived = threading.Condition()

    def add(self, *changes: Change) -> None:
        with self._arrived:
            self.apply(Told.of([], changes))
            self._arrived.notify_all()

    def changes_since(self, change_id: str, *, limit: int = 1000, wait_ms: int = 0) -> list[Change]:
        with self._arrived:
            found = super().changes_since(change_id, limit=limit)
            if not found and wait_ms:
                self._arrived.wait(wait_ms / 1000)
                found = super().changes_since(change_id, limit=limit)
            return found


def balance(customer_id: str, balance_minor: int) -> Change:
    (change,) = Change.of_rows(
        "balances", [{"customer_id": customer_id, "currency": "EUR", "balance_minor": balance_minor}]
    )
    return change


def run(
    scenario: Callable[[WaitingStore, LiveHub], Awaitable[None]], store: WaitingStore | None = None
) -> None:
    async def with_hub() -> None:
        used = store or WaitingStore()
        hub = LiveHub(used)
        task = asyncio.create_task(hub.run())
        try:
            async with asyncio.timeout(10):
                await scenario(used, hub)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(with_hub())


async def take(stream: AsyncIterator[Batch | Signal], until: str) -> tuple[dict[str, int], int]:
    """Fold the stream until the balance of customer ``until`` came: (last balance by customer, balances told)."""
    told: dict[str, int] = {}
    count = 0
    async for item in stream:
        assert isinstance(item, Batch), item
        for row in item.balances:
            told[row["customer_id"]] = row["balance_minor"]
            count += 1
        if until in told:
            break
    return told, count


def test_a_page_that_resumes_misses_nothing_and_hears_nothing_twice() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        store.add(*(balance(f"C-{n}", n) for n in range(20)))
        seen = store.changes_since("0-0")[4].id
        stream = hub.follow(seen)
        later = asyncio.create_task(take(stream, "last"))
        await asyncio.sleep(0)
        for n in range(20, 60):
            store.add(balance(f"C-{n}", n))
        store.add(balance("last", 1))
        told, count = await later
        assert told == {**{f"C-{n}": n for n in range(5, 60)}, "last": 1}
        assert count == len(told)

    run(scenario)


def test_a_flood_on_one_account_is_told_once_with_the_latest_figure() -> None:
    batch = batch_of([*(Change("balances", balance("C-1", n).row, f"{n}-0") for n in range(1, 500))])
    assert batch.id == "499-0"
    assert [row["balance_minor"] for row in batch.balances] == [499]


def test_a_page_that_does_not_keep_up_is_told_to_load_afresh_and_the_others_go_on() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        slow, quick = hub.follow("0-0"), hub.follow("0-0")
        store.add(balance("first", 1))
        assert isinstance(await anext(slow), Batch)
        await take(quick, "first")
        quick = hub.follow(store.latest_change_id())
        reading = asyncio.create_task(take(quick, "last"))
        await asyncio.sleep(0)
        for n in range(150):
            hub.broadcast(batch_of([Change("balances", balance("x", n).row, f"{1000 + n}-0")]))
            await asyncio.sleep(0)
        hub.broadcast(batch_of([Change("balances", balance("last", 1).row, "2000-0")]))
        await reading
        heard = [item async for item in slow]
        assert heard[-1] == Signal("reload")
        assert len(heard) <= 102

    run(scenario)


def test_a_reset_makes_pages_load_afresh() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        store.add(balance("C-1", 1))
        stream = hub.follow("0-0")
        await take(stream, "C-1")
        stream = hub.follow(store.latest_change_id())
        hearing = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        store.add(balance("C-1", 2), Change(RESET), balance("C-1", 3))
        assert await hearing == Signal("reload")

    run(scenario)


def test_a_page_that_was_away_too_long_is_told_to_load_afresh() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        for n in range(30):
            store.add(balance(f"C-{n}", n))
        await hub.wait_for_change(5)
        assert [item async for item in hub.follow("1-0")] == [Signal("reload")]

    run(scenario, WaitingStore(feed_length=10))


def test_pages_hear_of_an_outage_and_of_its_end_and_then_of_what_they_missed() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        store.add(balance("C-1", 1))
        stream = hub.follow("0-0")
        await take(stream, "C-1")
        stream = hub.follow(store.latest_change_id())
        hearing = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        store.down = True
        assert await hearing == Signal("outage")
        store.down = False
        store.add(balance("C-1", 2))
        heard: Sequence[Batch | Signal] = [await anext(stream), await anext(stream)]
        assert Signal("recovered") in heard
        assert any(isinstance(item, Batch) and item.balances[0]["balance_minor"] == 2 for item in heard)

    run(scenario)


def test_pages_that_leave_are_forgotten() -> None:
    async def scenario(store: WaitingStore, hub: LiveHub) -> None:
        store.add(balance("C-1", 1))
        stream = hub.follow("0-0")
        await anext(stream)
        assert hub.pages == 1
        await stream.aclose()  # type: ignore[attr-defined]
        assert hub.pages == 0

    run(scenario)


def test_amounts_travel_as_text_and_nothing_else_does() -> None:
    text = browser_json(
        {"balance_minor": 2**53 + 1, "ageing_minor": {"current": -5}, "count": 3, "none_minor": None}
    )
    assert msgspec.json.decode(text) == {
        "balance_minor": "9007199254740993",
        "ageing_minor": {"current": "-5"},
        "count": 3,
        "none_minor": None,
    }


def test_discrepancies_of_one_change_are_each_a_line_and_those_that_are_over_are_gone() -> None:
    def finding(number: int, state: str) -> dict[str, object]:
        return {
            "discrepancy_id": f"d-{number}",
            "customer_id": "C-1",
            "currency": "EUR",
            "kind": "SHORT_PAYMENT",
            "state": state,
            "amount_minor": number,
            "document_no": None,
            "statement_id": None,
            "explanation": "not on a line",
        }

    first, again = [finding(1, "OPENED"), finding(2, "RETRACTED")], [finding(1, "RESOLVED")]
    batch = batch_of(
        [Change("discrepancies", {"rows": rows}, f"{n}-0") for n, rows in ((1000, first), (2000, again))]
    )
    gone = {row["discrepancy_id"]: row["gone"] for row in batch.discrepancies}
    assert gone == {"d-1": True, "d-2": True}
    assert [(line["type"], line["at"][17:19], line["amount_minor"]) for line in batch.feed] == [
        ("discrepancy", "01", 1),
        ("discrepancy", "01", 2),
        ("discrepancy", "02", 1),
    ]
    assert "explanation" not in batch.feed[0]


def test_an_entry_of_the_feed_is_a_line() -> None:
    batch = batch_of([Change("entry", {"customer_id": "C-1", "amount_minor": 5, "entry_id": "e"}, "1-0")])
    assert [(line["type"], line["amount_minor"], line["role"]) for line in batch.feed] == [("entry", 5, None)]
