"""The live page in a real browser over real PostgreSQL and Redis: it moves without reload, exactly and at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from prometheus_client import CollectorRegistry

from deploy.stack import EmbeddedStack
from domain.rules import Rules
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.api import ApiDependencies, Lag, create_app
from services.api.testing import served
from services.imports.canonical import record_of
from services.queries import testing as books
from services.store import tables
from services.store.engine import create_engine
from services.store.live import Change, LiveStore, Told
from services.store.live_redis import connect_live
from services.work.adjustments import AdjustmentDesk
from services.work.cases import CaseDesk
from services.work.dead_letters import DeadLetterDesk
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.rule_sets import RuleDesk
from tests.e2e.browser import IN_A_BROWSER

pytestmark = IN_A_BROWSER

TODAY = dt.date(2026, 2, 7)
WITHIN_MS = 1_000
BIG = 9_007_199_254_740_993_07  # minor units beyond what a float holds


@dataclasses.dataclass
class Site:
    url: str
    engine: sa.Engine
    live: LiveStore

    def pay(self, customer_id: str, balance_minor: int, version: int, document_no: str = "P-9") -> None:
        """What the projector does with a payment: rows to PostgreSQL, then balance and changes to Redis."""
        entry = books.entry(customer_id, document_no, -100, TODAY, entry_id=f"e-{document_no}-{version}")
        books.write(self.engine, tables.ledger_entries, [entry])
        balance = books.balance(customer_id, balance_minor, account_version=version, entry_count=version)
        plain = {key: value for key, value in msgspec.to_builtins(entry).items() if value is not None}
        books.project(self.engine, self.live, [balance], [Change("entry", plain)])

    def find(self, discrepancy_id: str, state: str, amount_minor: int = 50, **other: object) -> None:
        row = books.discrepancy(discrepancy_id, "SHORT_PAYMENT", "C-1", amount_minor, state=state, **other)
        with self.engine.begin() as connection:
            table = tables.discrepancies
            connection.execute(sa.delete(table).where(table.c.discrepancy_id == discrepancy_id))
            connection.execute(sa.insert(table), [row])
        self.live.apply(Told.of([], Change.of_rows("discrepancies", [msgspec.to_builtins(row)])))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home: Path = tmp_path_factory.mktemp("stack")
    with EmbeddedStack(home, services=frozenset({"postgres", "valkey"})) as stack:
        urls = stack.start()
        with books.fresh_database(urls.database_url) as database_url:
            engine, live = create_engine(database_url, pool_size=10), connect_live(urls.redis_url)
            _fill(engine, live)
            policy = read_policy()
            codec = Codec(FingerprintRegistry())
            log = WorkLog("", codec, engine)  # connects on first use, which is none
            deps = ApiDependencies(
                engine=engine,
                live=live,
                clock=lambda: dt.datetime.combine(TODAY, dt.datetime.now(dt.UTC).timetz()),
                zone=ZoneInfo("UTC"),
                publish=_not_used,
                comparison=_not_used,
                import_file=_not_used,
                case_desk=CaseDesk(log, policy, lambda: dt.datetime.now(dt.UTC), lambda: TODAY),
                adjustment_desk=AdjustmentDesk(log, policy, lambda: dt.datetime.now(dt.UTC)),
                letter_desk=DeadLetterDesk(log, codec, record_of, lambda: dt.datetime.now(dt.UTC)),
                rule_desk=RuleDesk(log, policy, lambda: dt.datetime.now(dt.UTC), Rules(), 1),
                policy=policy,
                statement=_not_used,
                lag=lambda: Lag(0),
                registry=CollectorRegistry(),
                version="1.2.3",
                company_name="Meridian Home Ltd",
                language="en",
            )
            with served(create_app(deps)) as url:
                yield Site(url, engine, live)
            live.close()
            engine.dispose()


def _not_used(_request: object) -> object:
    raise AssertionError("the page asked for something that it should not")


def _fill(engine: sa.Engine, live: LiveStore) -> None:
    due_long_ago = TODAY - dt.timedelta(days=80)
    books.write(
        engine,
        tables.open_items,
        [books.item("C-1", "INV-1", 12_100, due_long_ago), books.item("C-2", "INV-2", 5_000, TODAY)],
    )
    names = {"C-1": "<img src=x onerror=alert(1)>", "C-2": "Alder & Finch", "C-JP": "東京"}
    rows = [{"customer_id": key, "name": name, "language": "en"} for key, name in names.items()]
    books.write(engine, tables.customers, rows)
    books.project(
        engine,
        live,
        [
            books.balance("C-1", 12_100),
            books.balance("C-2", 5_000),
            books.balance("C-JP", 1_234, currency="JPY"),
            books.balance("C-KW", -1_500, currency="KWD"),
            books.balance("C-BIG", BIG),
        ],
    )


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens the page; at the end no error may have been on any console."""
    errors: list[str] = []
    contexts = []

    def opened(query: str = "", **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(site.url + query)
        expect(page.locator("#status")).to_have_attribute("data-state", "live", timeout=15_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def balance_of(page: Page, customer_id: str) -> str:
    return page.locator(f"tr[data-customer='{customer_id}'] td.money").first.inner_text()


def test_amounts_are_exact_and_have_the_decimals_of_their_currency(open_page: Callable[..., Page]) -> None:
    page = open_page()
    shown = {key: " ".join(balance_of(page, key).split()) for key in ("C-1", "C-JP", "C-KW", "C-BIG")}
    assert shown == {
        "C-1": "EUR 121.00",
        "C-JP": "JPY 1,234",
        "C-KW": "KWD -1.500",
        "C-BIG": "EUR 9,007,199,254,740,993.07",
    }


def test_names_are_text(open_page: Callable[..., Page]) -> None:
    page = open_page()
    expect(page.locator("tr[data-customer='C-1'] .name")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("tbody img").count() == 0


def test_a_payment_moves_the_balance_within_a_second_without_reload(
    open_page: Callable[..., Page], site: Site
) -> None:
    page = open_page()
    page.evaluate("window.sameDocument = true")
    row = page.locator("tr[data-customer='C-2']")
    expect(row.locator("td.money").first).to_contain_text("50.00")
    for version, balance_minor, text in ((2, 4_900, "49.00"), (3, -100, "-1.00"), (4, 0, "0.00")):
        site.pay("C-2", balance_minor, version, f"P-{version}")
        expect(row.locator("td.money").first).to_contain_text(text, timeout=WITHIN_MS)
    expect(row).to_have_class("flash")
    expect(page.locator("#changes li").first).to_contain_text("P-4")
    expect(page.locator("#tile-receivable .amount").first).to_contain_text("9,007,199,254,741,114.07")
    assert page.evaluate("window.sameDocument")


def test_a_new_account_appears(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page()
    site.pay("C-NEW", 7_700, 1, "P-NEW")
    expect(page.locator("tr[data-customer='C-NEW']")).to_contain_text("77.00", timeout=3_000)


def test_discrepancies_open_change_and_go(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page("/?lang=zh", locale="zh-CN")
    figure = page.locator("#tile-discrepancies .figure")
    item = page.locator("#discrepancies li[data-id='d-7']")
    expect(figure).to_have_text("0")
    arguments = {"document": "INV-1", "amount": "121.00 EUR", "received": "120.50 EUR", "open": "0.50 EUR"}
    site.find("d-7", "OPENED", reason_arguments=arguments, document_no="INV-1")
    expect(item).to_contain_text("INV-1 金额 121.00 EUR，已收 120.50 EUR，尚欠 0.50 EUR。", timeout=WITHIN_MS)
    expect(item).to_contain_text("少付")
    expect(figure).to_have_text("1", timeout=3_000)
    site.find("d-7", "UPDATED", amount_minor=75)
    expect(item.locator(".finding-amount")).to_contain_text("0.75", timeout=WITHIN_MS)
    site.find("d-7", "RETRACTED")
    expect(item).to_have_count(0, timeout=WITHIN_MS)
    expect(figure).to_have_text("0", timeout=3_000)
    expect(page.locator("#discrepancies-empty")).to_be_visible()


def test_overdue_and_ageing_are_shown(open_page: Callable[..., Page]) -> None:
    page = open_page()
    expect(page.locator("tr[data-customer='C-1'] .late").first).to_have_text("121.00")
    ageing = page.locator("#ageing [data-currency='EUR']")
    expect(ageing.locator(".bucket").nth(2)).to_contain_text("31–60 days")
    expect(ageing.locator(".bucket").nth(2)).to_contain_text("121.00")


def test_the_table_is_searched_and_sorted_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("finch")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Alder & Finch")
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr")).not_to_have_count(1)
    head = page.locator("th[data-order='balance']")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("tbody tr").first).to_have_attribute("data-customer", "C-KW")


def test_after_a_cut_line_the_page_has_everything(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page()
    page.context.set_offline(True)
    site.pay("C-OFF", 12_345, 1, "P-OFF")
    page.context.set_offline(False)
    expect(page.locator("tr[data-customer='C-OFF']")).to_contain_text("123.45", timeout=10_000)


def test_a_rebuilt_store_makes_the_page_load_afresh(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page()
    with site.engine.begin() as connection:
        row = tables.balances
        connection.execute(
            sa.update(row).where(row.c.customer_id == "C-1").values(balance_minor=99, account_version=9)
        )
    site.live.begin_rebuild()
    site.live.rebuild([books.balance("C-1", 99, account_version=9)])
    site.live.finish_rebuild({})
    expect(page.locator("tr[data-customer='C-1'] td.money").first).to_contain_text("0.99", timeout=5_000)


def test_it_fits_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator("#accounts")).to_be_visible()


@pytest.mark.parametrize(("query", "proposed"), [("?lang=en", "send a copy"), ("?lang=zh", "寄送单据副本")])
def test_a_statement_opens_into_its_bridge_and_moves_with_it(
    site: Site, open_page: Callable[..., Page], query: str, proposed: str
) -> None:
    def compare(steps: list[int]) -> None:
        row = books.comparison_part("C-1", "S-1", 1, 1, steps, ours_closing_minor=sum(steps))
        table = tables.statement_comparisons
        with site.engine.begin() as connection:
            connection.execute(sa.delete(table))
            connection.execute(sa.insert(table), [row])
        site.live.apply(Told.of([], [Change("comparison", {"statement_id": "S-1"})]))

    compare([100])
    page = open_page(query)
    statement = page.locator("#comparisons details")
    expect(statement.locator(".difference")).to_have_text("EUR\u00a01.00")
    statement.locator("summary").click()
    expect(statement.locator("tbody tr")).to_have_count(3)
    expect(statement).to_contain_text(proposed)
    compare([100, 50])
    expect(statement.locator(".difference")).to_have_text("EUR\u00a01.50", timeout=WITHIN_MS)
    expect(statement.locator("tbody tr")).to_have_count(4)
    expect(statement.locator("tbody tr").last.locator("td").first).to_have_text("1.50")
