"""Rule sets: proposed, decided on, and put into force on every partition of ``tieout.rules``.

A version is given with the proposal, so that a set has one name from then on. Posting is a pure function of what was
decided (``domain.work.rule_sets``) and goes to every partition with the decision, in one transaction. Approving again
posts the same again, which can never differ. So who is in the groups of a set is settled with the proposal, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from domain.rule_changes import RuleSetEvent
from domain.rule_sets import FIRST_VERSION, RulesInForce, read_rule_set
from domain.rules import Rules, plain_rules
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.rule_sets import SUBJECT_KIND as RULE_SET
from domain.work.rule_sets import (
    ProposedRuleSet,
    RuleSetAction,
    RuleSetState,
    judge_rule_set_action,
    proposed_rule_set_of,
)
from schemas.topics import RULES, Topic
from services.queries.filters import AccountFilter
from services.store.producer import Parcel
from services.work.cases import after
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.groups import GroupChanges, changes_since, with_members
from services.work.known_parties import unknown_among
from services.work.policy import Policy
from services.work.record import Deed, HistoryRow, WorkLog, actions_by_subject, history_of, rows_of
from services.work.users import User

#: one turn for all sets: versions are counted over them
_TURN: Final = "all"
_UNKNOWN_SHOWN: Final = 5
IN_FORCE: Final = (RuleSetState.ACTIVE, RuleSetState.RETIREMENT_PROPOSED)
_MAY_HOLD: Final = (RuleSetState.PROPOSED, *IN_FORCE)
_POSTED: Final = (RuleSetState.ACTIVE, RuleSetState.RETIRED)
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class RuleSetRow:
    """One rule set as it stands. ``since``: when it was put into force; ``until``: when it was retired.

    ``customers``: whom it names; ``covers``: how many with the members of its groups, ``None``: everyone. ``joined``,
    ``left``: in how many members the master data say otherwise now; ``unknown``: the first named whom neither
    the master data nor the books have. Of sets that hold or may come to hold.
    """

    version: int
    state: str
    name: str
    effective_from: dt.date
    customers: Sequence[str]
    groups: Sequence[str]
    covers: int | None
    joined: int
    left: int
    unknown: Sequence[str]
    since: dt.datetime | None
    until: dt.datetime | None
    proposed_by: str
    approved_by: str | None
    proposed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class RuleSetTrail:
    """The set with its complete rules, the members of its groups and who has joined and left them since, and everything
    that people did about it.
    """

    rule_set: RuleSetRow
    rules: Mapping[str, Any]
    members: Sequence[str]
    joined: Sequence[str]
    left: Sequence[str]
    history: Sequence[HistoryRow]


@dataclass(frozen=True, slots=True)
class Done:
    """The set after an action, and the next offset of every partition that was posted to; empty where none was."""

    rule_set: RuleSetRow
    next_offsets: Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class RuleDesk:
    """Acts for users. Every method blocks until everybody can read what was done; raises ``WorkError``.

    ``base``: the rules that a file does not name, and that hold where no set says anything.
    """

    log: WorkLog
    policy: Policy
    clock: Callable[[], dt.datetime]
    base: Rules
    partitions: int
    topic: Topic = RULES

    def propose(self, user: User, content: Mapping[str, Any], comment: str | None = None) -> RuleSetRow:
        """Ask for the rule set that ``content`` describes. Changes nothing in the books."""
        self._allow(user, self.policy.rules.propose)
        with self.log.turn(RULE_SET, _TURN) as connection:
            versions = (int(subject) for subject in self._subjects(connection))
            version = max(versions, default=FIRST_VERSION - 1) + 1
            try:
                rule_set = read_rule_set(content, self.base, version)
            except ValueError as error:
                refusal = WorkRefusal(WorkRefusalReason.FIELD_INVALID, f"That is no rule set: {error}")
                raise ActionRefusedError(str(version), refusal) from error
            rule_set = with_members(connection, str(version), rule_set)
            details = {"rule_set": msgspec.json.encode(rule_set).decode()}
            self.log.record(
                connection, self._deed(user, version, RuleSetAction.PROPOSE, comment, details, [])
            )
            return _row(connection, self._find(connection, version)[1])

    def act(self, user: User, version: int, action: str, comment: str | None = None) -> Done:
        """Approve, reject, withdraw, or propose the retirement. An approval is posted to the stream."""
        with self.log.turn(RULE_SET, _TURN) as connection:
            history, found = self._find(connection, version)
            if action == RuleSetAction.APPROVE and found.state in _POSTED:
                # Nothing is decided: what was decided is posted again, in case a partition does not have it.
                self._allow(user, self.policy.rules.approve)
                return self._done(connection, found, self.log.send(self._parcels(found.events[-1])))
            refusal = judge_rule_set_action(found, action, user.user_id)
            if refusal is not None:
                raise ActionRefusedError(str(version), refusal)
            roles = self.policy.rules
            proposes = action in (RuleSetAction.PROPOSE_RETIREMENT, RuleSetAction.WITHDRAW)
            self._allow(user, roles.propose if proposes else roles.approve)
            deed = self._deed(user, version, action, comment, {}, history)
            found = proposed_rule_set_of([*history, deed.as_action()])
            posted = self._parcels(found.events[-1]) if action == RuleSetAction.APPROVE else []
            return self._done(connection, found, self.log.record(connection, deed, posted))

    def _done(
        self, connection: sa.Connection, found: ProposedRuleSet, places: Sequence[tuple[int, int]]
    ) -> Done:
        return Done(
            _row(connection, found), {(self.topic.name, number): offset + 1 for number, offset in places}
        )

    def _allow(self, user: User, role: str) -> None:
        if not user.at_least(role):
            raise NotAllowedError(
                user.user_id, f"{user.user_id} may not do that as {user.role}; it takes the role {role}."
            )

    def _deed(
        self,
        user: User,
        version: int,
        action: str,
        comment: str | None,
        details: Mapping[str, str],
        history: Sequence[Action],
    ) -> Deed:
        return Deed(
            subject_kind=RULE_SET,
            subject=str(version),
            action=action,
            actor=user.user_id,
            occurred_at=after(history, self.clock()),
            customer_id="",
            comment=comment,
            details=details,
        )

    def _parcels(self, event: RuleSetEvent) -> list[Parcel]:
        """To every partition, since each judges its customers by what stands in its own log."""
        key = str(event.version).encode()
        value = self.log.encoded(self.topic, msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime)))
        return [Parcel(self.topic.name, key, value, number) for number in range(self.partitions)]

    def _subjects(self, connection: sa.Connection) -> dict[str, list[Action]]:
        return actions_by_subject(connection, RULE_SET, AccountFilter())

    def _find(self, connection: sa.Connection, version: int) -> tuple[list[Action], ProposedRuleSet]:
        history = history_of(connection, RULE_SET, str(version))
        if not history:
            raise NoSuchSubjectError("rule set", str(version))
        return history, proposed_rule_set_of(history)

    def would_decide(self, connection: sa.Connection, version: int) -> Callable[[RulesInForce], RulesInForce]:
        """What an approval of what is proposed about the set would make of the rules in force. Raises ``WorkError``."""
        _, found = self._find(connection, version)
        if found.pending is None:
            detail = f"Nothing waits for a decision; this is {found.state}."
            raise ActionRefusedError(str(version), WorkRefusal(WorkRefusalReason.WRONG_STATE, detail))
        if found.state is RuleSetState.RETIREMENT_PROPOSED:
            return lambda in_force: in_force.without(version)
        return lambda in_force: in_force.with_draft(found.rule_set)

    def iterate(self, connection: sa.Connection, *, in_force_only: bool = False) -> Iterator[RuleSetRow]:
        """Rule sets by version."""
        found = [proposed_rule_set_of(done) for done in self._subjects(connection).values()]
        if in_force_only:
            found = [one for one in found if one.state in IN_FORCE]
        changes = _changes(connection, found)
        for one in sorted(found, key=lambda one: one.rule_set.version):
            yield _row_of(connection, one, changes.get(one.rule_set.version, GroupChanges()))

    def trail(self, connection: sa.Connection, version: int) -> RuleSetTrail:
        """Raises ``NoSuchSubjectError``."""
        history, found = self._find(connection, version)
        changes = _changes(connection, [found]).get(version, GroupChanges())
        return RuleSetTrail(
            rule_set=_row_of(connection, found, changes),
            rules=plain_rules(found.rule_set.rules),
            members=found.rule_set.members,
            joined=changes.joined,
            left=changes.left,
            history=rows_of(history),
        )


def _changes(connection: sa.Connection, found: Sequence[ProposedRuleSet]) -> dict[int, GroupChanges]:
    """Of the sets that hold or may come to hold: what became of the groups of others concerns nobody."""
    return changes_since(connection, [one.rule_set for one in found if one.state in _MAY_HOLD])


def _row(connection: sa.Connection, found: ProposedRuleSet) -> RuleSetRow:
    changes = _changes(connection, [found]).get(found.rule_set.version, GroupChanges())
    return _row_of(connection, found, changes)


def _row_of(connection: sa.Connection, found: ProposedRuleSet, changes: GroupChanges) -> RuleSetRow:
    rule_set, events, whom = found.rule_set, found.events, found.rule_set.whom()
    unknown = unknown_among(connection, rule_set.customers) if found.state in _MAY_HOLD else []
    return RuleSetRow(
        version=rule_set.version,
        state=found.state.value,
        name=rule_set.name,
        effective_from=rule_set.effective_from,
        customers=rule_set.customers,
        groups=rule_set.groups,
        covers=None if whom is None else len(whom),
        joined=len(changes.joined),
        left=len(changes.left),
        unknown=unknown[:_UNKNOWN_SHOWN],
        since=events[0].occurred_at if events else None,
        until=events[1].occurred_at if len(events) > 1 else None,
        proposed_by=found.proposal.actor,
        approved_by=events[0].approved_by if events else None,
        proposed_at=found.proposal.occurred_at,
    )
