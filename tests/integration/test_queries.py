"""The read model against a real PostgreSQL: figures as of dates, running balances, filters, ageing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.ageing import BucketEdgesError
from domain.work.dead_letters import DeadLetterState
from services import queries
from services.queries import testing as books
from services.queries.overview import AccountOrder, list_accounts, read_currency_figures
from services.store import tables
from services.store.engine import create_engine

pytestmark = pytest.mark.integration

JAN, FEB = dt.date(2026, 1, 5), dt.date(2026, 2, 3)
TODAY = dt.date(2026, 2, 7)
ALL = queries.AccountFilter()


@pytest.fixture(scope="module")
def connection(stack: StackUrls) -> Iterator[sa.Connection]:
    with books.fresh_database(stack.database_url) as url:
        engine = create_engine(url)
        books.write(
            engine,
            tables.ledger_entries,
            [
                books.entry("C-1", "INV-1", 12_100, JAN),
                books.entry("C-1", "P-1", -12_050, dt.date(2026, 1, 20), description="100% of _it_"),
                books.entry("C-1", "INV-2", 3_000, FEB),
                books.entry("C-1", "INV-J", 500, JAN, currency="JPY"),
                # same day: document number decides the order of the running balance, by code point
                books.entry("c-2", "b", 7, FEB),
                books.entry("c-2", "B", 5, FEB),
                books.entry("C-3", "CN-1", -900, JAN, kind="CREDIT_NOTE"),
            ],
        )
        books.write(
            engine,
            tables.open_items,
            [
                books.item("C-1", "INV-1", 12_100, JAN, allocated_minor=12_050),
                books.item("C-1", "P-1", -12_050, dt.date(2026, 1, 20), allocated_minor=12_050),
                books.item("C-1", "INV-2", 3_000, FEB),
                books.item("C-1", "INV-J", 500, JAN, currency="JPY"),
                books.item("C-3", "CN-1", -900, JAN, kind="CREDIT_NOTE"),
            ],
        )
        books.write(
            engine,
            tables.allocations,
            [
                books.allocation("C-1", "P-1", "INV-1", 12_050, dt.date(2026, 1, 20), score_ppm=950_000),
                books.allocation("C-1", "P-1", "INV-2", 1, FEB, state="suggested"),
                books.allocation("C-1", "P-1", "INV-9", 1, FEB, state="withdrawn"),
            ],
        )
        books.write(
            engine,
            tables.discrepancies,
            [
                books.discrepancy("d-1", "SHORT_PAYMENT", "C-1", 50, document_no="INV-1"),
                books.discrepancy("d-2", "DUPLICATE", "C-1", 70, state="UPDATED"),
                books.discrepancy("d-3", "DUPLICATE", "C-1", 90, state="RETRACTED"),
                books.discrepancy("d-4", "DUPLICATE", "c-2", 95, state="RESOLVED"),
            ],
        )
        books.write(
            engine,
            tables.discrepancy_history,
            [
                {
                    "discrepancy_id": discrepancy_id,
                    "account_version": version,
                    "state": state,
                    "amount_minor": 50,
                    "explanation": "It differs.",
                    "event_id": f"e-{version}",
                    "occurred_at": dt.datetime(2026, 2, version, tzinfo=dt.UTC),
                }
                for discrepancy_id, version, state in (
                    ("d-1", 1, "OPENED"),
                    ("d-1", 2, "UPDATED"),
                    ("d-1", 3, "RETRACTED"),
                    ("d-1", 5, "OPENED"),
                    ("d-2", 4, "OPENED"),
                    ("d-4", 6, "OPENED"),
                )
            ],
        )
        february = {"period_start": dt.date(2026, 2, 1), "period_end": dt.date(2026, 2, 28)}
        books.write(
            engine,
            tables.statement_comparisons,
            [
                books.comparison_part("C-1", "S-1", 1, 2, [70, 20]),
                books.comparison_part("C-1", "S-1", 2, 2, [10]),
                # what longer comparisons left behind says what it said then
                books.comparison_part("C-1", "S-1", 3, 3, [99], account_version=0),
                books.comparison_part("C-1", "S-2", 1, 1, [100], **february),
                books.comparison_part("C-1", "S-3", 1, 0, [], **february),  # withdrawn
                books.comparison_part("C-1", "S-3", 2, 2, [99], account_version=0, **february),
                books.comparison_part("C-3", "S-4", 1, 1, [100]),
            ],
        )
        books.write(
            engine,
            tables.dead_letters,
            [books.dead_letter(2, "UNREADABLE", customer_id="C-1"), books.dead_letter(1, "UNKNOWN_CURRENCY")],
        )
        rows = [
            books.balance("C-1", 3_050, open_discrepancies=2),
            books.balance("C-1", 500, currency="JPY"),
            books.balance("c-2", 12),
            books.balance("C-3", -900),
        ]
        books.write(
            engine, tables.balances, [{name: getattr(r, name) for name in r.__struct_fields__} for r in rows]
        )
        books.write(
            engine,
            tables.customers,
            [
                {"customer_id": "C-1", "name": "Alder & Finch", "language": "en"},
                {"customer_id": "C-3", "name": "100%_sure", "language": "en"},
            ],
        )
        with engine.connect() as open_connection:
            yield open_connection
        engine.dispose()


def test_live_balances_are_in_code_point_order(connection: sa.Connection) -> None:
    assert list(queries.iterate_balances(connection, ALL)) == [
        queries.BalanceRow("C-1", "EUR", 3_050),
        queries.BalanceRow("C-1", "JPY", 500),
        queries.BalanceRow("C-3", "EUR", -900),
        queries.BalanceRow("c-2", "EUR", 12),
    ]


@pytest.mark.parametrize(
    ("as_of", "figures"),
    [
        (dt.date(2026, 1, 4), {}),
        (dt.date(2026, 1, 5), {"EUR": 12_100, "JPY": 500}),
        (dt.date(2026, 1, 19), {"EUR": 12_100, "JPY": 500}),
        (dt.date(2026, 1, 20), {"EUR": 50, "JPY": 500}),
        (dt.date(2026, 2, 3), {"EUR": 3_050, "JPY": 500}),
    ],
)
def test_a_balance_as_of_a_date_is_the_sum_up_to_it(
    connection: sa.Connection, as_of: dt.date, figures: dict[str, int]
) -> None:
    rows = queries.iterate_balances(connection, queries.AccountFilter("C-1"), as_of)
    assert {row.currency: row.balance_minor for row in rows} == figures


def documents(connection: sa.Connection, **conditions: object) -> list[tuple[str, int]]:
    accounts = queries.AccountFilter(conditions.pop("customer", None), conditions.pop("currency", None))  # type: ignore[arg-type]
    wanted = queries.EntryFilter(accounts, **conditions)  # type: ignore[arg-type]
    return [(e.document_no, e.running_balance_minor) for e in queries.iterate_entries(connection, wanted)]


def test_the_running_balance_follows_date_document_and_entry(connection: sa.Connection) -> None:
    assert documents(connection, customer="C-1", currency="EUR") == [
        ("INV-1", 12_100),
        ("P-1", 50),
        ("INV-2", 3_050),
    ]
    assert documents(connection, customer="c-2") == [("B", 5), ("b", 12)]


@pytest.mark.parametrize(
    "conditions",
    [
        {"document_no": "P-1"},
        {"kind": "PAYMENT"},
        {"text": "100% OF _IT"},
        {"from_date": dt.date(2026, 1, 20), "to_date": dt.date(2026, 1, 20)},
        {"customer": "C-1", "document_no": "P-1", "to_date": FEB},
    ],
)
def test_a_filter_hides_entries_but_not_their_weight(
    connection: sa.Connection, conditions: dict[str, object]
) -> None:
    assert documents(connection, **conditions) == [("P-1", 50)]


def test_text_is_no_pattern(connection: sa.Connection) -> None:
    assert documents(connection, text="1%0") == []
    assert documents(connection, text="INV_1") == []


def test_an_entry_names_its_source(connection: sa.Connection) -> None:
    [entry] = queries.iterate_entries(connection, queries.EntryFilter(document_no="P-1"))
    assert (entry.side, entry.amount_minor) == ("CREDIT", 12_050)
    assert entry.source == queries.entries.SourceRow("tieout.payments", 0, 0)


def test_open_items_now_are_overdue_after_their_due_date(connection: sa.Connection) -> None:
    accounts = queries.AccountFilter("C-1", "EUR")
    due = dt.date(2026, 2, 4)
    on_time = {i.document_no: i.overdue for i in queries.iterate_open_items(connection, accounts, due)}
    late = {i.document_no: i for i in queries.iterate_open_items(connection, accounts, TODAY)}
    assert on_time == {"INV-1": False, "INV-2": False}
    assert (late["INV-1"].overdue, late["INV-1"].days_past_due, late["INV-1"].open_minor) == (True, 3, 50)
    assert late["INV-1"].state == "PARTIALLY_ALLOCATED"
    overdue = queries.iterate_open_items(connection, ALL, TODAY, overdue_only=True)
    assert [i.document_no for i in overdue] == ["INV-1", "INV-J"]
    settled = queries.iterate_open_items(connection, accounts, TODAY, include_settled=True)
    assert {i.document_no for i in settled} == {"INV-1", "INV-2", "P-1"}


def test_open_items_as_of_a_date_forget_what_came_later(connection: sa.Connection) -> None:
    def as_of(date: dt.date) -> dict[str, tuple[str, int, int]]:
        rows = queries.iterate_open_items(connection, queries.AccountFilter("C-1", "EUR"), TODAY, as_of=date)
        return {row.document_no: (row.side, row.allocated_minor, row.open_minor) for row in rows}

    assert as_of(dt.date(2026, 1, 19)) == {"INV-1": ("DEBIT", 0, 12_100)}
    assert as_of(dt.date(2026, 1, 20)) == {"INV-1": ("DEBIT", 12_050, 50)}
    credit = queries.iterate_open_items(connection, queries.AccountFilter("C-3"), TODAY, as_of=JAN)
    assert [(row.side, row.open_minor, row.overdue) for row in credit] == [("CREDIT", 900, False)]


def test_matches_leave_out_what_was_withdrawn(connection: sa.Connection) -> None:
    rows = list(queries.iterate_matches(connection, ALL))
    assert [(m.document_no, m.state, m.score, m.score_ppm) for m in rows] == [
        ("INV-1", "confirmed", "0.950000", 950_000),
        ("INV-2", "suggested", "1.000000", 1_000_000),
    ]
    assert [m.document_no for m in queries.iterate_matches(connection, ALL, document_no="INV-2")] == ["INV-2"]
    assert len(list(queries.iterate_matches(connection, ALL, document_no="P-1", as_of=JAN))) == 0


def test_discrepancies_are_the_open_ones_unless_all_are_asked_for(connection: sa.Connection) -> None:
    assert {d.discrepancy_id for d in queries.iterate_discrepancies(connection, ALL)} == {"d-1", "d-2"}
    every = queries.iterate_discrepancies(connection, ALL, all_states=True, kind="DUPLICATE")
    assert {d.discrepancy_id for d in every} == {"d-2", "d-3", "d-4"}


def test_the_life_of_a_discrepancy_under_one_id(connection: sa.Connection) -> None:
    def life(**asked: str) -> list[tuple[str, str, str]]:
        found = queries.iterate_discrepancy_changes(connection, queries.AccountFilter("C-1"), **asked)
        return [(change.discrepancy_id, change.state, change.event_id) for change in found]

    one = [
        ("d-1", "OPENED", "e-1"),
        ("d-1", "UPDATED", "e-2"),
        ("d-1", "RETRACTED", "e-3"),
        ("d-1", "REOPENED", "e-5"),
    ]
    assert life(discrepancy_id="d-1") == one
    assert life(kind="DUPLICATE") == [("d-2", "OPENED", "e-4")]
    assert sorted(life()) == sorted([*one, ("d-2", "OPENED", "e-4")])


@pytest.mark.parametrize("as_of", [dt.date(2026, 1, 10), dt.date(2026, 1, 31), dt.date(2026, 6, 30)])
def test_ageing_sums_to_the_balance_of_every_account(connection: sa.Connection, as_of: dt.date) -> None:
    aged = {(r.customer_id, r.currency): r for r in queries.iterate_ageing(connection, ALL, as_of)}
    balances = {
        (r.customer_id, r.currency): r.balance_minor
        for r in queries.iterate_balances(connection, ALL, as_of)
        if r.balance_minor
    }
    assert {account: row.total_minor for account, row in aged.items()} == balances
    for row in aged.values():
        assert sum(row.buckets.values()) == row.total_minor


def test_ageing_puts_an_item_into_its_bucket(connection: sa.Connection) -> None:
    [row] = queries.iterate_ageing(connection, queries.AccountFilter("C-1", "EUR"), TODAY, (30, 60))
    assert row.buckets == {"current": 3_000, "1-30": 50, "31-60": 0, "61+": 0}
    with pytest.raises(BucketEdgesError):
        queries.iterate_ageing(connection, queries.AccountFilter("nobody"), TODAY, (30, 10))


def test_dead_letters_show_bytes_as_text(connection: sa.Connection) -> None:
    rows = list(queries.iterate_dead_letters(connection))
    assert [(r.source.offset, r.reason) for r in rows] == [(1, "UNKNOWN_CURRENCY"), (2, "UNREADABLE")]
    assert rows[0].raw_value == '{"amount": \\xff}'
    assert [r.source.offset for r in queries.iterate_dead_letters(connection, customer_id="C-1")] == [2]
    assert rows[0].dead_letter_id == "tieout.payments/0/1"
    assert {r.state for r in rows} == {DeadLetterState.REFUSED}
    mended = frozenset({DeadLetterState.REPAIRED})
    assert list(queries.iterate_dead_letters(connection, states=mended)) == []


def test_what_was_refused_of_records_that_were_sent_is_counted(connection: sa.Connection) -> None:
    place = ("tieout.payments", 0)
    counted = [
        queries.count_dead_letters(connection, {place: first}, {place: end})
        for first, end in ((1, 3), (2, 3), (1, 2), (3, 9))
    ]
    assert counted == [2, 1, 1, 0]
    assert queries.count_dead_letters(connection, {("tieout.orders", 0): 0}, {("tieout.orders", 0): 9}) == 0
    assert queries.count_dead_letters(connection, {}, {place: 3}) == 0


def test_the_figures_of_the_page(connection: sa.Connection) -> None:
    euro, yen = read_currency_figures(connection, TODAY)
    assert (euro.currency, euro.accounts, euro.receivable_minor, euro.payable_minor) == ("EUR", 3, 3_062, 900)
    assert (euro.overdue_minor, euro.overdue_items) == (50, 1)
    assert (euro.open_discrepancies, euro.at_stake_minor) == (2, 120)
    assert euro.ageing_minor["current"] == 3_000
    assert (euro.ageing_minor["1-30"], euro.ageing_minor["31-60"]) == (50, -900)
    assert (yen.currency, yen.overdue_minor) == ("JPY", 500)


def test_accounts_are_sorted_and_searched(connection: sa.Connection) -> None:
    page = list_accounts(connection, TODAY, limit=2)
    assert (page.total, [r.balance_minor for r in page.rows]) == (4, [3_050, 500])
    by_name = list_accounts(connection, TODAY, order=AccountOrder.CUSTOMER, descending=False)
    assert [r.customer_id for r in by_name.rows] == ["C-3", "C-1", "C-1", "c-2"]
    assert [r.customer_id for r in list_accounts(connection, TODAY, search="FINCH").rows] == ["C-1", "C-1"]
    assert [r.customer_id for r in list_accounts(connection, TODAY, search="0%_").rows] == ["C-3"]
    first = list_accounts(connection, TODAY, order=AccountOrder.OVERDUE).rows[0]
    assert (first.currency, first.overdue_minor) == ("JPY", 500)


def test_comparisons_are_joined_from_their_parts(connection: sa.Connection) -> None:
    found = list(queries.iterate_comparisons(connection, queries.AccountFilter("C-1")))
    assert [(c.statement_id, [line.step_minor for line in c.lines]) for c in found] == [
        ("S-1", [70, 20, 10]),
        ("S-2", [100]),
    ]
    for comparison in found:
        steps = sum(line.step_minor for line in comparison.lines)
        assert comparison.theirs_closing_minor + steps == comparison.ours_closing_minor
        assert comparison.difference_minor == steps
    assert found[0].lines[0].our_date == JAN


def test_comparisons_are_narrowed_by_statement_and_by_the_end_of_their_period(
    connection: sa.Connection,
) -> None:
    def ids(**asked: object) -> list[str]:
        found = queries.iterate_comparisons(connection, ALL, **asked)  # type: ignore[arg-type]
        return [comparison.statement_id for comparison in found]

    assert ids() == ["S-1", "S-2", "S-4"]
    assert ids(statement_id="S-2") == ["S-2"]
    assert ids(from_date=FEB) == ["S-2"]
    assert ids(to_date=dt.date(2026, 1, 31)) == ["S-1", "S-4"]
    bare = list(queries.iterate_comparisons(connection, ALL, with_lines=False))
    assert [(c.statement_id, c.lines) for c in bare] == [("S-1", []), ("S-2", []), ("S-4", [])]
