"""Which other statement of theirs has a document that this one lacks? What the reading of a line says holds there too.

A line names it as a whole number or inside of a text. On the other side of the document it is a payment or credit note
of it, and so says nothing of where the document stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as Set

from domain.comparison.crossing import crosses
from domain.comparison.entries import Named, OurDocument, OurSide, forms_of, index_of
from domain.comparison.named import names_any, tags_of
from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.comparison.texts import documents_in, parts_of
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.forms import DocumentIndex

#: a line and one of its references
_Naming = tuple[StatementLine, str]


def listed_elsewhere(side: OurSide, documents: Sequence[OurDocument], than: str) -> dict[str, str]:
    """Document key -> the first statement, other than ``than``, with a line that means the document."""
    others = [s for s in side.statements if s.statement_id != than]
    if not others or not documents:
        return {}
    numbers = {number for document in documents for number in (document.document_no, *document.aliases)}
    tags, forms = tags_of(numbers), {form for number in numbers for form in forms_of(number)}
    naming = {s.statement_id: _naming(side, s, forms) for s in others if names_any(s.names, tags)}
    asked = {n for found in naming.values() for _, r in found for n in (r, *parts_of(r))}
    if not asked:
        return {}
    index = index_of(side.entries.documents(sorted(side.rows_answering(asked))))
    wanted = {document.key: document for document in documents}
    listed: dict[str, str] = {}
    for statement_id, found in naming.items():
        for line, reference in found:
            for key in _meant(reference, index):
                if key in wanted and not crosses(line, wanted[key]):
                    listed.setdefault(key, statement_id)
    return listed


def _meant(reference: str, index: DocumentIndex) -> Sequence[str]:
    return index.resolve(reference).keys or documents_in(reference, index)


def _naming(side: OurSide, statement: StatementFact, forms: Set[str]) -> list[_Naming]:
    """The lines of a statement that have one of the normalised forms in a reference, with that reference."""
    columns = side.named.get(statement.statement_id)
    if columns is None:
        naming = list(_numbers(statement))
        numbers = [number for *_, number in naming]
        squeezed = squeezed_forms(numbers)
        columns = side.named[statement.statement_id] = (naming, numbers, squeezed, bare_forms(squeezed))
    found = {
        (line.line_no, reference): (line, reference)
        for (line, reference, _), *some in zip(*columns, strict=True)
        if not forms.isdisjoint(some)
    }
    return list(found.values())


def _numbers(statement: StatementFact) -> Iterator[Named]:
    """Each line with each of its references, and each number that this may be, or hold."""
    for line in statement.lines:
        for reference in (line.document_no, line.their_reference):
            if reference:
                yield line, reference, reference
                for part in parts_of(reference):
                    yield line, reference, part
