"""A worker whose group membership has been idle for a month, as any worker of a quiet shop is, for tests only."""

from __future__ import annotations

from aiokafka.consumer.subscription_state import SubscriptionState

from streams.__main__ import main

A_MONTH_S = 30 * 86_400.0

if __name__ == "__main__":
    SubscriptionState.fetcher_idle_time = property(lambda self: A_MONTH_S)  # type: ignore[method-assign,assignment]
    main()
