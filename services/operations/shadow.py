"""Shadow runs: what other rules would have made of the history, before anybody activates them. Writes nothing.

The input topics are folded again offline, under the rules in force; then each customer is reviewed with a draft in
force beside them, or without a set that is to be retired, and what that review would announce is the difference. It is
the very review that an activation leads to (``domain.decide.decide_again``), so that changes exactly these outcomes.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from domain.books import Account, Book
from domain.decide import decide_again, evolve
from domain.rule_sets import RulesInForce
from domain.rules import Rules, RulesByDate
from schemas.codec import Codec
from schemas.partitioner import partition_for
from schemas.topics import INPUTS, RULES
from services.operations.kafka_log import KafkaLog
from services.operations.offline_fold import Folded, fold_record

OnProgress = Callable[[int, int], None]
Kind = Literal["match", "discrepancy", "open_item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One outcome that would be another. ``before``/``after``: its state, ``None`` where there is none.

    ``amount_minor`` are those of the allocation, of what is at stake, or of what is open.
    """

    change: Literal["appears", "vanishes", "changes"]
    outcome: Kind
    customer_id: str
    currency: str
    document_no: str | None
    payment_document_no: str | None
    what: str
    """The discrepancy's kind and id, the matching rule(s), or the item's id."""
    before: str | None
    after: str | None
    before_minor: int
    after_minor: int
    business_date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Of one currency: how many outcomes of a kind and state there are, and their amounts, before and after."""

    currency: str
    outcome: Kind
    state: str
    before: int
    after: int
    before_minor: int
    after_minor: int


@dataclass(slots=True)
class ShadowRun:
    """``changes`` in the order of customer, currency and outcome."""

    customers: int = 0
    records: int = 0
    customers_changed: int = 0
    changes: list[Change] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Period:
    """Business dates that are looked at, both included; ``None``: without bound."""

    first: dt.date | None = None
    last: dt.date | None = None

    def holds(self, date: dt.date) -> bool:
        return (self.first is None or self.first <= date) and (self.last is None or date <= self.last)


Figure = tuple[Kind, str | None, str | None, str, str, int, dt.date]
"""outcome, document, payment, what, state, amount, business date"""


def shadow_run(
    bootstrap_servers: str,
    codec: Codec,
    partitions: int,
    base: Rules,
    tried: Callable[[RulesInForce], RulesInForce],
    on_progress: OnProgress,
    *,
    customer_id: str | None = None,
    period: Period | None = None,
) -> ShadowRun:
    """Fold the history and compare. ``tried`` makes what is tried of what is in force. Blocks; reads only.

    ``period`` bounds what is told, not what is folded: a payment outside may pay a document within.
    """
    folded, records = _history(bootstrap_servers, codec, partitions, base, on_progress, customer_id)
    run, within = ShadowRun(len(folded.books), records), period or Period()
    counts: Counter[tuple[str, Kind, str, bool]] = Counter()
    minor: Counter[tuple[str, Kind, str, bool]] = Counter()
    otherwise = {p: tried(folded.in_force(p)) for p in range(partitions)}
    for customer, book in sorted(folded.books.items()):
        rules = otherwise[partition_for(customer.encode(), partitions)].of(customer)
        changed = list(_compare(book, rules, within, counts, minor))
        run.customers_changed += bool(changed)
        run.changes += changed
    for currency, outcome, state in sorted({key[:3] for key in counts}):
        was, now = (currency, outcome, state, False), (currency, outcome, state, True)
        run.sums.append(
            Sum(
                currency=currency,
                outcome=outcome,
                state=state,
                before=counts[was],
                after=counts[now],
                before_minor=minor[was],
                after_minor=minor[now],
            )
        )
    return run


def _history(
    bootstrap_servers: str,
    codec: Codec,
    partitions: int,
    base: Rules,
    on_progress: OnProgress,
    customer_id: str | None,
) -> tuple[Folded, int]:
    folded, done, wanted = Folded(base), 0, None if customer_id is None else customer_id.encode()
    with KafkaLog(bootstrap_servers) as log:
        bounds = {(t.name, p): log.bounds(t.name, p) for t in INPUTS for p in range(partitions)}
        total = sum(end - start for start, end in bounds.values())
        for topic in INPUTS:
            ends = {p: bounds[topic.name, p][1] for p in range(partitions)}
            for message in log.read(topic.name, ends):
                done += 1
                on_progress(done, total)
                if wanted is None or message.key() == wanted or topic == RULES:
                    fold_record(folded, topic, message, codec, partitions)
    on_progress(total, total)
    return folded, done


def _compare(
    book: Book,
    rules: RulesByDate,
    within: Period,
    counts: Counter[tuple[str, Kind, str, bool]],
    minor: Counter[tuple[str, Kind, str, bool]],
) -> Iterator[Change]:
    outcomes = decide_again(book, rules)
    then = book
    if outcomes:
        then = copy.deepcopy(book)
        for outcome in outcomes:
            evolve(then, outcome)
    for currency, account in sorted(book.accounts.items()):
        before = {f[:4]: f for f in figures_of(account) if within.holds(f[6])}
        after = {f[:4]: f for f in figures_of(then.accounts[currency]) if within.holds(f[6])}
        for figures, later in ((before, False), (after, True)):
            for found in figures.values():
                counts[currency, found[0], _state(found), later] += 1
                minor[currency, found[0], _state(found), later] += found[5]
        for key in sorted({*before, *after}, key=repr):
            was, now = before.get(key), after.get(key)
            if was == now:
                continue
            either = now or was
            assert either is not None
            yield Change(
                change="appears" if was is None else "vanishes" if now is None else "changes",
                outcome=either[0],
                customer_id=book.customer_id,
                currency=currency,
                document_no=either[1],
                payment_document_no=either[2],
                what=either[3],
                before=None if was is None else was[4],
                after=None if now is None else now[4],
                before_minor=0 if was is None else was[5],
                after_minor=0 if now is None else now[5],
                business_date=either[6],
            )


def _state(found: Figure) -> str:
    """What is summed over: a match's state without its rule; a discrepancy's kind."""
    return found[3].split(" ")[0] if found[0] == "discrepancy" else found[4].split(" ")[0]


def figures_of(account: Account) -> Iterator[Figure]:
    """What people see of an account's outcomes."""
    for (credit, debit), link in account.allocations.items():
        payment, document = account.records[credit].current, account.records[debit].current
        state = f"{'confirmed' if link.confirmed else 'suggested'} by {link.rule}"
        yield (
            "match",
            document.document_no,
            payment.document_no,
            f"{credit} {debit}",
            state,
            link.amount_minor,
            payment.business_date,
        )
    for discrepancy_id, held in account.findings.items():
        what = f"{held.kind} {discrepancy_id}"
        date = held.business_date
        yield ("discrepancy", held.document_no, None, what, "OPEN", held.amount_minor, date)
    for key, record in account.records.items():
        if record.item is not None:
            fact, item = record.current, record.item
            state = f"{item.state} due {item.due_date}"
            open_minor = item.original_minor - item.allocated_minor
            yield ("open_item", fact.document_no, None, key, state, open_minor, fact.business_date)
