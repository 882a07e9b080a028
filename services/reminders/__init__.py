"""Reminders of overdue items: decided as the clock moves, not only when events arrive.

The rules are ``domain.reminders``; here they meet the books, the clock and the outbox. Invariants: an
evaluation is idempotent, so it may run as often as one likes and catches up by itself after any downtime;
what waits and is no longer due (paid, disputed, covered by a receipt) is withdrawn before anything is sent.
"""

from services.reminders.evaluate import Evaluated, evaluate_reminders, plan_reminders, policy_of_text

__all__ = ["Evaluated", "evaluate_reminders", "plan_reminders", "policy_of_text"]
