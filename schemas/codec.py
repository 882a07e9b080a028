"""Records to bytes and back: Avro behind the schema registry's five-byte header (0, id in big-endian).

It is on the stream's hot path, so everything that can be known once is: schemas are parsed once, the reader
of a writer's schema is kept under the four bytes of its id, and ``encoder``/``decoder`` give plain callables
to keep in a local name. Invariants: what ``encode`` takes, ``decode`` gives back equal; what ``decode`` takes
is exactly one record; whatever bytes come in, the outcome is a record or a ``WireError``, but for a registry
that does not answer (``RegistryError``), which says nothing about the record.

Dates are ``datetime.date``, instants aware ``datetime.datetime`` in UTC, money integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final, cast

from fastavro import schemaless_reader, schemaless_writer

from schemas import catalog
from schemas.compatibility import reader_problems
from schemas.errors import NotFramed, Undecodable, Unencodable, UnknownSchema, WrongSchema
from schemas.exactness import READ, WRITTEN, compile_check
from schemas.registry import SchemaRegistry

HEADER_BYTES: Final = 5

Encode = Callable[[Mapping[str, object]], bytes]
Decode = Callable[[bytes | None], dict[str, Any]]

_Read = Callable[[bytes], dict[str, Any]]


class Codec:
    """Encodes and decodes records of the package's schemas, by name (the stem of the ``.avsc`` file).

    The first use of a schema or of a writer's id may ask the registry, which may block; ``prepare`` does that
    ahead. May be used from several threads.
    """

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._encoders: dict[str, Encode] = {}
        self._decoders: dict[str, Decode] = {}

    def prepare(self, schema_names: Iterable[str]) -> None:
        """Get the ids of these schemas now (blocks), so that no later ``encode`` of them waits."""
        for schema_name in schema_names:
            self.encoder(schema_name)
            self.decoder(schema_name)

    def encode(self, schema_name: str, value: Mapping[str, object]) -> bytes:
        """Encode a record. Fields with a default may be absent. Raises ``Unencodable``, ``NoSuchSchema``."""
        return self.encoder(schema_name)(value)

    def encode_batch(self, schema_name: str, values: Iterable[Mapping[str, object]]) -> list[bytes]:
        """Encode records in their order; all or, with ``Unencodable``, none."""
        return list(map(self.encoder(schema_name), values))

    def decode(self, schema_name: str, data: bytes | None) -> dict[str, Any]:
        """Decode a record of any version into today's fields. Raises a ``WireError`` or ``NoSuchSchema``."""
        return self.decoder(schema_name)(data)

    def untranslated(self, schema_name: str, data: bytes) -> catalog.ParsedSchema | None:
        """Return the schema that a record was written with, if it is today's on the wire; ``None`` for any other.

        For who reads many such records in another way than one by one. May ask the registry, which may block.
        """
        schema_id = schema_id_in(data)
        text = None if schema_id is None else self._registry.schema_of(schema_id)
        if text is None or catalog.fingerprint(text) != catalog.todays(schema_name).fingerprint:
            return None
        return catalog.parse(text)

    def encoder(self, schema_name: str) -> Encode:
        """Return ``encode`` of one schema."""
        encode = self._encoders.get(schema_name)
        if encode is None:
            encode = self._encoders.setdefault(schema_name, self._make_encoder(schema_name))
        return encode

    def decoder(self, schema_name: str) -> Decode:
        """Return ``decode`` of one schema."""
        decode = self._decoders.get(schema_name)
        if decode is None:
            decode = self._decoders.setdefault(schema_name, self._make_decoder(schema_name))
        return decode

    def _make_encoder(self, schema_name: str) -> Encode:
        contract = catalog.todays(schema_name)
        schema = catalog.todays_parsed(schema_name)
        check = compile_check(schema, WRITTEN)
        header = frame(self._registry.id_of(contract.subject, contract.schema_json))

        def encode(value: Mapping[str, object]) -> bytes:
            stream = BytesIO()
            stream.write(header)
            # fastavro reports a misfit in many ways (TypeError, ValueError, OverflowError, AttributeError …);
            # nothing else runs in here, so all of them mean the same
            try:
                schemaless_writer(stream, schema, value, strict_allow_default=True)
                check(value)
            except Exception as error:
                raise Unencodable(schema_name, f"{type(error).__name__}: {error}") from error
            return stream.getvalue()

        return encode

    def _make_decoder(self, schema_name: str) -> Decode:
        catalog.todays(schema_name)
        readers: dict[bytes, _Read] = {}

        def decode(data: bytes | None) -> dict[str, Any]:
            if data is None or len(data) < HEADER_BYTES or data[0] != 0:
                raise NotFramed(_unframed(data))
            id_bytes = data[1:HEADER_BYTES]
            read = readers.get(id_bytes)
            if read is None:
                read = readers[id_bytes] = self._find_reader(schema_name, int.from_bytes(id_bytes, "big"))
            return read(data)

        return decode

    def _find_reader(self, schema_name: str, schema_id: int) -> _Read:
        text = self._registry.schema_of(schema_id)
        if text is None:  # may become known: how long that is believed is the registry's business
            raise UnknownSchema(schema_id)
        try:
            return self._make_reader(schema_name, schema_id, text)
        except WrongSchema as error:
            detail = error.detail

        def refuse(data: bytes) -> dict[str, Any]:
            # an id never changes its schema, so that a flood of such records costs no more than good ones
            raise WrongSchema(schema_id, schema_name, detail)

        return refuse

    def _make_reader(self, schema_name: str, schema_id: int, text: str) -> _Read:
        ours = catalog.todays_parsed(schema_name)
        try:
            writer = catalog.parse(text)
        except ValueError as error:
            raise WrongSchema(schema_id, schema_name, f"schema {schema_id} is {error}") from error
        problems = reader_problems(ours, writer)
        if problems:
            why = "; ".join(map(str, problems))
            detail = f"schema {schema_id} is not readable as {schema_name}: {why}"
            raise WrongSchema(schema_id, schema_name, detail)
        reader = None if catalog.fingerprint(text) == catalog.todays(schema_name).fingerprint else ours
        check = compile_check(ours, READ)

        def read(data: bytes) -> dict[str, Any]:
            stream = BytesIO(data)
            stream.seek(HEADER_BYTES)
            # EOFError, IndexError, UnicodeDecodeError, OverflowError and more: the bytes are anybody's,
            # and nothing but their decoding runs in here
            try:
                value = schemaless_reader(stream, writer, reader)
                check(value)
            except Exception as error:
                raise Undecodable(f"{type(error).__name__}: {error}") from error
            surplus = len(data) - stream.tell()
            if surplus:
                raise Undecodable(f"{surplus} bytes after the record")
            return cast("dict[str, Any]", value)

        return read


def frame(schema_id: int) -> bytes:
    """Return the header of a record of this schema."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def schema_id_in(data: bytes | None) -> int | None:
    """Return the schema id in a record's header, ``None`` where there is none; for looking at bytes."""
    if data is None or len(data) < HEADER_BYTES or data[0] != 0:
        return None
    return int.from_bytes(data[1:HEADER_BYTES], "big")


def _unframed(data: bytes | None) -> str:
    if data is None:
        return "the record has no value"
    if len(data) < HEADER_BYTES:
        return f"{len(data)} bytes are no header"
    return f"the first byte is {data[0]:#04x}, not 0x00"
