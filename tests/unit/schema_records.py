"""Records that a contract of ours allows, for properties."""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import Any

from hypothesis import strategies as st

from schemas import catalog

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INT = st.integers(-(2**31), 2**31 - 1)
LONG = st.integers(-(2**63), 2**63 - 1)
INSTANT = st.datetimes(timezones=st.just(dt.UTC))


def values(
    kind: Any,
    text: st.SearchStrategy[str] = TEXT,
    long: st.SearchStrategy[int] = LONG,
    instant: st.SearchStrategy[dt.datetime] = INSTANT,
) -> Any:
    """Every value that a schema of ours allows, made of these texts, numbers and instants."""

    def inner(kind: Any) -> st.SearchStrategy[Any]:
        match kind:
            case list():
                return st.one_of([inner(branch) for branch in kind])
            case {"type": "record", "fields": fields}:
                return st.fixed_dictionaries({field["name"]: inner(field["type"]) for field in fields})
            case {"type": "array", "items": items}:
                return st.lists(inner(items), max_size=3)
            case {"type": "map", "values": items}:
                return st.dictionaries(text, inner(items), max_size=3)
            case {"logicalType": "date"}:
                return st.dates()
            case {"logicalType": "timestamp-micros"}:
                return instant
            case _:
                return {"null": st.none(), "string": text, "bytes": st.binary(), "int": INT, "long": long}[
                    kind
                ]

    return inner(kind)


@functools.cache
def records(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Of today's contract."""
    found: st.SearchStrategy[dict[str, Any]] = values(json.loads(catalog.todays(name).schema_json))
    return found
