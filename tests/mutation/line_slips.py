"""Defects in what a line without a number of ours is but for a slip."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

SLIPS = "domain/comparison/slips.py"

LINE_SLIPS: Final = (
    Mutation(
        "what is left of a day is one whatever the amounts",
        SLIPS,
        " and abs(net - signed(line)) * NEAR_SHARE <= abs(net)",
        "",
    ),
    Mutation(
        "a line of a later day is missing on both sides", SLIPS, "        (transit_days, _equal),\n", ""
    ),
    Mutation("a line on the wrong side is missing on both sides", SLIPS, "net == -theirs or ", ""),
    Mutation("figures far apart may change places", SLIPS, "        and places[1] == places[0] + 1\n", ""),
    Mutation(
        "what we have twice is not known once",
        SLIPS,
        "document.figures(table.start, table.end)[theirs] > 0",
        "False",
    ),
    Mutation("another day is as near as the same", SLIPS, "        (0, _near_amount),\n", ""),
    Mutation("another amount is of the very day", SLIPS, "        (table.window_days, _near_amount),\n", ""),
    Mutation(
        "of two documents that are as like one is taken",
        SLIPS,
        "if len(some) == 1 and often[some[0].key] == 1:",
        "if some and often[some[0].key] == 1:",
    ),
    Mutation("of two lines that are as like one is taken", SLIPS, " and often[some[0].key] == 1:", ":"),
    Mutation(
        "a slip is looked for among however many", SLIPS, "if last - first <= _LOOKED_AT_MAX:", "if True:"
    ),
    Mutation(
        "their numbers of payments say that those of invoices are theirs",
        SLIPS,
        " if d.kind in table.own or unnumbered(line)]",
        "]",
    ),
    Mutation("what is in transit is a slip", SLIPS, "if line_no not in elsewhere and", "if"),
    Mutation("what another statement lists is a slip", SLIPS, " if document.key not in listed]", "]"),
    Mutation(
        "what we gave up is never what they deducted",
        SLIPS,
        "        found.group([line], [document])\n",
        "        pass\n",
    ),
    Mutation(
        "a write-off is a slip of what they deducted",
        SLIPS,
        "documents = [document for document in documents if document.kind is not EntryKind.WRITE_OFF]",
        "documents = list(documents)",
    ),
)
