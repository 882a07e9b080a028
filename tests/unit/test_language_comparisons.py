"""Every outcome and action of a comparison has its words in each language."""

from __future__ import annotations

from domain.comparison.verdict import Action, Outcome
from domain.parties import Role
from services.language import LANGUAGES
from services.language.comparisons import (
    ACTION_NAMES,
    OUTCOME_NAMES,
    SUPPLIER_ACTION_NAMES,
    action_name,
    outcome_name,
)


def test_every_language_names_every_outcome_and_action() -> None:
    for language in LANGUAGES:
        assert OUTCOME_NAMES[language].keys() == set(Outcome)
        assert ACTION_NAMES[language].keys() == set(Action)


def test_suppliers_have_other_words_for_the_same_actions() -> None:
    assert SUPPLIER_ACTION_NAMES["en"].keys() == SUPPLIER_ACTION_NAMES["zh"].keys() < set(Action)
    assert action_name("ASK_TO_CORRECT", "en") == "ask the customer to correct"
    assert action_name("ASK_TO_CORRECT", "en", Role.SUPPLIER) == "ask the supplier to correct"
    assert action_name("WAIT", "zh", Role.SUPPLIER) == action_name("WAIT", "zh")


def test_what_a_newer_worker_says_is_told_by_its_code() -> None:
    assert outcome_name("NEW", "zh") == "NEW"
    assert action_name("NEW", "en") == "NEW"
