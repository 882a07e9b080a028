"""Set b: what payers pay. Mostly named, so that the figures are what is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bench.habits import banks
from bench.habits.desk import Desk, Document
from bench.habits.story import Told

Parts = list[tuple[Document, int]]
_MOST_AT_ONCE: Final = 10


def naming(desk: Desk, documents: Sequence[Document]) -> str:
    """The documents named well: whole, or without joints, behind a word or alone."""
    rng = desk.rng
    word = rng.choice(("", rng.choice(banks.INVOICE[desk.language]) + " "))
    joint = rng.choice((", ", " + ", "; "))
    texts = [d.number for d in documents]
    if rng.random() < 0.2:
        texts = [text.lower().replace("-", "") for text in texts]
    return word + joint.join(texts)


def soon(desk: Desk, pay: Callable[[], object], low: int = 8, high: int = 45) -> None:
    desk.later(desk.rng.randint(low, high), pay)


def paid(desk: Desk, name: str, documents: Sequence[Document], *, said: bool) -> None:
    """In full, once, later."""

    def pay() -> None:
        if parts := desk.still(documents):
            if said:
                desk.named(name, parts, naming(desk, [d for d, _ in parts]))
            else:
                desk.silent(name, parts)

    soon(desk, pay)


def one(desk: Desk, name: str) -> None:
    paid(desk, name, [desk.invoice()], said="silent" not in name)


def several(desk: Desk, name: str) -> None:
    paid(desk, name, desk.some(2, 5), said="silent" not in name)


def halves(desk: Desk, name: str) -> None:
    """Instalments, or a deposit and the rest; each names the document, or only the first does."""
    document = desk.invoice()
    deposit = name.startswith("deposit")
    first = document.amount * 3 // 10 if deposit else document.amount // desk.rng.choice((2, 2, 3))
    words = {
        "de": ("1. Rate", "2. Rate", "Anzahlung 30%", "Restzahlung"),
        "fr": ("1er versement", "2e versement", "acompte 30%", "solde"),
        "en": ("1st instalment", "2nd instalment", "30% deposit", "balance"),
        "zh": ("第一期", "第二期", "定金30%", "尾款"),
        "es": ("primer plazo", "segundo plazo", "anticipo 30%", "resto"),
        "it": ("prima rata", "seconda rata", "acconto 30%", "saldo"),
    }[desk.language][2 if deposit else 0 :]

    def pay(word: str, part: Callable[[int], int]) -> None:
        for _, left in desk.still([document]):
            desk.named(name, [(document, part(left))], f"{word} {naming(desk, [document])}")

    desk.later(desk.rng.randint(1, 20), lambda: pay(words[0], lambda left: min(first, left)))
    desk.later(desk.rng.randint(25, 60), lambda: pay(words[1], lambda left: left))


def everything(desk: Desk, name: str) -> None:
    """One payment for all that is open, or all but one that is in dispute."""
    desk.some(2, 4)

    def pay() -> None:
        parts = desk.still(desk.open()[:_MOST_AT_ONCE])
        if len(parts) == _MOST_AT_ONCE:  # such accounts are paid by lists
            desk.named("list named", parts, naming(desk, [d for d, _ in parts]))
        elif name.startswith("all but one") and len(parts) > 2:
            without = desk.rng.choice(parts)
            parts = [p for p in parts if p is not without]
            if "named" in name:
                word = desk.rng.choice(banks.BUT[desk.language])
                said = desk.rng.choice(banks.ALL_OPEN[desk.language])
                desk.named(name, parts, f"{said} {word} {without[0].number}")
            else:
                desk.silent(name, parts)
        elif parts:
            desk.named("all that is open", parts, desk.rng.choice(banks.ALL_OPEN[desk.language]))

    soon(desk, pay, 12, 40)


def discount(desk: Desk, name: str) -> None:
    """Skonto of 2 or 3 %: rounded to the nearest, or up, on each or on some of the documents."""
    documents = desk.some(1, 1) if "one" in name or "silent" in name else desk.some(2, 4)

    def pay() -> None:
        rng = desk.rng
        percent = rng.choice((2, 2, 3))
        up = rng.random() < 0.3
        parts: Parts = []
        for document, left in desk.still(documents):
            off = -(-left * percent // 100) if up else (left * percent + 50) // 100
            parts.append((document, left if "some" in name and rng.random() < 0.5 else left - off))
        if not parts:
            return
        word = {
            "de": f"abzgl. {percent}% Skonto", "fr": f"escompte {percent}%", "en": f"less {percent}% discount",
            "zh": f"扣{percent}%现金折扣", "es": f"dto. pronto pago {percent}%", "it": f"sconto {percent}%",
        }[desk.language]  # fmt: skip
        if "silent" in name:
            desk.silent(name, parts, near=True)
        else:
            said = naming(desk, [d for d, _ in parts])
            desk.named(name, parts, rng.choice((said, f"{said} {word}", f"{said} -{percent}%")))
        for document, _ in parts:
            desk.forgive(document)

    desk.later(desk.rng.randint(2, 14), pay)


def fee(desk: Desk, name: str) -> None:
    """A bank on the way kept 1 to 30 of the sum."""
    documents = desk.some(2, 3) if "list" in name else [desk.invoice()]

    def pay() -> None:
        kept = desk.rng.randint(1, 30) * (1 if desk.currency == "JPY" else 100)
        if desk.rng.random() < 0.4:
            kept += desk.rng.randint(1, 99) if desk.currency != "JPY" else 0
        parts = desk.still(documents)
        if not parts or parts[-1][1] <= 2 * kept:
            return
        cash = [*parts[:-1], (parts[-1][0], parts[-1][1] - kept)]
        if "silent" in name:
            desk.silent(name, cash, near=True)
        else:
            said = naming(desk, [d for d, _ in cash])
            note = desk.rng.choice(("", f" /CHGS/{desk.currency}{kept // 100},{kept % 100:02}", " SHA"))
            desk.named(name, cash, said + note)
        for document, _ in cash:
            desk.forgive(document)

    soon(desk, pay)


def cents(desk: Desk, name: str) -> None:
    """One or two minor units short or over."""
    document = desk.invoice()

    def pay() -> None:
        for _, left in desk.still([document]):
            off = desk.rng.choice((-2, -1, 1, 2))
            part = min(left, left + off)
            if "silent" in name:
                desk.silent(name, [(document, part)], near=True, amount=left + off)
            else:
                desk.named(name, [(document, part)], naming(desk, [document]), amount=left + off)
            desk.forgive(document)

    soon(desk, pay)


def over(desk: Desk, name: str) -> None:
    """More than the document asks for: rounded up, or two digits in the wrong order."""
    document = desk.invoice()

    def pay() -> None:
        for _, left in desk.still([document]):
            step = desk.rng.choice((1_000, 5_000, 10_000))
            amount = left + (step - left % step)
            desk.named(name, [(document, left)], naming(desk, [document]), amount=amount)

    soon(desk, pay)


def on_account(desk: Desk, name: str) -> None:
    """A round sum and no word: of the oldest as much as it covers, if somebody books it at all."""
    desk.some(1, 3)

    def pay() -> None:
        rest = amount = desk.rng.choice((1, 2, 5, 10)) * desk.rng.choice((10_000, 50_000, 100_000))
        parts: Parts = []
        for document, left in desk.still(desk.open()):
            part = min(left, rest)
            parts.append((document, part))
            rest -= part
        parts = [p for p in parts if p[1]]
        if not parts or any(amount == left for _, left in desk.still(desk.open())):
            return
        desk.named(name, parts, desk.word(), amount=amount, unknown={d.number for d, _ in parts})

    soon(desk, pay)


def twice(desk: Desk, name: str) -> None:
    """The same transfer again some days later, by mistake: there is nothing left to pay."""
    document = desk.invoice()

    def pay() -> None:
        parts = desk.still([document])
        if parts == [(document, document.amount)]:
            text = naming(desk, [document])
            desk.named(name, parts, text)
            desk.later(
                desk.rng.randint(1, 9), lambda: desk.stray(f"{name}: the second", document.amount, text)
            )

    soon(desk, pay)


def beforehand(desk: Desk, name: str) -> None:
    """Paid on the order or the proforma, days before the invoice is written; the invoice says whose it is."""
    rng = desk.rng
    order = f"{rng.choice(('AB-', 'SO', 'PO ', 'AU-2026-', '45000'))}{rng.randint(10_000, 99_999)}"
    proforma = name == "proforma named, before the invoice"
    number = f"PF-{rng.randint(1000, 9999)}" if proforma else order
    amount = desk.some_amount()
    word = {"de": "Auftrag", "fr": "commande", "en": "order", "zh": "订单", "es": "pedido", "it": "ordine"}[
        desk.language
    ]
    text = f"{'Proforma' if proforma else word} {number}"
    day = desk.today
    desk.wait(rng.randint(2, 12))
    document = desk.invoice(amount, order_id=order, correlation=number)
    invoiced, desk.today = desk.today, day
    desk.named(name, [(document, amount)], text)
    desk.today = invoiced


def order_named(desk: Desk, name: str) -> None:
    """The order's number instead of the invoice's."""
    order = f"{desk.rng.choice(('AB-', 'SO', 'AU-2026-', '45000'))}{desk.rng.randint(10_000, 99_999)}"
    document = desk.invoice(order_id=order)

    def pay() -> None:
        if parts := desk.still([document]):
            desk.named(
                name, parts, desk.rng.choice((order, f"Order {order}", f"Ihr Auftrag {order}", f"PO {order}"))
            )

    soon(desk, pay)


def parent(desk: Desk, name: str) -> None:
    """Another company, or a person, pays for the customer."""
    documents = desk.some(1, 3)

    def pay() -> None:
        parts = desk.still(documents)
        payer = desk.rng.choice(banks.PARENTS)
        if parts and "silent" in name:
            desk.silent(name, parts, payer=payer)
        elif parts:
            desk.named(name, parts, f"{naming(desk, [d for d, _ in parts])} {desk.payer}", payer=payer)

    soon(desk, pay)


def stranger(desk: Desk, name: str) -> None:
    """Somebody else's payment, on this account by mistake: it names what is not here."""
    document = desk.invoice()

    def pay() -> None:
        same = "same figure" in name and desk.still([document])
        other = desk.series.shape.format(y=2026, yy="26", m=1, n=desk.series.serial + 4321, c="99871")
        amount = document.amount if same else desk.some_amount()
        word = desk.rng.choice(banks.INVOICE[desk.language])
        desk.stray(name, amount, f"{word} {other}", payer=desk.rng.choice(banks.PARENTS))

    soon(desk, pay)
    paid(desk, "one named", [document], said=True)


STORIES: Final[Sequence[Told]] = (
    Told("one named", 10, one), Told("one, silent", 10, one),
    Told("list named", 8, several), Told("list, silent", 6, several),
    Told("instalments", 8, halves), Told("deposit, then the rest", 8, halves),
    Told("all that is open", 4, everything), Told("all but one, silent", 3, everything),
    Told("all but one, named", 3, everything),
    Told("discount on one", 8, discount), Told("discount on a list", 4, discount),
    Told("discount on some of a list", 4, discount), Told("discount, silent", 5, discount),
    Told("fee kept, one", 6, fee), Told("fee kept, list", 3, fee), Told("fee kept, silent", 4, fee),
    Told("cents off", 6, cents), Told("cents off, silent", 4, cents),
    Told("overpaid", 6, over), Told("on account, round", 4, on_account), Told("paid twice", 6, twice),
    Told("order named, before the invoice", 5, beforehand), Told("proforma named, before the invoice", 4, beforehand),
    Told("order named", 6, order_named), Told("parent company, named", 5, parent),
    Told("parent company, silent", 4, parent), Told("stranger's", 4, stranger),
    Told("stranger's, same figure", 4, stranger),
)  # fmt: skip
