"""Defects that somebody could put into the rules, by name: each an edit of the source that must turn a test red.

``old`` must stand in the file exactly once, so a mutation that no longer applies is noticed. What cannot be shown
without servers is listed in ``SHOWN_BY_FAULT_TESTS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutation.balances import BALANCES
from tests.mutation.figures import FIGURES
from tests.mutation.line_slips import LINE_SLIPS
from tests.mutation.matching import MATCHING
from tests.mutation.mutation import Mutation
from tests.mutation.numbers import NUMBERS
from tests.mutation.periods import PERIODS
from tests.mutation.readings import READINGS
from tests.mutation.rules import RULES
from tests.mutation.slips import SLIPS
from tests.mutation.statements import STATEMENTS
from tests.mutation.written import WRITTEN

DECIDE = "domain/decide.py"
FACTS = "domain/facts.py"
LEDGER = "domain/ledger.py"
PARTIES = "domain/parties.py"
REVIEW = "domain/review.py"
OWN = "domain/discrepancies/own_events.py"
AGAINST = "domain/discrepancies/against_statement.py"
COMPARE = "domain/comparison/compare.py"
JUDGE = "domain/comparison/judge.py"
CORRECTIONS = "domain/comparison/corrections.py"
LAY = "domain/comparison/lay.py"
BULK = "domain/comparison/bulk.py"
SIEVE = "domain/comparison/sieve.py"
FINDING = "domain/discrepancies/finding.py"
ARCHIVE = "domain/archive/archive.py"

MUTATIONS: Final = (
    # --- what enters the books
    Mutation("redeliveries are not known", DECIDE, "book.event_digests.get(event.event_id)", "None"),
    Mutation("equal versions are no duplicates", DECIDE, "if version.digest == fact.digest:", "if False:"),
    Mutation("unequal versions are no conflict", DECIDE, "if version.rank == fact.rank:", "if False:"),
    Mutation(
        "a record may change its currency",
        DECIDE,
        "if held and currency != event.currency:",
        "if False:",
    ),
    Mutation(
        "a duplicate's id is forgotten",
        DECIDE,
        "case Duplicate(event_id, digest) | Noted(event_id, digest):",
        "case Duplicate():\n            pass\n        case Noted(event_id, digest):",
    ),
    Mutation(
        "decide works on the book itself",
        DECIDE,
        "after = _copy_for(book, accepted)",
        "after = book",
    ),
    Mutation("a day passes that nobody remembers", DECIDE, "book.clock = day", "pass"),
    Mutation("a copied book forgets the day", DECIDE, "accounts, {}, clock=book.clock)", "accounts, {})"),
    Mutation("versions of accounts do not grow", DECIDE, "account.version + 1,", "account.version,"),
    Mutation(
        "other currencies are never looked at",
        REVIEW,
        "return any(held.kind in unresolved for held in account.findings.values())",
        "return False",
    ),
    # --- whose book it is
    Mutation(
        "a supplier is a customer",
        PARTIES,
        "return -1 if role_of(party_id) is Role.SUPPLIER else 1",
        "return 1",
    ),
    Mutation(
        "the lines of a supplier's statement are not turned",
        FACTS,
        "lines=event.lines if sign > 0 else tuple(map(_turned_line, event.lines)),",
        "lines=event.lines,",
    ),
    Mutation(
        "a supplier's running balances are not turned",
        FACTS,
        "running_balance_minor=None if running is None else -running,",
        "running_balance_minor=running,",
    ),
    Mutation(
        "a supplier's totals are not turned",
        FACTS,
        "debit, credit = totals if sign > 0 else reversed(totals)",
        "debit, credit = totals",
    ),
    Mutation(
        "what people book on a supplier is in the supplier's view",
        FACTS,
        "signed = view_sign(event.customer_id) * (",
        "signed = (",
    ),
    Mutation(
        "a supplier's entries stand on the book's side",
        LEDGER,
        "return Side.DEBIT if side is Side.CREDIT else Side.CREDIT",
        "return side",
    ),
    # --- what is booked
    Mutation(
        "a payment is a debit",
        FACTS,
        "signed_minor=-event.amount_minor if life is PaymentLife.SETTLED",
        "signed_minor=event.amount_minor if life is PaymentLife.SETTLED",
    ),
    Mutation(
        "a credit note is a debit", FACTS, "signed = -event.amount_minor\n", "signed = event.amount_minor\n"
    ),
    Mutation(
        "a pending payment is booked",
        FACTS,
        "if life is PaymentLife.SETTLED else 0",
        "if life in (PaymentLife.SETTLED, PaymentLife.PENDING) else 0",
    ),
    Mutation("an amendment reverses nothing", LEDGER, "lines[reversal.entry_id] = reversal", "del reversal"),
    Mutation(
        "a reversal has the date of what it reverses",
        LEDGER,
        "-standing.signed_minor, fact.business_date, fact",
        "-standing.signed_minor, standing.business_date, fact",
    ),
    Mutation(
        "nothing is annulled",
        LEDGER,
        "annul = [line for entry_id, line in standing.items() if entry_id not in wanted]",
        "annul: list[Line] = []",
    ),
    Mutation(
        "the id of a reversal does not name what reverses it",
        LEDGER,
        'by = "" if undone_by is None else str(undone_by.rank)',
        'by = ""',
    ),
    Mutation("the first version is in force", "domain/books.py", "self.facts[-1]", "self.facts[0]"),
    Mutation(
        "the last version to arrive is in force",
        DECIDE,
        "bisect.insort(record.facts, fact, key=lambda f: f.rank)",
        "record.facts.append(fact)",
    ),
    Mutation(
        "contra lines leave the balance",
        DECIDE,
        "for line in booked.annulled:\n        account.balance_minor += line.signed_minor",
        "for line in booked.annulled:\n        account.balance_minor += 0",
    ),
    # --- what people decided
    Mutation(
        "what an adjustment clears is taken back as if it had never been",
        DECIDE,
        "DiscrepancyState.RESOLVED if decided",
        "DiscrepancyState.RETRACTED if decided",
    ),
    Mutation(
        "a reversed correction still holds",
        CORRECTIONS,
        "fact.correction is not None and not fact.undone",
        "fact.correction is not None",
    ),
    Mutation(
        "a correction holds for every version of the statement",
        CORRECTIONS,
        "by_version.get((s.statement_id, s.rank[0]), {})",
        "by_version.get((s.statement_id, 1), {})",
    ),
    Mutation("no correction moves a closing balance", CORRECTIONS, "moved if moves else 0", "0"),
    Mutation("every correction moves a closing balance", CORRECTIONS, "moved if moves else 0", "moved"),
    Mutation(
        "the first correction of a line decides",
        CORRECTIONS,
        "key=lambda fact: (fact.occurred_at, fact.record_key)",
        "key=lambda fact: (fact.occurred_at, fact.record_key), reverse=True",
    ),
    Mutation(
        "a correction leaves earlier comparisons as they were",
        "domain/comparison/unmoved.py",
        "any(fact.correction is not None for fact in change.facts)",
        "False",
    ),
    Mutation(
        "the customer is asked about our write-offs", JUDGE, "document.kind is EntryKind.WRITE_OFF", "False"
    ),
    Mutation(
        "a write-off is a break of their balance",
        AGAINST,
        "if closing not in (0, -in_all) and",
        "if closing and",
    ),
    # --- what settles what
    *MATCHING,
    *BALANCES,
    *NUMBERS,
    *SLIPS,
    *WRITTEN,
    *FIGURES,
    *LINE_SLIPS,
    *PERIODS,
    *STATEMENTS,
    *READINGS,
    *RULES,
    # --- discrepancies among our own events
    Mutation(
        "a write-off of what was paid after all is nobody's business",
        OWN,
        "    yield from needless_write_offs(view)\n",
        "",
    ),
    Mutation("every write-off is one too many", OWN, "if not item.left_minor or not about:", "if not about:"),
    Mutation(
        "a write-off of what nobody has is one of a document",
        OWN,
        "if not item.left_minor or not about:",
        "if not item.left_minor:",
    ),
    Mutation(
        "the window of duplicates is ignored",
        OWN,
        "if (payment.fact.business_date - earlier.fact.business_date).days <= days:",
        "if True:",
    ),
    Mutation(
        "instalments are duplicates",
        OWN,
        "if earlier is not None and too_much and",
        "if earlier is not None and",
    ),
    Mutation(
        "a duplicate is an overpayment too",
        OWN,
        "if not _cancelled(document.fact) and payment.key not in duplicates:",
        "if not _cancelled(document.fact):",
    ),
    Mutation(
        "payments on cancelled documents are passed over",
        OWN,
        "        if _cancelled(document.fact):",
        "        if False:",
    ),
    Mutation(
        "what refunds took is still an overpayment", OWN, "held = min(excess, left[payment])", "held = excess"
    ),
    Mutation(
        "what the tolerance covers is short",
        OWN,
        "document.left_minor > view.rules.on(last_paid).tolerance(document.original_minor)",
        "document.left_minor > 0",
    ),
    Mutation(
        "whatever is open was kept as a fee",
        OWN,
        "if fees_minor == document.left_minor else",
        "if fees_minor else",
    ),
    Mutation("refunds of the whole payment exceed it", OWN, "if refunded > paid:", "if refunded >= paid:"),
    # --- discrepancies against their statements
    Mutation(
        "an amount that they show too small passes",
        JUDGE,
        "        if theirs != ours:\n            yield self._other_amount",
        "        if theirs > ours:\n            yield self._other_amount",
    ),
    Mutation(
        "a larger document fits a line exactly",
        LAY,
        "return (net == signed_minor, ",
        "return (net >= signed_minor, ",
    ),
    Mutation(
        "rows that share a print by chance agree",
        BULK,
        "same &= mine[row_of] == other",
        "same &= mine[row_of] == mine[row_of]",
    ),
    Mutation(
        "a number that is an alias elsewhere agrees in bulk", BULK, "~np.frombuffer(unsure, np.bool_)", "True"
    ),
    Mutation(
        "loose references do not meet large accounts",
        SIEVE,
        "self._table[self._place(np.array(words, np.uint64))] = True",
        "pass",
    ),
    Mutation(
        "one mistyped balance is two findings",
        AGAINST,
        "if shown not in (computed, chained):",
        "if shown != chained:",
    ),
    Mutation(
        "a carried error is found in every line",
        AGAINST,
        "if shown not in (computed, chained):",
        "if shown != computed:",
    ),
    Mutation(
        "a line repeated is a wrong amount",
        JUDGE,
        "repeated = _repeated(nearest, document.figures(self._start, self._end))",
        "repeated = []",
    ),
    Mutation(
        "the opening balance is that of the first day",
        FACTS,
        "dt.timedelta(days=1)",
        "dt.timedelta(days=0)",
    ),
    Mutation(
        "the third day off is too far",
        JUDGE,
        "> self._rules.date_window_days",
        ">= self._rules.date_window_days",
    ),
    Mutation(
        "the first version of a statement counts",
        REVIEW,
        "versions[-1] for versions",
        "versions[0] for versions",
    ),
    Mutation(
        "a withdrawn statement counts",
        REVIEW,
        "(s for s in current if not s.withdrawn)",
        "(s for s in current)",
    ),
    # --- the life of a discrepancy
    Mutation("nothing is withdrawn", REVIEW, "if discrepancy_id not in now and", "if False and"),
    Mutation("nothing is updated", REVIEW, "elif known.digest != held.digest:", "elif False:"),
    Mutation(
        "an id depends on the amount",
        FINDING,
        '"d", self.kind, account, ',
        '"d", self.kind, str(self.amount_minor), account, ',
    ),
    Mutation("an id is the same in every currency", FINDING, '"d", self.kind, account, ', '"d", self.kind, '),
    Mutation(
        "a duplicate stands for the review that a change of the rules asks for",
        ARCHIVE,
        "[first.currency for first in outcomes[:1] if isinstance(first, Accepted)]",
        "list(self.book.accounts)",
    ),
    # --- what is refused
    Mutation(
        "negative amounts enter",
        "domain/validation.py",
        "if amount < 0 and not may_be_negative:",
        "if False:",
    ),
    Mutation(
        "any currency enters", "domain/validation.py", "if not is_currency(event.currency):", "if False:"
    ),
)

#: defects of ``streams/engine`` -> the test that makes them while the servers run, and sees them
SHOWN_BY_FAULT_TESTS: Final[Mapping[str, str]] = {
    "no fencing: a random transactional id per owner": (
        "tests/fault/test_sabotage.py::test_without_fencing_verify_sees_what_the_old_owner_wrote"
    ),
    "progress is committed before its outputs": (
        "tests/fault/test_sabotage.py::test_progress_beside_the_transaction_is_seen"
    ),
}
