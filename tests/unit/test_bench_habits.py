"""The labelled data of customers' habits, and how allocations are held to labels."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from bench import report
from bench.habits import banks
from bench.habits.desk import Desk, ways
from bench.habits.documents import SHAPES, WRITINGS, Numbered, Series, could_mean, written
from bench.habits.story import accounts
from bench.labels import Label, LabelledAccount, Tally, score, total
from bench.sections.habits import SETS, habits, main
from domain.books import Linked
from domain.events import OrderEvent, PaymentEvent, RefundEvent

DAY = dt.date(2026, 3, 5)
ENOUGH = 350


def link(amount: int, *, confirmed: bool = True) -> Linked:
    return Linked(amount, DAY, "a rule", 1_000_000, confirmed)


def test_each_pair_counts_once_in_the_category_of_its_credit() -> None:
    account = LabelledAccount("C", "EUR", [], {"P1": "named", "P2": "silent", "P3": "named"})
    account.truth = {
        ("P1", "A"): Label(100),
        ("P1", "B"): Label(50),
        ("P2", "C"): Label(30, knowable=False),
        ("P2", "D"): Label(30),
    }
    told = {
        ("P1", "A"): link(90),
        ("P1", "B"): link(50, confirmed=False),
        ("P1", "C"): link(10, confirmed=False),
        ("P2", "C"): link(30),
        ("P3", "A"): link(5),
    }
    tallies: dict[str, Tally] = {}
    score(account, told, tallies)
    assert tallies == {
        "named": Tally(credits=2, pairs=2, confirmed=2, right=1, found=2, sure=1, misled=1, amiss=1),
        "silent": Tally(credits=1, pairs=1, confirmed=1, right=1),
    }
    everything = total(tallies)
    assert everything.figures() == {
        "credits": 3,
        "pairs": 3,
        "confirmed": 3,
        "precision_ppm": 666_666,
        "recall_ppm": 666_666,
        "confirmed_recall_ppm": 333_333,
        "noise": 3_333,
        "amount_amiss": 1,
    }
    assert Tally().figures()["precision_ppm"] is Tally().figures()["recall_ppm"] is None


def test_an_amount_that_no_label_tells_is_never_amiss() -> None:
    account = LabelledAccount("C", "EUR", [], {"P": "x"}, {("P", "A"): Label()})
    tallies: dict[str, Tally] = {}
    score(account, {("P", "A"): link(1)}, tallies)
    assert tallies["x"].amiss == 0


@pytest.mark.parametrize("name", SETS)
def test_the_same_seed_gives_the_same_accounts(name: str) -> None:
    once, again, other = (list(accounts(seed, name, SETS[name], 60)) for seed in (7, 7, 8))
    assert once == again
    assert once != other


@pytest.mark.parametrize("name", SETS)
def test_labels_reconcile(name: str) -> None:
    for account in accounts(1, name, SETS[name], ENOUGH):
        events: dict[str, Any] = {event.document_no: event for event in account.events}
        assert len(events) == len(account.events)
        credits = {
            n
            for n, e in events.items()
            if isinstance(e, PaymentEvent) or e.event_type == "credit_note.settled"
        }
        assert account.categories.keys() == credits
        by_credit: Counter[str] = Counter()
        by_debit: Counter[str] = Counter()
        for (credit, debit), label in account.truth.items():
            assert credit in credits
            assert isinstance(events[debit], OrderEvent | RefundEvent)
            assert debit not in credits
            assert label.amount_minor
            assert label.amount_minor > 0
            by_credit[credit] += label.amount_minor
            by_debit[debit] += label.amount_minor
        for number, amount in (by_credit + by_debit).items():
            assert amount <= events[number].amount_minor, number


@pytest.mark.parametrize("name", SETS)
def test_every_story_is_told_and_most_can_be_known(name: str) -> None:
    told: Counter[str] = Counter()
    pairs = knowable = 0
    for account in accounts(1, name, SETS[name], 1_000):
        told.update(account.categories.values())
        pairs += len(account.truth)
        knowable += sum(label.knowable for label in account.truth.values())
    for story in SETS[name]:
        assert any(category.startswith(story.name) for category in told), story.name
    assert knowable > pairs * 2 // 3


@pytest.mark.parametrize("shape", SHAPES)
def test_a_number_is_written_as_payers_do(shape: str) -> None:
    rng = random.Random(3)
    number = Series(shape, 1041, "MUE").next(rng, DAY, 1)
    assert "1042" in number.text
    assert str(number.serial) == number.running.lstrip("0")
    assert written(rng, number, "whole") == number.text
    for how in WRITINGS:
        text = written(rng, number, how)
        assert text is None or text != number.text or how == "whole", how
    for how in ("lower case", "joints removed", "blanks within", "prefix dropped", "zeros dropped"):
        text = written(rng, number, how)
        assert text is None or could_mean(text, number.text) or how == "zeros dropped", (how, text)
    wrong = written(rng, number, "one digit wrong")
    assert wrong is not None
    assert sum(a != b for a, b in zip(wrong, number.text, strict=True)) == 1


def test_ways_of_writing() -> None:
    rng = random.Random(1)
    number = Numbered("INV/{y}/{n:05}", 942, "", DAY)
    assert {
        how: written(rng, number, how) for how in ("zeros dropped", "prefix dropped", "year dropped")
    } == {
        "zeros dropped": "INV/2026/942",
        "prefix dropped": "2026/00942",
        "year dropped": "INV/00942",
    }
    assert written(rng, number, "running number") == "00942"
    assert written(rng, Numbered("{n}", 4711, "", DAY), "lower case") is None
    assert written(rng, Numbered("{c}-{n:04}", 17, "ACM", DAY), "prefix dropped") == "0017"


def test_what_could_be_meant() -> None:
    assert could_mean("942", "INV/2026/00942")
    assert could_mean("inv 2026-00942", "INV/2026/00942")
    assert not could_mean("943", "INV/2026/00942")
    assert not could_mean("", "INV/2026/00942")


def test_sets_of_documents_that_come_to_a_figure() -> None:
    left = {"A": 100, "B": 250, "C": 350, "D": 40}
    assert sorted(map(sorted, ways(left, 350, 9))) == [["A", "B"], ["C"]]
    assert ways(left, 350, 1) == [("C",)]
    assert ways(left, 350, 9, lambda amount: amount != 350) == [("B", "A")]
    assert ways(left, 30, 9) == []
    assert len(ways({str(n): 100 + n for n in range(30)}, 5_000, 2)) == 2


class TestStructuredReferences:
    """Against the published examples."""

    def test_iso_11649(self) -> None:
        assert banks.rf("539007547034") == "RF18539007547034"

    def test_swiss_qr(self) -> None:
        assert banks.qr("2100000000", "0313947143000901") == "210000000003139471430009017"
        assert banks.in_groups("210000000003139471430009017") == "21 00000 00003 13947 14300 09017"

    def test_belgian(self) -> None:
        assert banks.ogm(909337554) == "+++090/9337/55493+++"
        assert banks.ogm(97) == "+++000/0000/09797+++"

    def test_addenda(self) -> None:
        assert banks.rmr([("INV-1", 12_305), ("INV-2", 7)]) == "RMR*IV*INV-1**123.05\\RMR*IV*INV-2**0.07\\"

    def test_bacs(self) -> None:
        assert banks.bacs("inv 2026-00942, 2026-00943") == "INV 2026-00942, 20"


class TestSilentPayments:
    """What is right where the payer says nothing."""

    @staticmethod
    def desk() -> Desk:
        return Desk(random.Random(2), "C", shape="INV-{n:05}", language="en")

    def test_the_oldest_due_of_equals(self) -> None:
        desk = self.desk()
        first, second = desk.invoice(5_000, terms=30), desk.invoice(5_000, terms=14)
        desk.wait(5)
        payment = desk.silent("x", [(first, 5_000)])
        assert desk.close().truth == {(payment, second.number): Label(5_000)}

    def test_what_another_payment_names_is_not_free(self) -> None:
        desk = self.desk()
        first, second = desk.invoice(5_000, terms=14), desk.invoice(5_000, terms=30)
        desk.wait(5)
        silent = desk.silent("x", [(second, 5_000)])
        desk.wait(5)
        named = desk.named("x", [(first, 5_000)], first.number)
        assert desk.close().truth == {
            (silent, second.number): Label(5_000, knowable=False),
            (named, first.number): Label(5_000),
        }

    def test_one_set_is_known_and_several_are_not(self) -> None:
        desk = self.desk()
        first, second, third = (desk.invoice(amount) for amount in (1_100, 2_300, 3_400))
        desk.wait(5)
        both = desk.silent("x", [(first, 1_100), (second, 2_300)])
        other = desk.silent("x", [(third, 3_400)])
        truth = desk.close().truth
        assert not any(label.knowable for label in truth.values())
        assert {credit for credit, _ in truth} == {both, other}

        desk = self.desk()
        first, second, third = (desk.invoice(amount) for amount in (1_100, 2_300, 9_900))
        desk.wait(5)
        both = desk.silent("x", [(first, 1_100), (second, 2_300)])
        assert desk.close().truth == {(both, first.number): Label(1_100), (both, second.number): Label(2_300)}

    def test_a_discount_is_known_where_nothing_else_is_near(self) -> None:
        desk = self.desk()
        document = desk.invoice(100_000)
        desk.wait(5)
        payment = desk.silent("x", [(document, 98_000)], near=True)
        desk.forgive(document)
        assert desk.close().truth == {(payment, document.number): Label(98_000)}

        desk = self.desk()
        document, _ = desk.invoice(100_000), desk.invoice(100_500)
        desk.wait(5)
        payment = desk.silent("x", [(document, 98_000)], near=True)
        assert desk.close().truth == {(payment, document.number): Label(98_000, knowable=False)}


def test_the_section_counts_prints_and_shows_its_failures(capsys: pytest.CaptureFixture[str]) -> None:
    found = habits((1,), 40, ("e adversarial", "g structured"), why=1)
    assert found["pairs"] == sum(one["pairs"] for one in found["sets"].values())
    for one in found["sets"].values():
        for what in ("credits", "pairs", "confirmed"):
            assert one[what] == sum(row[what] for row in one["categories"].values())
    console = Console(width=160)
    with console.capture() as captured:
        console.print(report.TABLES["habits"](found))
    assert "g ACH addenda RMR" in captured.get()
    main(["--seeds", "1", "--invoices", "40", "--sets", "e", "--why", "1"])
    printed = capsys.readouterr().out
    assert "e adversarial: all" in printed
    assert "g structured" not in printed
