"""What the API is given by its composition root. Everything that blocks is called in worker threads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from services.imports.statements.options import StatementOptions
from services.language import Language
from services.store.live import LiveReader
from services.web.hub import Lag
from services.work.adjustments import AdjustmentDesk
from services.work.cases import CaseDesk
from services.work.dead_letters import DeadLetterDesk
from services.work.policy import Policy
from services.work.rule_sets import RuleDesk

StatementFormat = Literal["pdf", "xlsx", "csv", "html", "json"]


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """A line that is no event; ``position`` counts from 1."""

    position: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a request's events. Accepted ones are on their topics, on disk of every in-sync
    replica.
    """

    accepted: int
    refused: Sequence[RefusedEvent]


@dataclass(frozen=True, slots=True)
class StatementRequest:
    """``period`` is the text of the query, as ``domain.statements.parse_period`` reads it."""

    customer_id: str
    period: str
    format: StatementFormat
    language: Language | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """Comparisons of a customer: of one statement, of those that end in a period, or all."""

    customer_id: str
    statement_id: str | None
    period: str | None
    format: StatementFormat
    language: Language | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class StatementDocument:
    """A rendered statement or comparison. ``filename`` is plain ASCII."""

    content: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Correction:
    """The right value of one cell that was refused; ``row`` and ``column`` are those of the rejection."""

    row: int
    column: str
    corrected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUpload:
    """A file and what people say about it beside; ``language`` is that of the reasons."""

    kind: str
    filename: str
    content: bytes
    corrections: Sequence[Correction] = ()
    statement: StatementOptions
    hold_incomplete: bool = False
    language: Language


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken in; ``row`` 0 concerns the whole statement."""

    row: int
    column: str
    value: str
    code: str
    detail: str
    document_no: str


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What became of an upload; ``rejected`` by code, ``rejections`` the first of them one by one."""

    kind: str
    rows: int
    accepted: Mapping[str, int]
    rejected: Mapping[str, int]
    rejections: Sequence[RejectedRow]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDependencies:
    """``publish`` takes NDJSON and raises ``problems.ProblemError``, as ``statement`` and ``comparison`` do, for what
    it cannot do.

    ``allowed_hosts`` are the names in the Host header that are answered ("*" for any): a page of another
    site that rebinds its name to this machine gets nothing.
    """

    engine: sa.Engine
    live: LiveReader
    clock: Callable[[], dt.datetime]
    zone: ZoneInfo
    publish: Callable[[BinaryIO], Publication]
    statement: Callable[[StatementRequest], StatementDocument]
    comparison: Callable[[ComparisonRequest], StatementDocument]
    import_file: Callable[[FileUpload], FileAnswer]
    lag: Callable[[], Lag]
    case_desk: CaseDesk
    adjustment_desk: AdjustmentDesk
    letter_desk: DeadLetterDesk
    rule_desk: RuleDesk
    policy: Policy
    registry: CollectorRegistry
    version: str
    company_name: str
    language: Language
    allowed_hosts: Sequence[str] = ("127.0.0.1", "localhost", "[::1]")
    max_body_bytes: int = 32 * 1024 * 1024

    def today(self) -> dt.date:
        """The business date of now, in the company's time zone."""
        return self.clock().astimezone(self.zone).date()
