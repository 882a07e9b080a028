"""Whose account a request is about: a customer, or a supplier by its own number."""

from __future__ import annotations

from domain.parties import SupplierIdError, supplier_party
from services.api.problems import ProblemCode, ProblemError


def party_asked(customer: str | None, supplier: str | None) -> str | None:
    """The id of the party that a query names, if any. Raises ``ProblemError``."""
    if supplier is None:
        return customer
    if customer is not None:
        raise ProblemError(ProblemCode.INVALID_PARAMETER, "Name a customer or a supplier, not both.")
    try:
        return supplier_party(supplier)
    except SupplierIdError as error:
        raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
