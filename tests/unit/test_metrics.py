"""Each metric has a meaning, a unit and one declaration, and the reference is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from runtime import metrics

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
IDS = [declaration.name for declaration in metrics.DECLARATIONS]


@pytest.mark.parametrize("declaration", metrics.DECLARATIONS, ids=IDS)
def test_each_metric_has_a_meaning_and_ends_in_its_unit(declaration: metrics.Declaration) -> None:
    assert re.fullmatch(r"tieout(_[a-z]+)+", declaration.name)
    assert declaration.meaning.endswith(".")
    assert len(declaration.meaning.split()) >= 3
    assert declaration.processes
    assert set(declaration.processes) <= set(metrics.ALL_PROCESSES)
    last = declaration.name.rpartition("_")[2]
    match declaration.kind:
        case "counter":
            assert last == "total"
        case "gauge" | "histogram":
            assert last in metrics.UNITS
        case "info":
            assert last == "info"
    assert not {"customer_id", "event_id", "document_no"} & set(declaration.labels), "unbounded label"


def test_names_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


def test_every_declared_name_is_what_prometheus_sees() -> None:
    for process in metrics.ALL_PROCESSES:
        exposed = generate_latest(metrics.process_registry(process, "1.2.3")).decode()
        own = {d.name for d in metrics.DECLARATIONS if process in d.processes}
        for declaration in metrics.DECLARATIONS:
            # prometheus_client drops a counter's _total in its HELP line of OpenMetrics, not in this format
            assert (f"# HELP {declaration.name} " in exposed) == (declaration.name in own), declaration.name
        assert f'tieout_build_info{{process="{process}"' in exposed
        assert 'version="1.2.3"' in exposed
        assert "process_cpu_seconds_total" in exposed


def test_no_metric_is_declared_elsewhere() -> None:
    root = Path(__file__).parents[2]
    declared_elsewhere = [
        str(path.relative_to(root))
        for room in ("domain", "schemas", "runtime", "streams", "services", "deploy")
        for path in (root / room).rglob("*.py")
        if path != root / "runtime" / "metrics.py"
        and re.search(
            r"from prometheus_client import .*\b(Counter|Gauge|Histogram|Summary|Info|Enum)\b",
            path.read_text(),
        )
    ]
    assert declared_elsewhere == []


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == metrics.reference(), (
        "run: python -m runtime.metrics docs/reference/metrics.md"
    )
