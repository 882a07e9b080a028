"""What is announced, how seriously, in which words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import string
from pathlib import Path

import pytest

from domain.discrepancies import against_statement
from domain.discrepancies.explanations import SENTENCES, SUPPLIER_SENTENCES
from domain.discrepancies.finding import DiscrepancyKind, DiscrepancyState
from domain.events import AdjustmentType
from domain.facts import EntryKind
from domain.parties import Role
from domain.work.adjustments import AdjustmentAction, AdjustmentState
from domain.work.cases import CaseAction, CaseReason, CaseSeverity, CaseState
from services.alerts.change import Change
from services.alerts.decide import AlertPolicy, decide_alert, severity_of
from services.alerts.text import NAMED_IN_SUMMARY, alert_body, compose_alerts
from services.language import argument_words, explain, money_text, sentences, supplier_sentences
from services.language.findings import KIND_NAMES, LANGUAGES, STATE_NAMES
from services.notify import Notice, Severity
from services.web.texts import browser_texts, texts
from services.web.work_texts import work_browser_texts, work_texts
from services.work.users import ROLES

NOW = dt.datetime(2026, 1, 20, 12, tzinfo=dt.UTC)
POLICY = AlertPolicy()


def change(
    amount_minor: int = 50, state: str = "OPENED", currency: str = "EUR", version: int = 1, key: str = "d-1"
) -> Change:
    return Change.of_record(
        {
            "discrepancy_id": key,
            "customer_id": "C-1",
            "currency": currency,
            "account_version": version,
            "kind": "SHORT_PAYMENT",
            "state": state,
            "document_no": "INV-1001",
            "amount_minor": amount_minor,
            "statement_id": None,
            "line_no": None,
            "explanation": "INV-1001 of 121.00 EUR received 120.50 EUR; 0.50 EUR is still open.",
            "reason_code": "paid_short",
            "reason_arguments": {
                "document": "INV-1001",
                "amount": "121.00 EUR",
                "received": "120.50 EUR",
                "open": "0.50 EUR",
            },
            "rule": "a field that alerts do not need",
        }
    )


@pytest.mark.parametrize(
    ("amount_minor", "currency", "severity"),
    [
        (9_999, "EUR", Severity.INFO),
        (10_000, "EUR", Severity.WARNING),
        (999_999, "EUR", Severity.WARNING),
        (1_000_000, "EUR", Severity.CRITICAL),
        (10_000, "JPY", Severity.CRITICAL),
        (99, "JPY", Severity.INFO),
        (99_999, "KWD", Severity.INFO),
    ],
)
def test_severity_is_by_whole_units_of_the_currency(
    amount_minor: int, currency: str, severity: Severity
) -> None:
    assert severity_of(change(amount_minor, currency=currency), POLICY) is severity


def test_what_the_statement_before_tells_of_is_information() -> None:
    carried = dataclasses.replace(
        change(5_000_000), kind="CLOSING_BALANCE_BREAK", reason_code="closing_differs_before"
    )
    assert severity_of(carried, POLICY) is Severity.INFO
    assert (
        severity_of(dataclasses.replace(carried, reason_code="closing_differs"), POLICY) is Severity.CRITICAL
    )


@pytest.mark.parametrize("state", ["RETRACTED", "RESOLVED"])
def test_what_nobody_heard_of_is_not_announced_as_over(state: str) -> None:
    assert decide_alert(change(state=state), False, POLICY, "en", NOW) is None
    over = decide_alert(change(5_000_000, state), True, POLICY, "en", NOW)
    assert over is not None
    assert over.severity is Severity.INFO


def test_the_id_is_that_of_the_change() -> None:
    def id_of(one: Change) -> str:
        notice = decide_alert(one, True, POLICY, "en", NOW)
        assert notice is not None
        return notice.notice_id

    assert id_of(change(1)) == id_of(change(2))
    others = {
        id_of(change()),
        id_of(change(version=2)),
        id_of(change(state="UPDATED")),
        id_of(change(key="d-2")),
    }
    assert len(others) == 4


def test_the_words_name_who_what_and_how_much() -> None:
    english = decide_alert(change(12_345), False, POLICY, "en", NOW)
    chinese = decide_alert(change(12_345), False, POLICY, "zh", NOW)
    assert english is not None
    assert chinese is not None
    assert english.subject == "[warning] Short payment (opened) C-1 INV-1001 EUR 123.45"
    assert english.body.startswith("INV-1001 of 121.00 EUR received 120.50 EUR; 0.50 EUR is still open.\n")
    assert chinese.subject == "[警告] 少付（新增）C-1 INV-1001 EUR 123.45"
    assert chinese.body.startswith("INV-1001 金额 121.00 EUR，已收 120.50 EUR，尚欠 0.50 EUR。")


def notices(count: int) -> list[Notice]:
    made = [decide_alert(change(100 * (n + 1), key=f"d-{n}"), False, POLICY, "en", NOW) for n in range(count)]
    return [one for one in made if one is not None]


def test_few_alerts_are_messages_of_their_own_with_their_id() -> None:
    batch = notices(3)
    messages = compose_alerts(3, "en")(batch)
    assert [m.notice_ids for m in messages] == [(n.notice_id,) for n in batch]
    assert all(m.notice_ids[0] in m.body for m in messages)


def test_many_alerts_are_one_bounded_message_about_all_of_them() -> None:
    batch = notices(200)
    [message] = compose_alerts(3, "en")(batch)
    assert set(message.notice_ids) == {n.notice_id for n in batch}
    assert message.severity is Severity.WARNING
    assert message.subject == "[warning] 200 discrepancy alerts"
    assert message.body.count("\n- ") == NAMED_IN_SUMMARY
    assert "EUR 200.00" in message.body
    assert "and 190 more" in message.body


def test_every_language_has_every_kind_state_and_sentence() -> None:
    for language in LANGUAGES:
        assert KIND_NAMES[language].keys() == set(DiscrepancyKind)
        assert STATE_NAMES[language].keys() == set(DiscrepancyState)
        assert sentences(language).keys() == SENTENCES.keys()
        for reason, sentence in sentences(language).items():
            assert _fields(sentence) <= _fields(SENTENCES[reason]), reason
        assert supplier_sentences(language).keys() == SUPPLIER_SENTENCES.keys()
        for reason, sentence in supplier_sentences(language).items():
            assert _fields(sentence) <= _fields(SENTENCES[reason]), reason
            assert "客户" not in sentence
    for words in (texts, work_texts):
        assert words("en").keys() == words("zh").keys()
    for browser in (browser_texts, work_browser_texts):
        assert browser("en").keys() == browser("zh").keys()
        for name, value in browser("en").items():
            if isinstance(value, dict) and name not in ("sentences", "supplier_sentences", "argument_words"):
                assert value.keys() == browser("zh")[name].keys()


def test_the_page_of_work_names_everything_that_may_be_chosen() -> None:
    for language in LANGUAGES:
        words = work_browser_texts(language)
        for name, known in {
            "case_states": CaseState,
            "severities": CaseSeverity,
            "reasons": CaseReason,
            "case_actions": CaseAction,
            "adjustment_types": AdjustmentType,
            "adjustment_states": AdjustmentState,
            "adjustment_actions": AdjustmentAction,
            "roles_of_users": ROLES,
        }.items():
            assert set(words[name]) == set(known), name


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_the_words_that_a_worker_fills_in_are_told_in_the_language() -> None:
    several = {"problem": "opening plus lines is not closing; the line count is wrong"}
    assert explain("totals_wrong", several, "…", "zh") == "对账单自身不平：期初加各行不等于期末；行数不符。"
    twice = {"kind": "INVOICE", "document": "RE-1", "record": "a", "other": "b"}
    assert explain("document_twice", twice, "…", "zh") == "发票 RE-1 在账上出现两次：记录 a 与 b。"
    words = argument_words("zh")
    assert set(words["kind"]) == set(EntryKind)
    source = Path(against_statement.__file__).read_text(encoding="utf-8")
    sides = [source.replace("{wording.side(1)}", "debit"), source.replace("{wording.side(-1)}", "credit")]
    assert all(any(problem in text for text in sides) for problem in words["problem"])
    assert source.count('problems["') + source.count('problems[f"') == len(words["problem"])


def test_an_unknown_reason_is_told_in_the_workers_words() -> None:
    assert explain("of_tomorrow", {}, "Something new.", "zh") == "Something new."
    assert explain("paid_short", {"document": "X"}, "As written.", "zh") == "As written."


def test_a_suppliers_finding_is_told_in_words_that_fit_a_supplier() -> None:
    said = {"document": "R-1", "amount": "121.00 EUR", "received": "120.50 EUR", "open": "0.50 EUR"}
    told = explain("paid_short", said, "", "zh", Role.SUPPLIER)
    assert told == "R-1 金额 121.00 EUR，我方已付 120.50 EUR，尚未付 0.50 EUR。"
    assert explain("matched", {}, "", "zh", Role.SUPPLIER) == explain("matched", {}, "", "zh")
    one = dataclasses.replace(change(), customer_id="supplier:S-1", reason_arguments=said)
    assert "Supplier: S-1" in alert_body(one, "en")
    assert "供应商: S-1" in alert_body(one, "zh")
    assert "我方已付" in alert_body(one, "zh")
    assert "Customer: C-1" in alert_body(change(), "en")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (123_456_789, "EUR", "EUR 1,234,567.89"),
        (-5, "EUR", "EUR -0.05"),
        (-1_200, "JPY", "JPY -1,200"),
        (125, "KWD", "KWD 0.125"),
        (2**63 - 1, "EUR", "EUR 92,233,720,368,547,758.07"),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_is_exact(
    amount_minor: int, currency: str, text: str
) -> None:
    assert money_text(amount_minor, currency, "en") == text
