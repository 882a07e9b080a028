"""The comparison to read: PDF and HTML, from one view."""

from __future__ import annotations

from typing import Final

from services.reports.comparisons.document import ComparisonDocument
from services.reports.comparisons.view import view_of
from services.reports.render_html import template
from services.reports.render_pdf import TEMPLATES, renderer

_PDF_TEMPLATE: Final = TEMPLATES / "comparison" / "comparison.typ"


def render_pdf(document: ComparisonDocument) -> bytes:
    """One PDF, its date that of the last change."""
    return renderer(_PDF_TEMPLATE).render(view_of(document), document.changed_at)


def render_html(document: ComparisonDocument) -> bytes:
    """One UTF-8 page that stands alone."""
    return template("comparison.html.j2").render(doc=view_of(document)).encode()
