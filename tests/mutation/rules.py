"""Defects in whom rule sets cover, which of them decides, and how they come into force."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

CHANGES = "domain/rule_changes.py"
RULE_SETS = "domain/rule_sets.py"

RULES: Final = (
    Mutation(
        "a retired rule set comes back",
        CHANGES,
        "if gone in self.retired or (asked in self.sets and not change.retires):",
        "if asked in self.sets and not change.retires:",
    ),
    Mutation(
        "a version of the rules may change its content",
        CHANGES,
        "if known.version == asked.version and known not in (asked, gone):",
        "if False:",
    ),
    Mutation(
        "the maker of a rule set approves it",
        CHANGES,
        "if same_person(maker, checker):",
        "if False:",
    ),
    Mutation(
        "a set by group goes before one by name",
        RULE_SETS,
        "    GROUP = 1\n    CUSTOMER = 2\n",
        "    GROUP = 2\n    CUSTOMER = 1\n",
    ),
    Mutation(
        "a set by group goes no further than one for everyone",
        RULE_SETS,
        "max(begun, key=lambda one: (one[0], ",
        "max(begun, key=lambda one: (one[0] is Scope.CUSTOMER, ",
    ),
    Mutation(
        "whom a set names is covered by its group",
        RULE_SETS,
        "sorted(set(members).difference(self.customers))",
        "sorted(set(members))",
    ),
    Mutation(
        "a set of groups without members is everyone's",
        RULE_SETS,
        "if not self.customers and not self.groups:",
        "if not self.customers and not self.members:",
    ),
    Mutation(
        "the members of groups come back from the topic as named",
        CHANGES,
        "members=len(rule_set.members),",
        "members=0,",
    ),
    Mutation(
        "an event of groups without members is everyone's",
        CHANGES,
        " or (event.groups and not event.customers)",
        "",
    ),
)
