"""Whose account a request is about: a customer, or a supplier by its own number."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from domain.parties import Role, SupplierIdError, supplier_party
from services.api.problems import ProblemCode, ProblemError
from services.queries.filters import AccountFilter

Customer = Annotated[str | None, Query(description="Only this customer.", examples=["C-1"])]
Currency = Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]


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


def accounts_asked(
    customer: Customer = None,
    supplier: Annotated[str | None, Query(description="Only this supplier, by its number.")] = None,
    currency: Currency = None,
    role: Annotated[Role | None, Query(description="Only customers, or only suppliers.")] = None,
) -> AccountFilter:
    """Dependency: whose accounts are asked for."""
    return AccountFilter(party_asked(customer, supplier), currency, role)


Accounts = Annotated[AccountFilter, Depends(accounts_asked)]
