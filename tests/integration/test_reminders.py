"""Reminders as the clock moves, over real PostgreSQL, to a real SMTP server."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.stack import StackUrls
from domain.reminders import Hold, ReminderPolicy
from services.notify import Dispatcher, Notice, NoticeKind, apprise_channels
from services.notify.dispatch import Dispatched
from services.queries import testing as books
from services.reminders import Evaluated, evaluate_reminders, plan_reminders
from services.reminders.evaluate import read_recipients
from services.reminders.text import Recipient, compose_reminders
from services.store import tables
from services.store.engine import create_engine

# apprise imports a module of Python's that is deprecated
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")]

SHANGHAI = ZoneInfo("Asia/Shanghai")
JAN = dt.date(2026, 1, 5)
DUE = JAN + dt.timedelta(days=30)


@dataclass
class Mailbox:
    """Keeps what it is sent; refuses while ``full``."""

    full: bool = False
    received: list[tuple[list[str], str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.full:
            return "452 mailbox full"
        message = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        self.received.append((list(envelope.rcpt_tos), str(message["subject"]), body.get_content()))
        return "250 OK"


@dataclass
class Bench:
    engine: sa.Engine
    mailbox: Mailbox
    port: int
    now: dt.datetime
    published: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatcher = self.new_dispatcher()

    def new_dispatcher(self) -> Dispatcher:
        url = f"mailto://127.0.0.1:{self.port}?from=books@example.com&to={{email}}&mode=insecure"
        return Dispatcher(
            self.engine,
            NoticeKind.OVERDUE_REMINDER,
            apprise_channels(url),
            compose_reminders(self.recipients, "Meridian"),
            self,
            lambda: self.now,
        )

    def publish(self, batch: Sequence[Notice]) -> None:
        self.published += [notice.notice_id for notice in batch]

    def recipients(self, ids: Sequence[str]) -> Mapping[str, Recipient]:
        with self.engine.connect() as connection:
            return read_recipients(connection, ids, "en")

    def at(self, day: dt.date) -> None:
        self.now = dt.datetime.combine(day, dt.time(4), dt.UTC)  # noon in Shanghai

    def evaluate(self) -> Evaluated:
        return evaluate_reminders(self.engine, ReminderPolicy(), self.now, SHANGHAI, "en")

    def step(self) -> Dispatched:
        self.evaluate()
        return self.dispatcher.dispatch()

    def set_item(self, document_no: str, **values: object) -> None:
        with self.engine.begin() as connection:
            item = tables.open_items
            connection.execute(sa.update(item).where(item.c.document_no == document_no).values(**values))

    def states(self) -> dict[tuple[str, int], str]:
        row = tables.notices.c
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(row.document_no, row.level, row.state))
            return {(document_no, level): state for document_no, level, state in found}


@pytest.fixture(scope="module")
def database(stack: StackUrls) -> Iterator[str]:
    with books.fresh_database(stack.database_url) as url:
        yield url


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    engine = create_engine(database)
    with engine.begin() as connection:
        for table in (tables.notices, tables.open_items, tables.customers, tables.discrepancies):
            connection.execute(sa.delete(table))
    books.write(engine, tables.open_items, [books.item("C-1", "INV-1", 12_100, JAN)])
    books.write(
        engine,
        tables.customers,
        [
            {"customer_id": "C-1", "name": "Alder & Finch", "language": "en", "email": "ap@alder.example"},
            {"customer_id": "C-2", "name": "龙门贸易", "language": "zh", "email": "zw@longmen.example"},
            {"customer_id": "C-3", "name": "No Mail", "language": "en", "email": None},
        ],
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # the controller cannot take "any" port itself
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield Bench(engine, mailbox, port, dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
    finally:
        server.stop()
        engine.dispose()


def test_each_level_is_sent_once_as_the_clock_moves(bench: Bench) -> None:
    subjects = []
    for days in range(40):
        bench.at(DUE + dt.timedelta(days=days))
        bench.step()
        bench.step()
        subjects.append([subject for _, subject, _ in bench.mailbox.received])
    sent_on = [day for day in range(1, 40) if len(subjects[day]) > len(subjects[day - 1])]
    assert sent_on == [1, 14, 30]
    assert subjects[-1] == [
        "Payment reminder: INV-1 is overdue",
        "Second reminder: INV-1 is 14 days overdue",
        "Final reminder: INV-1 is 30 days overdue",
    ]
    assert len(set(bench.published)) == len(bench.published) == 3


def test_today_is_the_companys_date(bench: Bench) -> None:
    bench.now = dt.datetime(2026, 2, 4, 15, 59, tzinfo=dt.UTC)  # still the due date in Shanghai
    assert bench.evaluate().decided == 0
    bench.now = dt.datetime(2026, 2, 4, 16, 0, tzinfo=dt.UTC)  # the day after
    assert bench.evaluate().decided == 1


def test_a_mail_says_what_is_open_and_carries_the_notice_id(bench: Bench) -> None:
    bench.set_item("INV-1", open_minor=4_050, allocated_minor=8_050)
    bench.at(DUE + dt.timedelta(days=3))
    bench.step()
    [(recipients, _, body)] = bench.mailbox.received
    assert recipients == ["ap@alder.example"]
    assert "Dear Alder & Finch" in body
    assert "EUR 40.50 open of EUR 121.00, due 2026-02-04, 3 days overdue" in body
    assert bench.published[0] in body


def test_after_downtime_it_catches_up_with_one_letter_per_customer(bench: Bench) -> None:
    books.write(
        bench.engine, tables.open_items, [books.item("C-1", "INV-2", 500, JAN + dt.timedelta(days=20))]
    )
    bench.at(DUE + dt.timedelta(days=60))
    assert bench.new_dispatcher().dispatch() == Dispatched()
    assert bench.step() == Dispatched(sent=2)
    [(_, subject, body)] = bench.mailbox.received
    assert subject == "Payment reminder: 2 items are overdue"
    assert "INV-1" in body
    assert "INV-2" in body
    assert bench.states() == {("INV-1", 3): "sent", ("INV-2", 3): "sent"}


def test_payment_before_sending_withdraws_what_waits(bench: Bench) -> None:
    bench.mailbox.full = True
    bench.at(DUE + dt.timedelta(days=1))
    assert bench.step() == Dispatched(retried=1)
    bench.set_item("INV-1", open_minor=0, allocated_minor=12_100, state="CLEARED")
    bench.mailbox.full = False
    bench.now += dt.timedelta(hours=1)
    assert bench.step() == Dispatched()
    assert bench.mailbox.received == []
    assert bench.states() == {("INV-1", 1): "withdrawn"}
    # the payment is charged back: the same reminder is due again
    bench.set_item("INV-1", open_minor=12_100, allocated_minor=0, state="OPEN")
    assert bench.step() == Dispatched(sent=1)
    assert len(bench.mailbox.received) == 1


def test_a_waiting_reminder_takes_the_present_figures(bench: Bench) -> None:
    bench.mailbox.full = True
    bench.at(DUE + dt.timedelta(days=1))
    bench.step()
    bench.set_item("INV-1", open_minor=100, allocated_minor=12_000)
    bench.mailbox.full = False
    bench.now += dt.timedelta(hours=1)
    assert bench.step() == Dispatched(sent=1)
    assert "EUR 1.00 open" in bench.mailbox.received[0][2]


@pytest.mark.parametrize("hold", [Hold.UNALLOCATED_RECEIPT, Hold.DISPUTED])
def test_holds_are_named_in_the_dry_run_and_end_with_their_cause(bench: Bench, hold: Hold) -> None:
    if hold is Hold.UNALLOCATED_RECEIPT:
        table, row = tables.open_items, books.item("C-1", "P-1", -12_100, JAN)
    else:
        table, row = (
            tables.discrepancies,
            books.discrepancy("d-1", "AMOUNT_MISMATCH", "C-1", 5, document_no="INV-1"),
        )
    books.write(bench.engine, table, [row])
    bench.at(DUE + dt.timedelta(days=1))
    with bench.engine.connect() as connection:
        [planned] = plan_reminders(connection, ReminderPolicy(), bench.now, SHANGHAI)
    assert planned.hold is hold
    assert bench.evaluate() == Evaluated(decided=0, held={hold: 1}, withdrawn=0)
    assert bench.states() == {}
    with bench.engine.begin() as connection:
        connection.execute(
            sa.delete(table).where(table.c.document_no == row["document_no"], table.c.customer_id == "C-1")
            if hold is Hold.DISPUTED
            else sa.delete(table).where(table.c.document_no == "P-1")
        )
    assert bench.evaluate().decided == 1


def test_each_customer_is_addressed_in_their_language(bench: Bench) -> None:
    books.write(bench.engine, tables.open_items, [books.item("C-2", "INV-2", 50_000, JAN, currency="CNY")])
    bench.at(DUE + dt.timedelta(days=1))
    bench.step()
    by_recipient = {recipients[0]: (subject, body) for recipients, subject, body in bench.mailbox.received}
    subject, body = by_recipient["zw@longmen.example"]
    assert subject == "付款提醒：INV-2 已逾期"
    assert "INV-2：金额 CNY 500.00，未付 CNY 500.00" in body
    assert "ap@alder.example" in by_recipient


def test_a_customer_without_an_address_is_given_up_at_once_and_told(bench: Bench) -> None:
    books.write(bench.engine, tables.open_items, [books.item("C-3", "INV-3", 100, JAN)])
    bench.at(DUE + dt.timedelta(days=1))
    assert bench.step() == Dispatched(sent=1, failed=1)
    row = tables.notices.c
    with bench.engine.connect() as connection:
        error = connection.execute(sa.select(row.last_error).where(row.document_no == "INV-3")).scalar_one()
    assert "no email" in error
