"""What people read about findings, in each language: one catalogue for the live page, the API and notices.

Invariant: every language has every kind, state and sentence of ``domain.discrepancies`` (held by a test).
"""

from services.language.findings import (
    LANGUAGES,
    Language,
    argument_words,
    explain,
    kind_name,
    sentences,
    state_name,
    supplier_sentences,
)
from services.language.money import money_text

__all__ = [
    "LANGUAGES",
    "Language",
    "argument_words",
    "explain",
    "kind_name",
    "money_text",
    "sentences",
    "state_name",
    "supplier_sentences",
]
