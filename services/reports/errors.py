"""What can go wrong with a report. Each failure is a type that carries its data.

::

    ReportError
    ├── UnknownLanguageError      no catalogue of texts
    ├── UnknownFormatError        no renderer
    ├── UnknownTemplateError      no such template of statements
    ├── NothingToStateError       the customer has no entry in that currency up to the period's end
    └── NothingToCompareError     no statement of the customer is compared there

``domain.statements.StatementDoesNotProveError`` passes through: what does not prove is not issued.
"""

from __future__ import annotations

from collections.abc import Iterable


class ReportError(Exception):
    """Any failure of the report service that a person can do something about."""


class UnknownLanguageError(ReportError):
    def __init__(self, language: str, known: Iterable[str]) -> None:
        super().__init__(f"no texts in language {language!r}; there are {', '.join(sorted(known))}")
        self.language = language


class UnknownFormatError(ReportError):
    def __init__(self, fmt: str, known: Iterable[str]) -> None:
        super().__init__(f"nothing is written in format {fmt!r}; there are {', '.join(sorted(known))}")
        self.fmt = fmt


class UnknownTemplateError(ReportError):
    def __init__(self, template: str) -> None:
        super().__init__(f"no template {template!r} of statements")
        self.template = template


class NothingToStateError(ReportError):
    def __init__(self, customer_id: str, currency: str | None, period_label: str) -> None:
        where = f" in {currency}" if currency else ""
        super().__init__(f"customer {customer_id!r} has no entry{where} up to the end of {period_label}")
        self.customer_id = customer_id
        self.currency = currency
        self.period_label = period_label


class NothingToCompareError(ReportError):
    def __init__(self, customer_id: str) -> None:
        super().__init__(f"no statement of customer {customer_id!r} is compared there")
        self.customer_id = customer_id
