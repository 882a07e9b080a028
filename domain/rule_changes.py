"""Changes of the rules as events: a rule set is activated, and may be retired; which sets are in force is their fold.

The fold does not depend on the order in which the events come, nor on how often: a set that was retired stays so, and
a version stands for one content for ever. Who may decide on a change is judged where people act
(``domain.work.rule_changes``); that the maker is not the checker is judged here again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from domain.identity import same_person, stable_id
from domain.rule_sets import FIRST_VERSION, LAST_VERSION, Groups, RuleSet, Text
from domain.rules import Rules
from domain.validation import Refusal, RefusalReason


class RuleSetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """As it stands on the topic. ``rules``: complete, as JSON by the names of a rule file.

    ``customers``: all whom it covers, so that a reader who knows no groups takes it for no other's; the last of them,
    ``members`` in number, are those of the groups.
    """

    event_id: Text
    event_type: Literal["rule_set.activated", "rule_set.retired"]
    version: Annotated[int, msgspec.Meta(ge=FIRST_VERSION, le=LAST_VERSION)]
    name: Text
    effective_from: dt.date
    customers: tuple[Text, ...] = ()
    groups: Groups = ()
    members: Annotated[int, msgspec.Meta(ge=0)] = 0
    rules: str
    occurred_at: dt.datetime
    proposed_by: Text
    approved_by: Text


class RuleChange(msgspec.Struct, frozen=True):
    """What an event asks for."""

    event_id: str
    retires: bool
    rule_set: RuleSet
    occurred_at: dt.datetime


def event_of(
    rule_set: RuleSet, *, retires: bool, proposed_by: str, approved_by: str, occurred_at: dt.datetime
) -> RuleSetEvent:
    """The event that puts a decision into force; the same decision is the same event."""
    life = "retired" if retires else "activated"
    return RuleSetEvent(
        event_id=f"rule_set/{rule_set.version}/{life}",
        event_type="rule_set.retired" if retires else "rule_set.activated",
        version=rule_set.version,
        name=rule_set.name,
        effective_from=rule_set.effective_from,
        customers=(*rule_set.customers, *rule_set.members),
        groups=rule_set.groups,
        members=len(rule_set.members),
        rules=msgspec.json.encode(rule_set.rules).decode(),
        occurred_at=occurred_at,
        proposed_by=proposed_by,
        approved_by=approved_by,
    )


def parse_rule_change(value: Mapping[str, object]) -> RuleChange | Refusal:
    """The change of a decoded record, or why it is refused."""
    given = value.get("event_id")
    event_id = given if isinstance(given, str) else None
    try:
        event = msgspec.convert(value, RuleSetEvent)
        rules = msgspec.json.decode(event.rules, type=Rules)
    except msgspec.MsgspecError as error:
        return Refusal(RefusalReason.INVALID_FIELD, str(error), event_id)
    maker, checker = event.proposed_by.strip(), event.approved_by.strip()
    if not maker or not checker:
        return Refusal(
            RefusalReason.INVALID_FIELD, "Who proposed it and who approved it are named.", event_id
        )
    if same_person(maker, checker):
        return Refusal(RefusalReason.MAKER_IS_CHECKER, "Who proposed it cannot approve it.", event_id)
    named = len(event.customers) - event.members
    if named < 0 or (event.members and not event.groups) or (event.groups and not event.customers):
        detail = "Groups come with their members, who are the last of the customers."
        return Refusal(RefusalReason.INVALID_FIELD, detail, event_id)
    try:
        rule_set = RuleSet(
            name=event.name,
            effective_from=event.effective_from,
            customers=event.customers[:named],
            groups=event.groups,
            members=event.customers[named:],
            rules=msgspec.structs.replace(rules, version=event.version),
        )
    except ValueError as error:
        return Refusal(RefusalReason.INVALID_FIELD, str(error), event_id)
    return RuleChange(event.event_id, event.event_type == "rule_set.retired", rule_set, event.occurred_at)


class RetiredSet(msgspec.Struct, frozen=True):
    """What is kept of a set that no longer holds, to tell its content: whom it covered only by a digest, since they may
    be thousands and sets go on being retired.
    """

    but_whom: RuleSet
    whom: str

    @classmethod
    def of(cls, rule_set: RuleSet) -> RetiredSet:
        names = (rule_set.customers, rule_set.groups, rule_set.members)
        but_whom = msgspec.structs.replace(rule_set, customers=(), groups=(), members=())
        return cls(but_whom, stable_id("w", msgspec.json.encode(names).decode()))

    @property
    def version(self) -> int:
        return self.but_whom.version


class RuleBook(msgspec.Struct, frozen=True):
    """The rule sets that are in force, by version, and those that no longer are."""

    sets: tuple[RuleSet, ...] = ()
    retired: tuple[RetiredSet, ...] = ()

    def after(self, change: RuleChange) -> RuleBook | Refusal:
        """The book with the change; the same book where it knows the change already."""
        asked, gone = change.rule_set, RetiredSet.of(change.rule_set)
        everything: tuple[RuleSet | RetiredSet, ...] = (*self.sets, *self.retired)
        for known in everything:
            if known.version == asked.version and known not in (asked, gone):
                detail = f"Rule set {asked.version} came with other content before."
                return Refusal(RefusalReason.VERSION_CONFLICT, detail, change.event_id)
        if gone in self.retired or (asked in self.sets and not change.retires):
            return self
        others = tuple(one for one in self.sets if one.version != asked.version)
        if change.retires:
            return RuleBook(others, tuple(sorted((*self.retired, gone), key=lambda one: one.version)))
        return RuleBook(tuple(sorted((*others, asked), key=lambda one: one.version)), self.retired)
