"""``tieout import bank-statement``: our bank's file → receipts → payment events on their topic."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.publisher import Progress, publish
from services.imports.rejections import CELL_COLUMNS, RejectionReport
from services.imports.statements.bring import of_error, read_source, sha256_of
from services.imports.statements.memory import ImportMemory
from services.imports.statements.payers import PayerDirectory
from services.imports.statements.reasons import Problem, Reason
from services.imports.statements.receipts import UNIDENTIFIED, Owner, Receipt, event_of, owner_of, receipts_of
from services.imports.summary import Options, Summary, Targets

KIND: Final = "bank-statement"
#: entries that are read and are nobody's receipt: no damage
_LEFT_OUT: Final = frozenset({Reason.NOT_A_RECEIPT.value, Reason.NOT_BOOKED.value})


def import_bank_statement(
    path: Path, targets: Targets, options: Options, on_progress: Callable[[Progress], None] | None
) -> Summary:
    """A statement of our own bank account: each booked credit becomes a payment.

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
        for problem in problems:
            report.add(problem.rejection())
        receipts = list({receipt.key: receipt for receipt in receipts}.values())
        known = memory.receipts([receipt.key for receipt in receipts])
        fresh = [receipt for receipt in receipts if receipt.key not in known]
        directory = PayerDirectory(engine, fresh)
        unidentified = options.anonymous_account or UNIDENTIFIED
        decided = {
            receipt.key: owner_of(
                receipt,
                options.statement.customer_id,
                directory.by_document,
                directory.by_account,
                directory.by_name,
                unidentified,
            )
            for receipt in fresh
        }
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
        tuple(_notes(owners, len(receipts) - len(unsent), unidentified)),
        _LEFT_OUT,
    )


def _outgoing(receipts: list[Receipt], owners: dict[str, Owner]) -> Iterator[Outgoing | LineError]:
    for receipt in receipts:
        yield read_event(receipt.position, event_of(receipt, owners[receipt.key]))


def _notes(owners: dict[str, Owner], known: int, unidentified: str) -> Iterator[str]:
    if known:
        yield f"{known} receipts were imported before; the books know them."
    counts = Counter(owner.identified_by for owner in owners.values())
    for identified_by, count in sorted(counts.items()):
        if identified_by == "nothing":
            yield f"{count} receipts of unknown payers, booked on {unidentified}."
        else:
            yield f"{count} receipts known by {identified_by}."
