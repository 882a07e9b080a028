"""A word for "no reference" is no reference, however it is spelt: payments that share it are not the same money."""

from __future__ import annotations

import pytest

from domain.fillers import is_filler


@pytest.mark.parametrize(
    "reference",
    [
        "",
        " ",
        "NOTPROVIDED",
        "NotProvided",
        "not provided",
        "NONREF",
        "//NONREF",
        "none",
        "N/A",
        "0",
        "000-000",
    ],
)
def test_it_says_that_there_is_none(reference: str) -> None:
    assert is_filler(reference)


@pytest.mark.parametrize("reference", ["E2E-1", "NONREF1", "NOTPROVIDED 7", "100", "货款", "NAN"])
def test_it_is_a_reference(reference: str) -> None:
    assert not is_filler(reference)
