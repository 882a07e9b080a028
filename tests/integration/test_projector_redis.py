"""Redis may fail, vanish or differ: PostgreSQL is never held up, and Redis is made again from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.projector.loop import Projector
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.reader import ResultsReader
from services.store.errors import LiveStoreUnavailable
from services.store.live import BEGINNING, Advance, Applied, BalanceRow, LiveStore, Place, Told
from tests.integration.projector_bench import Bench, assert_reflects, some_results

pytestmark = pytest.mark.integration


class FailingLive:
    """The real live store, with writes that fail while ``failing``."""

    def __init__(self, real: LiveStore) -> None:
        self._real = real
        self.failing = True
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _refuse(self) -> None:
        if self.failing:
            self.refused += 1
            raise LiveStoreUnavailable(ConnectionError("injected"))

    def apply(self, told: Told, advanced: Mapping[Place, Advance] | None = None) -> Applied:
        self._refuse()
        return self._real.apply(told, advanced)

    def begin_rebuild(self) -> None:
        self._refuse()
        self._real.begin_rebuild()


def test_killed_between_the_commit_and_redis_then_started_again(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups[:100])
    with bench.projector() as session:
        session.catch_up()
    behind = live_offsets(bench.redis)
    bench.publish(groups[100:])
    failing: Any = FailingLive(bench.live)
    with bench.projector(failing) as session:
        session.catch_up(with_redis=False)
    assert failing.refused >= 1
    assert live_offsets(bench.redis) == behind, "Redis was not to be reached"
    assert projected_offsets(bench.engine) != behind, "PostgreSQL went on without it"
    with bench.projector() as session:
        session.catch_up()
    assert_reflects(bench, groups)


def test_redis_that_returns_is_rebuilt_while_the_stream_goes_on(bench: Bench) -> None:
    groups = some_results()
    failing: Any = FailingLive(bench.live)
    bench.publish(groups[:200])
    with bench.projector(failing) as session:
        session.catch_up(with_redis=False)
        assert session.projector.ready_problems()
        assert session.projector.out_of_step_s() > 0
        failing.failing = False
        bench.publish(groups[200:])
        session.reader.close()
        session.reader = ResultsReader(
            bench.bootstrap, bench.codec, projections=bench.projections, idle_s=0.1
        )
        session.projector = Projector(session.reader, session.writer, session.side)
        session.catch_up()
        assert session.projector.ready_problems() == []
        assert session.projector.out_of_step_s() == 0
    assert_reflects(bench, groups)
    changes = bench.live.changes_since(BEGINNING, limit=10_000)
    assert "reset" in {change.type for change in changes}, "pages are told to load anew"


@pytest.mark.parametrize("loss", ["flushed", "one batch behind", "ahead", "another account"])
def test_redis_that_differs_at_the_start_is_rebuilt(bench: Bench, loss: str) -> None:
    groups = some_results(100)
    bench.publish(groups)
    with bench.projector() as session:
        session.catch_up()
    place, offset = next(iter(live_offsets(bench.redis).items()))
    match loss:
        case "flushed":
            bench.redis.flushdb()
        case "one batch behind":
            bench.redis.hset("tieout:positions", f"{place[0]}:{place[1]}", offset - 1)
        case "ahead":  # PostgreSQL was restored from a backup
            row = next(bench.live.balances())
            bench.live.apply(Told.of([BalanceRow(**{**row_dict(row), "account_version": 10_000})], []))
            bench.redis.hset("tieout:positions", f"{place[0]}:{place[1]}", offset + 50)
        case "another account":
            row = next(bench.live.balances())
            bench.live.apply(Told.of([BalanceRow(**{**row_dict(row), "customer_id": "stranger"})], []))
            bench.redis.delete("tieout:positions")
    with bench.projector() as session:
        session.catch_up()
    assert_reflects(bench, groups)


def row_dict(row: BalanceRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_redis_that_lost_its_data_in_mid_flow_is_noticed_and_rebuilt(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups)
    state = {"flushed": False}
    wanted = {place: end for place, end in bench.ends().items() if end}

    def done() -> bool:
        if not state["flushed"] and len(live_offsets(bench.redis)) > 2:
            bench.redis.flushdb()
            state["flushed"] = True
        return live_offsets(bench.redis) == wanted

    with bench.projector(batch_records=50) as session:
        session.run_until(done)
    assert state["flushed"]
    assert_reflects(bench, groups)
