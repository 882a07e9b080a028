"""What commands print for people: nothing that is looked up or typed again is cut, and no text is taken for markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from services.cli import output
from services.cli.known_failures import known_failure
from services.imports.errors import ColumnsMissingError
from services.reports.errors import UnknownFormatError
from services.work.errors import NoSuchSubjectError

COLUMNS = ["case_id", "currency", "amount_minor", "explanation"]
ROW = {
    "case_id": "d-0123456789abcdef01234567",
    "currency": "EUR",
    "amount_minor": 1205,
    "explanation": "[/] [red] " + "words " * 20,
}


def printed(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[dict[str, object]]) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(output, "out", Console(width=width, file=stream))
    assert output.print_rows(rows, COLUMNS, as_json=False) == len(rows)
    return stream.getvalue()


def test_a_table_breaks_nothing_but_words(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = printed(monkeypatch, 80, [ROW]).splitlines()
    assert first.split() == ["case", "id", "currency", "amount", "explanation"]
    assert second.split()[:5] == ["d-0123456789abcdef01234567", "EUR", "12.05", "[/]", "[red]"]


def test_where_a_table_is_too_wide_each_row_has_lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    told = printed(monkeypatch, 50, [ROW, {**ROW, "explanation": None}])
    one, other = told.split("\n\n")
    assert one.split()[:5] == ["case", "id", "d-0123456789abcdef01234567", "currency", "EUR"]
    assert one.count("words") == 20
    assert "explanation" not in other


def test_of_nothing_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, 50, []) == "Nothing found.\n"


@pytest.mark.parametrize(
    ("kind", "next_step"),
    [
        ("case", "Run `tieout cases list --all`."),
        ("attachment", "Run `tieout cases list --all`."),
        ("adjustment", "Run `tieout adjustments list`."),
        ("dead letter", "Run `tieout dead-letters list`."),
        ("rule set", "Run `tieout rules list`."),
    ],
)
def test_what_is_not_there_is_told_with_the_list_of_its_kind(kind: str, next_step: str) -> None:
    failure = known_failure(NoSuchSubjectError(kind, "X-1"))
    assert failure is not None
    assert (str(failure), failure.next_step) == (f"There is no {kind} 'X-1'.", next_step)


def test_a_failure_is_told_with_what_to_do_about_it() -> None:
    told = known_failure(ColumnsMissingError(Path("a.csv"), ["name"]))
    assert told is not None
    assert (str(told), told.next_step.split()[0]) == ("Cannot read a.csv: it has no column name.", "Name")
    told = known_failure(UnknownFormatError("doc", ["pdf", "csv"]))
    assert told is not None
    assert (told.next_step, told.code) == ("Choose one of these.", 1)
