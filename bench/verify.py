"""Hold a finished run to the reference: final state and outputs, as a reader of committed records sees them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bench.broker import Broker, Input
from bench.peers.registry import Peer
from bench.workload.digest import digest_findings, digest_states
from bench.workload.events import Finding, decode_finding
from bench.workload.reference import AccountState, Reference


@dataclass(frozen=True, slots=True)
class Digests:
    """Of the final accounts and of the multiset of findings."""

    states: str
    findings: str


class WrongResult(Exception):
    """A peer's state or output is not the reference's."""

    def __init__(self, peer: str, differences: list[str]) -> None:
        super().__init__(f"{peer} is wrong: " + "; ".join(differences))


def expected(reference: Reference) -> Digests:
    """What every peer has to reach."""
    return Digests(digest_states(reference.states()), digest_findings(reference.findings()))


def verify(broker: Broker, peer: Peer, given: Input, changelog: str, findings_topic: str) -> Digests:
    """Read state and findings back and compare them. Raises ``WrongResult`` with the first differences."""
    changelogs = broker.topics_of(changelog)
    if len(changelogs) != 1:
        raise WrongResult(peer.name, [f"{len(changelogs)} topics begin with {changelog}"])
    newest = dict(broker.read(changelogs[0], given.partitions))
    accounts = (peer.read_state(key, value) for key, value in newest.items() if value is not None)
    states: dict[bytes, AccountState] = dict(account for account in accounts if account is not None)
    findings: Counter[Finding] = Counter()
    for key, value in broker.read(findings_topic, given.partitions):
        findings[decode_finding(key, value or b"")] += 1
    found = Digests(digest_states(states), digest_findings(findings))
    if found != expected(given.reference):
        raise WrongResult(peer.name, _differences(given.reference, states, findings))
    return found


def _differences(
    reference: Reference, states: dict[bytes, AccountState], findings: Counter[Finding]
) -> list[str]:
    wanted, wanted_findings = reference.states(), reference.findings()
    wrong = sorted(key for key in wanted.keys() | states.keys() if wanted.get(key) != states.get(key))
    missing, extra = wanted_findings - findings, findings - wanted_findings
    lines = [f"{len(wrong)} of {len(wanted)} accounts differ"]
    lines += [f"{key!r} should be {wanted.get(key)} and is {states.get(key)}" for key in wrong[:1]]
    lines.append(f"{missing.total()} findings are missing ({next(iter(missing), None)})")
    lines.append(f"{extra.total()} are too many ({next(iter(extra), None)})")
    return lines
