"""The sentence that explains each finding, in English; its key is the finding's ``reason``.

Other languages translate by the same key and arguments. Amounts in arguments are decimal text with the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.parties import Role

SENTENCES: Final[Mapping[str, str]] = {
    "document_twice": "{kind} {document} stands in the books twice: as record {record} and as {other}.",
    "same_transfer": "Payments {document} and {other} of {amount} carry the same transfer reference {reference}.",
    "paid_twice": "Payments {document} and {other} of {amount} pay the same documents, which do not need both.",
    "other_currency": "{document} refers to {reference}, which is booked in {currency}, not in this currency.",
    "reference_unknown": "{document} refers to {reference}, which is no document of this customer.",
    "paid_over": "{document} of {amount} was claimed by payments of {claimed}: {excess} too much.",
    "written_off_needlessly": "{adjustment} wrote off {amount} of {document}, of which {excess} is not open there.",
    "paid_short": "{document} of {amount} received {received}; {open} is still open.",
    "paid_short_of_fee": "{document} of {amount} received {received}; {open} is still open, exactly what was kept as a "
    "fee on the way.",
    "refunded_over": "Refunds of {refunded} exceed the {paid} that was paid on {document}.",
    "paid_cancelled": "Payment {document} paid {amount} on {reference}, which was cancelled.",
    "line_twice": "Line {line} repeats {document} of {amount}; the books have it once.",
    "line_amount": "Line {line} shows {theirs} for {document}; the books show {ours}.",
    "line_reference": "Line {line} names {document}; the books have the same amount as {other}.",
    "line_date": "Line {line} dates {document} {their_date}; the books date it {our_date}.",
    "line_other_period": "Line {line} shows {document} in this period; the books date it {our_date}.",
    "line_in_transit": "Line {line} shows {document} in this period; "
    "the books have the same amount as {other} on {our_date}.",
    "entry_other_statement": "{document} of {amount} is not in this statement; it stands in statement {other}.",
    "set_right": "{document}: what is {amount} apart here is set right in the period of statement {other}.",
    "sets_right": "{document}: what is {amount} apart here sets right what was wrong in statement {other}.",
    "line_unknown": "Line {line} shows {document} of {amount}; the books have no such document.",
    "line_unknown_near": "Line {line} shows {document} of {amount}; the books have no such document. "
    "The nearest that they have and the statement lacks is {other}: {gap} and {days} days apart.",
    "line_corrected": "Line {line} was sent as {sent}; adjustment {adjustment} has it read as {read}.",
    "line_struck": "Line {line}, sent as {sent}, is struck out by adjustment {adjustment}.",
    "line_pending": "Line {line} shows {document} of {amount}; our own sources have not come to its date yet.",
    "matched": "Both sides agree.",
    "line_for_several": "Both sides agree: line {lines} stands for {documents} together.",
    "within_line": "{document} is one of several documents that line {lines} stands for.",
    "opening_carried": "The difference of the opening balances comes from before this period.",
    "opening_not_their_closing": "The statement does not open with what the one before it closed with.",
    "lines_not_closing": "Their own opening balance and lines do not come to their closing balance.",
    "entry_unlisted_near": "{document} of {amount} is in the books but not in the statement. "
    "The nearest line without a document is line {line}, {other}: {gap} and {days} days apart.",
    "entry_written_off": "{document} of {amount} is a write-off of ours: the customer has no part in it.",
    "entry_unlisted": "{document} of {amount} is in the books but not in the statement.",
    "opening_differs": "The statement opens with {theirs}; the books stood at {ours} the day before.",
    "opening_differs_before": "The statement opens with {theirs}, as statement {other} closed; the books stood at "
    "{ours} the day before: the difference comes from there.",
    "closing_differs_before": "The statement closes with {theirs}; the books stood at {ours} on its last day: the "
    "difference comes from statement {other}.",
    "closing_differs": "The statement closes with {theirs}; the books stood at {ours} on its last day.",
    "running_balance_wrong": "Line {line} shows a running balance of {shown}; its own figures give {expected}.",
    "withdrawn": "Cleared by event {event}.",
    "resolved": "Resolved by adjustment {adjustment}, proposed by {maker}, approved by {checker}.",
    "totals_wrong": "The statement does not add up: {problem}.",
}


#: reasons of what their statement before tells of already
CARRIED: Final = frozenset({"opening_differs_before", "closing_differs_before"})

#: where a supplier's account needs other words: what is said of who paid whom, or of "the customer"
SUPPLIER_SENTENCES: Final[Mapping[str, str]] = {
    "reference_unknown": "{document} refers to {reference}, which is no document of this supplier.",
    "paid_over": "We paid {claimed} on {document} of {amount}: {excess} too much.",
    "paid_short": "We paid {received} on {document} of {amount}; {open} is still to be paid.",
    "paid_short_of_fee": "We paid {received} on {document} of {amount}; {open} is still to be paid, exactly what was "
    "kept as a fee on the way.",
    "refunded_over": "They refunded {refunded}, more than the {paid} that we paid on {document}.",
    "paid_cancelled": "With {document} we paid {amount} on {reference}, which was cancelled.",
    "opening_not_their_closing": "The statement does not open with what the supplier's one before it closed with.",
    "entry_written_off": "{document} of {amount} is a write-off of ours: the supplier has no part in it.",
}


_BY_ROLE: Final[Mapping[Role, Mapping[str, str]]] = {
    Role.CUSTOMER: SENTENCES,
    Role.SUPPLIER: {**SENTENCES, **SUPPLIER_SENTENCES},
}


def explain(reason: str, arguments: Mapping[str, str], role: Role = Role.CUSTOMER) -> str:
    """The sentence for a finding of an account of that role."""
    return _BY_ROLE[role][reason].format_map(dict(arguments))
