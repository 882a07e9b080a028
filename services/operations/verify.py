"""Verify: the invariants I1–I8 and I11 over everything that is stored, at equal watermarks.

The truth is the input topics. They are folded again offline up to the progress that the changelog states, and the
changelog's state must be that fold. PostgreSQL and Redis are compared account by account where they stand at the
state's account version; what has moved on since is compared by the entries up to that version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
import tenacity

from domain.books import Book
from domain.digest import digest_of, figures
from domain.ledger import Side
from domain.rules import Rules
from schemas.codec import Codec
from schemas.progress import PROGRESS_KEY, decode_progress
from schemas.topics import BALANCES, BOOKS_CHANGELOG, DEAD_LETTERS, INPUTS, LEDGER_ENTRIES, RESULTS
from services.operations.kafka_log import KafkaLog
from services.operations.offline_fold import Folded, Place, fold
from services.store import tables
from services.store.live import LiveReader

Account = tuple[str, str]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class VerifyTargets:
    """Everything that is compared."""

    bootstrap_servers: str
    engine: sa.Engine
    live: LiveReader
    codec: Codec
    rules: Rules
    partitions: int
    timeout_s: int = 60


@dataclass(frozen=True, slots=True)
class Check:
    """One statement that was checked; ``detail`` says how much, or where it is broken."""

    invariant: str
    what: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Report:
    ok: bool = True
    digest: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """The stream's state as its changelog tells it: one consistent prefix per partition."""

    books: dict[str, Book]
    progress: dict[tuple[str, int], int]


class Broken(Exception):
    """An invariant that does not hold; carries the check."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.detail)
        self.check = check


class Verifier:
    """Runs the checks in order and stops at the first that is broken. Blocking; reads only."""

    def __init__(self, targets: VerifyTargets) -> None:
        self._t = targets
        self._report = Report()

    def run(self) -> Report:
        try:
            with KafkaLog(self._t.bootstrap_servers) as log:
                self._check_all(log)
        except Broken as broken:
            self._report.checks.append(broken.check)
            self._report.ok = False
        return self._report

    def _check_all(self, log: KafkaLog) -> None:
        state = self._state(log)
        folded = fold(log, state.progress, self._t.codec, self._t.rules, self._t.partitions)
        self._report.counts = dict(folded.counts)
        self._replay_equals(state, folded)
        self._nothing_lost(log, state, folded)
        self._ledger_topic(log, state)
        self._versions_grow(log)
        self._await_projection(log)
        self._postgres(state, folded)
        self._redis(state)
        self._statements_prove(state)

    def _claim(self, invariant: str, what: str, problems: Iterator[str], detail: str) -> None:
        """Record a check that holds; raise ``Broken`` with the first problems otherwise."""
        found = [problem for problem, _ in zip(problems, range(_SHOWN), strict=False)]
        if found:
            raise Broken(Check(invariant, what, False, "; ".join(found)))
        self._report.checks.append(Check(invariant, what, True, detail))

    # -- Kafka

    def _state(self, log: KafkaLog) -> State:
        """Fold the changelog to its end. Its last record of a transaction is the progress."""
        decoder = msgspec.msgpack.Decoder(Book)
        ends = {p: log.bounds(BOOKS_CHANGELOG.name, p)[1] for p in range(self._t.partitions)}
        raw: dict[bytes, bytes | None] = {}
        progress = {
            (topic.name, p): log.bounds(topic.name, p)[0]
            for topic in INPUTS
            for p in range(self._t.partitions)
        }
        for message in log.read(BOOKS_CHANGELOG.name, ends):
            key, value, partition = message.key(), message.value(), message.partition()
            assert isinstance(key, bytes)
            assert partition is not None
            if key == PROGRESS_KEY:
                assert value is not None
                offsets = decode_progress(value).offsets
                progress.update({(topic, partition): offset for topic, offset in offsets.items()})
            else:
                raw[key] = value
        books = {key.decode(): decoder.decode(value) for key, value in raw.items() if value is not None}
        return State(books, progress)

    def _replay_equals(self, state: State, folded: Folded) -> None:
        ours = digest_of(row for book in state.books.values() for row in figures(book))
        theirs = digest_of(row for book in folded.books.values() for row in figures(book))
        self._report.digest = ours

        def problems() -> Iterator[str]:
            if ours == theirs:
                return
            for customer in sorted({*state.books, *folded.books}):
                one, other = state.books.get(customer), folded.books.get(customer)
                stored = set(figures(one)) if one is not None else set()
                replayed = set(figures(other)) if other is not None else set()
                for row in sorted(stored ^ replayed):
                    yield f"{' '.join(row)} is only in the {'state' if row in stored else 'replay'}"

        self._claim(
            "I4",
            "replay from the input topics equals the state",
            problems(),
            f"{len(state.books)} customers, {sum(folded.counts.values())} input records",
        )

    def _nothing_lost(self, log: KafkaLog, state: State, folded: Folded) -> None:
        """I2 and I7: refused by the replay and dead-lettered by the stream are the same positions, each once."""
        ends = {p: log.bounds(DEAD_LETTERS.name, p)[1] for p in range(self._t.partitions)}
        seen: set[Place] = set()
        twice: list[Place] = []
        for message in log.read(DEAD_LETTERS.name, ends):
            source = self._t.codec.decode("dead_letter", message.value())["source"]
            place = (source["topic"], source["partition"], source["offset"])
            if place[2] < state.progress.get((place[0], place[1]), 0):
                if place in seen:
                    twice.append(place)
                seen.add(place)

        def problems() -> Iterator[str]:
            for place in sorted(folded.refused - seen):
                yield f"the refused record {place} is not among the dead letters"
            for place in sorted(seen - folded.refused):
                yield f"the dead letter {place} would not be refused"
            for place in twice:
                yield f"{place} is dead-lettered twice"

        counts = ", ".join(f"{n} {what}" for what, n in sorted(folded.counts.items()))
        self._claim("I2", "every record below the progress is accounted for", problems(), counts or "none")

    def _ledger_topic(self, log: KafkaLog, state: State) -> None:
        """I1 and I3 on the ledger-entries topic: each entry once, Σ per account = the state's balance."""
        ends = {p: log.bounds(LEDGER_ENTRIES.name, p)[1] for p in range(self._t.partitions)}
        sums: dict[Account, int] = {}
        seen: set[str] = set()
        twice: list[str] = []
        versions = {
            (b.customer_id, c): a.version for b in state.books.values() for c, a in b.accounts.items()
        }
        for message in log.read(LEDGER_ENTRIES.name, ends):
            row = self._t.codec.decode("ledger_entry", message.value())
            account = (row["customer_id"], row["currency"])
            if row["entry_id"] in seen:
                twice.append(row["entry_id"])
            seen.add(row["entry_id"])
            if row["account_version"] <= versions.get(account, 0):
                sign = 1 if row["side"] == Side.DEBIT else -1
                sums[account] = sums.get(account, 0) + sign * row["amount_minor"]

        def conserved() -> Iterator[str]:
            for book in state.books.values():
                for currency, account in book.accounts.items():
                    total = sums.get((book.customer_id, currency), 0)
                    if total != account.balance_minor:
                        yield (
                            f"{book.customer_id} {currency}: Σ entries {total}, balance {account.balance_minor}"
                        )

        self._claim("I3", "each ledger entry is written once", iter(twice), f"{len(seen)} entries")
        self._claim("I1", "Σ ledger entries = balance, per account", conserved(), f"{len(versions)} accounts")

    def _versions_grow(self, log: KafkaLog) -> None:
        ends = {p: log.bounds(BALANCES.name, p)[1] for p in range(self._t.partitions)}
        last: dict[Account, int] = {}
        gaps: list[str] = []
        for message in log.read(BALANCES.name, ends):
            row = self._t.codec.decode("balance", message.value())
            account = (row["customer_id"], row["currency"])
            version = row["account_version"]
            if version != last.get(account, 0) + 1:
                gaps.append(f"{account}: version {version} after {last.get(account, 0)}")
            last[account] = version
        self._claim("I8", "account versions grow by one", iter(gaps), f"{sum(last.values())} balance events")

    # -- stores

    def _await_projection(self, log: KafkaLog) -> None:
        """Wait until PostgreSQL and Redis have what the result topics held when this began."""
        ends = {
            (topic.name, p): log.bounds(topic.name, p)[1]
            for topic in RESULTS
            for p in range(self._t.partitions)
        }

        def behind() -> list[str]:
            with self._t.engine.connect() as connection:
                offsets = tables.consumer_offsets.c
                rows = connection.execute(
                    sa.select(offsets.topic, offsets.partition, offsets.next_offset).where(
                        offsets.consumer == "projector"
                    )
                )
                postgres = {(row.topic, row.partition): row.next_offset for row in rows}
            redis = self._t.live.projected()
            return [
                f"{name} has {place[0]}[{place[1]}] up to {have.get(place, 0)} of {end}"
                for name, have in (("PostgreSQL", postgres), ("Redis", redis))
                for place, end in ends.items()
                if have.get(place, 0) < end
            ]

        left = _until_empty(behind, self._t.timeout_s)
        self._claim("I10", "the stores have caught up", iter(left), f"{len(ends)} result partitions")

    def _postgres(self, state: State, folded: Folded) -> None:
        engine = self._t.engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection:
            self._claim(
                "I5",
                "PostgreSQL = state",
                self._against_postgres(connection, state),
                "balances, entries, items, findings",
            )
            letters = tables.dead_letters.c
            rows = connection.execute(
                sa.select(letters.source_topic, letters.source_partition, letters.source_offset)
            )
            stored: set[Place] = {(r.source_topic, r.source_partition, r.source_offset) for r in rows}
            missing = (
                f"the dead letter {place} is not in PostgreSQL" for place in sorted(folded.refused - stored)
            )
            self._claim(
                "I5", "PostgreSQL has every dead letter", missing, f"{len(folded.refused)} dead letters"
            )

    def _against_postgres(self, connection: sa.Connection, state: State) -> Iterator[str]:
        table = tables.balances.c
        stored = {
            (row.customer_id, row.currency): row
            for row in connection.execute(
                sa.select(table.customer_id, table.currency, table.account_version, table.balance_minor)
            )
        }
        sums = _entry_sums(connection)
        items = _rows_by_account(
            connection,
            tables.open_items,
            lambda r: (r.item_id, r.original_minor, r.allocated_minor, r.due_date, r.state),
        )
        findings = _rows_by_account(
            connection,
            tables.discrepancies,
            lambda r: (r.discrepancy_id, r.amount_minor),
            tables.discrepancies.c.state.in_(("OPENED", "UPDATED")),
        )
        for book in state.books.values():
            for currency, account in book.accounts.items():
                name = (book.customer_id, currency)
                row = stored.get(name)
                if row is None or row.account_version < account.version:
                    yield f"{name}: PostgreSQL lacks version {account.version}"
                    continue
                if row.account_version > account.version:
                    continue  # it moved on while we looked; its entries are compared on the topic
                if row.balance_minor != account.balance_minor or sums.get(name, 0) != account.balance_minor:
                    yield (
                        f"{name}: state {account.balance_minor}, balances {row.balance_minor}, "
                        f"Σ entries {sums.get(name, 0)}"
                    )
                ours = {
                    (key, i.original_minor, i.allocated_minor, i.due_date, i.state)
                    for key, record in account.records.items()
                    if (i := record.item) is not None
                }
                if ours != items.get(name, set()):
                    yield f"{name}: open items differ: {sorted(ours ^ items.get(name, set()))[:2]}"
                found = {(key, held.amount_minor) for key, held in account.findings.items()}
                if found != findings.get(name, set()):
                    yield f"{name}: open findings differ: {sorted(found ^ findings.get(name, set()))[:2]}"

    def _redis(self, state: State) -> None:
        rows = {(row.customer_id, row.currency): row for row in self._t.live.balances()}

        def problems() -> Iterator[str]:
            for book in state.books.values():
                for currency, account in book.accounts.items():
                    row = rows.get((book.customer_id, currency))
                    if row is None or row.account_version < account.version:
                        yield f"{book.customer_id} {currency}: Redis lacks version {account.version}"
                    elif (
                        row.account_version == account.version and row.balance_minor != account.balance_minor
                    ):
                        yield (
                            f"{book.customer_id} {currency}: Redis {row.balance_minor}, "
                            f"state {account.balance_minor}"
                        )

        self._claim("I5", "Redis = state", problems(), f"{len(rows)} balances")

    def _statements_prove(self, state: State) -> None:
        """I11 on the state: Σ open items, credits negative, is the balance of every account."""

        def problems() -> Iterator[str]:
            for book in state.books.values():
                for currency, account in book.accounts.items():
                    total = 0
                    for record in account.records.values():
                        if record.item is not None:
                            open_minor = record.item.original_minor - record.item.allocated_minor
                            total += -open_minor if record.current.signed_minor < 0 else open_minor
                    if total != account.balance_minor:
                        yield (
                            f"{book.customer_id} {currency}: Σ open items {total}, "
                            f"balance {account.balance_minor}"
                        )

        accounts = sum(len(book.accounts) for book in state.books.values())
        self._claim("I11", "Σ open items = balance, per account", problems(), f"{accounts} accounts")


def _until_empty(behind: Callable[[], list[str]], timeout_s: int) -> list[str]:
    wait = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(timeout_s),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    left: list[str] = wait(behind)
    return left


def _entry_sums(connection: sa.Connection) -> dict[Account, int]:
    entry = tables.ledger_entries.c
    signed = sa.case((entry.side == "DEBIT", entry.amount_minor), else_=-entry.amount_minor)
    total = sa.cast(sa.func.sum(signed), sa.BigInteger).label("total")
    rows = connection.execute(
        sa.select(entry.customer_id, entry.currency, total).group_by(entry.customer_id, entry.currency)
    )
    return {(row.customer_id, row.currency): row.total for row in rows}


def _rows_by_account(
    connection: sa.Connection,
    table: sa.Table,
    shape: Callable[[Any], tuple[Any, ...]],
    *where: sa.ColumnElement[bool],
) -> dict[Account, set[tuple[Any, ...]]]:
    found: dict[Account, set[tuple[Any, ...]]] = {}
    for row in connection.execute(sa.select(table).where(*where)):
        found.setdefault((row.customer_id, row.currency), set()).add(shape(row))
    return found
