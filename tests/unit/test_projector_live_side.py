"""Redis follows PostgreSQL and never holds it up: faults, rebuilds and pauses, with a clock of the test's."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas import topics
from services.projector.batch import Batch
from services.projector.columns.binary_copy import kinds_of
from services.projector.columns.table import Columns
from services.projector.live_side import LiveSide
from services.store.live import BEGINNING, Advance, BalanceRow, Place
from services.store.tables import balances
from services.store.testing import MemoryLiveStore

PLACE: Place = (topics.BALANCES.name, 0)
KINDS = kinds_of(balances.columns)


class Database:
    """What PostgreSQL has committed."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], BalanceRow] = {}
        self.at: dict[Place, int] = {}

    def positions(self) -> dict[Place, int]:
        return dict(self.at)

    def balances_after(self, account: tuple[str, str], limit: int) -> list[BalanceRow]:
        return [self.rows[key] for key in sorted(self.rows) if key > account][:limit]


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class SlowStore(MemoryLiveStore):
    """Each call to a store that is down takes that long before it fails."""

    def __init__(self, clock: Clock, takes_s: float) -> None:
        super().__init__()
        self._clock = clock
        self._takes_s = takes_s

    def _reach(self) -> None:
        if self.down:
            self._clock.now_s += self._takes_s
        super()._reach()


class World:
    def __init__(self, store: MemoryLiveStore | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = store or MemoryLiveStore()
        self.database = Database()
        self.rebuilt = 0
        self.side = self.new_side()

    def new_side(self) -> LiveSide:
        side = LiveSide(self.store, self.database, clock_s=self.clock, observe_rebuilt=self.count)
        side.start()
        return side

    def count(self) -> None:
        self.rebuilt += 1

    def bring(self, customer_id: str, version: int) -> None:
        """One batch: PostgreSQL commits it, Redis is told."""
        row = BalanceRow(
            customer_id=customer_id,
            currency="EUR",
            account_version=version,
            balance_minor=version * 100,
            entry_count=version,
            open_discrepancies=0,
            last_business_date=dt.date(2026, 1, 1),
            event_id=f"e-{version}",
            occurred_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )
        self.database.rows[customer_id, "EUR"] = row
        start = self.database.at.get(PLACE, 0)
        self.database.at[PLACE] = start + 1
        record = {name: getattr(row, name) for name in row.__struct_fields__}
        columns = Columns.of([record], KINDS)
        self.side.apply(Batch({PLACE[0]: columns}, {PLACE: Advance(start, start + 1)}, 1))

    def is_equal(self) -> bool:
        live = {(row.customer_id, row.currency): row for row in self.store.balances()}
        return live == self.database.rows and self.store.projected() == self.database.at


@pytest.fixture
def world() -> World:
    return World()


def test_in_step_it_follows_at_once(world: World) -> None:
    world.bring("C-1", 1)
    world.bring("C-2", 1)
    assert world.is_equal()
    assert world.side.problem is None
    assert not world.side.busy


def test_a_batch_without_rows_moves_the_positions(world: World) -> None:
    world.database.at[PLACE] = 1
    world.side.apply(Batch({}, {PLACE: Advance(0, 1)}, 0))
    assert world.store.projected() == {PLACE: 1}


def test_a_store_that_is_down_is_left_alone_until_the_pause_is_over_then_rebuilt(world: World) -> None:
    world.bring("C-1", 1)
    world.store.down = True
    world.bring("C-1", 2)
    assert world.side.problem is not None
    assert "does not reflect" in world.side.problem
    world.clock.now_s += 0.4
    assert world.side.out_of_step_s() == pytest.approx(0.4)
    world.store.down = False
    assert not world.side.busy
    world.side.tend()
    assert not world.is_equal(), "the pause is not over"
    world.clock.now_s += 0.2
    assert world.side.busy
    world.side.tend()
    assert world.is_equal()
    assert world.side.problem is None
    assert world.side.out_of_step_s() == 0
    assert world.rebuilt == 1


def test_tries_take_at_most_a_tenth_of_the_time() -> None:
    clock = Clock()
    world = World(SlowStore(clock, takes_s=2.0), clock)
    world.bring("C-1", 1)
    world.store.down = True
    began_s = clock.now_s
    spent_s = 0.0
    for version in range(2, 2_000):
        clock.now_s += 0.1  # what PostgreSQL takes
        before_s = clock.now_s
        world.bring("C-1", version)
        world.side.tend()
        spent_s += clock.now_s - before_s
    assert spent_s > 0
    assert spent_s / (clock.now_s - began_s) < 0.12


def test_a_lost_reply_leads_to_equal_stores(world: World) -> None:
    world.store.reply_lost = True
    world.bring("C-1", 1)
    assert world.side.problem is not None
    world.clock.now_s += 60
    world.side.tend()
    assert world.is_equal()


def test_a_flush_is_noticed_by_the_next_batch(world: World) -> None:
    world.bring("C-1", 1)
    world.store.lose_everything()
    world.bring("C-2", 1)
    assert not world.is_equal()
    world.clock.now_s += 60
    world.side.tend()
    assert world.is_equal()


def test_the_stream_goes_on_during_a_rebuild_of_many_pieces(world: World) -> None:
    for number in range(5_000):
        world.bring(f"C-{number:05}", 1)
    world.store.lose_everything()
    world.bring("C-00000", 2)
    world.clock.now_s += 60
    world.side.tend()
    assert world.store.projected() == {}, "one piece is not all"
    world.bring("C-00001", 2)  # before the place that the rebuild has reached
    world.bring("C-04999", 2)  # after it
    world.bring("D-1", 1)
    turns = 0
    while world.side.busy:
        world.side.tend()
        turns += 1
    assert turns == 2
    assert world.is_equal()
    assert world.store.changes_since(BEGINNING)[-1].type == "reset"


def test_a_loss_during_a_rebuild_begins_it_again(world: World) -> None:
    for number in range(5_000):
        world.bring(f"C-{number:05}", 1)
    world.store.lose_everything()
    world.bring("C-00000", 2)
    world.clock.now_s += 60
    world.side.tend()
    world.store.lose_everything()
    world.side.tend()
    assert world.side.problem is not None
    world.clock.now_s += 60
    while world.side.busy:
        world.side.tend()
    assert world.is_equal()
    assert world.rebuilt == 1


@pytest.mark.parametrize("down", [False, True])
def test_a_new_projector_compares_and_rebuilds(world: World, down: bool) -> None:
    world.bring("C-1", 1)
    world.database.at[PLACE] = 5  # PostgreSQL took batches that Redis never saw
    world.store.down = down
    world.side = world.new_side()
    assert world.side.problem is not None
    world.store.down = False
    world.clock.now_s += 60
    world.side.tend()
    assert world.is_equal()


def test_a_new_projector_leaves_a_store_in_step_alone(world: World) -> None:
    world.bring("C-1", 1)
    world.side = world.new_side()
    assert world.side.problem is None
    world.side.tend()
    assert world.rebuilt == 0
