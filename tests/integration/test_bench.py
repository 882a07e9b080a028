"""The benchmark itself, small: our engine on a real broker reaches the reference's digests, and figures come out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_quick_run_of_ours_is_right_and_measured(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--quick", "--only", "ours_memory"),
            *("--home", str(tmp_path / "home"), "--results", str(results)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(results.read_text(encoding="utf-8"))["throughput"]
    measured = found["peers"]["ours_memory"]
    assert measured["events"] == found["workload"]["events"] == 60_000
    assert measured["events_per_s_all"]["median"] > 0
    assert measured["cpu_s_per_million_all"]["median"] > 0
    assert measured["peak_rss_mb"]["median"] > 10
    assert found["ratios"] == {}, "nothing to compare with"
