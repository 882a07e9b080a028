"""JSON for machines: canonical bytes, money as integers of minor units, the proof beside the figures.

``digest`` is SHA-256 over the canonical bytes of ``figures`` alone, so whoever holds the file can prove it.
"""

from __future__ import annotations

from domain.statements import canonical_bytes, figures_of
from services.reports.document import StatementDocument


def render_json(document: StatementDocument) -> bytes:
    """One JSON object with a final newline; the language changes nothing in it."""
    content = {
        "document_no": document.document_no,
        "issuer": document.letterhead.name,
        "customer_id": document.customer.customer_id,
        "customer_name": document.customer.name,
        "period_start": document.period.start.isoformat(),
        "period_end": document.period.end.isoformat(),
        "statements": [
            {
                "statement_no": section.statement_no,
                "version": section.version,
                "issued_at": section.issued_at.isoformat(),
                "digest": section.statement.digest,
                "figures": figures_of(section.statement),
                "sources": [
                    {
                        "topic": source.topic,
                        "partition": source.partition,
                        "first_offset": source.first_offset,
                        "last_offset": source.last_offset,
                        "line_count": source.line_count,
                    }
                    for source in section.statement.sources
                ],
            }
            for section in document.sections
        ],
    }
    return canonical_bytes(content) + b"\n"
