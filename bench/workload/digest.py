"""Digests by which engines are held to the reference: equal content, equal digest, in whatever order it came."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

from bench.workload.events import Finding
from bench.workload.reference import AccountState


def digest_states(states: Mapping[bytes, AccountState]) -> str:
    """SHA-256 over the accounts by customer: balance, count and open items."""
    digest = hashlib.sha256()
    for customer in sorted(states):
        state = states[customer]
        items = (state.orders, state.payments, state.refunds, state.differences)
        parts = [sorted(side.items()) for side in items]
        digest.update(f"{customer!r} {state.balance} {state.count} {parts}\n".encode())
    return digest.hexdigest()


def digest_findings(findings: Counter[Finding]) -> str:
    """SHA-256 over the multiset of findings."""
    digest = hashlib.sha256()
    for finding in sorted(findings):
        digest.update(f"{tuple(finding)} {findings[finding]}\n".encode())
    return digest.hexdigest()
