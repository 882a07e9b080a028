"""A statement of a million lines against a million ledger entries, beside a Polars full join of the same data.

We must come out with every divergence explained and a bridge that adds up; Polars only with the joined frame: once on
the numbers as written, once on normalised numbers, which is what we compare. Two figures of each, taken in turns:

- *ready*: from columns in memory. Polars has its frames. We have what a statement keeps from its first comparison on
  (its lines as machine words, in order, and totals) and of our entries their words, not in order, their totals per day
  and which numbers stand on several rows. Each run gets columns of its own in which nothing has been looked up.
- *read*: from the same Python objects, the lines of the statement and the rows of the entries, to the end.

The rows of both sides come by date, as the books and statements have them; ``shuffled`` is the worst order there is.

``python -m bench.sections.comparison`` needs the package polars, which the product does not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from domain.comparison.bridge import bridge
from domain.comparison.compare import compare
from domain.comparison.desk import Desk
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.verdict import Outcome
from domain.comparison.waiting import Progress
from domain.discrepancies.against_statement import statement_findings
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.rules import Rules
from domain.wording import Wording

START: Final = dt.date(2026, 1, 1)
DAYS: Final = 31
ORDERS: Final = ("by date", "shuffled")
_SOURCE: Final = Source("tieout.orders", 0, 0)


def comparison(
    rows: int = 1_000_000, runs: int = 5, divergent_share: float = 0.01, seed: int = 1
) -> dict[str, Any]:
    """Medians in seconds of alternating runs, their ratios, and what was found; by order of the rows."""
    return {
        "rows": rows,
        "divergent_share": divergent_share,
        "runs": runs,
        "orders": {order: _measured(rows, runs, divergent_share, seed, order) for order in ORDERS},
    }


def _measured(rows: int, runs: int, divergent_share: float, seed: int, order: str) -> dict[str, Any]:
    entries, statement = workload(rows, divergent_share, seed, order)
    found: dict[str, Any] = {}
    times: dict[str, list[float]] = {}
    for _ in range(runs):
        taken, found = _round(*_anew(entries, statement))
        for name, seconds in taken.items():
            times.setdefault(name, []).append(seconds)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    read = medians["polars_frames"] + medians["polars_join"]
    return {
        "seconds": {
            name: {
                "median": round(medians[name], 3),
                "min": round(min(taken), 3),
                "max": round(max(taken), 3),
            }
            for name, taken in times.items()
        },
        "ratio_ready": round(medians["tieout"] / medians["polars_join"], 2),
        "ratio_ready_normalised": round(medians["tieout"] / medians["polars_normalised_join"], 2),
        "ratio_read": round((medians["our_columns"] + medians["tieout"]) / read, 2),
        **found,
    }


def _round(entries: OurEntries, statement: StatementFact) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds of each part, one after the other, and what we found."""
    import polars as pl

    taken: dict[str, float] = {}
    with _timed(taken, "our_columns"):
        _ = statement.columns.bulk.alone  # kept by the statement
        side = OurSide(entries, [statement])
        _ = side.bulk
    with _timed(taken, "tieout"):
        found = compared(side, statement)
    del side
    with _timed(taken, "polars_frames"):
        ours, theirs = _frames(pl, entries, statement)
    with _timed(taken, "polars_join"):
        ours.join(theirs, on="document_no", how="full", suffix="_theirs")
    normal = pl.col("document_no").str.to_uppercase().str.replace_all("[^0-9A-Z]", "").alias("normal")
    with _timed(taken, "polars_normalised_join"):
        ours.with_columns(normal).join(theirs.with_columns(normal), on="normal", how="full", suffix="_theirs")
    return taken, found


@contextmanager
def _timed(taken: dict[str, float], name: str) -> Iterator[None]:
    """Without the collector of cycles: a comparison makes none, and it would walk over millions of rows."""
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    try:
        yield
    finally:
        taken[name] = time.perf_counter() - started
        gc.enable()


def workload(rows: int, divergent_share: float, seed: int, order: str) -> tuple[OurEntries, StatementFact]:
    """Entries, and the statement of them with mistakes of every kind in it."""
    chance = random.Random(seed)
    booked: list[tuple[str, dt.date, int]] = []
    listed: list[tuple[str, dt.date, int]] = []
    for number in range(rows):
        document_no = f"INV-{number:08d}"
        date = START + dt.timedelta(days=chance.randrange(DAYS))
        amount = chance.randint(1_00, 100_000_00)
        booked.append((document_no, date, amount))
        listed += _as_they_list_it(chance, divergent_share, document_no, date, amount)
    chance.shuffle(listed)
    if order == "by date":
        booked.sort(key=lambda row: row[1])
        listed.sort(key=lambda row: row[1])
    numbers, dates, amounts = zip(*booked, strict=True)
    entries = OurEntries(
        [EntryKind.INVOICE] * rows, list(numbers), [()] * rows, list(dates), list(amounts), [_SOURCE] * rows
    )
    return entries, _statement(listed)


def _as_they_list_it(
    chance: random.Random, divergent_share: float, document_no: str, date: dt.date, amount: int
) -> list[tuple[str, dt.date, int]]:
    right = (document_no, date, amount)
    if chance.random() >= divergent_share:
        return [right]
    match chance.randrange(6):
        case 0:
            return [(document_no, date, amount + chance.choice((-1, 1)) * chance.randint(1, 99))]
        case 1:
            return [(document_no.lower().replace("-", " "), date, amount)]
        case 2:
            return [(f"X{chance.randint(10**9, 10**10)}", date, amount)]
        case 3:
            return []
        case 4:
            return [(document_no, date + dt.timedelta(days=10), amount)]
        case _:
            return [right, right]


def _statement(listed: list[tuple[str, dt.date, int]]) -> StatementFact:
    total = sum(amount for _, _, amount in listed)
    return StatementFact(
        statement_id="S-1",
        rank=(1, 1, 0),
        withdrawn=False,
        event_id="e-1",
        digest=b"",
        period_start=START,
        period_end=START + dt.timedelta(days=DAYS - 1),
        opening_minor=0,
        closing_minor=total,
        total_debit_minor=total,
        total_credit_minor=0,
        line_count=len(listed),
        lines=tuple(
            StatementLine(
                line_no=place, document_no=document_no, date=date, debit_minor=amount, credit_minor=0
            )
            for place, (document_no, date, amount) in enumerate(listed, start=1)
        ),
        occurred_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        correlation_id=None,
        source=_SOURCE,
    )


def _anew(entries: OurEntries, statement: StatementFact) -> tuple[OurEntries, StatementFact]:
    """The same as it comes out of its bytes: in order in memory, no value shared or ever hashed."""
    columns = msgspec.msgpack.encode((entries.numbers, entries.dates, entries.amounts))
    numbers, dates, amounts = msgspec.msgpack.decode(
        columns, type=tuple[list[str], list[dt.date | None], list[int]]
    )
    return (
        msgspec.structs.replace(entries, numbers=numbers, dates=dates, amounts=amounts),
        msgspec.msgpack.decode(msgspec.msgpack.encode(statement), type=StatementFact),
    )


def compared(side: OurSide, statement: StatementFact) -> dict[str, Any]:
    """What we say of the statement, in counts."""
    progress = Progress({}, {}, statement.occurred_at.date())
    told = compare(Wording("EUR"), Rules(), Desk(side), statement, progress)
    findings = list(statement_findings(told))
    steps = bridge(told).steps
    outcomes = Counter(v.outcome.value for v in told.verdicts if v.outcome is not Outcome.MATCHED)
    return {
        "matched": told.matched_count,
        "findings": len(findings),
        "steps": len(steps),
        "outcomes": dict(sorted(outcomes.items())),
    }


def _frames(pl: Any, entries: OurEntries, statement: StatementFact) -> tuple[Any, Any]:
    ours = pl.DataFrame(
        {"document_no": entries.numbers, "date": entries.dates, "amount_minor": entries.amounts}
    )
    theirs = pl.DataFrame(
        {
            "document_no": [line.document_no for line in statement.lines],
            "date": [line.date for line in statement.lines],
            "amount_minor": [line.debit_minor - line.credit_minor for line in statement.lines],
        }
    )
    return ours, theirs


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--divergent-share", type=float, default=0.01)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    figures = comparison(asked.rows, asked.runs, asked.divergent_share, asked.seed)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
