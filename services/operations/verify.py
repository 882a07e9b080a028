"""Verify: the invariants I1–I8 and I11 over everything that is stored, at equal watermarks.

The truth is the input topics. They are folded again offline up to the progress that the changelog states, and the
changelog's state must be that fold. PostgreSQL and Redis are compared account by account where they stand at the
state's account version; what has moved on since is compared by the entries up to that version.

A verifier that is kept goes on from where it stopped: it reads what was written since and compares the customers
that this touched, so that a long fault test can afford it after every fault.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from confluent_kafka import Message

from domain.archive.stored import StoredBooks
from domain.books import Book
from domain.digest import digest_of, figures
from domain.ledger import Side
from domain.rules import Rules
from schemas.codec import Codec
from schemas.progress import PROGRESS_KEY, decode_progress
from schemas.topics import (
    BALANCES,
    BOOKS_CHANGELOG,
    DEAD_LETTERS,
    INPUTS,
    LEDGER_ENTRIES,
    RESULTS,
    REVIEWS,
    Topic,
)
from services.operations.against_stores import Stores
from services.operations.approvals import approved, not_posted
from services.operations.kafka_log import KafkaLog
from services.operations.offline_fold import Folded, Place, fold_record
from services.store.live import LiveReader

Account = tuple[str, str]
_SHOWN = 3
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class VerifyTargets:
    """Everything that is compared. ``rules``: those where no rule set says anything."""

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
    """``digest`` is empty where only what is new was compared."""

    ok: bool = True
    digest: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)


class Broken(Exception):
    """An invariant that does not hold; carries the check."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.detail)
        self.check = check


class Verifier:
    """Runs the checks in order and stops at the first that is broken. Blocking; reads only; for one thread."""

    def __init__(self, targets: VerifyTargets) -> None:
        self._t = targets
        self._stores = Stores(targets.engine, targets.live, targets.timeout_s)
        self._stored = StoredBooks()
        self._report = Report()
        #: next offset to read of each partition
        self._next: dict[tuple[str, int], int] = {}
        # the stream's state as its changelog tells it: one consistent prefix per partition
        self._books: dict[str, Book] = {}
        self._progress: dict[tuple[str, int], int] = {}
        # what the inputs come to at that progress
        self._folded = Folded(targets.rules)
        # raw records of the result topics
        self._letters: Counter[Place] = Counter()
        self._entries: Counter[str] = Counter()
        self._sums: Counter[Account] = Counter()
        self._ahead: dict[Account, list[tuple[int, int]]] = {}
        self._versions: dict[Account, int] = {}

    def run(self, *, whole: bool = True) -> Report:
        """Read what is new; compare everything, or (not ``whole``) the customers that it is about."""
        self._report = Report()
        try:
            with KafkaLog(self._t.bootstrap_servers) as log:
                self._check_all(log, whole)
        except Broken as broken:
            self._report.checks.append(broken.check)
            self._report.ok = False
        return self._report

    def _check_all(self, log: KafkaLog, whole: bool) -> None:
        touched = self._read_reviewed_state(log) | self._fold_inputs(log)
        self._report.counts = dict(self._folded.counts)
        if whole:
            touched = {*self._books, *self._folded.books}
        self._replay_equals(touched, whole)
        self._nothing_lost(log)
        books = [self._books[customer] for customer in sorted(touched) if customer in self._books]
        self._ledger_topic(log, books)
        self._versions_grow(log)
        self._against_stores(log, books, whole)
        self._statements_prove(books)

    def _claim(self, invariant: str, what: str, problems: Iterator[str], detail: str) -> None:
        """Record a check that holds; raise ``Broken`` with the first problems otherwise."""
        found = [problem for problem, _ in zip(problems, range(_SHOWN), strict=False)]
        if found:
            raise Broken(Check(invariant, what, False, "; ".join(found)))
        self._report.checks.append(Check(invariant, what, True, detail))

    # -- reading on

    def _since(
        self, log: KafkaLog, topic: Topic, upto: Mapping[tuple[str, int], int] | None = None
    ) -> Iterator[Message]:
        """Records of ``topic`` that were not read yet, to their present end or to ``upto``."""
        numbers = range(self._t.partitions)
        if upto is None:
            ends = {p: log.bounds(topic.name, p)[1] for p in numbers}
        else:
            ends = {p: upto[topic.name, p] for p in numbers}
        starts = {p: self._next[topic.name, p] for p in numbers if (topic.name, p) in self._next}
        yield from log.read(topic.name, ends, starts=starts)
        self._next.update({(topic.name, p): end for p, end in ends.items()})

    def _read_reviewed_state(self, log: KafkaLog) -> set[str]:
        """The state at a moment when every review that a change of the rules asked for is done; whose it changed."""
        changed = self._read_state(log)
        deadline = time.monotonic() + self._t.timeout_s
        while (pending := self._pending_reviews(log)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
            changed |= self._read_state(log)
        left = (f"{count} reviews of partition {number} wait" for number, count in sorted(pending.items()))
        self._claim("I10", "every customer is reviewed under the rules in force", left, "none waits")
        return changed

    def _pending_reviews(self, log: KafkaLog) -> Counter[int]:
        """Partition → records that the state does not hold yet. Its transactions leave gaps, so they are read."""
        bounds = {p: log.bounds(REVIEWS.name, p) for p in range(self._t.partitions)}
        starts = {p: max(low, self._progress.get((REVIEWS.name, p), 0)) for p, (low, _) in bounds.items()}
        ends = {p: high for p, (_, high) in bounds.items()}
        return Counter(message.partition() or 0 for message in log.read(REVIEWS.name, ends, starts=starts))

    def _read_state(self, log: KafkaLog) -> set[str]:
        """Fold the changelog on to its end; returns whose state changed. Its last record of a transaction is the
        progress.
        """
        for topic in INPUTS:
            for p in range(self._t.partitions):
                self._progress.setdefault((topic.name, p), log.bounds(topic.name, p)[0])
        raw: dict[bytes, bytes | None] = {}
        for message in self._since(log, BOOKS_CHANGELOG):
            key, value, partition = message.key(), message.value(), message.partition()
            assert isinstance(key, bytes)
            assert partition is not None
            if key == PROGRESS_KEY:
                assert value is not None
                offsets = decode_progress(value).offsets
                self._progress.update({(topic, partition): offset for topic, offset in offsets.items()})
            else:
                raw[key] = value
        changed = {self._stored.take(key, value) for key, value in raw.items()}
        for customer in changed:
            book = self._stored.book(customer)
            if book is None:
                self._books.pop(customer, None)
            else:
                self._books[customer] = book
        return changed

    def _fold_inputs(self, log: KafkaLog) -> set[str]:
        """Fold the inputs on to the progress; returns whose books that changed."""
        touched: set[str] = set()
        for topic in INPUTS:
            for message in self._since(log, topic, self._progress):
                touched |= fold_record(self._folded, topic, message, self._t.codec, self._t.partitions)
        return touched

    # -- Kafka

    def _replay_equals(self, touched: set[str], whole: bool) -> None:
        if whole:
            self._report.digest = digest_of(row for book in self._books.values() for row in figures(book))

        def problems() -> Iterator[str]:
            for customer in sorted(touched):
                one, other = self._books.get(customer), self._folded.books.get(customer)
                stored = Counter(figures(one)) if one is not None else Counter()
                replayed = Counter(figures(other)) if other is not None else Counter()
                for row in sorted((stored - replayed) | (replayed - stored)):
                    where = "state" if stored[row] > replayed[row] else "replay"
                    yield f"{' '.join(row)} is only in the {where}"

        self._claim(
            "I4",
            "replay from the input topics equals the state",
            problems(),
            f"{len(touched)} customers, {sum(self._folded.counts.values())} input records",
        )

    def _nothing_lost(self, log: KafkaLog) -> None:
        """I2 and I7: refused by the replay and dead-lettered by the stream are the same positions, each once."""
        for message in self._since(log, DEAD_LETTERS):
            source = self._t.codec.decode("dead_letter", message.value())["source"]
            self._letters[source["topic"], source["partition"], source["offset"]] += 1
        refused = self._folded.refused

        def problems() -> Iterator[str]:
            for place in sorted(refused - self._letters.keys()):
                yield f"the refused record {place} is not among the dead letters"
            for place, count in sorted(self._letters.items()):
                if place[2] >= self._progress.get((place[0], place[1]), 0):
                    continue  # it was committed while we looked
                if place not in refused:
                    yield f"the dead letter {place} would not be refused"
                if count > 1:
                    yield f"{place} is dead-lettered twice"

        counts = ", ".join(f"{n} {what}" for what, n in sorted(self._folded.counts.items()))
        self._claim("I2", "every record below the progress is accounted for", problems(), counts or "none")

    def _ledger_topic(self, log: KafkaLog, books: list[Book]) -> None:
        """I1 and I3 on the ledger-entries topic: each entry once, Σ per account = the state's balance."""
        twice = []
        for message in self._since(log, LEDGER_ENTRIES):
            row = self._t.codec.decode("ledger_entry", message.value())
            self._entries[row["entry_id"]] += 1
            if self._entries[row["entry_id"]] > 1:
                twice.append(row["entry_id"])
            sign = 1 if row["side"] == Side.DEBIT else -1
            account = (row["customer_id"], row["currency"])
            self._ahead.setdefault(account, []).append((row["account_version"], sign * row["amount_minor"]))

        def conserved() -> Iterator[str]:
            for book in books:
                for currency, account in book.accounts.items():
                    total = self._sum(book.customer_id, currency, account.version)
                    balance = book.our_balance_minor(currency)
                    if total != balance:
                        yield f"{book.customer_id} {currency}: Σ entries {total}, balance {balance}"

        accounts = sum(len(book.accounts) for book in books)
        self._claim("I3", "each ledger entry is written once", iter(twice), f"{len(self._entries)} entries")
        self._claim("I1", "Σ ledger entries = balance, per account", conserved(), f"{accounts} accounts")

    def _sum(self, customer_id: str, currency: str, version: int) -> int:
        """Σ signed entries of an account up to its ``version``; those ahead of it are kept for later."""
        account = (customer_id, currency)
        ahead = self._ahead.pop(account, [])
        self._sums[account] += sum(signed for at, signed in ahead if at <= version)
        later = [(at, signed) for at, signed in ahead if at > version]
        if later:
            self._ahead[account] = later
        return self._sums[account]

    def _versions_grow(self, log: KafkaLog) -> None:
        gaps = []
        for message in self._since(log, BALANCES):
            row = self._t.codec.decode("balance", message.value())
            account = (row["customer_id"], row["currency"])
            version, last = row["account_version"], self._versions.get(account, 0)
            if version != last + 1:
                gaps.append(f"{account}: version {version} after {last}")
            self._versions[account] = version
        events = sum(self._versions.values())
        self._claim("I8", "account versions grow by one", iter(gaps), f"{events} balance events")

    # -- stores

    def _against_stores(self, log: KafkaLog, books: list[Book], whole: bool) -> None:
        ends = {
            (topic.name, p): log.bounds(topic.name, p)[1]
            for topic in RESULTS
            for p in range(self._t.partitions)
        }
        left = self._stores.await_projection(ends)
        self._claim("I10", "the stores have caught up", iter(left), f"{len(ends)} result partitions")
        with self._stores.snapshot() as connection:
            problems = self._stores.against_postgres(connection, books, whole=whole)
            self._claim("I5", "PostgreSQL = state", problems, "balances, entries, items, findings")
            missing = self._stores.missing_dead_letters(connection, self._folded.refused)
            detail = f"{len(self._folded.refused)} dead letters"
            self._claim("I5", "PostgreSQL has every dead letter", missing, detail)
            if whole:
                self._approvals_are_posted(log, connection)
        accounts = sum(len(book.accounts) for book in books)
        problems = self._stores.against_redis(books, whole=whole)
        self._claim("I5", "Redis = state", problems, f"{accounts} balances")

    def _approvals_are_posted(self, log: KafkaLog, connection: sa.Connection) -> None:
        approvals = approved(connection)  # before the topics' ends are asked for, so that they are not behind
        problems = not_posted(approvals, log, self._t.codec, self._t.partitions)
        self._claim("I2", "what was approved is in the inputs", problems, f"{len(approvals)} approvals")

    def _statements_prove(self, books: list[Book]) -> None:
        """I11 on the state: Σ open items, credits negative, is the balance of every account."""

        def problems() -> Iterator[str]:
            for book in books:
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

        accounts = sum(len(book.accounts) for book in books)
        self._claim("I11", "Σ open items = balance, per account", problems(), f"{accounts} accounts")
