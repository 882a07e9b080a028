"""A document as finished texts: what PDF and HTML show, decided once.

The result is made of strings, lists and dictionaries only, all amounts and dates already in the reader's
language, so that templates hold no rule and no arithmetic. Nothing in it is markup: templates must put every
string in as text.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from domain.ageing import CURRENT, AgedItem, days_past_due
from domain.parties import Role, view_sign
from domain.statements import Statement
from services.reports.document import Customer, Letterhead, Section, StatementDocument
from services.reports.localise import Localiser, localiser


def view_of(document: StatementDocument) -> dict[str, Any]:
    """The view of a document in its language; JSON-ready. Raises ``UnknownLanguageError``."""
    words = localiser(document.language, document.customer.role)
    letterhead, customer, period = document.letterhead, document.customer, document.period
    return {
        **both_parties(letterhead, customer, words),
        "document_no": document.document_no,
        "customer_id": customer.number,
        "title": words.text("title", "statement"),
        "facts": _facts(document, words),
        "labels": {
            section: words.texts(section)
            for section in ("title", "summary", "lines", "items", "ageing", "proof", "slip")
        },
        "sections": [_section(section, words) for section in document.sections],
        "reply": words.text("slip", "reply", days=letterhead.reply_within_days),
        "period_end": words.long_date(period.end),
    }


def both_parties(letterhead: Letterhead, customer: Customer, words: Localiser) -> dict[str, Any]:
    """What every document shows of its language, its issuer and its reader."""
    return {
        "lang": words.text("locale", "typst_lang"),
        "region": words.text("locale", "typst_region"),
        "page": words.text("title", "page", page="{page}", pages="{pages}"),
        "issuer": {
            "name": letterhead.name,
            "lines": _present(
                letterhead.address,
                letterhead.contact,
                letterhead.tax_id and f"{words.text('title', 'tax_id')} {letterhead.tax_id}",
            ),
            "bank": letterhead.bank_details if customer.role is Role.CUSTOMER else "",
        },
        "customer": {
            "name": customer.name,
            "lines": _present(customer.address, customer.country, customer.email),
        },
    }


def _facts(document: StatementDocument, words: Localiser) -> list[list[str]]:
    """Label and value of each line beside the address."""
    period = document.period
    facts = [
        [words.text("title", "statement_no"), document.document_no],
        [words.text("title", "customer_id"), document.customer.number],
        [
            words.text("title", "period"),
            words.text(
                "title",
                "period_range",
                start=words.short_date(period.start),
                end=words.short_date(period.end),
            ),
        ],
        [
            words.text("title", "issued"),
            words.short_date(document.issued_at.astimezone(ZoneInfo(document.letterhead.time_zone)).date()),
        ],
    ]
    if document.customer.terms_days is not None:
        terms = words.text("title", "terms_days", days=document.customer.terms_days)
        facts.append([words.text("title", "terms"), terms])
    return facts


def _section(section: Section, words: Localiser) -> dict[str, Any]:
    statement = section.statement
    currency, end = statement.currency, statement.period.end

    def number(amount_minor: int) -> str:
        return words.number(amount_minor, currency)

    return {
        "currency": currency,
        "currency_name": words.currency_name(currency),
        "heading": words.text("title", "continued", currency=currency),
        "statement_no": section.statement_no,
        "restatement": (
            words.text("title", "restatement", number=section.version - 1) if section.version > 1 else ""
        ),
        "opening": number(statement.opening_minor),
        "debit": number(statement.debit_minor),
        "credit": number(statement.credit_minor),
        "closing": number(statement.closing_minor),
        "closing_amount": words.amount(statement.closing_minor, currency),
        "balance_sentence": _balance_sentence(statement, words),
        "start": words.short_date(statement.period.start),
        "end": words.short_date(end),
        "lines": [
            {
                "date": words.short_date(line.date),
                "document_no": line.document_no,
                "description": words.description(line.kind, line.role),
                "debit": number(line.debit_minor) if line.debit_minor or not line.credit_minor else "",
                "credit": number(line.credit_minor) if line.credit_minor else "",
                "balance": number(line.balance_minor),
            }
            for line in statement.lines
        ],
        "items_heading": words.text("items", "heading", date=words.long_date(end)),
        "items": [
            {
                "date": words.short_date(item.business_date),
                "document_no": item.document_no,
                "description": words.description(item.kind, "POSTED"),
                "due": words.short_date(item.due_date),
                "days": str(days) if (days := days_overdue(item, end, statement.customer_id)) else "",
                "original": number(item.original_minor),
                "allocated": number(item.allocated_minor),
                "open": number(item.open_minor),
            }
            for item in statement.open_items
        ],
        "ageing_heading": words.text("ageing", "heading", date=words.long_date(end)),
        "ageing": [
            {
                "name": bucket_name(bucket.name, words),
                "amount": number(bucket.amount_minor),
                "overdue": bucket.name != CURRENT
                and view_sign(statement.customer_id) * bucket.amount_minor > 0,
            }
            for bucket in statement.ageing.buckets
        ],
        "proof": proof_sentence(statement, words),
        "digest": words.text("proof", "digest", digest=statement.digest),
        "sources": sources_sentence(statement, words),
    }


def days_overdue(item: AgedItem, end: dt.date, party_id: str) -> int:
    """How late it is; 0 of what is not due, and of a payment or credit note that nothing took yet: nobody owes it."""
    owed = view_sign(party_id) * item.open_minor > 0
    return max(0, days_past_due(item, end)) if owed else 0


def bucket_name(name: str, words: Localiser) -> str:
    """``current`` in words; ranges of days with an en dash."""
    return words.text("ageing", "current") if name == CURRENT else name.replace("-", "–")


def proof_sentence(statement: Statement, words: Localiser) -> str:
    """``opening + debits − credits = closing``, in figures."""
    return words.text(
        "proof",
        "line",
        opening=words.number(statement.opening_minor, statement.currency),
        debit=words.number(statement.debit_minor, statement.currency),
        credit=words.number(statement.credit_minor, statement.currency),
        closing=words.number(statement.closing_minor, statement.currency),
    )


def sources_sentence(statement: Statement, words: Localiser) -> str:
    """Topic, partition and first to last offset that the lines of the period were read from."""
    if not statement.sources:
        return words.text("proof", "no_sources")
    ranges = (
        words.text(
            "proof",
            "range",
            topic=source.topic,
            partition=source.partition,
            first=source.first_offset,
            last=source.last_offset,
            count=source.line_count,
        )
        for source in statement.sources
    )
    return words.text("proof", "sources", ranges=", ".join(ranges))


def _balance_sentence(statement: Statement, words: Localiser) -> str:
    date = words.long_date(statement.period.end)
    closing_minor, currency = statement.closing_minor, statement.currency
    if closing_minor > 0:
        sentence = words.text(
            "summary", "due_from_you", date=date, amount=words.amount(closing_minor, currency)
        )
    elif closing_minor < 0:
        sentence = words.text(
            "summary", "due_to_you", date=date, amount=words.amount(-closing_minor, currency)
        )
    else:
        sentence = words.text("summary", "nothing_due", date=date)
    overdue_minor = view_sign(statement.customer_id) * statement.ageing.overdue_minor
    if overdue_minor <= 0:
        return sentence
    overdue = words.text("summary", "overdue", amount=words.amount(overdue_minor, currency))
    return f"{sentence}{words.text('locale', 'sentence_gap')}{overdue}"


def _present(*texts: str) -> list[str]:
    """Non-empty lines of all texts, one per element."""
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
