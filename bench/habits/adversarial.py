"""Set e: texts with digits that are no document's, and with documents that are not paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bench.habits import banks
from bench.habits.behaviour import naming, soon
from bench.habits.desk import Desk, Document
from bench.habits.documents import Series
from bench.habits.story import Told

_WORDS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "customer number": {
        "de": ("Kd.-Nr.", "KdNr", "Kundennummer"),
        "fr": ("n° client", "client"),
        "en": ("customer no", "acct", "cust"),
        "zh": ("客户号", "客户编号"),
        "es": ("cliente nº",),
        "it": ("cod. cliente", "cliente n."),
    },
    "order number": {
        "de": ("Auftrag", "Ihre Best.-Nr.", "Bestellung"),
        "fr": ("commande", "cde n°"),
        "en": ("PO", "your order", "P.O.#"),
        "zh": ("订单号", "采购单"),
        "es": ("pedido",),
        "it": ("ordine n.", "Vs. ordine"),
    },
    "delivery note": {
        "de": ("Lieferschein", "LS", "Lfs.-Nr."),
        "fr": ("BL", "bon de livraison"),
        "en": ("DN", "delivery note", "D/N"),
        "zh": ("送货单", "出库单"),
        "es": ("albarán",),
        "it": ("DDT", "bolla n."),
    },
    "telephone": {
        "de": ("Tel.", "Rückfragen"),
        "fr": ("tél.",),
        "en": ("tel", "call"),
        "zh": ("电话",),
        "es": ("tlf.",),
        "it": ("tel.",),
    },
    "cancelled": {
        "de": ("{} storniert", "Storno {}"),
        "fr": ("{} annulée",),
        "en": ("{} cancelled", "{} void"),
        "zh": ("{}已作废", "{}已冲红"),
        "es": ("{} anulada",),
        "it": ("{} annullata", "storno {}"),
    },
    "replaces": {
        "de": ("{} ersetzt {}",),
        "fr": ("{} remplace {}",),
        "en": ("{} replaces {}",),
        "zh": ("{}替换{}",),
        "es": ("{} sustituye a {}",),
        "it": ("{} sostituisce {}",),
    },
    "after": {
        "de": ("nach Zahlung von {}", "{} bereits bezahlt"),
        "fr": ("{} déjà payée", "après paiement de {}"),
        "en": ("{} already paid", "after payment of {}"),
        "zh": ("{}已付", "已支付{}后"),
        "es": ("{} ya pagada",),
        "it": ("{} già pagata",),
    },
    "period": {
        "de": ("Leistung {}-{}", "Zeitraum {} bis {}"),
        "fr": ("période du {} au {}",),
        "en": ("period {} - {}", "services {} to {}"),
        "zh": ("服务期{}至{}",),
        "es": ("periodo {} a {}",),
        "it": ("periodo {}-{}",),
    },
}

_APART: Final = (", ", "; ", " / ")
_PART: Final = ", paid in part"
Write = Callable[[Desk, Document, Document, int], str]


def _word(desk: Desk, what: str) -> str:
    return desk.rng.choice(_WORDS[what][desk.language])


def _near(desk: Desk, other: Document) -> str:
    """Digits that are the other document's running number, or one that looks like it."""
    serial = other.parts.serial
    return str(desk.rng.choice((serial, serial, other.parts.running, serial + 1)))


def beside(desk: Desk, name: str) -> None:
    """Two documents are open; one is paid and named, and the text says something of the other's digits."""
    paid, other = desk.some(2, 2)
    if desk.rng.random() < 0.5:
        paid, other = other, paid

    def pay() -> None:
        for _, left in desk.still([paid]):
            part = left * desk.rng.randint(30, 70) // 100 if name.endswith(_PART) else left
            desk.named(name, [(paid, part)], _WRITE[name.removesuffix(_PART)](desk, paid, other, part))

    soon(desk, pay)
    if desk.rng.random() < 0.5:
        desk.later(60, lambda: _whole(desk, other))


def _whole(desk: Desk, document: Document) -> None:
    if parts := desk.still([document]):
        desk.named("named plainly", parts, naming(desk, [document]))


def _either_side(desk: Desk, one: str, two: str, joints: Sequence[str] = (" ", ", ", "; ", " / ")) -> str:
    joint = desk.rng.choice(joints)
    return joint.join((one, two) if desk.rng.random() < 0.6 else (two, one))


def _labelled(what: str) -> Write:
    def write(desk: Desk, paid: Document, other: Document, _: int) -> str:
        word = _word(desk, what)
        return _either_side(desk, naming(desk, [paid]), f"{word} {_near(desk, other)}")

    return write


def _telephone(desk: Desk, paid: Document, other: Document, _: int) -> str:
    number = f"{desk.rng.choice(('0721/', '+49 89 ', '01 45 ', '021-'))}{other.parts.serial}"
    return f"{naming(desk, [paid])}, {_word(desk, 'telephone')} {number}"


def _iban(desk: Desk, paid: Document, other: Document, _: int) -> str:
    iban = f"DE{desk.rng.randint(10, 99)}50010517{other.parts.serial:010}"
    return _either_side(desk, naming(desk, [paid]), f"IBAN {iban}")


def _dated(desk: Desk, paid: Document, _: Document, __: int) -> str:
    day = banks.date_text(desk.rng, desk.language, paid.day)
    before = {"de": "v. ", "fr": "du ", "en": "dated ", "zh": "", "es": "de ", "it": "del "}[desk.language]
    return f"{naming(desk, [paid])} {before}{day}"


def _period(desk: Desk, paid: Document, _: Document, __: int) -> str:
    first = paid.day.replace(day=1)
    last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    days = (banks.date_text(desk.rng, desk.language, day) for day in (first, last))
    return f"{naming(desk, [paid])} {_word(desk, 'period').format(*days)}"


def _amount_said(desk: Desk, paid: Document, _: Document, left: int) -> str:
    return _either_side(desk, naming(desk, [paid]), banks.money(desk.rng, desk.language, desk.currency, left))


def _without(desk: Desk, paid: Document, other: Document, _: int) -> str:
    return f"{naming(desk, [paid])} {desk.rng.choice(banks.BUT[desk.language])} {other.number}"


def _cancelled(desk: Desk, paid: Document, other: Document, _: int) -> str:
    return _either_side(desk, naming(desk, [paid]), _word(desk, "cancelled").format(other.number), _APART)


def _replaces(desk: Desk, paid: Document, other: Document, _: int) -> str:
    return _word(desk, "replaces").format(paid.number, other.number)


def _after(desk: Desk, paid: Document, other: Document, _: int) -> str:
    return _either_side(desk, naming(desk, [paid]), _word(desk, "after").format(other.number), _APART)


_WRITE: Final[dict[str, Write]] = {
    "customer number": _labelled("customer number"),
    "order number": _labelled("order number"),
    "delivery note": _labelled("delivery note"),
    "telephone": _telephone,
    "IBAN": _iban,
    "date": _dated,
    "period": _period,
    "its amount": _amount_said,
    "without another": _without,
    "another cancelled": _cancelled,
    "replaces another": _replaces,
    "another paid before": _after,
}


def amount_is_number(desk: Desk, name: str) -> None:
    """The sum in the text has the digits of another document's number: ``10042,00 EUR`` where 10042 is open."""
    if not 1_000 <= desk.series.serial < 500_000:
        desk.series = Series(desk.series.shape, desk.rng.randint(1_000, 90_000), desk.series.customer)
    other = desk.invoice()
    paid = desk.invoice(other.parts.serial * (1 if desk.currency == "JPY" else 100))

    def pay() -> None:
        for _, left in desk.still([paid]):
            said = banks.money(desk.rng, desk.language, desk.currency, left)
            desk.named(name, [(paid, left)], _either_side(desk, naming(desk, [paid]), said))

    soon(desk, pay)


def only_noise(desk: Desk, name: str) -> None:
    """Names no document, only a number of another kind that has the digits of one; the figure is another's."""
    paid, other = desk.some(2, 2)

    def pay() -> None:
        for _, left in desk.still([paid]):
            what = desk.rng.choice(("customer number", "order number", "delivery note"))
            desk.silent(name, [(paid, left)], f"{_word(desk, what)} {other.parts.serial}")

    soon(desk, pay)


STORIES: Final[Sequence[Told]] = (
    *(Told(name, 2, beside) for name in _WRITE),
    *(Told(name + _PART, 2, beside) for name in _WRITE),
    Told("its amount has another's digits", 3, amount_is_number),
    Told("only a number of another kind", 3, only_noise),
)
