"""What people read about findings, in each language: one catalogue for the live page, the API and notices.

Invariant: every language has every kind, state and sentence of ``domain.discrepancies`` (held by a test).
"""

from services.language.findings import explain, kind_name, sentences, state_name

__all__ = ["explain", "kind_name", "sentences", "state_name"]
