"""The page on which people work, in a real browser over the whole service: two users, each with a token."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import IN_A_BROWSER
from tests.e2e.service import WholeService, event_of, running

pytestmark = IN_A_BROWSER

CUSTOMER = "C-DESK"
SOON_MS = 20_000
#: what the page itself does with a body
POST = """
async ([path, body]) => {
  const { post } = await import("/static/work_api.js");
  try { return await post(path, body); } catch (error) { return { code: error.code, reason: error.reason }; }
}
"""


event = functools.partial(event_of, CUSTOMER)


def statement_line(line_no: int, number: str, date: str, signed_minor: int) -> dict[str, Any]:
    debit, credit = max(signed_minor, 0), max(-signed_minor, 0)
    return {
        "line_no": line_no,
        "document_no": number,
        "date": date,
        "debit_minor": debit,
        "credit_minor": credit,
    }


@pytest.fixture(scope="module")
def tieout(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[WholeService]:
    """A service of these tests' own: the page shows everybody's cases, and is counted on."""
    with running(tmp_path_factory.mktemp("desk"), pytestconfig.cache.mkdir("bytecode")) as service:
        yield service


@pytest.fixture(scope="module")
def tokens(tieout: WholeService) -> dict[str, str]:
    """A short payment, and a statement that has one figure wrong; two users and their tokens."""
    lines = [
        statement_line(1, "DI-1", "2026-01-05", 12_100),
        statement_line(2, "DI-2", "2026-01-06", 40_800),
        statement_line(3, "DP-1", "2026-01-20", -12_050),
    ]
    sums = {"debit": sum(line["debit_minor"] for line in lines), "credit": 12_050}
    closing = sums["debit"] - sums["credit"]
    statement = {
        "statement_id": "DS-1",
        "statement_version": 1,
        "period_start": "2026-01-01",
        "period_end": "2026-01-31",
        "opening_balance_minor": 0,
        "closing_balance_minor": closing,
        "total_debit_minor": sums["debit"],
        "total_credit_minor": sums["credit"],
        "line_count": len(lines),
        "lines": lines,
    }
    paid = {"payment_id": "DP-1", "allocations": [{"document_no": "DI-1", "amount_minor": 12_050}]}
    tieout.publish(
        [
            event("order.placed", "DI-1", "2026-01-05", 12_100, order_id="DO-1"),
            event("order.placed", "DI-2", "2026-01-06", 48_000, order_id="DO-2"),
            event("payment.settled", "DP-1", "2026-01-20", 12_050, **paid),
            event("customer_statement.received", "DS-1", "2026-02-01", closing, **statement),
        ]
    )
    return {
        user: tieout.json("users", "add", user, "--role", "controller", "--name", user.title())["token"]
        for user in ("mia", "noah")
    }


@pytest.fixture
def signed_in(
    browser: Browser, tieout: WholeService, tokens: dict[str, str]
) -> Iterator[Callable[..., Page]]:
    """Opens the page as a user; at the end no error may have been in any page."""
    errors: list[str] = []
    contexts = []

    def opened(user: str, query: str = "?lang=en", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(tieout.page.rstrip("/") + "/work" + query)
        page.locator("#sign-in input").fill(tokens[user])
        page.keyboard.press("Enter")
        expect(page.locator("#signed-in .user")).to_contain_text(user.title())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def search(page: Page, text: str) -> None:
    """Search by keyboard."""
    page.keyboard.press("/")
    page.keyboard.type(text)


def test_the_maker_cannot_approve_and_the_trail_leads_to_entry_and_statement(
    tieout: WholeService, signed_in: Callable[..., Page]
) -> None:
    mia, noah = signed_in("mia"), signed_in("noah", "?lang=zh")
    search(mia, "DO-1")  # the order of the invoice
    case = mia.locator("#cases tr", has_text="Short payment")
    expect(case).to_have_count(1)
    case.locator("a").focus()
    mia.keyboard.press("Enter")
    expect(mia.locator(".detail .lead")).to_contain_text("0.50 EUR is still open")
    expect(mia.locator(".detail")).to_contain_text("EUR\u00a0121.00")
    mia.locator(".offers a", has_text="Write-off").click()
    mia.locator("form.propose [name=reason]").fill("Fifty cents of charges")
    mia.locator("form.propose button").click()
    expect(mia.locator("#say")).to_contain_text("Another person approves it")
    number = mia.locator(".detail-head h2").inner_text()

    expect(mia.locator(".decide button[value=approve]")).to_be_disabled()
    expect(mia.locator(".note")).to_contain_text("you cannot approve it")
    answer = mia.evaluate(POST, [f"adjustments/{number}/actions", {"action": "approve"}])
    assert answer == {"code": "ACTION_REFUSED", "reason": "MAKER_IS_CHECKER"}
    assert tieout.json("adjustments", "show", number)["entries"] == []

    noah.locator("#to-adjustments").click()
    noah.locator(f"#adjustments tr[data-adjustment='{number}'] a").click()
    noah.locator(".decide button[value=approve]").click()
    expect(noah.locator(".detail-head")).to_contain_text("已过账")
    expect(noah.locator(".detail")).to_contain_text("核销", timeout=SOON_MS)
    expect(noah.locator(".detail .grid", has_text="少付")).to_contain_text("已解决", timeout=SOON_MS)
    mia.locator("#to-cases").click()
    mia.locator("#filter [name=state]").select_option("RESOLVED")
    expect(case.locator(".under-state")).to_have_text("resolved", timeout=SOON_MS)
    case.locator("a").click()
    expect(mia.locator(".detail .lead")).to_contain_text(f"Resolved by adjustment {number}")
    tieout.cli(
        "statement",
        CUSTOMER,
        "--period",
        f"{tieout.json('adjustments', 'show', number)['adjustment']['business_date'][:7]}",
        "--format",
        "json",
        "--output",
        tieout.home / "desk.json",
    )
    mia.locator(".detail a", has_text=number).click()
    trail = mia.locator(".detail")
    expect(trail).to_contain_text("Write-off")
    for part in ("mia proposed", "noah approved", "credit", "EUR\u00a00.50", "Short payment", "resolved"):
        expect(trail).to_contain_text(part)
    shown = tieout.json("adjustments", "show", number)
    assert len(shown["statements"]) == 1
    expect(trail).to_contain_text(shown["statements"][0])


def test_a_line_of_theirs_is_corrected_and_what_was_sent_stays_to_be_seen(
    tieout: WholeService, signed_in: Callable[..., Page]
) -> None:
    mia, noah = signed_in("mia"), signed_in("noah")
    search(mia, "DI-2")
    mia.locator("#cases a", has_text="Amount mismatch").click()
    mia.locator(".offers a", has_text="Correction").click()
    mia.locator("form.propose [name=reason]").fill("They typed 408 for 480")
    mia.locator("form.propose [name=reads_amount]").fill("480.00")
    mia.locator("form.propose button").click()
    expect(mia.locator(".detail")).to_contain_text("DI-2 EUR\u00a0408.00 2026-01-06")
    number = mia.locator(".detail-head h2").inner_text()
    noah.goto(noah.url.split("#")[0] + f"#/adjustments/{number}")
    noah.locator(".decide button[value=approve]").click()
    expect(noah.locator(".detail-head")).to_contain_text("posted")

    def rows() -> list[tuple[int, str, int]]:
        [compared] = tieout.json("compare", CUSTOMER, "--statement", "DS-1")
        return [
            (r["line_no"], r["outcome"], r["theirs_minor"]) for r in compared["lines"] if r["line_no"] == 2
        ]

    mia.locator("#to-cases").click()
    mia.locator("#filter [name=state]").select_option("RESOLVED")
    resolved = mia.locator("#cases tr", has_text="Amount mismatch").locator(".under-state")
    expect(resolved).to_have_text("resolved", timeout=SOON_MS)
    assert rows() == [(2, "CORRECTED", 40_800), (2, "MATCHED", 48_000)]


def test_cases_are_worked_on_one_by_one_and_many_at_once(
    tieout: WholeService, signed_in: Callable[..., Page]
) -> None:
    tieout.publish(
        [
            event(
                "payment.settled",
                f"DX-{n}",
                "2026-02-02",
                100 * n,
                payment_id=f"DX-{n}",
                remittance_text="INV-0815",
            )
            for n in (1, 2)
        ]
    )
    mia = signed_in("mia")
    search(mia, "0815")
    rows = mia.locator("#cases tr")
    expect(rows).to_have_count(2, timeout=SOON_MS)
    mia.locator("#pick-all").check()
    mia.locator("#bulk [name=action]").select_option("assign")
    mia.locator("#bulk [name=assignee]").fill("noah")
    mia.locator("#bulk button").click()
    expect(mia.locator("#cases td.later", has_text="noah")).to_have_count(2)
    rows.first.locator("a").click()
    work = mia.locator(".actions")
    work.locator("[data-action=comment] input").fill("<b>call</b> them")
    work.locator("[data-action=comment] button").click()
    expect(mia.locator(".log .comment", has_text="<b>call</b> them")).to_be_visible()
    work.locator("[data-action=attach] input").set_input_files(
        {"name": "proof.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 proof"}
    )
    work.locator("[data-action=attach] button").click()
    with mia.expect_download() as download:
        mia.locator(".log a", has_text="proof.pdf").click()
    assert download.value.path().read_bytes() == b"%PDF-1.7 proof"
    work.locator("[data-action=resolve] select").select_option("CUSTOMER_ERROR")
    work.locator("[data-action=resolve] button").first.click()
    expect(mia.locator(".detail-head")).to_contain_text("resolved")
    expect(rows).to_have_count(1)
    work.locator("[data-action=reopen] button").click()
    expect(mia.locator(".detail-head")).to_contain_text("reopened")


def test_without_a_token_everything_is_read_and_nothing_is_done(
    browser: Browser, tieout: WholeService, tokens: dict[str, str]
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    page.goto(tieout.page.rstrip("/") + "/work?lang=en")
    page.locator("#filter [name=customer]").fill(CUSTOMER)
    page.locator("#filter [name=state]").select_option("@all")
    page.locator("#cases a").first.click()
    expect(page.locator(".detail")).to_contain_text("Sign in to act.")
    assert page.locator(".detail form").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#sign-in input").fill(tokens["mia"] + "x")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("nobody's")
    context.close()


def test_amounts_are_exact_beyond_what_a_number_holds(signed_in: Callable[..., Page]) -> None:
    exact = signed_in("mia").evaluate(
        """async () => {
          const { minorOf, money } = await import("/static/work_parts.js");
          const wrong = ["1.001", "1e3", "", "a"].map((text) => {
            try { return String(minorOf(text, "EUR")); } catch { return "refused"; }
          });
          return [String(minorOf("90,071,992,547,409.93", "EUR")), String(minorOf("-1.5", "KWD")),
            String(minorOf("1.500", "EUR")), money("900719925474099307", "EUR"), ...wrong];
        }"""
    )
    assert exact[:3] == ["9007199254740993", "-1500", "150"]
    assert exact[3] == "EUR\u00a09,007,199,254,740,993.07"
    assert exact[4:] == ["refused"] * 4
