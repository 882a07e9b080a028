from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas import catalog, topics
from schemas.errors import FingerprintCollision, NoSuchSchema

RECORD = '{"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "a", "type": "long"}]}'


def contract(text: str, version: int | None = 1, name: str = "order") -> catalog.Contract:
    return catalog.Contract(name, version, text, catalog.fingerprint(text))


def test_every_topic_has_its_contract_and_every_contract_its_topic() -> None:
    named = {known.name for known in catalog.contracts()}

    assert named == {topic.schema for topic in topics.ALL if topic.schema is not None}
    for known in catalog.contracts():
        assert known.subject.removesuffix("-value") in topics.BY_NAME
        assert topics.BY_NAME[known.subject.removesuffix("-value")].schema == known.name


def test_what_is_written_today_is_released() -> None:
    """To release a changed contract: copy it to avro/history/<name>.v<N+1>.avsc and add its golden bytes."""
    newest = {known.name: known for known in catalog.contracts() if known.version is not None}

    for name, released in newest.items():
        assert catalog.todays(name).fingerprint == released.fingerprint, name


def test_ids_are_unique_above_those_of_a_registry_and_fit_an_integer() -> None:
    table = catalog.by_id(catalog.contracts())

    assert len(table) == len({known.fingerprint for known in catalog.contracts()})
    assert all(catalog.FIRST_FINGERPRINT_ID <= schema_id < 2**31 for schema_id in table)


def test_a_fingerprint_is_the_sha256_of_the_canonical_form() -> None:
    # the canonical form of "int" and its SHA-256 stand in Avro's own test suite (schema-tests.txt)
    assert catalog.fingerprint('"int"') == "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45"
    assert catalog.fingerprint('{"type": "int"}') == catalog.fingerprint('"int"')
    assert catalog.fingerprint_id(catalog.fingerprint('"int"')) == (1 << 30) | (0x3F2B87A9 >> 2)


def test_comments_and_defaults_make_no_new_schema() -> None:
    document = json.loads(RECORD)
    document["doc"] = "A record."
    document["fields"][0] |= {"doc": "A number.", "default": 0}

    assert catalog.fingerprint(json.dumps(document)) == catalog.fingerprint(RECORD)
    table = catalog.by_id([contract(RECORD), contract(json.dumps(document), 2)])
    assert [known.version for known in table.values()] == [2]


def test_two_schemas_never_share_an_id() -> None:
    other = RECORD.replace('"a"', '"b"')

    with pytest.raises(FingerprintCollision) as caught:
        catalog.by_id([contract(RECORD), contract(other, None)], lambda digest: 7)
    assert (caught.value.schema_id, caught.value.first, caught.value.second) == (
        7,
        "order.v1",
        "order.today",
    )


@pytest.mark.parametrize(
    "other",
    [
        contract(RECORD.replace('"long"', '{"type": "long", "logicalType": "timestamp-micros"}'), 2),
        contract(RECORD, 1, "payment"),
    ],
    ids=["logical type", "subject"],
)
def test_a_fingerprint_never_covers_two_meanings(other: catalog.Contract) -> None:
    first = contract(RECORD)
    assert first.fingerprint == other.fingerprint

    with pytest.raises(FingerprintCollision):
        catalog.by_id([first, other])


def test_released_versions_come_in_order_before_todays(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    for name in ("order.v10", "order.v2", "balance.v1"):
        (tmp_path / "history" / f"{name}.avsc").write_text(RECORD)
    for name in ("order.avsc", "balance.avsc", "README.md"):
        (tmp_path / name).write_text(RECORD)

    labels = [known.label for known in catalog.read_contracts(tmp_path)]

    assert labels == ["balance.v1", "order.v2", "order.v10", "balance.today", "order.today"]


@pytest.mark.parametrize("name", ["order.avsc", "order.v0.avsc", "order.v1.json", "Order.v1.avsc"])
def test_a_misnamed_release_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / name).write_text(RECORD)

    with pytest.raises(ValueError, match=name):
        catalog.read_contracts(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", '"nothing"', "[]", '"int"', '{"type": "record"}', '{"type": "enum"}', "null", "{}"]
)
def test_what_is_no_record_schema_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        catalog.parse(text)


def test_a_name_without_a_schema_is_an_error() -> None:
    for ask in (catalog.todays, catalog.todays_parsed, catalog.subject_of):
        with pytest.raises(NoSuchSchema) as caught:
            ask("invoice")
        assert caught.value.schema_name == "invoice"
