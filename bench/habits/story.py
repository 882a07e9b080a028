"""A story: what a customer does once; a set of data is stories told again and again to a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bench.habits.desk import Desk
from bench.labels import LabelledAccount


@dataclass(frozen=True)
class Told:
    """How often ``tell`` is told, as the category ``name`` of its payments."""

    name: str
    weight: int
    tell: Callable[[Desk, str], None]
    shapes: tuple[str, ...] = ()
    """Only where documents are numbered so; empty: everywhere."""
    languages: tuple[str, ...] = ()
    """Only where people write so; empty: everywhere."""

    def fits(self, desk: Desk) -> bool:
        return (not self.shapes or desk.series.shape in self.shapes) and (
            not self.languages or desk.language in self.languages
        )


def accounts(seed: int, data_set: str, stories: Sequence[Told], invoices: int) -> Iterator[LabelledAccount]:
    """Accounts with about ``invoices`` invoices in all, the same for the same seed."""
    rng = Random(f"{data_set} {seed}")
    left, number = invoices, 0
    while left > 0:
        desk = Desk(rng, f"{data_set[:1].upper()}-{seed}-{number:04}")
        most = rng.choice((12, 20, 30, 45))
        _fill(desk, stories, min(most, left))
        left -= desk.invoices
        number += 1
        yield desk.close()


def _fill(desk: Desk, stories: Sequence[Told], invoices: int) -> None:
    fitting = [story for story in stories if story.fits(desk)]
    weights = [s.weight for s in fitting]
    while desk.invoices < invoices:
        desk.wait(desk.rng.choice((0, 1, 2, 4, 7)))
        if desk.rng.random() < 0.06:
            desk.invoice()  # stays open unless somebody pays all that is open
        story = desk.rng.choices(fitting, weights)[0]
        story.tell(desk, story.name)
