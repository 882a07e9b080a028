"""One account's books beside all that the customer sent. Statements explain one another: each is sorted out once."""

from __future__ import annotations

from domain.comparison.entries import OurSide
from domain.comparison.gather import gather
from domain.comparison.gathered import Gathered
from domain.comparison.lay import Laid, lay
from domain.facts import StatementFact
from domain.rules import Rules


class Desk:
    """``side`` with what its statements show."""

    def __init__(self, side: OurSide) -> None:
        self.side = side
        self._sorted_out: dict[tuple[str, Rules], tuple[Laid, Gathered]] = {}

    def sorted_out(self, statement: StatementFact, rules: Rules) -> tuple[Laid, Gathered]:
        """What a statement says by its numbers and then as a whole. To be left as it is: its neighbours ask too."""
        place = (statement.statement_id, rules)
        found = self._sorted_out.get(place)
        if found is None:
            laid = lay(self.side, statement, rules.date_window_days)
            found = self._sorted_out[place] = (laid, gather(self.side, statement, laid, rules))
        return found
