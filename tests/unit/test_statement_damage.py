"""Whatever happens to a file's bytes: it is refused with a sentence, or read with its damaged rows reported."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from services.imports.canonical import Outgoing, read_event
from services.imports.statements.draft import View
from services.imports.statements.events import event_of, statements_of
from services.imports.statements.formats import Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import FileRefusedError
from services.imports.statements.receipts import receipts_of

SAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "samples" / "statements").iterdir() if path.suffix != ".md"
)
TRIES = 12


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some of them changed, removed, put in or said twice."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if not changed:
            break
        at = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randrange(1, 20)]
            case 2:
                changed[at:at] = bytes(chance.choices(b"0123456789,.-/:<>\n;\"'", k=chance.randrange(1, 8)))
            case 3:
                again = chance.randrange(len(changed))
                changed[at:at] = changed[again : again + 40]
            case _:
                changed[at] = chance.choice(b"0123456789,.-")
    return bytes(changed)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_damage_is_refused_or_reported(sample: Path, tmp_path: Path) -> None:
    chance = random.Random(sample.name)
    path = tmp_path / "damaged"
    for _ in range(TRIES):
        path.write_bytes(damaged(sample.read_bytes(), chance))
        asked = StatementOptions(customer_id="C-1")
        try:
            content = read_file(Source(path, asked, Layout(currency="EUR")))
        except FileRefusedError:
            continue
        for draft in content.drafts:
            list(receipts_of(draft))
            made = statements_of(draft, View.AUTO)
            for statement in made if isinstance(made, list) else ():
                assert isinstance(read_event(1, event_of(statement, 1, "received")), Outgoing)
                numbers = [line["line_no"] for line in statement.body["lines"]]
                assert len(set(numbers)) == len(numbers)
