"""What a search for cases means: a document number of either side, a customer, an amount, or any text.

Every part of it is a condition on the discrepancies, so that it narrows what is read at all.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

import sqlalchemy as sa

from domain.money import currencies, minor_units
from services.store.tables import allocations, customers, discrepancies

#: digits with thousands separators, and a fraction
_AMOUNT: Final = re.compile(r"-?\d{1,3}(?:[, ']?\d{3})*(?:\.\d+)?|-?\d+(?:\.\d+)?")
_MINOR_MAX: Final = 2**63 - 1


def matches(text: str, spoken: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition on ``discrepancies``. ``spoken``: the comments on a case."""
    finding = discrepancies.c
    said = (
        *(finding.discrepancy_id, finding.document_no, finding.customer_id, finding.statement_id),
        *(finding.explanation, finding.correlation_id, sa.cast(finding.reason_arguments, sa.Text), spoken),
    )
    return sa.or_(
        *(column.icontains(text, autoescape=True) for column in said),
        _named(text),
        _settled_by(text),
        *_of_amount(text),
    )


def _named(text: str) -> sa.ColumnElement[bool]:
    """The customer's name."""
    customer = customers.c
    found = sa.select(customer.customer_id).where(customer.name.icontains(text, autoescape=True))
    return discrepancies.c.customer_id.in_(found)


def _settled_by(text: str) -> sa.ColumnElement[bool]:
    """The number of a payment or credit that settles the document, or of a document that the payment settles."""
    finding, link = discrepancies.c, allocations.c
    here = sa.and_(link.customer_id == finding.customer_id, link.currency == finding.currency)
    names = (
        (link.document_no, link.payment_document_no),
        (link.payment_document_no, link.document_no),
    )
    return sa.or_(
        *(
            sa.exists().where(here, one == finding.document_no, other.icontains(text, autoescape=True))
            for one, other in names
        )
    )


def _of_amount(text: str) -> Iterator[sa.ColumnElement[bool]]:
    """What is at stake, or the figure of either side, in the decimals of its currency."""
    if not _AMOUNT.fullmatch(text):
        return
    finding = discrepancies.c
    amount = abs(decimal.Decimal(re.sub(r"[, ']", "", text)))
    for decimals, codes in groupby(sorted(currencies(), key=minor_units), key=minor_units):
        minor = amount.scaleb(decimals)
        if minor == minor.to_integral_value() and minor <= _MINOR_MAX:
            figures = (
                finding.amount_minor,
                sa.func.abs(finding.ours_minor),
                sa.func.abs(finding.theirs_minor),
            )
            of_it = sa.or_(*(figure == int(minor) for figure in figures))
            yield sa.and_(finding.currency.in_(list(codes)), of_it)
