"""Set d: several series on one account, round prices, amounts that are sums of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.habits import banks
from bench.habits.behaviour import naming, soon
from bench.habits.desk import Desk, Document
from bench.habits.documents import Series, written
from bench.habits.numbers import named
from bench.habits.story import Told

_PRICES: Final = (10_000, 15_000, 25_000, 50_000, 50_000, 100_000, 120_000)
_SERIES: Final = ("SV-{yy}-{n:05}", "MI{n:05}", "WA/{y}/{n:05}", "{n}")
_WORDS: Final = {
    "de": ("Service", "Miete", "Ware"), "fr": ("service", "loyer", "marchandise"), "en": ("service", "rent", "goods"),
    "zh": ("服务", "房租", "货款"), "es": ("servicio", "alquiler", "mercancía"), "it": ("servizio", "affitto", "merce"),
}  # fmt: skip


def other_series(desk: Desk) -> Series:
    """A second or third series of the account, which runs through about the same serials as the first."""
    shape = desk.rng.choice([s for s in _SERIES if s != desk.series.shape])
    return Series(shape, max(desk.series.serial + desk.rng.randint(-4, 4), 1))


def mixed(desk: Desk, low: int, high: int) -> list[Document]:
    other = other_series(desk)
    return [
        desk.invoice(desk.rng.choice(_PRICES), series=desk.rng.choice((None, other)))
        for _ in range(desk.rng.randint(low, high))
    ]


def series_named(desk: Desk, name: str) -> None:
    """Numbers of two series in one text; whole, or the running number behind the word for the series."""
    documents = mixed(desk, 1, 3)

    def pay() -> None:
        parts = desk.still(documents)
        if not parts:
            return
        if name.endswith("whole"):
            desk.named(name, parts, naming(desk, [d for d, _ in parts]))
            return
        tokens = [(d, written(desk.rng, d.parts, "running number") or d.number) for d, _ in parts]
        word = desk.rng.choice(banks.INVOICE[desk.language])
        named(desk, name, tokens, f"{word} {' + '.join(token for _, token in tokens)}")

    soon(desk, pay)


def equals(desk: Desk, name: str) -> None:
    """Several of one price; what is paid is named, or the oldest of them is meant."""
    price = desk.rng.choice(_PRICES)
    documents = [desk.invoice(price) for _ in range(desk.rng.randint(2, 4))]
    desk.rng.shuffle(documents)
    for document in documents:

        def pay(document: Document = document) -> None:
            if parts := desk.still([document]):
                if name.endswith("named"):
                    desk.named(name, parts, naming(desk, [document]))
                else:
                    desk.silent(name, parts)

        soon(desk, pay, 5, 50)


def equals_together(desk: Desk, name: str) -> None:
    """Several of one price in one payment that names none, or not all of them."""
    price = desk.rng.choice(_PRICES)
    documents = [desk.invoice(price) for _ in range(desk.rng.randint(2, 4))]

    def pay() -> None:
        if parts := desk.still(documents):
            if name.endswith("named"):
                desk.named(name, parts, naming(desk, [d for d, _ in parts]))
            else:
                desk.silent(name, parts, desk.rng.choice(_WORDS[desk.language]))

    soon(desk, pay)


def sums(desk: Desk, name: str) -> None:
    """A + B = C, all three open; the text says which, or nothing does."""
    first, second = desk.invoice(), desk.invoice()
    third = desk.invoice(first.amount + second.amount)
    meant = desk.rng.choice(([first, second], [third]))
    rest = [d for d in (first, second, third) if d not in meant]
    for documents, days in ((meant, (5, 20)), (rest, (25, 50))):

        def pay(documents: Sequence[Document] = documents) -> None:
            if parts := desk.still(documents):
                if name.endswith("named"):
                    desk.named(name, parts, naming(desk, [d for d, _ in parts]))
                else:
                    desk.silent(name, parts)

        soon(desk, pay, *days)


def one_round(desk: Desk, name: str) -> None:
    """One of a round price that nothing else has, or just happens to have."""
    document = desk.invoice(desk.rng.choice(_PRICES), series=desk.rng.choice((None, other_series(desk))))

    def pay() -> None:
        if parts := desk.still([document]):
            desk.silent(name, parts, desk.rng.choice(_WORDS[desk.language]))

    soon(desk, pay)


def part_and_equal(desk: Desk, name: str) -> None:
    """A part payment of one document that is exactly the figure of another."""
    small = desk.invoice(desk.rng.choice(_PRICES))
    large = desk.invoice(small.amount * desk.rng.randint(2, 3))

    def pay() -> None:
        for _, left in desk.still([large]):
            desk.named(name, [(large, min(small.amount, left))], naming(desk, [large]))

    soon(desk, pay, 5, 20)
    soon(desk, lambda: _silent(desk, f"{name}: the equal", small), 21, 40)


def _silent(desk: Desk, name: str, document: Document) -> None:
    if parts := desk.still([document]):
        desk.silent(name, parts)


STORIES: Final[Sequence[Told]] = (
    Told("series named whole", 5, series_named),
    Told("series, running numbers", 5, series_named),
    Told("equals, one by one, named", 4, equals),
    Told("equals, one by one, silent", 4, equals),
    Told("equals together, named", 3, equals_together),
    Told("equals together, silent", 3, equals_together),
    Told("sums of others, named", 4, sums),
    Told("sums of others, silent", 2, sums),
    Told("round, silent", 5, one_round),
    Told("part of one, figure of another", 3, part_and_equal),
)
