"""Rule sets: rules as data, with a name, a first business date and a scope; and which of them holds when, for whom.

The answer is a pure function of the sets, the customer and the date, so that it does not depend on whether an event
or a rule set came first (I6). A set is known by its version, which is counted over all sets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

import msgspec

from domain.identity import stable_id
from domain.rules import Rules, RulesByDate, Timeline

#: version 1 are the rules that are in force without any set
FIRST_VERSION: Final = 2
#: what PostgreSQL and Avro keep of it
LAST_VERSION: Final = 2**31 - 1
CUSTOMERS_MAX: Final = 1_000
NAME_LENGTH_MAX: Final = 100
#: no NUL, which no store takes
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX, pattern="^[^\\x00]*$")]


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules from a business date on, for the customers that it names; for everyone where it names none."""

    name: Text
    effective_from: dt.date
    rules: Rules
    customers: Annotated[tuple[Text, ...], msgspec.Meta(max_length=CUSTOMERS_MAX)] = ()

    @property
    def version(self) -> int:
        return self.rules.version

    def covers(self, customer_id: str) -> bool:
        """Whether the set says anything about this customer."""
        return not self.customers or customer_id in self.customers

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
    whole |= {
        **said,
        "matching": {**whole["matching"], **said.get("matching", {})},
        "version": version,
    }
    try:
        return msgspec.convert({**content, "rules": whole}, RuleSet)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def rules_by_date(sets: Collection[RuleSet], customer_id: str, base: Rules) -> RulesByDate:
    """What holds for a customer under ``sets``; ``base`` where and when none of them says anything.

    On each date: the narrowest scope, then the latest first date, then the newest version.
    """
    return _timeline([one for one in sets if one.covers(customer_id)], base)


class RulesInForce:
    """``rules_by_date`` of the same sets for one customer after the other; it remembers what it has worked out."""

    def __init__(self, sets: Collection[RuleSet], base: Rules) -> None:
        self.sets = tuple(sets)
        self._base = base
        self._whom = [(one, frozenset(one.customers)) for one in sets]
        self._known: dict[tuple[int, ...], RulesByDate] = {}

    def of(self, customer_id: str) -> RulesByDate:
        """What holds for the customer."""
        if not self._whom:
            return self._base
        covering = [one for one, whom in self._whom if not whom or customer_id in whom]
        versions = tuple(one.version for one in covering)
        found = self._known.get(versions)
        if found is None:
            found = self._known[versions] = _timeline(covering, self._base)
        return found

    def with_draft(self, draft: RuleSet) -> RulesInForce:
        """As if ``draft`` were in force, too."""
        return RulesInForce((*self.sets, draft), self._base)

    def without(self, version: int) -> RulesInForce:
        """As if the set of this version were retired."""
        return RulesInForce([one for one in self.sets if one.version != version], self._base)


def _timeline(covering: Collection[RuleSet], base: Rules) -> RulesByDate:
    if not covering:
        return base
    spans = [(start, _deciding(covering, start).rules) for start in {one.effective_from for one in covering}]
    return Timeline(((dt.date.min, base), *sorted(spans, key=lambda span: span[0])))


def _deciding(sets: Collection[RuleSet], date: dt.date) -> RuleSet:
    begun = (one for one in sets if one.effective_from <= date)
    return max(begun, key=lambda one: (bool(one.customers), one.effective_from, one.version))
