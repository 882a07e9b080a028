"""A statement for a supplier: it says what we owe, in words that fit a supplier, in every format."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from domain.ageing import Allocated, LedgerLine
from domain.ledger import EntryRole, Side
from domain.parties import Role
from domain.statements import Statement, build_statement
from services.reports.document import Customer, Section, StatementDocument
from services.reports.localise import localiser
from services.reports.present import view_of
from services.reports.service import RENDERERS
from tests.unit.reports_samples import ISSUED, JANUARY, document, small

LETTERHEAD_BANK = "IBAN DE89 3704"


def line(number: int, signed_minor: int, date: dt.date, kind: str, due: dt.date | None = None) -> LedgerLine:
    return LedgerLine(
        entry_id=f"e{number}",
        item_id=f"erp/{number}",
        kind=kind,
        role=EntryRole.POSTED,
        side=Side.DEBIT if signed_minor > 0 else Side.CREDIT,
        amount_minor=abs(signed_minor),
        document_no=f"R-{number}",
        business_date=date,
        due_date=due,
        topic="tieout.orders",
        partition=0,
        offset=number,
    )


def payables(*more: LedgerLine) -> Statement:
    """Two invoices, one of them past due and partly paid; a credit note."""
    lines = [
        line(1, -121_00, dt.date(2010, 12, 1), "INVOICE", dt.date(2010, 12, 31)),
        line(2, -80_00, dt.date(2011, 1, 5), "INVOICE", dt.date(2011, 2, 4)),
        line(3, 100_00, dt.date(2011, 1, 20), "PAYMENT"),
        line(4, 5_00, dt.date(2011, 1, 21), "CREDIT_NOTE"),
        *more,
    ]
    paid = Allocated(
        credit_item_id="erp/1",
        debit_item_id="erp/3",
        amount_minor=100_00,
        effective_date=dt.date(2011, 1, 20),
    )
    return build_statement(
        customer_id="supplier:S-1",
        currency="EUR",
        period=JANUARY,
        lines=lines,
        allocations=[paid],
        control_total_minor=sum(one.signed_minor for one in lines),
    )


def paper(statement: Statement, language: str = "en") -> StatementDocument:
    sample = document(small(), language=language)
    return msgspec.structs.replace(
        sample,
        letterhead=msgspec.structs.replace(sample.letterhead, bank_details=LETTERHEAD_BANK),
        customer=Customer(customer_id="supplier:S-1", name="Calder Tools Ltd"),
        sections=(Section(statement_no="ST-1", version=1, issued_at=ISSUED, statement=statement),),
    )


def test_the_ageing_of_payables_stands_below_zero_and_sums_to_the_balance() -> None:
    statement = payables()
    buckets = {bucket.name: bucket.amount_minor for bucket in statement.ageing.buckets if bucket.amount_minor}
    # what is left of R-1 is 31 days late; the credit note is a credit of ours, due at once
    assert buckets == {"current": -80_00, "1-30": 5_00, "31-60": -21_00}
    assert statement.closing_minor == statement.ageing.total_minor == -96_00


@pytest.mark.parametrize(
    ("language", "owed", "late"),
    [
        ("en", "At 31 January 2011 we owe you EUR\xa096.00.", "we are late with EUR\xa016.00."),
        ("zh", "截至 2011年1月31日，我方尚欠贵方 EUR\xa096.00。", "我方逾期未付 EUR\xa016.00。"),
    ],
)
def test_it_says_what_we_owe_and_what_we_are_late_with(language: str, owed: str, late: str) -> None:
    (section,) = view_of(paper(payables(), language))["sections"]
    assert section["balance_sentence"].startswith(owed)
    assert section["balance_sentence"].endswith(late)
    assert [bucket["overdue"] for bucket in section["ageing"]] == [False, False, True, False, False, False]


def test_only_what_is_owed_is_late() -> None:
    """A payment that nothing took, or a credit note, has a date and no delay: not of a customer, nor of ours."""
    (section,) = view_of(document(small()))["sections"]  # the invoice of December, the payment of 20 January
    assert [(item["document_no"], item["days"]) for item in section["items"]] == [
        ("INV-00001", "31"),
        ("P-3", ""),
        ("INV-00002", ""),
    ]
    (section,) = view_of(paper(payables(line(5, 300_00, dt.date(2011, 1, 2), "PAYMENT"))))["sections"]
    days = {item["open"][0] == "-": item["days"] for item in section["items"] if item["days"]}
    assert days.keys() == {True}  # what we owe stands below zero


def test_what_they_owe_us_is_no_delay_of_ours() -> None:
    statement = payables(line(5, 300_00, dt.date(2011, 1, 2), "PAYMENT"))
    (section,) = view_of(paper(statement))["sections"]
    assert section["balance_sentence"] == "At 31 January 2011 you owe us EUR\xa0204.00."


def test_a_supplier_is_addressed_by_its_own_number_and_asked_for_no_money() -> None:
    view = view_of(paper(payables()))
    assert view["customer_id"] == "S-1"
    assert ["Supplier no.", "S-1"] in view["facts"]
    assert view["issuer"]["bank"] == ""
    assert view["labels"]["slip"]["heading"] == "Confirmation of balance"
    assert "payment" not in view["labels"]["slip"]["instructions"]
    (section,) = view["sections"]
    assert [one["description"] for one in section["lines"]] == [
        "Your invoice",
        "Our payment",
        "Your credit note",
    ]


def test_a_customer_reads_the_words_that_it_always_read() -> None:
    sample = document(small())
    view = view_of(
        msgspec.structs.replace(
            sample, letterhead=msgspec.structs.replace(sample.letterhead, bank_details=LETTERHEAD_BANK)
        )
    )
    assert ["Customer no.", sample.customer.customer_id] in view["facts"]
    assert view["issuer"]["bank"] == LETTERHEAD_BANK
    assert view["labels"]["slip"]["heading"] == "Remittance slip"


@pytest.mark.parametrize("fmt", sorted(RENDERERS))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_format_is_written_and_the_same_bytes_again(fmt: str, language: str) -> None:
    one = RENDERERS[fmt](paper(payables(), language))
    assert one == RENDERERS[fmt](paper(payables(), language))
    assert len(one) > 500


def leaves(texts: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for key, value in texts.items():
        inner = leaves(value, (*path, key)) if isinstance(value, dict) else {(*path, key): value}
        found |= inner
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_suppliers_have_no_text_that_customers_lack(language: str) -> None:
    ours, theirs = (leaves(localiser(language, role).catalogue) for role in Role)
    assert ours.keys() == theirs.keys()
    assert ours != theirs
