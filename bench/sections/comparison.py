"""A statement of a million lines against a million ledger entries, beside a Polars full join of the same data.

Both start from what they hold in memory: we from the statement's lines and the entries' columns, Polars from two
data frames of the same rows. We must come out with every divergence explained and a bridge that adds up; Polars
only with the joined frame, once on the numbers as written and once on normalised numbers (which is what we compare).

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
from collections.abc import Callable
from typing import Any

from domain.comparison.bridge import bridge
from domain.comparison.compare import compare
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.verdict import Outcome
from domain.comparison.waiting import Progress
from domain.discrepancies.against_statement import statement_findings
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.rules import Rules

START, DAYS = dt.date(2026, 1, 1), 31


def measure_comparison(
    rows: int = 1_000_000, divergent_share: float = 0.01, runs: int = 5, seed: int = 1
) -> dict[str, Any]:
    """Medians in seconds of alternating runs, their ratios, and what was found."""
    import polars as pl

    entries, statement = workload(rows, divergent_share, seed)
    ours, theirs = _frames(pl, entries, statement)
    found: dict[str, Any] = {}
    timed: dict[str, list[float]] = {"tieout": [], "polars_join": [], "polars_normalised_join": []}
    normal = pl.col("document_no").str.to_uppercase().str.replace_all("[^0-9A-Z]", "").alias("normal")
    for _ in range(runs):
        timed["tieout"].append(_timed(lambda: found.update(_compared(entries, statement))))
        timed["polars_join"].append(
            _timed(lambda: ours.join(theirs, on="document_no", how="full", suffix="_theirs"))
        )
        timed["polars_normalised_join"].append(
            _timed(
                lambda: ours.with_columns(normal).join(
                    theirs.with_columns(normal), on="normal", how="full", suffix="_theirs"
                )
            )
        )
    medians = {f"{name}_s": round(statistics.median(times), 3) for name, times in timed.items()}
    return {
        "rows": rows,
        "divergent_share": divergent_share,
        "runs": runs,
        **medians,
        "spread_s": {name: [round(min(times), 3), round(max(times), 3)] for name, times in timed.items()},
        "ratio_to_join": round(medians["tieout_s"] / medians["polars_join_s"], 2),
        "ratio_to_normalised_join": round(medians["tieout_s"] / medians["polars_normalised_join_s"], 2),
        **found,
    }


def workload(rows: int, divergent_share: float, seed: int) -> tuple[OurEntries, StatementFact]:
    """Entries, and the statement of them in another order with mistakes of every kind in it."""
    chance = random.Random(seed)
    source = Source("tieout.orders", 0, 0)
    entries = OurEntries()
    lines: list[StatementLine] = []
    for number in range(rows):
        document_no = f"INV-{number:08d}"
        date = START + dt.timedelta(days=chance.randrange(DAYS))
        amount = chance.randint(1_00, 100_000_00)
        # A number of its own, as it comes out of a file: no string is shared between the sides.
        listed_as, listed_on, listed = f"INV-{number:08d}", date, amount
        if chance.random() < divergent_share:
            match chance.randrange(6):
                case 0:
                    listed += chance.choice((-1, 1)) * chance.randint(1, 99)
                case 1:
                    listed_as = f"inv {number:08d}"
                case 2:
                    listed_as = f"X{chance.randint(10**9, 10**10)}"
                case 3:
                    listed = 0
                case 4:
                    listed_on = date + dt.timedelta(days=10)
                case _:
                    lines.append(_line(document_no, date, amount))
        entries.kinds.append(EntryKind.INVOICE)
        entries.numbers.append(document_no)
        entries.aliases.append(())
        entries.dates.append(date)
        entries.amounts.append(amount)
        entries.sources.append(source)
        if listed:
            lines.append(_line(listed_as, listed_on, listed))
    chance.shuffle(lines)
    total = sum(line.debit_minor for line in lines)
    numbered = tuple(
        StatementLine(
            line_no=place,
            document_no=line.document_no,
            date=line.date,
            debit_minor=line.debit_minor,
            credit_minor=0,
        )
        for place, line in enumerate(lines, start=1)
    )
    statement = StatementFact(
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
        line_count=len(numbered),
        lines=numbered,
        occurred_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        correlation_id=None,
        source=source,
    )
    return entries, statement


def _line(document_no: str, date: dt.date, amount_minor: int) -> StatementLine:
    return StatementLine(
        line_no=0, document_no=document_no, date=date, debit_minor=amount_minor, credit_minor=0
    )


def _compared(entries: OurEntries, statement: StatementFact) -> dict[str, Any]:
    progress = Progress({}, {}, statement.occurred_at.date())
    compared = compare("EUR", Rules(), OurSide(entries, [statement]), statement, progress)
    findings = list(statement_findings(compared))
    steps = bridge(compared).steps
    outcomes = Counter(v.outcome.value for v in compared.verdicts if v.outcome is not Outcome.MATCHED)
    return {
        "matched": compared.matched_count,
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


def _timed(act: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--divergent-share", type=float, default=0.01)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    figures = measure_comparison(asked.rows, asked.divergent_share, asked.runs, asked.seed)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
