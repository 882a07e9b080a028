"""Every outcome and action of a comparison has its words in each language."""

from __future__ import annotations

from domain.comparison.verdict import Action, Outcome
from services.language import LANGUAGES
from services.language.comparisons import ACTION_NAMES, OUTCOME_NAMES, action_name, outcome_name


def test_every_language_names_every_outcome_and_action() -> None:
    for language in LANGUAGES:
        assert OUTCOME_NAMES[language].keys() == set(Outcome)
        assert ACTION_NAMES[language].keys() == set(Action)


def test_what_a_newer_worker_says_is_told_by_its_code() -> None:
    assert outcome_name("NEW", "zh") == "NEW"
    assert action_name("NEW", "en") == "NEW"
