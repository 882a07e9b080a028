"""Canonical events as dictionaries, exactly as ``docs/reference/events.md`` describes them."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any, Final

from domain.money import minor_units, to_text

Event = dict[str, Any]

_TAX_PERCENT: Final = {"CNY": 13, "EUR": 21, "GBP": 20, "USD": 0, "JPY": 10}
#: rough worth of one unit of EUR, so that the same basket costs about the same everywhere
_UNITS_PER_EURO: Final = {"CNY": 8, "EUR": 1, "GBP": 1, "USD": 1, "JPY": 160}
#: (sku, description, price in hundredths of a euro)
_CATALOGUE: Final = (
    ("BRG-6204", "Ball bearing 6204", 385),
    ("CAB-CAT6", "Cable Cat6, 20 m", 1290),
    ("GLV-NIT", "Nitrile gloves, box", 749),
    ("LBL-A6", "Labels A6, roll", 1115),
    ("PMP-12V", "Pump 12 V", 4399),
    ("BOX-40", "Carton 40 cm", 95),
    ("LED-P30", "LED panel 30 W", 2750),
    ("SCR-M8", "Screws M8, 100", 560),
    ("TEX-COT", "Cotton cloth, m", 423),
    ("VAL-DN25", "Valve DN25", 6850),
)
_SALESPEOPLE: Final = (
    ("Li Na", "East"),
    ("Wang Wei", "South"),
    ("J. Carter", "Export"),
    ("M. Okafor", "Export"),
)


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought: order lines and their sums in minor units."""

    lines: list[dict[str, Any]]
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


def basket(rng: random.Random, currency: str) -> Basket:
    """One to four different items; never worth less than 100 minor units."""
    lines = []
    for sku, description, cents in rng.sample(_CATALOGUE, rng.randint(1, 4)):
        unit_minor = cents * _UNITS_PER_EURO[currency] * 10 ** minor_units(currency) // 100
        quantity = rng.choice((2, 5, 10, 12, 20, 25, 40, 100)) + rng.randint(0, 9)
        total = quantity * unit_minor
        lines.append(
            {
                "sku": sku,
                "quantity": str(quantity),
                "unit_price": to_text(unit_minor, currency),
                "tax_minor": total * _TAX_PERCENT[currency] // 100,
                "total_minor": total,
                "description": description,
            }
        )
    return Basket(lines, sum(line["total_minor"] for line in lines), sum(line["tax_minor"] for line in lines))


def salesperson(rng: random.Random) -> dict[str, str]:
    name, department = rng.choice(_SALESPEOPLE)
    return {"salesperson": name, "department": department}


def moment(rng: random.Random, date: dt.date, *, first_hour: int = 7, last_hour: int = 19) -> dt.datetime:
    """Some time of that day, UTC."""
    seconds = rng.randint(first_hour * 3600, last_hour * 3600)
    return dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def event(
    event_type: str,
    *,
    source_system: str,
    record: str,
    version: int,
    at: dt.datetime,
    date: dt.date,
    customer_id: str,
    currency: str,
    amount_minor: int,
    document_no: str,
    correlation_id: str,
    **more: Any,
) -> Event:
    """The envelope and the fields of one kind; ``record`` identifies the record in its source."""
    return {
        "event_id": f"{source_system}:{record}:{version}",
        "event_type": event_type,
        "schema_version": 1,
        "source_system": source_system,
        "source_record_id": record,
        "source_version": version,
        "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "business_date": date.isoformat(),
        "customer_id": customer_id,
        "currency": currency,
        "amount_minor": amount_minor,
        "document_no": document_no,
        "correlation_id": correlation_id,
        "causation_id": None,
        "metadata": {},
        **more,
    }
