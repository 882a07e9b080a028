"""Whose account a command is about: a customer, a supplier by its own number, or all of a role."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.parties import Role, SupplierIdError, supplier_party
from services.cli.failure import CommandFailed

CustomerOption = Annotated[str | None, typer.Option("--customer", help="Only this customer.")]
SupplierOption = Annotated[str | None, typer.Option("--supplier", help="Only this supplier, by its number.")]
RoleOption = Annotated[Role | None, typer.Option("--role", help="Only customers, or only suppliers.")]


def party_of(customer: str | None, supplier: str | None) -> str | None:
    """The id of the party that the options name, if any. Raises ``CommandFailed``."""
    if supplier is None:
        return customer
    if customer is not None:
        raise CommandFailed("A customer and a supplier are named.", "Name one of them.", 2)
    try:
        return supplier_party(supplier)
    except SupplierIdError as error:
        raise CommandFailed(str(error), "Write it like --supplier S-1.", 2) from error


def named_party(customer: str | None, supplier: str | None) -> str:
    """As ``party_of``, where one must be named."""
    party = party_of(customer, supplier)
    if party is None:
        raise CommandFailed("Nobody is named.", "Name a customer, or a supplier with --supplier.", 2)
    return party
