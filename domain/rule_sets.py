"""Rule sets: rules as data, with a name, a first business date and a scope; and which of them holds when, for whom.

The answer is a pure function of the sets, the customer and the date, so that it does not depend on whether an event
or a rule set came first (I6). So who is in a group is part of the set: what master data said when it was proposed. A
set is known by its version, which is counted over all sets.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from domain.identity import stable_id
from domain.rules import Rules, RulesByDate, Timeline

#: version 1 are the rules that are in force without any set
FIRST_VERSION: Final = 2
#: what PostgreSQL and Avro keep of it
LAST_VERSION: Final = 2**31 - 1
#: of those that a set names and the members of its groups together
CUSTOMERS_MAX: Final = 20_000
#: of their ids as JSON: an event, an action and a part of the state hold one set each, with room to spare
CUSTOMERS_BYTES_MAX: Final = 1 << 20
GROUPS_MAX: Final = 100
NAME_LENGTH_MAX: Final = 100
#: no NUL, which no store takes
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX, pattern="^[^\\x00]*$")]
Groups = Annotated[tuple[Text, ...], msgspec.Meta(max_length=GROUPS_MAX)]


class Scope(enum.IntEnum):
    """How a set comes to a customer; of two sets the one with the narrower scope decides, which is the higher value."""

    EVERYONE = 0
    GROUP = 1
    CUSTOMER = 2


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules from a business date on, for the customers that it names and for its groups; for everyone where it says
    neither.

    ``members``: who was in the groups when the set was proposed, but those that it names. A draft has none yet, and
    covers nobody by its groups.
    """

    name: Text
    effective_from: dt.date
    rules: Rules
    customers: tuple[Text, ...] = ()
    groups: Groups = ()
    members: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.customers) + len(self.members)
        if count > CUSTOMERS_MAX:
            raise ValueError(
                f"it covers {count} customers, {CUSTOMERS_MAX} at most: part it into several sets"
            )
        if len(msgspec.json.encode((self.customers, self.members))) > CUSTOMERS_BYTES_MAX:
            raise ValueError(
                f"the ids of its customers have more than {CUSTOMERS_BYTES_MAX} bytes: part it into several sets"
            )

    @property
    def version(self) -> int:
        return self.rules.version

    def whom(self) -> frozenset[str] | None:
        """Whom the set says anything about; ``None``: everyone."""
        if not self.customers and not self.groups:
            return None
        return frozenset(self.customers).union(self.members)

    def with_members(self, members: Collection[str]) -> RuleSet:
        """The set with who is in its groups. Raises ``ValueError`` where it would cover too many, or one of too long an
        id.
        """
        others = sorted(set(members).difference(self.customers))
        return msgspec.convert({**msgspec.structs.asdict(self), "members": others}, RuleSet)

    def digest(self) -> str:
        """Of the content: the same rules for the same customers from the same date, whatever the version."""
        plain = msgspec.structs.replace(self, rules=msgspec.structs.replace(self.rules, version=1))
        return stable_id("r", msgspec.json.encode(plain, order="deterministic").decode())


def read_rule_set(content: Mapping[str, Any], base: Rules, version: int) -> RuleSet:
    """The set that a file or a request describes. Rules that it does not name are those of ``base``.

    Raises ``ValueError`` with the field and what is wrong with it.
    """
    whole: dict[str, Any] = msgspec.to_builtins(base, builtin_types=(dt.date,))
    said = content.get("rules", {})
    if not isinstance(said, Mapping) or not isinstance(said.get("matching", {}), Mapping):
        raise ValueError("rules and rules.matching are tables of names and values")
    if "version" in said:
        raise ValueError("rules.version is given by Tieout, not by the file")
    if "members" in content:
        raise ValueError("members are those that master data say of the groups, not those of the file")
    whole |= {
        **said,
        "matching": {**whole["matching"], **said.get("matching", {})},
        "version": version,
    }
    try:
        return msgspec.convert({**content, "rules": whole}, RuleSet)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


class RulesInForce:
    """What holds for each customer under ``sets``; ``base`` where and when none of them says anything.

    On each date: the narrowest scope, then the latest first date, then the newest version. An answer costs a look-up,
    however many the sets cover; what was worked out is remembered.
    """

    def __init__(self, sets: Collection[RuleSet], base: Rules) -> None:
        self.sets = tuple(sets)
        self._base = base
        self._everyone: tuple[tuple[int, Scope], ...] = ()
        self._own: dict[str, tuple[tuple[int, Scope], ...]] = {}
        for number, one in enumerate(self.sets):
            if one.whom() is None:
                self._everyone += ((number, Scope.EVERYONE),)
            for scope, customers in ((Scope.CUSTOMER, one.customers), (Scope.GROUP, one.members)):
                covering = ((number, scope),)
                for customer in customers:
                    self._own[customer] = self._own.get(customer, ()) + covering
        self._known: dict[tuple[tuple[int, Scope], ...], RulesByDate] = {}

    def of(self, customer_id: str) -> RulesByDate:
        """What holds for the customer."""
        covering = self._everyone + self._own.get(customer_id, ())
        found = self._known.get(covering)
        if found is None:
            sets = [(scope, self.sets[number]) for number, scope in covering]
            found = self._known[covering] = _timeline(sets, self._base)
        return found

    def with_draft(self, draft: RuleSet) -> RulesInForce:
        """As if ``draft`` were in force, too."""
        return RulesInForce((*self.sets, draft), self._base)

    def without(self, version: int) -> RulesInForce:
        """As if the set of this version were retired."""
        return RulesInForce([one for one in self.sets if one.version != version], self._base)


def _timeline(covering: Sequence[tuple[Scope, RuleSet]], base: Rules) -> RulesByDate:
    if not covering:
        return base
    starts = {one.effective_from for _, one in covering}
    spans = [(start, _deciding(covering, start).rules) for start in sorted(starts)]
    return Timeline(((dt.date.min, base), *spans))


def _deciding(covering: Sequence[tuple[Scope, RuleSet]], date: dt.date) -> RuleSet:
    begun = (one for one in covering if one[1].effective_from <= date)
    return max(begun, key=lambda one: (one[0], one[1].effective_from, one[1].version))[1]
