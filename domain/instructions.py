"""Instructions: what people decided about matching, brought into the facts before anything is matched.

This is the only place where a person's re-allocation or un-match meets the matching: what comes out are facts that
say something else about what they pay (``claims``) or that must not meet certain documents (``not_with``). So every
stage of matching obeys without knowing of instructions, and the result follows from the set of facts alone (I6).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.facts import Fact
from domain.matching.forms import DocumentIndex


def instructed(facts: Mapping[str, Fact], index: DocumentIndex) -> dict[str, Fact]:
    """``facts`` (record key -> version in force) as the instructions among them want them read, in the same order.

    Instructions apply by (instant, record), so a later one decides. A re-allocation replaces all that the record says
    about what it pays, and lifts earlier un-matches of it.
    """
    given = [(fact.occurred_at, key) for key, fact in facts.items() if fact.instruction and not fact.undone]
    if not given:
        return dict(facts)
    found = dict(facts)
    for _, key in sorted(given):
        instruction = facts[key].instruction
        assert instruction is not None
        for payer in _credits(instruction.payment_document_no, found, index):
            if instruction.links is None:
                barred = (*found[payer].not_with, instruction.document_no or "")
                found[payer] = msgspec.structs.replace(found[payer], not_with=barred, decided=True)
            else:
                found[payer] = msgspec.structs.replace(
                    found[payer], claims=instruction.links, remittance_text=None, not_with=(), decided=True
                )
    return found


def _credits(reference: str, facts: Mapping[str, Fact], index: DocumentIndex) -> list[str]:
    """The payments under this exact document number."""
    return [
        key
        for key in index.resolve(reference).keys
        if facts[key].signed_minor < 0 and reference in (facts[key].document_no, *facts[key].aliases)
    ]
