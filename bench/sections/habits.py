"""Payment allocation on what real customers' banks send: seven sets of data, by set and by category.

What the labels call right is decided in ``bench.habits.desk``. Precision is of what is confirmed; found is confirmed
or suggested, of the pairs that somebody could know; noise is wrong suggestions per 100 payments and credit notes.

    python -m bench.sections.habits [--seeds 1,2,3] [--invoices 1000] [--sets a,b] [--why 10]
    make bench ARGS="--sections habits"
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.habits import adversarial, behaviour, credits, numbers, series, structured, subscriptions
from bench.habits.story import Told, accounts
from bench.labels import LabelledAccount, Pair, Tally, links, score, total
from domain.books import Linked
from domain.events import PaymentEvent

SETS: Final[Mapping[str, Sequence[Told]]] = {
    "a numbers": numbers.STORIES,
    "b behaviour": behaviour.STORIES,
    "c subscriptions": subscriptions.STORIES,
    "d series": series.STORIES,
    "e adversarial": adversarial.STORIES,
    "f credits": credits.STORIES,
    "g structured": structured.STORIES,
}
SEEDS: Final = (1, 2, 3)


@dataclass(frozen=True)
class Failure:
    """A pair that was confirmed wrongly, or one that was missed."""

    weight: int
    """What is at stake, in minor units; a wrong confirmation weighs ten times."""
    lines: tuple[str, ...]


def habits(
    seeds: Sequence[int] = SEEDS, invoices: int = 1_000, sets: Sequence[str] = tuple(SETS), why: int = 0
) -> dict[str, Any]:
    """Figures by set and by category of ``invoices`` invoices per set and seed; ``why``: as many failures of each."""
    result: dict[str, Any] = {"invoices": invoices, "seeds": list(seeds), "sets": {}}
    everything: dict[str, Tally] = {}
    for name in sets:
        tallies: dict[str, Tally] = {}
        failures: dict[str, list[Failure]] = {}
        for seed in seeds:
            for account in accounts(seed, name, SETS[name], invoices):
                told = links(account)
                score(account, told, tallies)
                if why:
                    for category, failure in _failures(account, told):
                        failures.setdefault(category, []).append(failure)
        everything[name] = total(tallies)
        result["sets"][name] = {
            **everything[name].figures(),
            "categories": {category: tally.figures() for category, tally in sorted(tallies.items())},
        }
        if why:
            result["sets"][name]["why"] = {
                category: [f.lines for f in sorted(found, key=lambda f: -f.weight)[:why]]
                for category, found in sorted(failures.items())
            }
    return result | total(everything).figures()


def _failures(account: LabelledAccount, told: Mapping[Pair, Linked]) -> Iterator[tuple[str, Failure]]:
    """What went wrong, per credit, with what the bookkeeper sees and with what would have been right."""
    events = {event.document_no: event for event in account.events}
    for credit, category in account.categories.items():
        right = {pair: label for pair, label in account.truth.items() if pair[0] == credit}
        got = {pair: link for pair, link in told.items() if pair[0] == credit}
        wrong = [pair for pair, link in got.items() if link.confirmed and pair not in right]
        missed = [pair for pair, label in right.items() if label.knowable and pair not in got]
        if not wrong and not missed:
            continue
        event = events[credit]
        seen = f"{account.customer_id} {event.business_date} {account.currency} {event.amount_minor} {credit}"
        if isinstance(event, PaymentEvent):
            seen += f" | {event.remittance_text!r} | {event.payer_name}"
            seen += f" | {event.end_to_end_id}" if event.end_to_end_id else ""
            seen += f" | claims {[(a.document_no, a.amount_minor) for a in event.allocations]}" * bool(
                event.allocations
            )
        lines = [seen]
        for pair in sorted(right.keys() | got.keys()):
            debit, link, label = events[pair[1]], got.get(pair), right.get(pair)
            truth = (
                f"right {label.amount_minor}{'' if label.knowable else ' (unknowable)'}" if label else "wrong"
            )
            verdict = (
                f"{'CONFIRMED' if link.confirmed else 'suggested'} {link.amount_minor} {link.rule}"
                if link
                else "-"
            )
            lines.append(f"    {pair[1]} of {debit.business_date} {debit.amount_minor}: {truth}; {verdict}")
        weight = (10 if wrong else 1) * sum(events[p[1]].amount_minor for p in (*wrong, *missed))
        yield f"{'wrong' if wrong else 'missed'}: {category}", Failure(weight, tuple(lines))


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--invoices", type=int, default=1_000, help="per set and seed (default: %(default)s)")
    parser.add_argument("--sets", default="", help=f"first letters of {', '.join(SETS)}")
    parser.add_argument(
        "--why", type=int, default=0, metavar="N", help="print the N gravest failures of a category"
    )
    options = parser.parse_args(given)
    chosen = [name for name in SETS if not options.sets or name[0] in options.sets.split(",")]
    result = habits([int(s) for s in options.seeds.split(",")], options.invoices, chosen, options.why)
    print(
        f"{'':<44}{'credits':>8}{'pairs':>8}{'confirmed':>11}{'precision':>11}{'found':>10}{'noise':>8}{'amiss':>7}"
    )
    for name, found in result["sets"].items():
        for category, row in found["categories"].items():
            print(_line(f"{name[0]} {category}", row))
        print(_line(f"{name}: all", found))
        for category, rows in found.get("why", {}).items():
            print(f"--- {name[0]} {category}", *("\n".join(lines) for lines in rows), sep="\n")
    print(_line("all", result))


def _line(name: str, row: Mapping[str, Any]) -> str:
    precision, found = (
        "" if row[key] is None else f"{row[key] / 10_000:.2f}%" for key in ("precision_ppm", "recall_ppm")
    )
    noise = "" if row["noise"] is None else f"{row['noise'] / 100:.1f}"
    counts = f"{row['credits']:>8}{row['pairs']:>8}{row['confirmed']:>11}"
    return f"{name:<44}{counts}{precision:>11}{found:>10}{noise:>8}{row['amount_amiss']:>7}"


if __name__ == "__main__":
    main()
