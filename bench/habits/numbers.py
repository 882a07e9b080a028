"""Set a: how payers write the numbers of what they pay."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from bench.habits import banks
from bench.habits.desk import Desk, Document, ways
from bench.habits.documents import LONG, WRITINGS, could_mean, written
from bench.habits.story import Told

_CUT: Final = (18, 35, 140)


def one_number(desk: Desk, name: str) -> None:
    """One document, or two or three, named in one way of writing."""
    documents = desk.some(1, 1 if desk.rng.random() < 0.7 else 3)

    def pay() -> None:
        tokens, how = [], name
        for document, _ in desk.still(documents):
            token = written(desk.rng, document.parts, name)
            if token is None:
                how, token = "whole", document.number
            tokens.append((document, token))
        if not tokens:
            return
        text = _with_word(desk, _joined(desk, [token for _, token in tokens]), how)
        named(desk, name if how == name else "whole", tokens, text)

    desk.later(desk.rng.randint(5, 45), pay)


def named(desk: Desk, category: str, tokens: Sequence[tuple[Document, str]], text: str) -> None:
    """Pay all of the documents; one that is written as others could be meant, too, is known only by the figure."""
    parts = desk.still(document for document, _ in tokens)
    left = {d.number: amount for d, amount in desk.still(desk.documents)}
    could = [
        [d.number] + [o.number for o in desk.documents if o is not d and could_mean(token, o.number)]
        for d, token in tokens
        if d.number in left
    ]
    unsure = {numbers[0] for numbers in could if len(numbers) > 1}
    if unsure:
        total = sum(part for _, part in parts)
        readings = {
            frozenset(reading)
            for reading in itertools.islice(itertools.product(*could), 500)
            if sum(left.get(number, 0) for number in reading) == total and left.keys() >= set(reading)
        }
        unsure = unsure if len(readings) > 1 else set()
    desk.named(category, parts, text, unknown=unsure)


def _with_word(desk: Desk, text: str, how: str) -> str:
    rng = desk.rng
    if how.startswith("running") or rng.random() < 0.6:
        word = rng.choice(banks.INVOICE[desk.language])
        return f"{word}{'' if word.endswith((':', '#')) else ' '}{text}"
    return text


def _joined(desk: Desk, tokens: Sequence[str]) -> str:
    joint = desk.rng.choice(banks.AND[desk.language])
    if any(joint.strip() and joint.strip() in token for token in tokens) or (
        not joint.strip() and any(" " in token for token in tokens)
    ):
        joint = ", "
    return joint.join(tokens)


def cut_off(desk: Desk, name: str) -> None:
    """A list that the bank cuts; what is cut away can be known only if the figure leaves one choice."""
    limit = int(name.rpartition(" ")[2])
    documents = desk.some(*{18: (1, 3), 35: (2, 4), 140: (8, 12)}[limit])

    def pay() -> None:
        parts = desk.still(documents)
        if not parts:
            return
        lead = (
            ""
            if limit == 18 and desk.rng.random() < 0.5
            else desk.rng.choice(banks.INVOICE[desk.language]) + " "
        )
        joint = desk.rng.choice((",", ", ", " "))
        full = lead + joint.join(d.number for d, _ in parts)
        text = full[:limit] if limit > 18 else banks.bacs(full)
        plain = text.upper()
        lost = [(d, part) for d, part in parts if d.number.upper() not in plain]
        then = {d.number: part for d, part in desk.still(desk.documents)}
        for d, _ in parts:
            if (d, part_of(parts, d)) not in lost:
                then.pop(d.number, None)
        sure = len(ways(then, sum(p for _, p in lost), 2)) == 1
        desk.named(name, parts, text, unknown=() if sure else {d.number for d, _ in lost}, bare=True)

    desk.later(desk.rng.randint(5, 45), pay)


def part_of(parts: Sequence[tuple[Document, int]], document: Document) -> int:
    return next(part for d, part in parts if d is document)


def glued(desk: Desk, name: str) -> None:
    """The number grown together with what stands beside it."""
    documents = desk.some(1, 2)

    def pay() -> None:
        parts = desk.still(documents)
        if not parts:
            return
        rng, language = desk.rng, desk.language
        pieces = []
        for document, part in parts:
            before = rng.choice(banks.INVOICE[language]).rstrip(":")
            day = banks.date_text(rng, language, document.day)
            after = rng.choice(
                (f"v.{day}", f"vom{day}", f"/{day}", banks.money(rng, language, desk.currency, part), "")
            )
            if document.number[0].isdigit():
                after = after if not after[:1].isdigit() else f" {after}"
                pieces.append(f"{before}{document.number}{after}")
            else:
                pieces.append(f"{before}{document.number}" + (f" {after}" if after[:1].isdigit() else after))
        desk.named(name, parts, rng.choice((" ", ",", "+")).join(pieces))

    desk.later(desk.rng.randint(5, 45), pay)


def broken(desk: Desk, name: str) -> None:
    """A list that the bank breaks after 27 or 35 characters, as MT940's subfields do, wherever that is."""
    documents = desk.some(2, 5)

    def pay() -> None:
        if parts := desk.still(documents):
            text = _with_word(desk, _joined(desk, [d.number for d, _ in parts]), "whole")
            width = desk.rng.choice((27, 27, 35))
            lines = [text[i : i + width] for i in range(0, len(text), width)]
            desk.named(name, parts, desk.rng.choice(("\n", " ")).join(lines), bare=True)

    desk.later(desk.rng.randint(5, 45), pay)


def a_range(desk: Desk, name: str) -> None:
    """From one to another: what is open of it is paid, and where one of it is paid already, the rest."""
    gap = name == "range with one not open"
    steps = desk.rng.choice((1, 1, 1, 2)) if not gap else 1
    documents = desk.some(4 if gap else 3, 6, step=steps)
    if gap:
        odd = desk.rng.choice(documents[1:-1])
        desk.later(desk.rng.randint(1, 3), lambda: _pay_whole(desk, "whole", odd))
        documents.remove(odd)

    def pay() -> None:
        parts = desk.still(documents)
        if len(parts) != len(documents):
            return
        first, last = documents[0].parts, documents[-1].parts
        rng = desk.rng
        form = rng.choice(banks.TO[desk.language])
        if any(c in first.text for c in "-/ ") and form == "{}-{}":
            form = rng.choice(("{} - {}", banks.TO[desk.language][0]))
        ends = rng.choice(
            (
                (first.text, last.text),
                (first.text, last.running),
                (first.running, last.running),
                (first.text, str(last.serial)[-2:]),
            )
        )
        if ends[1] == str(last.serial)[-2:] and str(first.serial)[:-2] != str(last.serial)[:-2]:
            ends = (first.text, last.text)
        text = _with_word(desk, form.format(*ends), "running" if ends[0] != first.text else "whole")
        desk.named(name, parts, text)

    desk.later(desk.rng.randint(6, 45), pay)


def _pay_whole(desk: Desk, category: str, document: Document) -> None:
    parts = desk.still([document])
    if parts:
        desk.named(category, parts, _with_word(desk, document.number, "whole"))


def short_list(desk: Desk, name: str) -> None:
    """The first number whole, of the others only the ending: ``RE-26-00042/43/44``, ``INV 1001, 02, 03``."""
    documents = desk.some(2, 4, step=desk.rng.choice((1, 1, 2, 5)))

    def pay() -> None:
        parts = desk.still(documents)
        if len(parts) != len(documents):
            return
        first = documents[0].parts
        digits = desk.rng.choice((2, 2, 3))
        serials = [str(d.parts.serial) for d in documents]
        if len({s[:-digits] for s in serials}) > 1 or any(len(s) < digits for s in serials):
            digits = max(map(len, serials))
        head = desk.rng.choice((first.text, first.running))
        joint = desk.rng.choice(("/", ", ", ",", "+", "/"))
        text = joint.join([head, *(s[-digits:] for s in serials[1:])])
        desk.named(name, parts, _with_word(desk, text, "running" if head != first.text else "whole"))

    desk.later(desk.rng.randint(5, 45), pay)


_RARE: Final = ("last 8 digits", "full-width")
_EASY: Final = ("whole", "lower case", "joints removed", "joints changed")

STORIES: Final[Sequence[Told]] = (
    *(Told(how, 12 if how in _EASY else 9, one_number) for how in WRITINGS if how not in _RARE),
    *(Told(f"cut at {limit}", 5, cut_off) for limit in _CUT),
    Told("glued", 9, glued),
    Told("range", 6, a_range),
    Told("range with one not open", 3, a_range),
    Told("short list", 8, short_list),
    Told("broken over lines", 8, broken),
    Told("last 8 digits", 12, one_number, shapes=(LONG,)),
    Told("full-width", 8, one_number, languages=("zh",)),
)
