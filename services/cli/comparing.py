"""compare: a customer's statement laid against our books, and the bridge between both closing balances."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.table import Table

from domain.money import to_text
from domain.parties import role_of
from runtime.settings import Settings
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.issuing import deliver, letterhead, read_period
from services.cli.output import out, print_rows
from services.cli.parties import SupplierOption, named_party
from services.cli.running import JsonOption
from services.language import LANGUAGES, Language, explain
from services.language.comparisons import action_name, outcome_name
from services.queries.comparisons import ComparedLine, ComparisonRow, iterate_comparisons
from services.queries.filters import AccountFilter
from services.reports.comparisons.service import write_comparisons

_WORDS = {
    "en": {
        "title": "{customer}: statement {statement}, {start} to {end}, {currency}",
        "counts": "{matched} of {lines} lines agree; {pending} pending; first that does not: {first}",
        "theirs": "their closing balance",
        "ours": "our closing balance",
        "line": "line {line}",
        "bridge": "step",
        "about": "about",
        "what": "how it compares",
        "action": "proposed",
        "none": "none",
        "opening": "opening",
    },
    "zh": {
        "title": "{customer}：对账单 {statement}，{start} 至 {end}，{currency}",
        "counts": "{lines} 行中 {matched} 行一致；待到达 {pending} 行；首个不一致的行：{first}",
        "theirs": "对方期末余额",
        "ours": "我方期末余额",
        "line": "第 {line} 行",
        "bridge": "调节",
        "about": "对象",
        "what": "比对结果",
        "action": "建议处理",
        "none": "无",
        "opening": "余额",
    },
}


def compare(
    customer: Annotated[str | None, typer.Argument(help="The customer's id.")] = None,
    supplier: SupplierOption = None,
    statement: Annotated[str | None, typer.Option("--statement", help="This statement of theirs.")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Statements that end in it: 2011-01, 2011-Q1 or 2011.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Only this currency.")] = None,
    every: Annotated[bool, typer.Option("--all", help="The lines that agree too.")] = False,
    language: Annotated[str | None, typer.Option("--language", help="en or zh.")] = None,
    fmt: Annotated[
        str | None, typer.Option("--format", help="Write a document: pdf, xlsx, csv, html or json.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File or folder of it; - is standard output.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Their statement against our books: every line, and the bridge from their closing balance to ours."""
    settings = Settings()
    words: Language = "zh" if (language or settings.language) == "zh" else "en"
    if language is not None and language not in LANGUAGES:
        raise CommandFailed(f"There is no language {language!r}.", "Use en or zh.", 2)
    wanted = None if period is None else read_period(period)
    party = named_party(customer, supplier)
    engine = where.find_servers(settings).engine()
    try:
        if fmt is not None:
            written = write_comparisons(
                engine,
                party,
                currency,
                statement,
                wanted,
                language,
                fmt,
                letterhead=letterhead(settings),
            )
            deliver(written.content, written.filename, output)
            return
        with engine.connect() as connection:
            found = list(
                iterate_comparisons(
                    connection,
                    AccountFilter(party, currency),
                    statement_id=statement,
                    from_date=None if wanted is None else wanted.start,
                    to_date=None if wanted is None else wanted.end,
                )
            )
    except sa.exc.ProgrammingError as error:
        raise CommandFailed("The database has no tables of Tieout.", "Run `tieout topics`.") from error
    finally:
        engine.dispose()
    if as_json:
        print_rows(found, [], as_json=True)
        return
    if not found:
        raise CommandFailed(
            f"No statement of {party} is compared there.",
            "Look at all of the customer's with `tieout compare CUSTOMER`, or import one.",
        )
    for comparison in found:
        _print(comparison, words, every=every)


def _print(comparison: ComparisonRow, language: Language, *, every: bool) -> None:
    words, currency, role = _WORDS[language], comparison.currency, role_of(comparison.customer_id)
    title = words["title"].format(
        customer=comparison.customer_id,
        statement=comparison.statement_id,
        start=comparison.period_start,
        end=comparison.period_end,
        currency=currency,
    )
    first = comparison.first_divergent_line_no
    counts = words["counts"].format(
        matched=comparison.matched_count,
        lines=comparison.line_count,
        pending=comparison.pending_count,
        first=words["none"] if first is None else first,
    )
    out.print(title, style="bold", highlight=False, soft_wrap=True)
    out.print(counts, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words["bridge"], justify="right")
    for column in ("about", "what", "action"):
        table.add_column(words[column])
    table.add_row(to_text(comparison.theirs_closing_minor, currency), words["theirs"], "", "")
    for line in _shown(comparison.lines, every=every):
        step = to_text(line.step_minor, currency) if line.step_minor else ""
        sentence = explain(line.reason_code, line.reason_arguments, line.explanation, language, role)
        outcome = outcome_name(line.outcome, language)
        what = outcome if line.outcome == "MATCHED" else f"{outcome}: {sentence}"
        action = "" if line.action == "NONE" else action_name(line.action, language, role)
        table.add_row(step, _about(line, language), what, action)
    table.add_row(to_text(comparison.ours_closing_minor, currency), words["ours"], "", "")
    out.print(table)


def _shown(lines: Iterable[ComparedLine], *, every: bool) -> Iterable[ComparedLine]:
    return (line for line in lines if every or line.outcome != "MATCHED")


def _about(line: ComparedLine, language: Language) -> str:
    if line.line_no is not None:
        return f"{_WORDS[language]['line'].format(line=line.line_no)} {line.document_no}"
    return line.our_document_no or _WORDS[language]["opening"]
