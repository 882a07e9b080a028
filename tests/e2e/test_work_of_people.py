"""Two people work a discrepancy to its end, from the case to the statement; and mend a dead letter."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
import tenacity

from services.store import tables
from services.store.engine import create_engine
from tests.e2e.service import WholeService, event_of

pytestmark = pytest.mark.e2e

CUSTOMER = "C-WORK"


event = functools.partial(event_of, CUSTOMER)


@pytest.fixture(scope="module")
def books(tieout: WholeService) -> WholeService:
    """A short payment and a payment in a currency that there is not; a clerk and an approver."""
    paid = {"payment_id": "WP-1", "allocations": [{"document_no": "WI-1", "amount_minor": 12_050}]}
    tieout.publish(
        [
            event("order.placed", "WI-1", "2026-01-05", 12_100, order_id="WO-1"),
            event("payment.settled", "WP-1", "2026-01-20", 12_050, **paid),
            event("payment.settled", "WP-2", "2026-01-21", 700, payment_id="WP-2") | {"currency": "XXE"},
        ]
    )
    for user, role in (("ann", "clerk"), ("bob", "approver")):
        assert tieout.json("users", "add", user, "--role", role)["token"]
    return tieout


def until(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """What ``read`` gives once it holds: the books follow a posting within moments."""
    retry = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not holds(found)),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(60),
    )
    return retry(read)


def refused(service: WholeService, *arguments: str) -> str:
    done = service.run(*arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return str(done.stderr)


def test_the_trail_of_a_write_off_leads_from_the_case_to_the_statement(books: WholeService) -> None:
    [case] = books.json("cases", "list", "--customer", CUSTOMER, "--text", "WI-1")
    case_id = case["case_id"]
    assert (case["state"], case["kind"], case["amount_minor"]) == ("NEW", "SHORT_PAYMENT", 50)
    assert "--as" in refused(books, "cases", "assign", case_id, "--to", "ann")
    books.cli("cases", "assign", case_id, "--to", "ann", "--as", "bob")
    asked = ("--customer", CUSTOMER, "--currency", "EUR", "--target", "WI-1", "--reason", "50 cents")
    options = ("--date", "2026-01-31", "--case", case_id, "--as", "bob")
    proposal = books.json("adjustments", "propose", "write_off", *asked, *options)
    number = proposal["adjustment_id"]
    assert (proposal["state"], proposal["amount_minor"]) == ("PROPOSED", 50)
    assert "cannot approve" in refused(books, "adjustments", "approve", number, "--as", "bob")
    assert "may not decide" in refused(books, "adjustments", "approve", number, "--as", "ann")
    books.cli("users", "add", "carla", "--role", "controller")
    assert books.json("adjustments", "approve", number, "--as", "carla")["state"] == "POSTED"
    trail = until(lambda: books.json("adjustments", "show", number), lambda found: bool(found["entries"]))
    [entry] = trail["entries"]
    assert (entry["kind"], entry["side"], entry["amount_minor"]) == ("WRITE_OFF", "CREDIT", 50)
    assert [action["actor"] for action in trail["history"]] == ["bob", "carla"]
    assert books.json("balances", "--customer", CUSTOMER)[0]["balance_minor"] == 0
    assert books.json("discrepancies", "--customer", CUSTOMER) == []
    case = books.json("cases", "show", case_id)["case"]
    assert (case["state"], case["reason"], case["discrepancy_state"]) == ("RESOLVED", "ADJUSTED", "RESOLVED")
    assert number in case["explanation"]
    books.cli(
        "statement", CUSTOMER, "--period", "2026-01", "--format", "json", "--output", books.home / "s.json"
    )
    assert number in (books.home / "s.json").read_text()
    assert len(books.json("adjustments", "show", number)["statements"]) == 1


def test_a_mended_dead_letter_is_booked(books: WholeService) -> None:
    letters = books.json("dead-letters", "list", "--customer", CUSTOMER)
    [letter] = [row for row in letters if row["reason"] == "UNKNOWN_CURRENCY"]
    source = letter["source"]
    number = f"{source['topic']}/{source['partition']}/{source['offset']}"
    mended = books.json("dead-letters", "repair", number, "--set", "currency=USD", "--as", "ann")
    assert mended["state"] == "REPAIRED"
    rows = until(lambda: books.json("entries", "--customer", CUSTOMER, "--currency", "USD"), bool)
    assert [(row["document_no"], row["amount_minor"]) for row in rows] == [("WP-2", 700)]
    books.cli("dead-letters", "repair", number, "--set", "currency=USD", "--as", "ann")
    assert json.loads(books.cli("dead-letters", "show", number, "--json"))["state"] == "REPAIRED"
    books.verify()


def test_verify_tells_of_an_approval_that_the_books_never_got(books: WholeService) -> None:
    asked = ("--customer", CUSTOMER, "--currency", "EUR", "--amount", "1.00", "--reason", "goodwill")
    proposal = books.json("adjustments", "propose", "credit", *asked, "--date", "2026-01-31", "--as", "ann")
    number = proposal["adjustment_id"]
    decision = {
        "event_id": "w-lost", "subject_kind": "adjustment", "subject": number, "action": "approve",
        "actor": "bob", "occurred_at": dt.datetime.now(dt.UTC), "customer_id": CUSTOMER, "currency": "EUR",
        "details": {},
    }  # fmt: skip
    engine = create_engine(books.urls.database_url)
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.work_events).values(decision))
    engine.dispose()
    assert f"{number} was approved, and tieout.adjustments lacks" in refused(books, "verify")
    books.cli("adjustments", "approve", number, "--as", "bob")
    books.verify()
