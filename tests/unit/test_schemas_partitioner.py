from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.partitioner import partition_for

# UtilsTest.testMurmur2 of Kafka's Java client: key -> signed 32-bit hash
JAVA_MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("key", JAVA_MURMUR2)
@pytest.mark.parametrize("count", [1, 3, 4, 12, 100, 1024, 2**31 - 1])
def test_partitions_are_those_of_the_java_client(key: bytes, count: int) -> None:
    assert partition_for(key, count) == (JAVA_MURMUR2[key] & 0x7FFFFFFF) % count


@given(st.binary(), st.integers(1, 5000))
def test_a_partition_is_one_of_the_topic(key: bytes, count: int) -> None:
    assert 0 <= partition_for(key, count) < count


def test_a_topic_without_partitions_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one partition, not 0"):
        partition_for(b"C-1", 0)
