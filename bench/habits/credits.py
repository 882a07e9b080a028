"""Set f: credit notes and refunds: before and after, netted with a word or without, paid out, used weeks later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.habits import banks
from bench.habits.behaviour import naming, soon
from bench.habits.desk import Desk, Document, ways
from bench.habits.story import Told


def _share(desk: Desk, document: Document) -> int:
    return max(document.amount * desk.rng.randint(5, 40) // 100, 1)


def then_open(desk: Desk) -> list[tuple[str, int]]:
    return [(d.number, left) for d, left in desk.still(desk.documents)]


def _less(desk: Desk, credit: Document) -> str:
    return f"{desk.rng.choice(banks.LESS[desk.language])} {credit.number}"


def netted(desk: Desk, name: str) -> None:
    """The note is for a document that is open; the payer pays that one less the note."""
    document = desk.invoice()
    others = desk.some(1, 2) if "list" in name else []
    desk.wait(desk.rng.randint(1, 10))
    if not desk.still([document]):
        return
    part = _share(desk, document)
    told = "of itself" in name
    note = desk.credit_note(f"note: {name}", part, [(document, part)], document if told else None)
    desk.owed[document.number] -= part

    def pay() -> None:
        parts = desk.still([document, *others])
        if not parts or parts[0][0] is not document:
            return
        said = naming(desk, [d for d, _ in parts])
        desk.named(name, parts, said if "no word" in name else f"{said} {_less(desk, note)}")

    soon(desk, pay, 3, 30)


def later_on_another(desk: Desk, name: str) -> None:
    """The note comes after its document was paid, and is taken off another one weeks later."""
    first = desk.invoice()
    left = desk.still([first])[0][1]
    desk.wait(desk.rng.randint(5, 20))
    if not desk.still([first]):
        return
    desk.named("paid before its note", [(first, left)], naming(desk, [first]))
    desk.wait(desk.rng.randint(2, 15))
    part = _share(desk, first)
    second = desk.invoice(part * desk.rng.randint(2, 5) + desk.rng.randint(1, 9_999))
    told = desk.rng.random() < 0.7
    net = second.amount - part
    sure = "silent" not in name or not ways(dict(then_open(desk)), net, 1)
    note = desk.credit_note(f"note: {name}", part, [(second, part)], first if told else None, knowable=sure)
    desk.owed[second.number] -= part

    def pay() -> None:
        if parts := desk.still([second]):
            said = naming(desk, [second])
            if "silent" in name:
                desk.named(name, parts, desk.word(), unknown=() if sure else {second.number})
            else:
                desk.named(name, parts, said if "no word" in name else f"{said} {_less(desk, note)}")

    soon(desk, pay, 10, 50)


def whole(desk: Desk, name: str) -> None:
    """The document is cancelled by a note of its whole amount; nobody pays."""
    document = desk.invoice()
    desk.wait(desk.rng.randint(1, 12))
    if parts := desk.still([document]):
        told = document if name.endswith("named") else None
        desk.credit_note(name, parts[0][1], parts, told)
        del desk.owed[document.number]


def paid_out(desk: Desk, name: str) -> None:
    """The note is paid out to the customer; the refund names it, or the document, or nothing."""
    document = desk.invoice()
    desk.wait(desk.rng.randint(5, 20))
    if not (parts := desk.still([document])):
        return
    desk.named("paid before its refund", parts, naming(desk, [document]))
    desk.wait(desk.rng.randint(2, 10))
    part = _share(desk, document)
    note_at = desk.today
    desk.wait(desk.rng.randint(2, 10))
    refunded = desk.today
    given = {"original_document_no": document.number} if "document" in name else {}
    refund = desk.refund(part, **given)
    desk.today = note_at
    desk.credit_note(name, part, [(refund, part)], document)
    desk.today = refunded


def overpaid_and_back(desk: Desk, name: str) -> None:
    """Paid twice; the second goes back, and the refund says which payment it gives back."""
    document = desk.invoice()
    desk.wait(desk.rng.randint(5, 20))
    if not (parts := desk.still([document])):
        return
    text = naming(desk, [document])
    desk.named(name, parts, text)
    desk.wait(desk.rng.randint(1, 5))
    again_on, again = desk.today, desk.payment_number()
    desk.wait(desk.rng.randint(3, 10))
    refunded = desk.today
    refund = desk.refund(parts[0][1], original_payment_id=again if "named" in name else None)
    desk.today = again_on
    desk.named(f"{name}: the second", [(refund, refund.amount)], text, number=again)
    desk.today = refunded


STORIES: Final[Sequence[Told]] = (
    Told("netted, of itself, named", 4, netted),
    Told("netted, of itself, no word", 4, netted),
    Told("netted, of no original, named", 3, netted),
    Told("netted, of no original, no word", 3, netted),
    Told("netted on a list, of itself, named", 3, netted),
    Told("netted on a list, of itself, no word", 3, netted),
    Told("used later, named", 4, later_on_another),
    Told("used later, no word", 3, later_on_another),
    Told("used later, silent", 2, later_on_another),
    Told("whole document, named", 2, whole),
    Told("whole document, no original", 2, whole),
    Told("paid out, document named", 2, paid_out),
    Told("paid out, nothing named", 2, paid_out),
    Told("paid twice and back", 2, overpaid_and_back),
    Told("paid twice and back, payment named", 2, overpaid_and_back),
)
