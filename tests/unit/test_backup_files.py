"""What a backup's files promise: nothing lost, nothing unnoticed, the same bytes for the same records."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import msgspec
import pytest

from domain.rules import Rules, plain_rules
from schemas.codec import Codec, frame
from schemas.registry import FingerprintRegistry
from schemas.topics import EVENTS
from services.operations.backup import manifest as manifests
from services.operations.backup.errors import BackupDamaged, BackupUnfit, NoBackup
from services.operations.backup.records import Header, InputRecord, read_records, write_records
from services.operations.backup.restore import check_fit
from services.operations.backup.schema_ids import describe_ids, renumbering
from services.projector.projections import PROJECTIONS
from services.store.tables import DERIVED

RECORDS = [
    InputRecord(offset=0, timestamp_ms=1, key=None, value=None, headers=()),
    InputRecord(offset=7, timestamp_ms=1_700_000_000_123, key=b"", value=b"\x00\xff", headers=()),
    InputRecord(offset=8, timestamp_ms=5, key=b"C-1", value=b"v" * 70_000, headers=(Header("h", None),)),
    InputRecord(
        offset=9, timestamp_ms=5, key=b"C-1", value=b"", headers=(Header("h", b"1"), Header("h", b"2"))
    ),
]


def backup(folder: Path, **changed: object) -> manifests.Manifest:
    """A small but whole backup in ``folder``."""
    path = folder / "records" / "tieout.orders-0.avro"
    path.parent.mkdir(parents=True)
    write_records(path, RECORDS)
    made = manifests.Manifest(
        taken_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        revision="0001",
        partition_count=4,
        rules=plain_rules(Rules()),
        digest="d",
        counts={"applied": 4},
        partitions=[
            manifests.PartitionBackup(
                topic="tieout.orders",
                partition=0,
                start=0,
                end=10,
                records=4,
                file=manifests.describe(folder, path),
            )
        ],
        tables=[],
        schemas=[],
        followers={},
    )
    made = msgspec.structs.replace(made, **changed)
    manifests.write_manifest(folder, made)
    return made


def test_records_come_back_equal(tmp_path: Path) -> None:
    write_records(tmp_path / "a.avro", RECORDS)
    assert list(read_records(tmp_path / "a.avro")) == RECORDS


def test_the_same_records_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "records").mkdir(parents=True)
        write_records(tmp_path / name / "records" / "a.avro", RECORDS)
    one, two = (tmp_path / name / "records" / "a.avro" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_whole_backup_is_read(tmp_path: Path) -> None:
    made = backup(tmp_path)
    assert manifests.read_manifest(tmp_path) == made
    assert made.records == 4


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    made = backup(tmp_path)
    path = tmp_path / made.partitions[0].file.path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BackupDamaged, match="another checksum"):
        manifests.read_manifest(tmp_path)


def test_a_shorter_file_and_a_missing_file_are_noticed(tmp_path: Path) -> None:
    made = backup(tmp_path)
    path = tmp_path / made.partitions[0].file.path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupDamaged, match="bytes, not"):
        manifests.read_manifest(tmp_path)
    path.unlink()
    with pytest.raises(BackupDamaged, match="is missing"):
        manifests.read_manifest(tmp_path)


def test_an_edited_manifest_is_noticed(tmp_path: Path) -> None:
    backup(tmp_path)
    path = tmp_path / manifests.NAME
    path.write_text(path.read_text().replace('"d"', '"e"'))
    with pytest.raises(BackupDamaged, match=r"manifest\.json"):
        manifests.read_manifest(tmp_path)


def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NoBackup):
        manifests.read_manifest(tmp_path)
    backup(tmp_path, format=2)
    with pytest.raises(NoBackup, match="format is 2"):
        manifests.read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("rules", "partitions", "revisions", "hint"),
    [
        (Rules(terms_days=7), 4, {"0001"}, "terms_days is 30, here 7"),
        (Rules(), 8, {"0001"}, "has 4 partitions"),
        (Rules(), 4, {"0000"}, "later version"),
    ],
)
def test_an_installation_that_would_make_other_books_is_refused(
    tmp_path: Path, rules: Rules, partitions: int, revisions: set[str], hint: str
) -> None:
    made = backup(tmp_path)
    check_fit(made, Rules(), 4, {"0001"})
    with pytest.raises(BackupUnfit, match=hint):
        check_fit(made, rules, partitions, revisions)


class OtherRegistry:
    """A registry that counts from 1."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def id_of(self, subject: str, schema_json: str) -> int:
        if schema_json not in self.texts:
            self.texts.append(schema_json)
        return self.texts.index(schema_json) + 1

    def schema_of(self, schema_id: int) -> str | None:
        return self.texts[schema_id - 1] if 0 < schema_id <= len(self.texts) else None


def test_schema_ids_of_another_registry_are_put_right() -> None:
    origin, here = OtherRegistry(), FingerprintRegistry()
    codec = Codec(origin)
    codec.prepare(topic.schema for topic in EVENTS if topic.schema is not None)
    ids = {1: "tieout.orders-value", 2: "tieout.payments-value", 77: "tieout.orders-value"}
    described = describe_ids(ids, origin)
    assert [schema.schema_json is None for schema in described] == [False, False, True]
    renumber = renumbering(described, here)
    assert renumber(frame(1) + b"x") == frame(here.id_of("tieout.orders-value", origin.texts[0])) + b"x"
    for untouched in (None, b"", b"no Avro", frame(77) + b"x"):
        assert renumber(untouched) == untouched


def test_schema_ids_of_the_same_registry_stay() -> None:
    registry = FingerprintRegistry()
    codec = Codec(registry)
    codec.prepare(["order"])
    schema_id = next(i for i in registry._known if registry._known[i].subject == "tieout.orders-value")
    value = frame(schema_id) + b"x"
    described = describe_ids({schema_id: "tieout.orders-value"}, registry)
    assert renumbering(described, registry)(value) is value


def test_an_id_that_gains_a_meaning_is_refused() -> None:
    origin, here = FingerprintRegistry(), OtherRegistry()
    here.texts.append(json.dumps({"type": "record", "name": "Other", "fields": []}))
    with pytest.raises(BackupUnfit, match="meant nothing"):
        renumbering(describe_ids({1: "tieout.orders-value"}, origin), here)


def test_derived_tables_are_those_that_the_projector_writes() -> None:
    # what people did is in a backup as rows: its topic is not
    made = [projection for projection in PROJECTIONS if projection.topic.writer == "streams"]
    targets = [target for projection in made for target in projection.targets]
    projected = {target.table.name for target in targets}
    projected |= {target.refusals.name for target in targets if target.refusals is not None}
    assert projected | {"consumer_offsets"} == DERIVED
