"""Set g: the reference stands in a field of its own, in a standard form, or the payment says itself what it pays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from bench.habits import banks
from bench.habits.behaviour import naming, soon
from bench.habits.desk import Desk, Document
from bench.habits.story import Told

Parts = list[tuple[Document, int]]


def _alone(desk: Desk, name: str, tell: Callable[[Document, int], None]) -> None:
    document = desk.invoice()

    def pay() -> None:
        for _, left in desk.still([document]):
            tell(document, left)

    soon(desk, pay)


def end_to_end(desk: Desk, name: str) -> None:
    """The end-to-end id is the number, or holds it; the text says nothing."""

    def tell(document: Document, left: int) -> None:
        number = document.number
        written = desk.rng.choice((number, f"RE {number}", re.sub(r"\W", "", number), f"{number}/01"))
        desk.named(name, [(document, left)], desk.word(), end_to_end_id=written, bare=True)

    _alone(desk, name, tell)


def creditor_reference(desk: Desk, name: str) -> None:
    """ISO 11649 made of the number: in the end-to-end id or in the text, in groups of four or not."""

    def tell(document: Document, left: int) -> None:
        reference = banks.rf(re.sub(r"\W", "", document.number)[-21:])
        grouped = " ".join(reference[i : i + 4] for i in range(0, len(reference), 4))
        where = desk.rng.random()
        if where < 0.4:
            desk.named(name, [(document, left)], "", end_to_end_id=reference, bare=True)
        else:
            text = reference if where < 0.7 else grouped
            desk.named(
                name,
                [(document, left)],
                desk.rng.choice((text, f"/RFB/{text}", f"CdtrRef {text}")),
                bare=True,
            )

    _alone(desk, name, tell)


def swiss(desk: Desk, name: str) -> None:
    """The 27 digits of a QR bill: the customer's number and the document's, filled with zeros, and a check digit."""

    def tell(document: Document, left: int) -> None:
        customer = f"{sum(map(ord, desk.account.customer_id)) * 7919 % 10**6:06}"
        reference = banks.qr(customer, re.sub(r"\D", "", document.number)[-16:])
        text = desk.rng.choice(
            (reference, banks.in_groups(reference), f"QRR {reference}", f"SCOR/QRR: {reference}")
        )
        if desk.rng.random() < 0.3:
            desk.named(name, [(document, left)], "", end_to_end_id=reference, bare=True)
        else:
            desk.named(name, [(document, left)], text, bare=True)

    _alone(desk, name, tell)


def belgian(desk: Desk, name: str) -> None:
    """The structured message whose ten digits are the document's."""

    def tell(document: Document, left: int) -> None:
        message = banks.ogm(int(re.sub(r"\D", "", document.number)[-10:]))
        text = desk.rng.choice((message, message.replace("+", "*"), re.sub(r"\D", "", message)))
        desk.named(name, [(document, left)], text, bare=True)

    _alone(desk, name, tell)


def _listed(desk: Desk, low: int, high: int, tell: Callable[[Parts], object]) -> None:
    documents = desk.some(low, high)

    def pay() -> None:
        if parts := desk.still(documents):
            tell(parts)

    soon(desk, pay)


def addenda(desk: Desk, name: str) -> None:
    """US ACH addenda: an RMR segment per document, with its amount."""
    _listed(
        desk,
        1,
        5,
        lambda parts: _named(desk, name, parts, banks.rmr([(d.number, part) for d, part in parts])),
    )


def lockbox(desk: Desk, name: str) -> None:
    """A cheque in a lockbox: the cheque's number, then those of the documents."""

    def tell(parts: Parts) -> None:
        numbers = " ".join(d.number for d, _ in parts)
        cheque = desk.rng.randint(1_000, 999_999)
        _named(desk, name, parts, f"LOCKBOX {desk.rng.randint(100_000, 999_999)} CHK {cheque} INV {numbers}")

    _listed(desk, 1, 4, tell)


def iso_tags(desk: Desk, name: str) -> None:
    """SWIFT's code words, one per document."""
    _listed(
        desk, 1, 4, lambda parts: _named(desk, name, parts, "".join(f"/INV/{d.number}" for d, _ in parts))
    )


def _named(desk: Desk, name: str, parts: Parts, text: str) -> None:
    desk.named(name, parts, text, bare=True)


def claims(desk: Desk, name: str) -> None:
    """The payment says itself what it pays: rightly; or more than is open; or by the wrong document's number."""

    def tell(parts: Parts) -> None:
        said = [(d.number, part) for d, part in parts]
        total = sum(part for _, part in parts)
        if "too much" in name:
            extra = desk.rng.randint(1, 20_000)
            said[0] = (said[0][0], said[0][1] + extra)
            desk.named(name, parts, desk.word(), claims=said, amount=total + extra)
        elif "unknown" in name:
            wrong = [(f"X{desk.rng.randint(100, 999)}-{n}", part) for n, part in said]
            desk.named(name, parts, naming(desk, [d for d, _ in parts]), claims=wrong)
        else:
            desk.named(name, parts, desk.word(), claims=said)

    _listed(desk, 1, 3, tell)


def claims_paid(desk: Desk, name: str) -> None:
    """The claim is of a document that is paid already; the text names the one that is meant."""
    first, second = desk.some(2, 2)

    def pay_first() -> None:
        if parts := desk.still([first]):
            desk.named("claims, right", parts, desk.word(), claims=[(first.number, parts[0][1])])

    def pay_second() -> None:
        if first.number in desk.owed:
            return
        if parts := desk.still([second]):
            desk.named(name, parts, naming(desk, [second]), claims=[(first.number, parts[0][1])])

    soon(desk, pay_first, 3, 10)
    soon(desk, pay_second, 15, 40)


def same_end_to_end(desk: Desk, name: str) -> None:
    """A bank that gives every transfer the end-to-end id NOTPROVIDED: no two of them are the same money."""
    _listed(
        desk,
        1,
        2,
        lambda parts: desk.named(
            name, parts, naming(desk, [d for d, _ in parts]), end_to_end_id="NOTPROVIDED"
        ),
    )


STORIES: Final[Sequence[Told]] = (
    Told("end-to-end id", 6, end_to_end),
    Told("creditor reference RF", 6, creditor_reference),
    Told("Swiss QR reference", 6, swiss),
    Told("Belgian structured message", 5, belgian),
    Told("ACH addenda RMR", 5, addenda),
    Told("lockbox", 4, lockbox),
    Told("/INV/ code words", 4, iso_tags),
    Told("claims, right", 4, claims),
    Told("claims, too much", 4, claims),
    Told("claims, number unknown", 3, claims),
    Told("claims, paid already", 3, claims_paid),
    Told("end-to-end id NOTPROVIDED", 3, same_end_to_end),
)
