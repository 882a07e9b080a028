"""The API's ports, filled with the import and the report service; their failures become problems here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import sqlalchemy as sa

from domain.statements import PeriodUnreadableError, StatementDoesNotProveError, parse_period
from schemas.codec import Codec
from services.api.ports import Publication, RefusedEvent, StatementDocument, StatementRequest
from services.api.problems import ProblemCode, ProblemError
from services.imports.canonical import LineError
from services.imports.errors import DeliveryFailedError
from services.imports.publisher import Publisher, publish, read_events
from services.reports.document import Letterhead
from services.reports.errors import NothingToStateError
from services.reports.service import issue_statement


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """``ApiDependencies.publish``: one producer per request, since producers are not for several threads."""

    bootstrap_servers: str
    codec: Codec
    delivery_timeout_s: int = 10

    def __call__(self, lines: BinaryIO) -> Publication:
        """Blocks until Kafka has the events. Raises ``ProblemError``."""
        refused: list[RefusedEvent] = []

        def refuse(error: LineError) -> None:
            refused.append(RefusedEvent(error.line_no, str(error.reason), error.detail))

        try:
            with Publisher(
                self.bootstrap_servers, self.codec, delivery_timeout_s=self.delivery_timeout_s
            ) as publisher:
                done = publish(read_events(lines), publisher, on_error=refuse)
        except DeliveryFailedError as error:
            raise ProblemError(
                ProblemCode.KAFKA_UNAVAILABLE, str(error), delivered=error.receipt.delivered
            ) from error
        return Publication(done.receipt.delivered, refused)


@dataclass(frozen=True, slots=True)
class StatementIssuer:
    """``ApiDependencies.statement``."""

    engine: sa.Engine
    letterhead: Letterhead
    clock: Callable[[], dt.datetime]

    def __call__(self, request: StatementRequest) -> StatementDocument:
        """Blocks for database and layout. Raises ``ProblemError``."""
        try:
            issued = issue_statement(
                self.engine,
                request.customer_id,
                request.currency,
                parse_period(request.period),
                request.language,
                request.format,
                self.clock(),
                letterhead=self.letterhead,
            )
        except PeriodUnreadableError as error:
            raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
        except NothingToStateError as error:
            raise ProblemError(ProblemCode.UNKNOWN_CUSTOMER, str(error)) from error
        except StatementDoesNotProveError as error:
            raise ProblemError(ProblemCode.STATEMENT_DOES_NOT_PROVE, str(error)) from error
        return StatementDocument(issued.content, issued.media_type, issued.filename)
