"""Clusters of what has to do with each other, found by what was noted, are those that looking at every pair gives."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from domain.archive.notes import Notes, clusters_of

_tags = st.sets(st.integers(0, 30), max_size=3)
_days = st.integers(0, 12)
_amounts = st.sampled_from((100, 100, 250))


@st.composite
def _notes(draw: st.DrawFn) -> Notes:
    spans = draw(st.lists(st.tuples(_days, st.integers(0, 4), _amounts), max_size=2))
    return Notes(
        asked=draw(_tags),
        answered=draw(_tags),
        receipts=draw(st.lists(st.tuples(_days, _amounts), max_size=2)),
        documents=[(first, first + days, amount) for first, days, amount in spans],
    )


def _pair_by_pair(every: list[Notes], *, exactly: bool) -> list[list[int]]:
    clusters = [{place} for place in range(len(every))]
    for one, other in itertools.combinations(range(len(every)), 2):
        if every[one].meets(every[other], exactly=exactly):
            mine = next(cluster for cluster in clusters if one in cluster)
            theirs = next(cluster for cluster in clusters if other in cluster)
            if mine is not theirs:
                mine |= theirs
                clusters.remove(theirs)
    return sorted(map(sorted, clusters))


@given(st.lists(_notes(), max_size=10), st.booleans())
def test_clusters_are_those_of_all_pairs(every: list[Notes], exactly: bool) -> None:
    assert sorted(clusters_of(every, exactly=exactly)) == _pair_by_pair(every, exactly=exactly)
