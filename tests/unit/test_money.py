"""Minor units, exact text both ways, and nothing rounded silently."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import money
from domain.money import Rounding


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)]
)
def test_minor_units_follow_iso_4217(currency: str, decimals: int) -> None:
    assert money.minor_units(currency) == decimals
    assert money.is_currency(currency)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "XTS", "ZZZ", "E R"])
def test_what_is_no_money_is_no_currency(code: str) -> None:
    assert not money.is_currency(code)
    with pytest.raises(money.UnknownCurrencyError) as caught:
        money.minor_units(code)
    assert caught.value.currency == code


def test_currencies_are_sorted_and_all_have_minor_units() -> None:
    codes = money.currencies()
    assert list(codes) == sorted(codes)
    assert "EUR" in codes
    assert "XAU" not in codes
    assert all(money.minor_units(code) >= 0 for code in codes)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1205, "EUR", "12.05"),
        (-1205, "EUR", "-12.05"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (1205, "JPY", "1205"),
        (1205, "KWD", "1.205"),
        (money.AMOUNT_MINOR_MAX, "EUR", "92233720368547758.07"),
        (money.AMOUNT_MINOR_MIN, "CLF", "-922337203685477.5808"),
    ],
)
def test_text_is_exact_both_ways(amount_minor: int, currency: str, text: str) -> None:
    assert money.to_text(amount_minor, currency) == text
    assert money.to_decimal(amount_minor, currency) == Decimal(text)
    assert money.from_text(text, currency) == amount_minor


@given(
    amount_minor=st.integers(money.AMOUNT_MINOR_MIN, money.AMOUNT_MINOR_MAX),
    currency=st.sampled_from(money.currencies()),
)
def test_every_amount_survives_the_round_trip(amount_minor: int, currency: str) -> None:
    assert money.from_text(money.to_text(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("text", "minor"), [("12", 1200), ("12.", 1200), (".5", 50), ("+7.1", 710), ("1.500", 150)]
)
def test_plain_decimals_are_read(text: str, minor: int) -> None:
    assert money.from_text(text, "EUR") == minor


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "1,000.00", "1 000", " 1", "1e3", "NaN", "Infinity", "١٢", "1.2.3", "--1", "9" * 65],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(money.AmountUnreadableError) as caught:
        money.from_text(text, "EUR")
    assert caught.value.text == text


def test_digits_beyond_the_minor_unit_are_refused_by_default() -> None:
    with pytest.raises(money.AmountInexactError) as caught:
        money.from_text("0.005", "EUR")
    assert (caught.value.currency, caught.value.decimals) == ("EUR", 2)
    assert money.from_text("0.005", "KWD") == 5


@pytest.mark.parametrize(
    ("text", "half_up", "half_even"), [("0.005", 1, 0), ("-0.005", -1, 0), ("0.015", 2, 2), ("0.0149", 1, 1)]
)
def test_a_rounding_rule_is_named_and_kept(text: str, half_up: int, half_even: int) -> None:
    assert money.from_text(text, "EUR", Rounding.HALF_UP) == half_up
    assert money.from_text(text, "EUR", Rounding.HALF_EVEN) == half_even


def test_more_than_the_ledger_can_hold_is_refused() -> None:
    with pytest.raises(money.AmountOutOfRangeError) as caught:
        money.from_text("92233720368547758.08", "EUR")
    assert caught.value.currency == "EUR"
