"""The simulated history of a company, its customers and its suppliers: events, and the right answers beside them.

Everything follows from the arguments: the same seed gives the same events, whatever the machine or the hash
seed. ``expected_*`` come from what was put in, never from the code under test.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from domain.parties import Role
from services.simulator.account import Account
from services.simulator.days import Numbers, Window, some_day
from services.simulator.events import Event
from services.simulator.live import live_events
from services.simulator.own_mistakes import OWN_MISTAKES, Mistake, currency_mismatch
from services.simulator.population import Customer, populate
from services.simulator.routine import STORIES
from services.simulator.score import Expected
from services.simulator.statement_mistakes import STATEMENT_MISTAKES
from services.simulator.statements import send_statements

DEFAULT_START: Final = dt.date(2026, 1, 1)
#: stories per customer and day
_STORIES_PER_100_DAYS: Final = 19
_OWN_MISTAKES_SHARE: Final = 0.25
_STATEMENT_MISTAKES_SHARE: Final = 0.4
#: of those customers that have a second currency
_CURRENCY_MISTAKES_SHARE: Final = 0.4
_SECOND_CURRENCY_STORIES: Final = 3
_LATE_SHARE: Final = 0.02
_OUT_OF_ORDER_SHARE: Final = 0.06
_REDELIVERED_SHARE: Final = 0.02


class Simulation:
    """``customers`` and ``suppliers`` over ``days`` days from ``start_date``; ``tag`` goes into their numbers.

    A supplier's stories are a customer's with the roles exchanged, so both are told by the same acts; what customers do
    does not depend on how many suppliers there are. Made at once (a few seconds for 500 × 60).
    """

    def __init__(
        self,
        seed: int,
        customers: int = 500,
        days: int = 60,
        start_date: dt.date = DEFAULT_START,
        *,
        tag: str = "",
        suppliers: int = 0,
    ) -> None:
        if customers < 1 or days < 1 or suppliers < 0:
            raise ValueError("a simulation has at least one customer and one day")
        self.seed = seed
        self.window = Window.of(start_date, days)
        self._customers = populate(self._rng("customers"), customers, tag)
        self._suppliers = populate(self._rng("suppliers"), suppliers, tag, Role.SUPPLIER)
        self._numbers = Numbers(start_date, per_day=max(1000, 4 * (customers + suppliers)))
        self._accounts: list[Account] = []
        self._mistakes: list[Expected] = []
        self._statement_events: list[Event] = []
        self._make(self._customers, self._rng("plan"))
        self._make(self._suppliers, self._rng("plan of suppliers"))
        self._arrivals = self._schedule()

    def events(self, *, shuffle: bool = False) -> Iterator[Event]:
        """Canonical events in the order of arrival: mostly by time, some late, some delivered twice.

        ``shuffle`` gives another interleaving of the same events: any order at all. The answers stay.
        """
        if not shuffle:
            yield from self._arrivals
            return
        order = list(self._arrivals)
        self._rng("shuffle").shuffle(order)
        yield from order

    def expected_discrepancies(self) -> list[Expected]:
        """What must be open once all events are in, and nothing else."""
        return list(self._mistakes)

    def expected_balances(self) -> dict[tuple[str, str], int]:
        """(party, currency) -> balance in minor units in our view, of every account that was booked on."""
        balances: dict[tuple[str, str], int] = {}
        for account in self._accounts:
            if account.ours:
                key = (account.customer.customer_id, account.currency)
                balances[key] = account.our_sign * sum(movement.signed_minor for movement in account.ours)
        return balances

    def customers(self) -> list[dict[str, Any]]:
        """Customers' master data, with the columns of ``tieout import customers``."""
        return _master(self._customers)

    def suppliers(self) -> list[dict[str, Any]]:
        """Suppliers' master data, as the table has it: under their party id."""
        return _master(self._suppliers)

    def live_events(self, rate: int, start_at: dt.datetime | None = None) -> Iterator[Event]:
        """Endless plausible events after the history, ``rate`` per second of simulated time.

        They begin at ``start_at`` (UTC), by default the day after the window. The caller sets the pace; no
        answers are kept for them.
        """
        begin = start_at or dt.datetime.combine(self.window.end + dt.timedelta(days=1), dt.time(8), dt.UTC)
        return live_events(self._rng("live"), [*self._customers, *self._suppliers], self.window, rate, begin)

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")  # noqa: S311  # a simulation, no secret

    def _make(self, parties: Sequence[Customer], plan: random.Random) -> None:
        if not parties:
            return
        total = len(parties) * len(self.window.days()) * _STORIES_PER_100_DAYS // 100
        share = total / sum(c.weight for c in parties)
        own, statement = _rotation(OWN_MISTAKES, plan), _rotation(STATEMENT_MISTAKES, plan)
        for customer in parties:
            rng = self._rng(customer.customer_id)
            main = Account(customer, customer.currency, rng, self._numbers, self.window)
            second = None
            if customer.second_currency is not None:
                second = Account(customer, customer.second_currency, rng, self._numbers, self.window)
            self._tell(main, max(1, round(customer.weight * share)))
            if second is not None:
                self._tell(second, _SECOND_CURRENCY_STORIES)
            if plan.random() < _OWN_MISTAKES_SHARE:
                for _ in range(plan.randint(1, 2)):
                    _inject(own, main)
            if second is not None and plan.random() < _CURRENCY_MISTAKES_SHARE:
                currency_mismatch(main, second)
            if customer.sends_statements:
                if plan.random() < _STATEMENT_MISTAKES_SHARE:
                    _inject(statement, main)
                events, expected = send_statements(main, rng)
                self._statement_events += events
                self._mistakes += expected
            for account in (main, second):
                if account is not None:
                    self._accounts.append(account)
                    self._mistakes += account.expected

    def _tell(self, account: Account, stories: int) -> None:
        days = self.window.days()
        for story in account.rng.choices(list(STORIES), list(STORIES.values()), k=stories):
            story(account, some_day(account.rng, days))

    def _schedule(self) -> list[Event]:
        """The events in the order in which they reach us."""
        rng = self._rng("arrival")
        arrivals: list[tuple[dt.datetime, int, Event]] = []

        def arrive(event: Event, delay_s: int) -> None:
            happened = dt.datetime.fromisoformat(event["occurred_at"])
            arrivals.append((happened + dt.timedelta(seconds=delay_s), len(arrivals), event))

        span_s = len(self.window.days()) * 86_400
        everything = [event for account in self._accounts for event in account.events]
        for event in (*everything, *self._statement_events):
            draw = rng.random()
            if draw < _LATE_SHARE:
                arrive(event, span_s + rng.randint(0, 86_400))
            elif draw < _LATE_SHARE + _OUT_OF_ORDER_SHARE:
                arrive(event, rng.randint(3_600, 3 * 86_400))
            else:
                arrive(event, rng.randint(0, 120))
            if rng.random() < _REDELIVERED_SHARE:
                arrive(event, rng.randint(60, 5 * 86_400))
        return [event for _, _, event in sorted(arrivals, key=lambda a: a[:2])]


def _master(parties: Sequence[Customer]) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": c.customer_id,
            "name": c.name,
            "language": c.language,
            "email": c.email,
            "address": c.address,
            "country": c.country,
            "terms_days": c.terms_days,
        }
        for c in parties
    ]


def _inject(rotation: Iterator[Mistake], account: Account) -> None:
    """Make the next mistake for which the window has room; a window of a few days has room for none."""
    for _ in range(len(OWN_MISTAKES) + len(STATEMENT_MISTAKES)):
        if next(rotation)(account):
            return


def _rotation(items: tuple[Mistake, ...], rng: random.Random) -> Iterator[Mistake]:
    """All items in turn, for ever, so that even a small simulation has many kinds."""
    order = list(items)
    rng.shuffle(order)
    while True:
        yield from order
