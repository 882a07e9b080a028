"""Groups in the master data, and who is in them: read when a rule set is proposed, never by the stream.

Names are compared as people read them (``domain.identity.as_read``): ``Wholesale`` and ``wholesale `` are one group,
however the files spelt it. A group may hold customers and suppliers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.identity import as_read
from domain.rule_sets import RuleSet
from domain.work.actions import WorkRefusal, WorkRefusalReason
from services.store.tables import customers, master_history
from services.work.errors import ActionRefusedError, NobodyInGroupError


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What the master data say otherwise than a set: who has joined its groups since it was proposed, and who left."""

    joined: Sequence[str] = ()
    left: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of the master data, as most of its members write it, and how many they are, suppliers too."""

    group: str
    members: int


def groups(connection: sa.Connection) -> Iterator[GroupRow]:
    """By name."""
    name = customers.c.customer_group
    wanted = sa.select(name, sa.func.count()).where(name.is_not(None)).group_by(name)
    found: dict[str, list[tuple[int, str]]] = {}
    for written, count in connection.execute(wanted):
        found.setdefault(as_read(written), []).append((-count, written))
    rows = (GroupRow(min(some)[1], -sum(count for count, _ in some)) for some in found.values())
    yield from sorted(rows, key=lambda row: row.group)


def with_members(connection: sa.Connection, subject: str, draft: RuleSet) -> RuleSet:
    """The set with who is in its groups now. Raises ``NobodyInGroupError``, and ``ActionRefusedError`` where they are
    too many. ``subject``: what the refusal is about.
    """
    if not draft.groups:
        return draft
    found = _members(connection, draft.groups)
    for group in draft.groups:
        if not found[as_read(group)]:
            once = as_read(group) in _spellings(connection, master_history.c.record["customer_group"].astext)
            known = sorted(min(names) for names in _spellings(connection).values())
            raise NobodyInGroupError(subject, group, known, once=once)
    try:
        return draft.with_members([one for members in found.values() for one in members])
    except ValueError as error:
        refusal = WorkRefusal(WorkRefusalReason.FIELD_INVALID, f"That is no rule set: {error}.")
        raise ActionRefusedError(subject, refusal) from error


def changes_since(connection: sa.Connection, sets: Collection[RuleSet]) -> dict[int, GroupChanges]:
    """By version, for the sets that are for groups."""
    by_group = [one for one in sets if one.groups]
    found = _members(connection, {group for one in by_group for group in one.groups})
    return {one.version: _changes(one, found) for one in by_group}


def _changes(one: RuleSet, found: Mapping[str, Collection[str]]) -> GroupChanges:
    now = {member for group in one.groups for member in found[as_read(group)]}.difference(one.customers)
    before = frozenset(one.members)
    return GroupChanges(sorted(now - before), sorted(before - now))


def _members(connection: sa.Connection, groups: Iterable[str]) -> dict[str, list[str]]:
    """By group, as it is read, whether somebody is in it or not."""
    found: dict[str, list[str]] = {as_read(group): [] for group in groups}
    if not found:
        return found
    spelt = _spellings(connection)
    names = [name for group in found for name in spelt.get(group, ())]
    row = customers.c
    wanted = sa.select(row.customer_group, row.customer_id).where(
        row.customer_group == sa.any_(sa.cast(names, sa.ARRAY(sa.Text)))
    )
    for name, customer_id in connection.execute(wanted):
        found[as_read(name)].append(customer_id)
    return found


def _spellings(
    connection: sa.Connection, column: sa.ColumnElement[str | None] = customers.c.customer_group
) -> dict[str, list[str]]:
    """The groups as they are read, each with how it is written."""
    found: dict[str, list[str]] = {}
    for name in connection.execute(sa.select(column).distinct()).scalars():
        if name is not None:
            found.setdefault(as_read(name), []).append(name)
    return found
