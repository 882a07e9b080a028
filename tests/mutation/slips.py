"""Defects in what is made of numbers that are not right: misspelt ones, and those of another document."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

ALLOCATE = "domain/matching/allocate.py"
CANDIDATES = "domain/matching/candidates.py"
DOUBTS = "domain/matching/doubts.py"
LEFTOVERS = "domain/matching/leftovers.py"
MISSPELT = "domain/matching/misspelt.py"
RIVALS = "domain/matching/rivals.py"
SUMS = "domain/matching/sums.py"
UNREFERENCED = "domain/matching/unreferenced.py"

SLIPS: Final = (
    Mutation("two slips are booked", CANDIDATES, "SLIPS_TO_BOOK = 1", "SLIPS_TO_BOOK = 2"),
    Mutation("no slip is booked", CANDIDATES, "SLIPS_TO_BOOK = 1", "SLIPS_TO_BOOK = 0"),
    Mutation(
        "the figure of one of two numbers is booked",
        CANDIDATES,
        "            and len(self.named) == 1\n",
        "",
    ),
    Mutation(
        "a misspelt number of the same money twice is booked",
        LEFTOVERS,
        "elif not (excess or twice or ",
        "elif not (excess or ",
    ),
    Mutation(
        "a misspelt number of an allocation is booked",
        LEFTOVERS,
        " or payment.key in pointing or fact.claims)",
        " or payment.key in pointing)",
    ),
    Mutation(
        "one reading in two orders is two readings",
        MISSPELT,
        "once.setdefault(frozenset(d.key for d in reading[2]), reading)",
        "once.setdefault(frozenset((str(reading[2]),)), reading)",
    ),
    Mutation(
        "a reading that leaves a number out is booked",
        MISSPELT,
        "        and len(near) == len(receipt.named)\n",
        "",
    ),
    Mutation(
        "a reading that may be a coincidence is booked",
        MISSPELT,
        "        and rare\n",
        "",
    ),
    Mutation(
        "a reading with two slips in one number is booked",
        MISSPELT,
        "{d.key for count, d in close if count <= SLIPS_TO_BOOK}",
        "{d.key for count, d in close}",
    ),
    Mutation(
        "a reading that is more than the payment is booked",
        MISSPELT,
        "        and not found[0][0]\n",
        "",
    ),
    Mutation(
        "a sum with a later document is booked",
        SUMS,
        "everything and there and by_chance",
        "everything and by_chance",
    ),
    Mutation(
        "a part two slips away is booked",
        SUMS,
        "told = len(found) == 1 and all(receipt.nearly_names(document) for receipt in found[0])",
        "told = len(found) == 1",
    ),
    Mutation(
        "a number like two others is read as neither",
        UNREFERENCED,
        "        if proposal.reads:\n",
        "        if proposal.links == ():\n",
    ),
    Mutation(
        "what is read stays suggested elsewhere",
        UNREFERENCED,
        "found = [*_but_for(proposal, found), Found(name, proposal, confirmed=True)]",
        "found = [*found, Found(name, proposal, confirmed=True)]",
    ),
    Mutation(
        "what is only misspelt is looked at no further",
        UNREFERENCED,
        "money = candidates.receipts or candidates.misspelt or ",
        "money = candidates.receipts or ",
    ),
    Mutation("doubts are looked at once", ALLOCATE, "_ROUNDS_OF_DOUBT = 8", "_ROUNDS_OF_DOUBT = 1"),
    Mutation(
        "a number with a figure left out is of no series",
        DOUBTS,
        "(alike and abs(len(one) - len(other)) <= 1)",
        "(alike and len(one) == len(other))",
    ),
    Mutation(
        "figures that begin otherwise are of the series",
        DOUBTS,
        "_FIGURES_MIN, _ALIKE = 5, 2",
        "_FIGURES_MIN, _ALIKE = 5, 0",
    ),
    Mutation(
        "few figures are of a series",
        DOUBTS,
        "_FIGURES_MIN, _ALIKE = 5, 2",
        "_FIGURES_MIN, _ALIKE = 1, 2",
    ),
    Mutation(
        "a part stands in the way of who pays exactly what he names",
        RIVALS,
        "self._named_whole(payment, document) or ",
        "",
    ),
    Mutation(
        "instalments do not stand beside who pays them again",
        RIVALS,
        "return alone_and_over or sum(taken.values()) < document.original_minor",
        "return True",
    ),
    Mutation(
        "who is over stands in the way of who is not",
        RIVALS,
        "return alone_and_over or sum(",
        "return sum(",
    ),
    Mutation(
        "a list that is shortened says nothing about what is in its way",
        RIVALS,
        "self._wholly_paid(over | in_part)",
        "self._wholly_paid(over)",
    ),
    Mutation(
        "what a shortened list pays is settled by what is in its way",
        RIVALS,
        "        self.contested |= self._whole.keys()\n",
        "",
    ),
    Mutation(
        "parts that are the document together say nothing about another",
        RIVALS,
        "            if len(fitting) == 1 and ",
        "            if len(fitting) == 9 and ",
    ),
    Mutation(
        "of two choices of parts the first goes before",
        RIVALS,
        "            if len(fitting) == 1 and ",
        "            if fitting and ",
    ),
    Mutation(
        "parts that find enough make what is over doubtful",
        RIVALS,
        "            if len(fitting) == 1 and not set(payments).isdisjoint(fitting[0]):",
        "            if len(fitting) == 1:",
    ),
    Mutation(
        "a payment without a word says nothing about a part",
        RIVALS,
        " or self._silent_whole(payment, document, open_by_figure)",
        "",
    ),
    Mutation(
        "a payment without a word that has another document speaks against a part",
        RIVALS,
        "            if not any(self._may_pay(silent, d.date, d.due_date) for d in open_by_figure().get(figure, ()))\n",
        "",
    ),
    Mutation(
        "a payment of any time speaks against a part",
        RIVALS,
        "return first <= day.toordinal() <= last",
        "return first <= last",
    ),
    Mutation(
        "what is dated long after a part and wanted by another is booked",
        DOUBTS,
        "(document.left_minor or document.key in self._rivals.contested)",
        "document.left_minor",
    ),
    Mutation(
        "a part of what is written the day after is booked",
        DOUBTS,
        "(payment.left_minor or _by_alias(claim, document))",
        "True",
    ),
    Mutation(
        "the number of an order is given with its invoice",
        DOUBTS,
        "(payment.left_minor or _by_alias(claim, document))",
        "payment.left_minor",
    ),
    Mutation(
        "who pays too much a few days before is doubted",
        DOUBTS,
        "(payment.left_minor or _by_alias(claim, document))",
        "_by_alias(claim, document)",
    ),
    Mutation(
        "what a list names rightly is read as something else",
        MISSPELT,
        "isdisjoint((*document.numbers, *receipt.words))",
        "isdisjoint((*document.numbers, *forms))",
    ),
    Mutation(
        "what a list names rightly raises a doubt about the others",
        LEFTOVERS,
        "pointing = {claim.payment for claim in run.claims if claim.vague}",
        "pointing = {claim.payment for claim in run.claims if claim.doubted}",
    ),
    Mutation(
        "a part of a neighbour beside a misspelt one is booked",
        DOUBTS,
        "            other = self._open_beside_misspelt(payment, share, document)\n",
        "            pass\n",
    ),
    Mutation(
        "any misspelt number makes a part doubtful",
        DOUBTS,
        "for numbers in (document.numbers, forms))",
        "for numbers in (document.numbers,))",
    ),
    Mutation(
        "a payment of nothing is exactly a document of nothing",
        RIVALS,
        "if 0 < item.left_minor == item.original_minor",
        "if item.left_minor == item.original_minor",
    ),
)
