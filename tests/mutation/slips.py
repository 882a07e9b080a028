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
        "readable=not (excess or twice or ",
        "readable=not (excess or ",
    ),
    Mutation(
        "a misspelt number of an allocation is booked",
        LEFTOVERS,
        " or payment.key in doubted or fact.claims)",
        " or payment.key in doubted)",
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
)
