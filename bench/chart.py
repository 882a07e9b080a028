"""`python -m bench.chart`: the chart of the latest throughput results, as an SVG whose bytes depend on them alone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "latest.json"
CHART = Path(__file__).parents[1] / "docs" / "reference" / "throughput.svg"
_OURS, _THEIRS = "#1f6f8b", "#b9bfc6"


def draw(throughput: dict[str, Any]) -> bytes:
    """Medians of events per second with their spread, one bar per peer, the fastest first."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams |= {"svg.hashsalt": "tieout", "svg.fonttype": "none", "font.family": "sans-serif"}
    rows = sorted(
        (peer["events_per_s_all"]["median"], peer["title"], name, peer["events_per_s_all"])
        for name, peer in throughput["peers"].items()
    )
    figure, axes = pyplot.subplots(figsize=(9, 0.55 * len(rows) + 1.2))
    medians = [row[0] for row in rows]
    spread = [
        [row[0] - row[3]["min"] for row in rows],
        [row[3]["max"] - row[0] for row in rows],
    ]
    colors = [_OURS if row[2].startswith("ours") else _THEIRS for row in rows]
    bars = axes.barh([row[1] for row in rows], medians, xerr=spread, color=colors, ecolor="#555", capsize=3)
    axes.bar_label(bars, [f" {median:,.0f}" for median in medians], padding=6)
    axes.set_xlim(0, max(row[3]["max"] for row in rows) * 1.18)
    axes.set_xlabel("events per second: median, min and max")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return out.getvalue()


def main() -> int:
    """Write the chart beside the page that shows it."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    CHART.write_bytes(draw(results["throughput"]))
    print(f"written to {CHART}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
