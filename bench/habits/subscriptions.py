"""Set c: the same amount each month, and what standing orders say of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from bench.habits import banks
from bench.habits.desk import Desk, Document
from bench.habits.story import Told

_MONTHS: Final = {
    "de": (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "zh": tuple(f"{month}月" for month in range(1, 13)),
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    "it": (
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
}
_FEE: Final = {
    "de": ("Servicepauschale", "Miete", "Wartung"),
    "fr": ("abonnement", "loyer", "maintenance"),
    "en": ("subscription", "rent", "service fee"),
    "zh": ("服务费", "房租", "月租"),
    "es": ("cuota", "alquiler", "mantenimiento"),
    "it": ("canone", "affitto", "abbonamento"),
}


def month_text(desk: Desk, day: dt.date) -> str:
    """A month as people write it: ``März 2026``, ``03/2026``, ``3月服务费``."""
    rng, name = desk.rng, _MONTHS[desk.language][day.month - 1]
    if desk.language == "zh":
        return rng.choice((f"{name}", f"{day.year}年{name}", f"{day:%Y%m}"))
    return rng.choice(
        (f"{name} {day.year}", f"{name[:3]} {day:%y}", f"{day:%m/%Y}", f"{name}", f"{day:%m.%Y}")
    )


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=min(day.day, 28))


def run(desk: Desk, name: str) -> None:
    """One contract over 4 to 9 months; how it is paid is in the name."""
    rng = desk.rng
    desk.wait((_next_month(desk.today).replace(day=rng.choice((1, 1, 15))) - desk.today).days)
    amount = rng.choice((4_990, 9_900, 12_500, 29_900, 50_000, 119_000, rng.randint(3_000, 200_000)))
    contract = f"{rng.choice(('V-', 'ABO', 'K', 'CTR/', ''))}{rng.randint(10_000, 999_999)}"
    fee = rng.choice(_FEE[desk.language])
    _TOLD[name](desk, name, _Contract(desk, amount, contract, fee, rng.randint(4, 9)))


class _Contract:
    """Issues one document a month and says what was issued."""

    def __init__(self, desk: Desk, amount: int, number: str, fee: str, months: int) -> None:
        self.desk, self.amount, self.number, self.fee, self.months = desk, amount, number, fee, months
        self.issued: list[Document] = []

    def each(self, pay: Callable[[int, Document], None], *, rise_at: int | None = None) -> None:
        """Issue the documents month by month; ``pay`` is told of each some days after it is issued."""
        desk = self.desk
        desk.planned += self.months

        def issue(month: int) -> None:
            desk.planned -= 1
            if month == rise_at:
                self.amount = self.amount * desk.rng.randint(103, 110) // 100
            document = desk.invoice(self.amount, order_id=self.number, terms=14)
            self.issued.append(document)
            desk.later(desk.rng.randint(2, 9), lambda: pay(month, document))
            if month + 1 < self.months:
                desk.later((_next_month(desk.today) - desk.today).days, lambda: issue(month + 1))

        issue(0)


def _says_nothing(desk: Desk, name: str, contract: _Contract) -> None:
    contract.each(lambda _, d: _silently(desk, name, [d], desk.word()))


def _silently(
    desk: Desk, name: str, documents: Sequence[Document], text: str, order_id: str | None = None
) -> None:
    if parts := desk.still(documents):
        desk.silent(name, parts, text, order_id=order_id)


def _says_month(desk: Desk, name: str, contract: _Contract) -> None:
    """Not always in time: some months are paid out of turn, and the text says which."""
    waiting: list[Document] = []

    def pay(_: int, document: Document) -> None:
        waiting.append(document)
        if desk.rng.random() < 0.2:
            return
        while waiting:
            one = waiting.pop()  # the newest first
            text = f"{contract.fee} {month_text(desk, one.day)}"
            if parts := desk.still([one]):
                desk.named(name, parts, text)

    contract.each(pay)


def _says_contract(desk: Desk, name: str, contract: _Contract) -> None:
    word = {
        "de": "Vertrag",
        "fr": "contrat",
        "en": "contract",
        "zh": "合同",
        "es": "contrato",
        "it": "contratto",
    }
    text = f"{word[desk.language]} {contract.number}"
    contract.each(lambda _, d: _silently(desk, name, [d], text, contract.number))


def _says_first(desk: Desk, name: str, contract: _Contract) -> None:
    """A standing order that was set up for the first document and says its number for ever."""

    def pay(month: int, document: Document) -> None:
        text = f"{desk.rng.choice(banks.INVOICE[desk.language])} {contract.issued[0].number}"
        if month == 0 and (parts := desk.still([document])):
            desk.named(name, parts, text)
        else:
            _silently(desk, name, [document], text, contract.number)

    contract.each(pay)


def _two_at_once(desk: Desk, name: str, contract: _Contract) -> None:
    waiting: list[Document] = []

    def pay(_: int, document: Document) -> None:
        waiting.append(document)
        parts = desk.still(waiting)
        if len(parts) < 2:
            return
        waiting.clear()
        if "silent" in name:
            desk.silent(name, parts)
        else:
            joint = desk.rng.choice(("+", " + ", "/", "–", "-"))
            text = joint.join(month_text(desk, d.day) for d, _ in parts)
            desk.named(name, parts, f"{contract.fee} {text}")

    contract.each(pay)


def _missed(desk: Desk, name: str, contract: _Contract) -> None:
    """One month is forgotten; the next payment is double, or the forgotten one comes by itself."""
    waiting: list[Document] = []
    forgotten = desk.rng.randint(0, contract.months - 2)

    def pay(month: int, document: Document) -> None:
        waiting.append(document)
        if month != forgotten:
            parts = desk.still(waiting)
            waiting.clear()
            if parts:
                desk.silent(name, parts)

    contract.each(pay)


def _rise(desk: Desk, name: str, contract: _Contract) -> None:
    """The price rises; the standing order pays the old one once more, and the difference follows with a word."""
    rise_at, old = desk.rng.randint(1, contract.months - 1), contract.amount
    word = {
        "de": "Differenz", "fr": "différence", "en": "difference", "zh": "差额", "es": "diferencia", "it": "differenza",
    }[desk.language]  # fmt: skip

    def pay(month: int, document: Document) -> None:
        parts = desk.still([document])
        if not parts:
            return
        text = f"{contract.fee} {month_text(desk, document.day)}"
        if month != rise_at:
            desk.named(name, parts, text)
            return
        desk.named(f"{name}: the old price", [(document, min(old, parts[0][1]))], text)
        desk.later(12, lambda: _rest(document))

    def _rest(document: Document) -> None:
        if parts := desk.still([document]):
            desk.named(f"{name}: the difference", parts, f"{word} {month_text(desk, document.day)}")

    contract.each(pay, rise_at=rise_at)


_TOLD: Final[dict[str, Callable[[Desk, str, _Contract], None]]] = {
    "says nothing": _says_nothing,
    "says the month": _says_month,
    "says the contract": _says_contract,
    "always says its first": _says_first,
    "two months, said": _two_at_once,
    "two months, silent": _two_at_once,
    "missed, then double": _missed,
    "price rises": _rise,
}

STORIES: Final[Sequence[Told]] = tuple(Told(name, 1, run) for name in _TOLD)
