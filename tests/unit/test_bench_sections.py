"""The sections that measure the domain: what they put wrong is what is found, and their tables show it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from bench import report
from bench.sections.allocation import allocation
from bench.sections.comparison import ORDERS, compared, workload
from domain.comparison.entries import OurSide


@pytest.mark.parametrize("order", ORDERS)
def test_the_comparison_finds_every_mistake_that_was_made(order: str) -> None:
    entries, statement = workload(3_000, 0.2, 7, order)
    found = compared(OurSide(entries, [statement]), statement)
    rows = {row[0]: row for row in zip(entries.numbers, entries.dates, entries.amounts, strict=True)}
    listed = Counter(line.document_no for line in statement.lines)
    twice = sum(count == 2 for count in listed.values())
    made = {
        "AMOUNT": sum(
            rows[line.document_no][2] != line.debit_minor
            for line in statement.lines
            if line.document_no in rows
        ),
        "DATE": sum(
            rows[line.document_no][1] != line.date for line in statement.lines if line.document_no in rows
        ),
        "DUPLICATE": twice,
        "REFERENCE": sum(number.startswith("X") for number in listed),
    }
    respelt = sum(number.startswith("inv") for number in listed)
    made["MISSING_THERE"] = len(rows) - len(listed.keys() & rows.keys()) - made["REFERENCE"] - respelt
    assert min(made.values()) > 50
    assert found["outcomes"] == made
    assert found["matched"] == len(statement.lines) - sum(made.values()) + made["MISSING_THERE"]


def test_the_tables_show_each_figure() -> None:
    seconds = {"median": 1.0, "min": 0.5, "max": 2.0}
    names = ("our_columns", "tieout", "polars_frames", "polars_join", "polars_normalised_join")
    one = {"seconds": dict.fromkeys(names, seconds), "ratio_ready": 2.5, "ratio_read": 2.25}
    found: dict[str, Any] = {
        "comparison": {"rows": 1000, "orders": {"by date": one | {"ratio_ready_normalised": 1.75}}},
        "allocation": allocation(1, 80),
    }
    console = Console(width=160)
    with console.capture() as captured:
        for name, section in found.items():
            console.print(report.TABLES[name](section))
    shown = captured.get()
    for text in ("by date", "1.00 (0.50 to 2.00)", "2.50 ×", "1.75 ×", "2.25 ×", "1:1 named", "100.00 %"):
        assert text in shown


@pytest.mark.no_cover
def test_allocation_counts_by_the_category_of_the_payment() -> None:
    result = allocation(1, 200)
    categories = result["categories"].values()
    for what in ("pairs", "confirmed"):
        assert sum(one[what] for one in categories) == result[what]
    right = result["confirmed"] - len(result["wrong"])
    assert result["precision_ppm"] == 1_000_000 * right // result["confirmed"]
