"""A document about comparisons as finished texts: what PDF and HTML show, decided once.

What agrees is a count on paper; every line stands in the workbook. Nothing in the view is markup.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from services.language import Language, explain
from services.language.comparisons import action_name, outcome_name
from services.queries.comparisons import ComparedLine, ComparisonRow
from services.reports.comparisons.document import ComparisonDocument, Group, first_divergent, groups
from services.reports.localise import Localiser, localiser
from services.reports.present import both_parties


def view_of(document: ComparisonDocument) -> dict[str, Any]:
    """The view in the document's language; JSON-ready. Raises ``UnknownLanguageError``."""
    words = localiser(document.language, document.customer.role)
    as_of = document.changed_at.astimezone(ZoneInfo(document.letterhead.time_zone)).date()
    currencies = dict.fromkeys(comparison.currency for comparison in document.comparisons)
    return {
        **both_parties(document.letterhead, document.customer, words),
        "document_no": document.document_no,
        "title": words.text("comparison", "title"),
        "facts": [
            [words.text("title", "customer_id"), document.customer.number],
            [words.text("title", "currency"), ", ".join(currencies)],
            [words.text("comparison", "as_of"), words.short_date(as_of)],
        ],
        "labels": {
            "title": words.texts("title") | {"to": words.text("comparison", "customer")},
            "comparison": words.texts("comparison"),
        },
        "sections": [_section(comparison, words) for comparison in document.comparisons],
    }


def explanation(line: ComparedLine, words: Localiser) -> str:
    """Why a line differs; empty for one that agrees."""
    if line.outcome == "MATCHED":
        return ""
    return explain(line.reason_code, line.reason_arguments, line.explanation, _tongue(words), words.role)


def outcome_text(outcome: str, words: Localiser) -> str:
    """An outcome as people say it."""
    return outcome_name(outcome, _tongue(words))


def action_text(action: str, words: Localiser) -> str:
    """The proposed action; empty where there is nothing to do."""
    return "" if action == "NONE" else action_name(action, _tongue(words), words.role)


def _tongue(words: Localiser) -> Language:
    """The language of findings, which are told in fewer languages than documents may be."""
    return "zh" if words.language == "zh" else "en"


def facts_of(comparison: ComparisonRow, words: Localiser) -> list[list[str]]:
    """Label and value of what is said of a whole statement."""
    first = first_divergent(comparison)
    return [
        [words.text("comparison", "statement"), comparison.statement_id],
        [words.text("comparison", "version"), str(comparison.statement_version)],
        [
            words.text("title", "period"),
            words.text(
                "title",
                "period_range",
                start=words.short_date(comparison.period_start),
                end=words.short_date(comparison.period_end),
            ),
        ],
        [
            words.text("comparison", "agreeing"),
            words.text("comparison", "of_lines", count=comparison.matched_count, lines=comparison.line_count),
        ],
        [
            words.text("comparison", "first"),
            words.text("comparison", "none")
            if first is None
            else words.text("comparison", "line_of", line=first.line_no, document=first.document_no or ""),
        ],
    ]


def _section(comparison: ComparisonRow, words: Localiser) -> dict[str, Any]:
    currency = comparison.currency
    found = list(groups(comparison))
    theirs, ours = comparison.theirs_closing_minor, comparison.ours_closing_minor
    return {
        "heading": f"{comparison.statement_id} · {currency} · {words.currency_name(currency)}",
        "facts": facts_of(comparison, words),
        "theirs": words.number(theirs, currency),
        "ours": words.number(ours, currency),
        "steps": [_step(group, currency, words) for group in found],
        "sentence": (
            words.text("comparison", "agrees", amount=words.amount(ours, currency))
            if theirs == ours
            else words.text("comparison", "differs", amount=words.amount(ours - theirs, currency))
        ),
        "groups": [
            {
                "heading": words.text(
                    "comparison",
                    "group",
                    name=outcome_text(group.outcome, words),
                    count=len(group.lines),
                    amount=words.amount(group.step_minor, currency),
                ),
                "lines": [_line(line, comparison, words) for line in group.lines],
            }
            for group in found
        ],
    }


def _step(group: Group, currency: str, words: Localiser) -> dict[str, str]:
    return {
        "name": outcome_text(group.outcome, words),
        "count": str(len(group.lines)),
        "amount": words.number(group.step_minor, currency),
    }


def _line(line: ComparedLine, comparison: ComparisonRow, words: Localiser) -> dict[str, Any]:
    def number(amount_minor: int | None) -> str:
        return "" if amount_minor is None else words.number(amount_minor, comparison.currency)

    date = line.date or line.our_date
    return {
        "line": "" if line.line_no is None else str(line.line_no),
        "date": "" if date is None else words.short_date(date),
        "document": line.document_no or line.our_document_no or "",
        "our_document": (
            line.our_document_no
            if line.document_no and line.our_document_no and line.our_document_no != line.document_no
            else ""
        ),
        "theirs": number(line.theirs_minor),
        "ours": number(line.ours_minor),
        "step": number(line.step_minor),
        "explanation": explanation(line, words),
        "action": action_text(line.action, words),
        "first": line.line_no is not None and line.line_no == comparison.first_divergent_line_no,
    }
