"""A bank's entries as receipts: which are, once each, and whose."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from services.imports.canonical import Outgoing, read_event
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.formats import Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import Problem, Reason
from services.imports.statements.receipts import (
    UNIDENTIFIED,
    Owner,
    Receipt,
    event_of,
    masked,
    owner_of,
    plain_account,
    plain_name,
    receipts_of,
)

SAMPLES = Path(__file__).parents[1] / "samples" / "statements"
NOBODY: dict[str, frozenset[str]] = {}


def receipts(name: str) -> list[Receipt | Problem]:
    content = read_file(Source(SAMPLES / name, StatementOptions(), Layout(currency="EUR")))
    return [found for draft in content.drafts for found in receipts_of(draft)]


def owner(receipt: Receipt, named: str | None) -> Owner:
    found = owner_of(receipt, named, NOBODY, NOBODY, NOBODY, UNIDENTIFIED)
    assert found is not None
    return found


def drafted(*lines: DraftLine) -> list[Receipt | Problem]:
    return list(receipts_of(StatementDraft(None, "EUR", list(lines), account="DE1")))


def credit(**details: object) -> DraftLine:
    given = PaymentDetails(**details)  # type: ignore[arg-type]
    return DraftLine(1, dt.date(2026, 1, 5), "", -12100, None, None, "invoice INV-1001", given)


@pytest.mark.parametrize("name", ["camt053_v08.xml", "mt940.sta", "ofx1_sgml.ofx", "qif.qif"])
def test_a_credit_is_a_payment_and_a_debit_is_nobodys(name: str) -> None:
    found = receipts(name)
    receipt, paid = (one for one in found if isinstance(one, Receipt))
    assert (receipt.amount_minor, receipt.date) == (12100, dt.date(2026, 1, 5))
    assert (receipt.paid_out, paid.paid_out) == (False, True)
    assert "INV-1001" in receipt.numbers
    assert owner_of(paid, "C-1", NOBODY, NOBODY, NOBODY, UNIDENTIFIED) is None
    outgoing = read_event(1, event_of(receipt, owner(receipt, "C-1")))
    assert isinstance(outgoing, Outgoing)
    assert outgoing.key == b"C-1"
    assert outgoing.value["event_type"] == "payment.settled"
    assert "INV-1001" in outgoing.value["remittance_text"]


def test_what_the_bank_says_of_the_payer_is_kept_and_the_account_masked() -> None:
    receipt = next(one for one in receipts("camt053_v08.xml") if isinstance(one, Receipt))
    event = event_of(receipt, owner(receipt, None))
    assert event["customer_id"] == UNIDENTIFIED
    assert (event["payer_name"], event["bank_reference"]) == ("Calder Tools Ltd", "B-1")
    assert event["payer_account_masked"].endswith("5555")
    assert "BUKB" not in str(event)


CHARGED = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id>
<Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy></Acct><Ntry><Amt Ccy="EUR">985.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt><NtryDtls><TxDtls><AmtDtls><InstdAmt>
<Amt Ccy="{of}">{instructed}</Amt></InstdAmt></AmtDtls>{charges}<RmtInf><Ustrd>INV-1001</Ustrd></RmtInf></TxDtls>
</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""
OF_15 = '<Chrgs><Rcrd><Amt Ccy="EUR">15.00</Amt></Rcrd></Chrgs>'


@pytest.mark.parametrize(
    ("of", "instructed", "charges", "fee_minor"),
    [
        ("EUR", "1000.00", OF_15, 1500),
        ("EUR", "1000.00", OF_15.replace("<Rcrd>", "").replace("</Rcrd>", ""), 1500),
        (
            "EUR",
            "1000.00",
            OF_15.replace("15.00", "10.00").replace("</Rcrd>", '</Rcrd><Rcrd><Amt Ccy="EUR">5</Amt></Rcrd>'),
            1500,
        ),
        ("EUR", "1001.00", OF_15, None),  # something else is missing, too
        ("USD", "1000.00", OF_15, None),
        ("EUR", "1000.00", OF_15.replace("EUR", "USD"), None),
        ("EUR", "1000.00", OF_15.replace("15.00", "much"), None),
        ("EUR", "1000.00", "", None),
    ],
)
def test_what_charges_took_on_the_way_is_the_fee_of_the_payment(
    tmp_path: Path, of: str, instructed: str, charges: str, fee_minor: int | None
) -> None:
    path = tmp_path / "a.xml"
    path.write_text(CHARGED.format(of=of, instructed=instructed, charges=charges), encoding="utf-8")
    [draft] = read_file(Source(path, StatementOptions(), Layout())).drafts
    [receipt] = receipts_of(draft)
    assert isinstance(receipt, Receipt)
    event = event_of(receipt, owner(receipt, "C-1"))
    assert (event["amount_minor"], event["fee_minor"]) == (98500, fee_minor)
    assert event["gross_minor"] == (None if fee_minor is None else 100000)
    assert isinstance(read_event(1, event), Outgoing)


def test_one_receipt_in_report_notification_and_statement_is_one_event() -> None:
    keys = {
        one.key
        for name in ("camt052.xml", "camt053_v08.xml", "camt053_v02.xml", "camt054.xml")
        for one in receipts(name)
        if isinstance(one, Receipt) and not one.paid_out
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("sample", "reference", "filler"),
    [
        ("camt053_v02.xml", "<AcctSvcrRef>B-1<", "<AcctSvcrRef>NOTPROVIDED<"),
        ("mt940.sta", "NONREF//B-1", "NONREF//NONREF"),
        ("ofx1_sgml.ofx", "<FITID>B-1", "<FITID>none"),
    ],
)
def test_a_word_for_no_reference_is_none(tmp_path: Path, sample: str, reference: str, filler: str) -> None:
    text = (SAMPLES / sample).read_text(encoding="utf-8")
    assert reference in text
    file = tmp_path / sample
    file.write_text(text.replace(reference, filler), encoding="utf-8")
    content = read_file(Source(file, StatementOptions(), Layout(currency="EUR")))
    receipt = next(one for draft in content.drafts for one in receipts_of(draft) if isinstance(one, Receipt))
    assert receipt.details.bank_reference is None
    assert receipt.details.end_to_end_id is None
    event = event_of(receipt, owner(receipt, "C-1"))
    assert event["document_no"] == receipt.key[:16]


def test_entries_that_say_the_same_are_still_two_receipts() -> None:
    both = [one for one in drafted(credit(), credit()) if isinstance(one, Receipt)]
    assert len({one.key for one in both}) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (credit(booked=False), Reason.NOT_BOOKED),
        (credit(reversal=True), Reason.RETURNED_RECEIPT),
        (
            DraftLine(1, dt.date(2026, 1, 5), "", 100, party=PaymentDetails(reversal=True)),
            Reason.RETURNED_RECEIPT,
        ),
        (DraftLine(1, dt.date(2026, 1, 5), "", 0), Reason.NOT_A_RECEIPT),
        (DraftLine(1, dt.date(2026, 1, 5), "", 100, party=PaymentDetails(booked=False)), Reason.NOT_BOOKED),
    ],
)
def test_what_is_no_receipt_is_named(line: DraftLine, reason: Reason) -> None:
    [problem] = drafted(line)
    assert isinstance(problem, Problem)
    assert problem.reason is reason


def test_whose_a_receipt_is() -> None:
    [receipt] = drafted(credit(name="Calder  Tools Ltd.", account="GB33 BUKB 2020"))
    assert isinstance(receipt, Receipt)
    by_document = {"INV-1001": frozenset({"C-doc"})}
    by_account = {plain_account("gb33bukb2020"): frozenset({"C-account"})}
    by_name = {plain_name("calder tools ltd"): frozenset({"C-name"})}

    def decided(
        named: str | None,
        documents: dict[str, frozenset[str]],
        accounts: dict[str, frozenset[str]],
        names: dict[str, frozenset[str]],
    ) -> tuple[str, str]:
        found = owner_of(receipt, named, documents, accounts, names, UNIDENTIFIED)
        assert found is not None
        return found.customer_id, found.identified_by

    assert decided("C-given", by_document, by_account, by_name) == ("C-given", "import")
    assert decided(None, by_document, by_account, by_name) == ("C-doc", "document")
    assert decided(None, NOBODY, by_account, by_name) == ("C-account", "payer account")
    assert decided(None, NOBODY, NOBODY, by_name) == ("C-name", "payer name")
    assert decided(None, NOBODY, NOBODY, NOBODY) == (UNIDENTIFIED, "nothing")
    two = {"INV-1001": frozenset({"C-1", "C-2"})}  # a number that two customers have says nothing
    assert decided(None, two, NOBODY, NOBODY) == (UNIDENTIFIED, "nothing")


def test_what_we_paid_is_a_suppliers_if_one_is_known() -> None:
    given = PaymentDetails(name="Calder Tools Ltd", account="GB33 BUKB", bank_reference="B-7")
    [paid] = drafted(DraftLine(1, dt.date(2026, 1, 5), "", 12100, None, None, "R-501", given))
    assert isinstance(paid, Receipt)
    found = owner_of(paid, None, {"R-501": frozenset({"supplier:S-1"})}, NOBODY, NOBODY, UNIDENTIFIED)
    assert found == Owner("supplier:S-1", "document")
    assert owner_of(paid, "supplier:S-2", NOBODY, NOBODY, NOBODY, UNIDENTIFIED) == Owner(
        "supplier:S-2", "import"
    )
    event = event_of(paid, found)
    assert (event["customer_id"], event["amount_minor"], event["payer_name"]) == ("supplier:S-1", 12100, None)
    assert event["payer_account_masked"] is None
    assert event["metadata"]["payee_name"] == "Calder Tools Ltd"
    [received] = drafted(credit())
    assert isinstance(received, Receipt)
    assert owner(received, "supplier:S-2") == Owner(UNIDENTIFIED, "nothing")
    assert received.key != paid.key


def test_an_account_is_masked_but_for_its_end() -> None:
    assert masked("DE89 3704 0044 0532") == "************0532"
