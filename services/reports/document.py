"""What a statement document is made of, before anyone decides how it looks.

One document for one customer and period holds one section per currency; each section is a proven statement
with its own number and version. The same document gives the same bytes in every format and language.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from domain.parties import Role, own_id, role_of
from domain.statements import Period, Statement


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """Who issues statements. Everything but the name may be left out."""

    name: str
    address: str = ""
    contact: str = ""
    tax_id: str = ""
    bank_details: str = ""
    reply_within_days: int = 10
    time_zone: str = "UTC"  #: of the dates of issue


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """Master data of the party; where there is none, the name is the id."""

    customer_id: str
    name: str
    language: str | None = None
    email: str = ""
    address: str = ""
    country: str = ""
    terms_days: int | None = None

    @property
    def role(self) -> Role:
        return role_of(self.customer_id)

    @property
    def number(self) -> str:
        """The id as the party itself knows it."""
        return own_id(self.customer_id)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One currency of the document, as it was registered."""

    statement_no: str
    version: int
    issued_at: dt.datetime
    statement: Statement


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """``sections`` are sorted by currency and never empty."""

    document_no: str
    language: str
    letterhead: Letterhead
    customer: Customer
    period: Period
    sections: tuple[Section, ...]

    @property
    def issued_at(self) -> dt.datetime:
        """When the youngest section was first issued: a document that is written again stays the same."""
        return max(section.issued_at for section in self.sections)
