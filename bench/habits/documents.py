"""Document numbers as companies give them, and as payers write them."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

#: how companies number: year, two digits of it, month, serial, the customer's own prefix
SHAPES: Final = (
    "INV/{y}/{n:05}",
    "RE-{yy}-{n:05}",
    "{y}-{n:06}",
    "FP{n}",
    "{n}",
    "{yy}{m:02}-{n:04}",
    "R{yy}K{n:05}B",
    "{yy}312000000{n:09}",
    "{c}-{n:04}",
    "SI{y}{m:02}{n:04}",
    "FA {y}/{n}",
    "{n:04}/{yy}",
    "VK-RG{n:06}",
)
LONG: Final = "{yy}312000000{n:09}"
_LARGE: Final = frozenset({"FP{n}", "{n}", LONG, "VK-RG{n:06}"})
_CUSTOMER: Final = ("10234", "MUE", "K0815", "70011", "ACM")


@dataclass
class Series:
    """One running series of numbers of a company; other customers get the numbers between."""

    shape: str
    serial: int
    customer: str = ""

    @classmethod
    def some(cls, rng: random.Random, shape: str | None = None) -> Series:
        shape = shape or rng.choice(SHAPES)
        low, high = (10_000, 99_000_000) if shape in _LARGE else (12, 6_000)
        if shape == "{n}":
            low = 10 ** rng.randint(4, 7)
            high = 9 * low
        return cls(shape, rng.randint(low, high), rng.choice(_CUSTOMER))

    def next(self, rng: random.Random, day: dt.date, step: int | None = None) -> Numbered:
        self.serial += step or rng.choice((1, 1, 1, 2, 3, 7, 19))
        return Numbered(self.shape, self.serial, self.customer, day)


@dataclass(frozen=True)
class Numbered:
    """A number with the parts that it is made of."""

    shape: str
    serial: int
    customer: str
    day: dt.date

    @property
    def text(self) -> str:
        return self.under(self.shape)

    def under(self, shape: str) -> str:
        """The same parts written under another shape."""
        year = self.day.year
        return shape.format(y=year, yy=f"{year % 100:02}", m=self.day.month, n=self.serial, c=self.customer)

    @property
    def running(self) -> str:
        """Only the serial, with the zeros that the shape gives it."""
        found = re.search(r"\{n(:\d+)?\}", self.shape)
        assert found is not None
        return self.under(found.group())


def _blanks(rng: random.Random, number: Numbered) -> str:
    text = number.text
    if len(text) > 12 or rng.random() < 0.3:
        return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
    at = rng.randint(2, len(text) - 2)
    return f"{text[:at]} {text[at:]}"


def _other_joints(rng: random.Random, number: Numbered) -> str:
    joint = rng.choice([j for j in "-/. _" if j not in number.text])
    return re.sub(r"[-/ ]", joint, number.text)


def _without_prefix(_: random.Random, number: Numbered) -> str:
    return re.sub(
        r"^([A-Z]{2,}(?=\d)|[A-Z-]{2,}[-/ ]?|\{c\}-)", "", number.text.removeprefix(number.customer + "-")
    )


def _without_year(_: random.Random, number: Numbered) -> str:
    if number.shape == LONG:
        return number.text
    return number.under(re.sub(r"\{yy?\}(\{m:02\})?[-/]?", "", number.shape).rstrip("/"))


def _one_wrong(rng: random.Random, number: Numbered) -> str:
    text = number.text
    at = rng.choice([i for i in range(len(text)) if text[i].isdigit() and i >= len(text) // 2])
    return text[:at] + rng.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]


def _swapped(rng: random.Random, number: Numbered) -> str:
    text = number.text
    pairs = [
        i
        for i in range(len(text) // 2, len(text) - 1)
        if text[i : i + 2].isdigit() and text[i] != text[i + 1]
    ]
    if not pairs:
        return text
    at = rng.choice(pairs)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _zeros_dropped(_: random.Random, number: Numbered) -> str:
    return number.under(re.sub(r"\{n:\d+\}", "{n}", number.shape)) if number.shape != LONG else number.text


_FULL_WIDTH: Final = {ord("!") + i: 0xFF01 + i for i in range(94)}

#: what payers do to a number; each may leave it as it is where it does not apply
WRITINGS: Final[Mapping[str, Callable[[random.Random, Numbered], str]]] = {
    "whole": lambda _, n: n.text,
    "lower case": lambda _, n: n.text.lower(),
    "joints removed": lambda _, n: re.sub(r"[-/ ]", "", n.text),
    "joints changed": _other_joints,
    "blanks within": _blanks,
    "zeros dropped": _zeros_dropped,
    "prefix dropped": _without_prefix,
    "year dropped": _without_year,
    "running number": lambda _, n: n.running,
    "running number, no zeros": lambda _, n: str(n.serial),
    "last 8 digits": lambda _, n: n.text[-8:],
    "one digit wrong": _one_wrong,
    "digits swapped": _swapped,
    "letter O for zero": lambda _, n: n.text.replace("0", "O"),
    "full-width": lambda _, n: n.text.translate(_FULL_WIDTH),
}


def written(rng: random.Random, number: Numbered, how: str) -> str | None:
    """``number`` as the payer writes it; ``None`` where that way of writing changes nothing of it."""
    text = WRITINGS[how](rng, number)
    return text if how == "whole" or text != number.text else None


def could_mean(token: str, number: str) -> bool:
    """Whether somebody who reads ``token`` could think of ``number``: equal but for signs and zeros, or its ending."""
    told, full = _bare(token), _bare(number)
    return bool(told) and (
        full == told or full.endswith(told) or told.endswith(full) or told == _bare(number[-8:])
    )


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower().lstrip("0")
