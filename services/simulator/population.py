"""Who the customers and suppliers are: names in two languages, currencies, terms, and how much each of them buys.

Invariant: everything follows from the generator that is passed in; a customer's stories do not depend on how
many customers come after it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from domain.parties import Role, supplier_party

#: activity of the n-th biggest customer ~ n ** -_ZIPF_EXPONENT: few big, a long tail
_ZIPF_EXPONENT: Final = 0.6
_STATEMENTS_SHARE: Final = 0.75
_SECOND_CURRENCY_SHARE: Final = 0.1

_ZH_CITIES: Final = ("上海", "深圳", "杭州", "苏州", "广州", "宁波", "青岛", "成都", "南京", "厦门")
_ZH_WORDS: Final = (
    "恒信",
    "瑞丰",
    "华腾",
    "明远",
    "嘉禾",
    "天和",
    "鼎盛",
    "博雅",
    "安泰",
    "新锐",
    "宏图",
    "永昌",
)
_ZH_TRADES: Final = ("贸易", "电子科技", "机械", "纺织品", "食品", "建材", "包装材料", "医疗器械")
_EN_WORDS: Final = (
    "Ashdown", "Brightwater", "Calder", "Dunmore", "Elmfield", "Fairhaven", "Greyfriars", "Hollins",
    "Inverness", "Jubilee", "Kestrel", "Langford", "Meridian", "Northgate", "Oakwell", "Pinecrest",
)  # fmt: skip
_EN_TRADES: Final = (
    "Trading",
    "Supplies",
    "Wholesale",
    "Foods",
    "Components",
    "Textiles",
    "Tools",
    "Packaging",
)
_JA_WORDS: Final = ("Hikari", "Sakura", "Midori", "Aozora", "Tsubasa", "Minato")

_TERMS_DAYS: Final = (7, 14, 14, 30, 30, 30, 45)


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer, or one supplier. ``weight`` is its share of the activity, relative to the others of its role."""

    customer_id: str
    name: str
    language: str
    email: str
    address: str
    country: str
    terms_days: int
    currency: str
    second_currency: str | None
    weight: float
    sends_statements: bool


def populate(rng: random.Random, count: int, tag: str = "", role: Role = Role.CUSTOMER) -> list[Customer]:
    """``count`` customers ``C-00001``... (with a tag, ``C-TAG-00001``), or suppliers ``S-00001``...,
    in the order of their numbers; size does not follow the number.
    """
    ranks = list(range(1, count + 1))
    rng.shuffle(ranks)
    prefix = f"{tag}-" if tag else ""
    return [_customer(rng, f"{prefix}{number:05d}", rank, role) for number, rank in enumerate(ranks, start=1)]


def _customer(rng: random.Random, number: str, rank: int, role: Role) -> Customer:
    supplier = role is Role.SUPPLIER
    draw = rng.random()
    if draw < 0.45:
        city = rng.choice(_ZH_CITIES)
        name = f"{city}{rng.choice(_ZH_WORDS)}{rng.choice(_ZH_TRADES)}有限公司"
        language, country, currency, second = "zh", "CN", "CNY", "USD"
        address = f"{city}市中山路{rng.randint(1, 899)}号"
    elif draw < 0.53:
        name = f"{rng.choice(_JA_WORDS)} {rng.choice(_EN_TRADES)} KK"
        language, country, currency, second = "en", "JP", "JPY", "USD"
        address = f"{rng.randint(1, 9)}-{rng.randint(1, 30)} Chuo, Tokyo"
    else:
        country, currency, suffix, town = rng.choice(
            (
                ("GB", "GBP", "Ltd", "Leeds"),
                ("IE", "EUR", "Ltd", "Cork"),
                ("DE", "EUR", "GmbH", "Bremen"),
                ("US", "USD", "Inc", "Columbus"),
            )
        )
        name = f"{rng.choice(_EN_WORDS)} {rng.choice(_EN_TRADES)} {suffix}"
        language, second = "en", "USD" if currency != "USD" else "EUR"
        address = f"{rng.randint(1, 250)} Station Road, {town}"
    return Customer(
        customer_id=supplier_party(f"S-{number}") if supplier else f"C-{number}",
        name=name,
        language=language,
        email=f"accounts@{'s' if supplier else 'c'}{number.lower()}.example",
        address=address,
        country=country,
        terms_days=rng.choice(_TERMS_DAYS),
        currency=currency,
        second_currency=second if rng.random() < _SECOND_CURRENCY_SHARE else None,
        weight=rank**-_ZIPF_EXPONENT,
        sends_statements=rng.random() < _STATEMENTS_SHARE,
    )
