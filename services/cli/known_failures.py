"""What commands can run into, and how people should read it. Imported only when something failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import confluent_kafka
import redis
import sqlalchemy.exc

from services.cli.failure import CommandFailed
from services.imports.errors import (
    ColumnsMissingError,
    DeliveryFailedError,
    ImportingError,
    NotReflectedError,
    OptionUnreadableError,
    PublishInterruptedError,
    SourceUnreadableError,
    UnknownImportKindError,
)
from services.imports.statements.reasons import FileRefusedError
from services.imports.statements.template import UnknownTemplateError
from services.projector.errors import ProjectorError
from services.reports.errors import (
    NothingToCompareError,
    ReportError,
    UnknownFormatError,
    UnknownLanguageError,
)
from services.store.errors import StoreError
from services.work.errors import (
    NobodyInGroupError,
    NoSuchSubjectError,
    NotRecordedError,
    UnknownUserError,
    WorkError,
)
from services.work.policy import PolicyUnreadableError


def _text(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]


_KNOWN: tuple[tuple[type[BaseException], Callable[[BaseException], str], str, int], ...] = (
    (PublishInterruptedError, _text, "Run it again: what was sent already is recognised.", 130),
    (ColumnsMissingError, _text, "Name them in its first row, as docs/guide/importing.md says.", 2),
    (SourceUnreadableError, _text, "Check the path.", 2),
    (UnknownImportKindError, _text, "Choose one of the kinds named.", 2),
    (OptionUnreadableError, _text, "Run `tieout import --help` to see how it is written.", 2),
    (NotReflectedError, _text, "Run `tieout status`; the events are in Kafka and will be worked through.", 1),
    (DeliveryFailedError, _text, "Run `tieout status`, then publish again: duplicates are recognised.", 1),
    (FileRefusedError, _text, "Nothing was imported.", 1),
    (UnknownTemplateError, _text, "Choose one of the kinds named.", 2),
    (ImportingError, _text, "Mend the file and run it again.", 1),
    (
        NothingToCompareError,
        _text,
        "Look at all of the customer's with `tieout compare CUSTOMER`, or import one.",
        1,
    ),
    (UnknownFormatError, _text, "Choose one of these.", 1),
    (UnknownLanguageError, _text, "Choose one of these.", 1),
    (ReportError, _text, "Run `tieout balances` to see what is booked.", 1),
    (UnknownUserError, _text, "Run `tieout users list`, and name one with --as.", 2),
    (NotRecordedError, _text, "Run `tieout status`, then look before you try again.", 1),
    (
        NobodyInGroupError,
        _text,
        "Name one of these, or say who is in the group with `tieout import customers`; nothing was changed.",
        1,
    ),
    (WorkError, _text, "Nothing was changed.", 1),
    (PolicyUnreadableError, _text, "Mend the file, or unset TIEOUT_WORK_POLICY.", 2),
    (StoreError, _text, "Run `tieout status`.", 1),
    (ProjectorError, _text, "Stop that projector, then run it again.", 1),
    (sqlalchemy.exc.OperationalError, lambda _: "PostgreSQL does not answer.", "Run `tieout status`.", 1),
    (redis.ConnectionError, lambda _: "Redis does not answer.", "Run `tieout status`.", 1),
    (confluent_kafka.KafkaException, lambda e: f"Kafka: {_text(e)}", "Run `tieout status`.", 1),
)


#: what lists the subjects of a kind
_LISTS: Final = {
    "case": "cases list --all",
    "adjustment": "adjustments list",
    "dead letter": "dead-letters list",
    "rule set": "rules list",
}


def known_failure(error: BaseException) -> CommandFailed | None:
    """The failure as people should read it; ``None`` for a defect of ours, which should show its traceback."""
    if isinstance(error, CommandFailed):
        return error
    if isinstance(error, NoSuchSubjectError):
        return CommandFailed(_text(error), f"Run `tieout {_LISTS.get(error.kind, _LISTS['case'])}`.", 2)
    for kind, message, next_step, code in _KNOWN:
        if isinstance(error, kind):
            return CommandFailed(message(error), next_step, code)
    next_of_error = getattr(error, "next_step", None)  # the stack's and the fleet's errors carry their own
    if isinstance(next_of_error, str):
        return CommandFailed(str(error), next_of_error)
    return None
