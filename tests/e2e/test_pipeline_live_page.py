"""From Kafka to the eye: a published payment moves the balance on the page within a second, without reload."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.imports.canonical import Outgoing, read_event
from services.imports.publisher import Publisher
from tests.e2e.browser import IN_A_BROWSER
from tests.e2e.service import WholeService

pytestmark = IN_A_BROWSER

CUSTOMER = "C-LIVE"
WITHIN_MS = 1_000
PAYMENTS = 5
log = logging.getLogger(__name__)

#: Notes, by the clock of this machine, when the customer's balance shows what.
OBSERVE = """
(customer) => {
  window.sameDocument = true;
  window.seen = [];
  const note = () => {
    const cell = document.querySelector(`tr[data-customer='${customer}'] td.money`);
    const text = cell ? cell.innerText.replace(/\\s+/g, ' ').trim() : '';
    if (text && (!window.seen.length || window.seen.at(-1).text !== text)) {
      window.seen.push({text, at_ms: Date.now()});
    }
  };
  new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});
  note();
}
"""


def event(number: int, kind: str, amount_minor: int) -> dict[str, Any]:
    payment = kind.startswith("payment")
    document_no = f"{'P' if payment else 'INV'}-LIVE-{number}"
    return {
        "event_id": f"live-page/{number}",
        "event_type": kind,
        "schema_version": 1,
        "source_system": "test",
        "source_record_id": f"live-page/{number}",
        "source_version": 1,
        "occurred_at": "2026-01-20T11:00:00Z",
        "business_date": "2026-01-20",
        "customer_id": CUSTOMER,
        "currency": "EUR",
        "amount_minor": amount_minor,
        "document_no": document_no,
        **({"payment_id": document_no} if payment else {"order_id": document_no}),
    }


@pytest.fixture
def page(browser: Browser, tieout: WholeService) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(tieout.page)
    expect(opened.locator("#status")).to_have_attribute("data-state", "live", timeout=15_000)
    yield opened
    opened.close()


def test_a_published_payment_is_seen_within_a_second(tieout: WholeService, page: Page) -> None:
    tieout.publish([event(0, "order.placed", 100_000)])
    page.locator("#search").fill(CUSTOMER)
    row = page.locator(f"tr[data-customer='{CUSTOMER}'] td.money").first
    expect(row).to_contain_text("1,000.00", timeout=15_000)
    page.evaluate(OBSERVE, CUSTOMER)
    took_ms = []
    with Publisher(tieout.urls.kafka_bootstrap_servers, Codec(FingerprintRegistry())) as publisher:
        for number in range(1, PAYMENTS + 1):
            outgoing = read_event(number, event(number, "payment.settled", 1_000))
            assert isinstance(outgoing, Outgoing), outgoing
            publisher.send(outgoing)
            publisher.flush()
            delivered_ms = time.time_ns() // 1_000_000
            expected = f"EUR {1_000 - 10 * number:,}.00"
            page.wait_for_function(
                "(text) => window.seen.some((s) => s.text === text)", arg=expected, timeout=10_000
            )
            seen = next(s for s in page.evaluate("window.seen") if s["text"] == expected)
            took_ms.append(int(seen["at_ms"]) - delivered_ms)
    log.warning("published payments were on the page after %s ms", took_ms)
    assert page.evaluate("window.sameDocument") is True
    assert max(took_ms) <= WITHIN_MS, took_ms


def test_tieout_publish_moves_the_page(tieout: WholeService, page: Page) -> None:
    tieout.publish([event(100, "order.placed", 250_000)])
    page.locator("#search").fill(CUSTOMER)
    row = page.locator(f"tr[data-customer='{CUSTOMER}'] td.money").first
    expect(row).to_contain_text("EUR", timeout=15_000)
    before = row.inner_text()
    page.evaluate("window.sameDocument = true")
    tieout.publish([event(101, "payment.settled", 777)])
    expect(row).not_to_have_text(before, timeout=WITHIN_MS)
    assert page.evaluate("window.sameDocument") is True
