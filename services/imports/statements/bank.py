"""``tieout import bank-statement``: our bank's file → receipts, and payments of ours → events on their topic."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from domain.parties import Role, role_of
from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.notes import Note, NoteCode
from services.imports.publisher import Progress, publish
from services.imports.rejections import CELL_COLUMNS, RejectionReport
from services.imports.statements.bring import notes_on_reading, of_error, read_source, sha256_of
from services.imports.statements.memory import ImportMemory
from services.imports.statements.payers import PayerDirectory
from services.imports.statements.reasons import Problem, Reason
from services.imports.statements.receipts import (
    UNIDENTIFIED,
    Owner,
    Receipt,
    event_of,
    known_owner,
    owner_of,
    receipts_of,
)
from services.imports.summary import Options, Summary, Targets

KIND: Final = "bank-statement"
#: how the payer of a receipt was found, in Chinese
_BY_ZH: Final = {
    "document": "单据号",
    "payer account": "对方账号",
    "payer name": "对方户名",
    "import": "导入时的指定",
}
#: entries that are read and are nobody's receipt: no damage
_LEFT_OUT: Final = frozenset({Reason.NOT_A_RECEIPT.value, Reason.NOT_BOOKED.value})


def import_bank_statement(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """A statement of our own bank account: each booked credit becomes a payment, each debit to a known supplier too.

    Raises ``FileRefusedError``, ``SourceUnreadableError``, and what ``publish`` raises.
    """
    engine = targets.engine()
    memory = ImportMemory(engine)
    now = dt.datetime.now(dt.UTC)
    digest = sha256_of(path)
    content = read_source(path, options.statement, on_progress)
    with RejectionReport(path, options.report, CELL_COLUMNS) as report:
        problems = [*content.problems, *(problem for draft in content.drafts for problem in draft.problems)]
        receipts: list[Receipt] = []
        for found in (one for draft in content.drafts for one in receipts_of(draft)):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                receipts.append(found)
        receipts = list({receipt.key: receipt for receipt in receipts}.values())
        known = memory.receipts([receipt.key for receipt in receipts])
        fresh = [receipt for receipt in receipts if receipt.key not in known]
        unidentified = options.anonymous_account or UNIDENTIFIED
        decided = _decided(engine, fresh, options.statement.customer_id, unidentified)
        nobodys = {receipt.key for receipt in fresh if receipt.key not in decided}
        problems += [_nobodys(receipt) for receipt in receipts if receipt.key in nobodys]
        receipts = [receipt for receipt in receipts if receipt.key not in nobodys]
        for problem in sorted(problems, key=lambda problem: problem.row):
            report.add(problem.rejection())
        # kept before anything is sent: an import that breaks off decides the same when it is run again
        memory.keep_owners(decided, digest, now)
        kept = memory.receipts([receipt.key for receipt in receipts])
        unsent = [receipt for receipt in receipts if not kept[receipt.key][1]]
        owners = {receipt.key: kept[receipt.key][0] for receipt in unsent}
        with targets.publisher() as publisher:
            published = publish(
                _outgoing(unsent, owners), publisher, on_error=lambda error: report.add(of_error(error))
            )
        memory.mark_sent(list(owners), now)
    memory.record(KIND, digest, path.name, content.rows, len(problems), [], now)
    return Summary(
        KIND,
        content.rows,
        published.receipt.counts,
        report.counts,
        report.path,
        published.receipt,
        (*notes_on_reading(content), *_notes(owners, len(receipts) - len(unsent), unidentified)),
        _LEFT_OUT,
    )


def _decided(
    engine: sa.Engine, receipts: list[Receipt], named: str | None, unidentified: str
) -> dict[str, Owner]:
    """Receipt key → whose it is; what went out to nobody that is known is missing."""
    found: dict[str, Owner] = {}
    for role in Role:
        of_role = [receipt for receipt in receipts if receipt.role is role]
        directory = PayerDirectory(engine, of_role, role)
        pays_out = named is None and role is Role.SUPPLIER
        customers = PayerDirectory(engine, of_role, Role.CUSTOMER) if pays_out else None
        for receipt in of_role:
            owner = owner_of(
                receipt, named, directory.by_document, directory.by_account, directory.by_name, unidentified
            )
            if customers is not None and _may_be_a_refund(receipt, directory, customers):
                continue  # people decide
            if owner is not None:
                found[receipt.key] = owner
    return found


def _may_be_a_refund(receipt: Receipt, suppliers: PayerDirectory, customers: PayerDirectory) -> bool:
    """Whether a customer fits money that went out, and no payee's account or name says that it is a supplier's.

    A number alone may be both a customer's document and a supplier's.
    """
    customer = known_owner(receipt, customers.by_document, customers.by_account, customers.by_name)
    if customer is None:
        return False
    payee = known_owner(receipt, {}, suppliers.by_account, suppliers.by_name)
    return payee is None or customer.identified_by != "document"


def _nobodys(receipt: Receipt) -> Problem:
    number = receipt.details.bank_reference or ""
    return Problem(
        receipt.position, Reason.NOT_A_RECEIPT, value=str(receipt.amount_minor), document_no=number
    )


def _outgoing(receipts: list[Receipt], owners: dict[str, Owner]) -> Iterator[Outgoing | LineError]:
    for receipt in receipts:
        yield read_event(receipt.position, event_of(receipt, owners[receipt.key]))


def _notes(owners: dict[str, Owner], known: int, unidentified: str) -> Iterator[Note]:
    if known:
        yield Note(NoteCode.RECEIPTS_KNOWN_BEFORE, {"count": str(known)})
    counts = Counter((owner.identified_by, role_of(owner.customer_id)) for owner in owners.values())
    for (by, role), count in sorted(counts.items()):
        told = {"count": str(count), "by": by, "by_zh": _BY_ZH.get(by, by)}
        if role is Role.SUPPLIER:
            yield Note(NoteCode.PAYMENTS_OUT, told)
        elif by == "nothing":
            yield Note(NoteCode.RECEIPTS_UNIDENTIFIED, {**told, "account": unidentified})
        else:
            yield Note(NoteCode.RECEIPTS_IDENTIFIED, told)
