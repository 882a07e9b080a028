"""Defects in what a statement has to do with the statements beside it."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

AGAINST = "domain/discrepancies/against_statement.py"
AMENDS = "domain/comparison/amends.py"
CHAIN = "domain/comparison/chain.py"
CROSSING = "domain/comparison/crossing.py"
ELSEWHERE = "domain/comparison/elsewhere.py"
JUDGE = "domain/comparison/judge.py"
TURNS = "domain/comparison/turns.py"

PERIODS: Final = (
    # --- the chain of their statements
    Mutation(
        "what the statement before carries over is as new",
        AGAINST,
        "before = None if opens_right else carried_from(side.statements, statement)",
        "before = None",
    ),
    Mutation(
        "what comes to what is carried is carried too",
        AGAINST,
        "before if goes_on else None",
        "before",
    ),
    Mutation(
        "a write-off breaks what is carried",
        AGAINST,
        "closing - opening in (0, until_then - in_all)",
        "closing == opening",
    ),
    Mutation(
        "what people corrected still explains the next opening",
        CHAIN,
        "other.closing_minor + moved_minor(other)",
        "other.closing_minor",
    ),
    # --- what another statement of theirs shows
    Mutation(
        "a text in another statement shows nothing",
        ELSEWHERE,
        "index.resolve(reference).keys or documents_in(reference, index)",
        "index.resolve(reference).keys",
    ),
    Mutation(
        "a payment of the document in another statement shows it",
        ELSEWHERE,
        " and not crosses(line, wanted[key])",
        "",
    ),
    # --- what the next month sets right
    Mutation("what is set right later is wrong all the same", JUDGE, "if where is None or", "if True or"),
    Mutation("any contrary amount sets right", AMENDS, "later[matter] == -gap", "later[matter] * gap < 0"),
    Mutation(
        "what set right the month before is set right by the next",
        AMENDS,
        "all(apart.get(matter, 0) != -gap for apart in before)",
        "before",
    ),
    Mutation("a payment sets its invoice right", AMENDS, " if document.kind in _AMENDING else set()", ""),
    Mutation(
        "money and an invoice of one number are one matter",
        AMENDS,
        "_MONEY if document.kind is EntryKind.PAYMENT else _DOCUMENT",
        "_DOCUMENT",
    ),
    Mutation("what bears no number is one matter", AMENDS, " and holds_a_number(line.document_no):", ":"),
    Mutation("what agrees is set right too", JUDGE, "verdict.outcome not in _TO_SET_RIGHT", "False"),
    # --- payments under invoices over the turn
    Mutation(
        "a payment beyond the turn is no line for each invoice",
        TURNS,
        "            found.lines.setdefault(line.line_no, document)\n",
        "            pass\n",
    ),
    Mutation(
        "a line for each invoice before the turn is no payment after it",
        TURNS,
        "        found.documents.setdefault(document.key, statement_id)\n\n\ndef _lines(",
        "        pass\n\n\ndef _lines(",
    ),
    Mutation(
        "a payment of an invoice may be any number of days on its way",
        CROSSING,
        "        if all(abs(line.date.toordinal() - beyond.day(document)) <= days for line in lines)\n",
        "",
    ),
)
