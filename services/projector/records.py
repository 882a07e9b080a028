"""Records of one topic become the columns of its table: by columns, or one by one where that does not go.

Invariant: both ways give the same columns; which one is taken is a matter of time alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.codec import HEADER_BYTES, Codec
from schemas.errors import WireError
from services.projector.columns.avro import ColumnReader, Misfit, Misread
from services.projector.columns.binary_copy import kinds_of
from services.projector.columns.table import Columns, Row
from services.projector.projections import Projection

#: fewer records are read faster one by one
FEW: Final = 25


class Unreadable(Exception):
    """The record at ``place`` among those given cannot be read."""

    def __init__(self, place: int, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(reason)


class RecordsReader:
    """Reads values of one topic."""

    def __init__(self, projection: Projection, codec: Codec, *, few: int = FEW) -> None:
        """Below ``few`` records none is read by columns."""
        self._few = few
        self._schema_name = projection.topic.schema or projection.change
        self._codec = codec
        self._decode = codec.decoder(self._schema_name)
        self._stored = projection.stored
        self._kinds = kinds_of(projection.targets[0].table.columns)
        self._by_header: dict[bytes, ColumnReader | None] = {}

    def read(self, values: Sequence[bytes | None]) -> Columns:
        """The columns of one or more records. May ask the schema registry, which blocks. Raises Unreadable."""
        columns = self._by_columns(values)
        if columns is None:
            columns = Columns.of([self._row(place, value) for place, value in enumerate(values)], self._kinds)
        return self._stored(columns)

    def _by_columns(self, values: Sequence[bytes | None]) -> Columns | None:
        records = [value for value in values if value is not None]
        if len(values) < self._few or len(records) < len(values):
            return None
        reader = self._reader_of(records[0])
        if reader is None:
            return None
        try:
            return reader.read(records)
        except Misread:
            return None

    def _reader_of(self, record: bytes) -> ColumnReader | None:
        header = record[:HEADER_BYTES]
        if header not in self._by_header:
            self._by_header[header] = self._make_reader(record)
        return self._by_header[header]

    def _make_reader(self, record: bytes) -> ColumnReader | None:
        schema = self._codec.untranslated(self._schema_name, record)
        if schema is None:
            return None
        try:
            reader = ColumnReader(schema, self._few)
        except Misfit:
            return None
        return reader if reader.kinds == self._kinds else None

    def _row(self, place: int, value: bytes | None) -> Row:
        try:
            record = self._decode(value)
        except WireError as error:
            raise Unreadable(place, str(error)) from error
        return dict(_flat(record, self._kinds))


def _flat(record: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if name in kinds:
            yield name, value
        else:  # no column of this name: a record within the record
            yield from ((f"{name}_{inner}", found) for inner, found in value.items())
