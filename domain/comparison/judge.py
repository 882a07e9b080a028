"""The verdicts on what one statement and our books do not agree on without remark: the rules, one method each."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from domain.comparison.amends import amends
from domain.comparison.desk import Desk
from domain.comparison.elsewhere import listed_elsewhere
from domain.comparison.entries import OurDocument
from domain.comparison.gathered import Gathered, Group
from domain.comparison.nearest import Nearest
from domain.comparison.slips import same_but_for_a_slip
from domain.comparison.turns import turned
from domain.comparison.verdict import Action, Outcome, Verdict, signed
from domain.comparison.waiting import Progress
from domain.events import StatementLine
from domain.facts import EntryKind, StatementFact
from domain.rules import Rules
from domain.wording import Wording


def matched(lines: tuple[StatementLine, ...], document: OurDocument, ours_minor: int) -> Verdict:
    """That they agree without remark."""
    return Verdict(
        outcome=Outcome.MATCHED,
        action=Action.NONE,
        step_minor=0,
        reason="matched",
        line=lines[0],
        lines=lines,
        document=document,
        date=lines[0].date,
        amount_minor=abs(ours_minor),
        ours_minor=ours_minor,
        theirs_minor=ours_minor,
    )


def _together(group: Group, found: Gathered) -> Verdict:
    """Lines and documents that agree together."""
    document, *others = group.documents
    agreed = matched(group.lines, document, sum(map(found.net, group.documents)))
    if not others:
        return agreed
    return msgspec.structs.replace(
        agreed,
        others=tuple(others),
        reason="line_for_several",
        arguments={
            "lines": agreed.line_numbers,
            "documents": ", ".join(document.document_no for document in group.documents),
        },
    )


#: what is wrong with a document in one period may be set right in the next
_TO_SET_RIGHT: Final = frozenset(
    {Outcome.AMOUNT, Outcome.DUPLICATE, Outcome.MISSING_HERE, Outcome.MISSING_THERE}
)


class Judge:
    """The rules, one method each."""

    def __init__(
        self,
        wording: Wording,
        rules: Rules,
        desk: Desk,
        statement: StatementFact,
        found: Gathered,
        progress: Progress,
    ) -> None:
        self._wording = wording
        self._rules = rules
        self._desk = desk
        self._side = desk.side
        self._statement = statement
        self._found = found
        self._progress = progress
        self._start, self._end = statement.period_start, statement.period_end

    def verdicts(self) -> Iterator[Verdict]:
        """On all that ``laid`` had not agreed on."""
        found = self._found
        other_period = turned(self._desk, self._statement, found, self._rules)
        mended = amends(self._desk, self._statement, found, self._rules)
        listed = other_period.documents | listed_elsewhere(
            self._side, list(found.unlisted.values()), self._statement.statement_id
        )
        found = same_but_for_a_slip(found, other_period.lines.keys(), listed.keys(), self._rules.transit_days)
        for key, lines in found.on_document.items():
            verdicts = self._on_document(found.documents[key], lines)
            yield from (self._set_right(verdict, mended.on_document.get(key)) for verdict in verdicts)
        for group in found.groups:
            yield _together(group, found) if group.told else self._other_number(group, found)
        loose = self._in_order(found.loose)
        missing = [line for line in loose if line.line_no not in other_period.lines]
        left = list(found.unlisted.values())
        nearest = Nearest(missing, left, self._start, self._end)
        for line in loose:
            document = other_period.lines.get(line.line_no)
            if document is None:
                where, named = mended.lines.get(line.line_no, (None, None))
                yield self._set_right(self._missing_here(line, nearest), where, named)
            else:
                yield self._in_transit(document, line)
        for document in left:
            verdict = self._missing_there(document, nearest, listed.get(document.key))
            yield self._set_right(verdict, mended.documents.get(document.key))

    def _set_right(
        self, verdict: Verdict, where: StatementFact | None, document: OurDocument | None = None
    ) -> Verdict:
        """The verdict, unless what it is about is set right by a statement beside this one, or sets that right."""
        if where is None or verdict.outcome not in _TO_SET_RIGHT:
            return verdict
        earlier = where.period_end < self._start
        return msgspec.structs.replace(
            verdict,
            outcome=Outcome.TIMING,
            action=Action.COMPARE_EARLIER if earlier else Action.WAIT,
            reason="sets_right" if earlier else "set_right",
            arguments={
                "document": verdict.arguments["document"],
                "amount": self._wording.amount(verdict.amount_minor),
                "other": where.statement_id,
            },
            document=verdict.document or document,
        )

    def _in_order(self, loose: Mapping[int, StatementLine]) -> list[StatementLine]:
        return [line for line in self._statement.lines if line.line_no in loose] if loose else []

    def _on_document(self, document: OurDocument, lines: Sequence[StatementLine]) -> Iterator[Verdict]:
        our_date = document.first_date(self._start, self._end)
        if our_date is None:
            elsewhere = min((line.date for line in document.lines), default=None)
            for line in lines:
                if elsewhere is None:
                    yield self._missing_here(line, None)
                else:
                    yield self._other_period(document, line, elsewhere)
            return
        ours = document.net_minor(self._start, self._end)
        theirs = sum(map(signed, lines))
        repeated: list[StatementLine] = []
        # what comes to less than the document so far is parts of it, however alike
        if (abs(theirs) > abs(ours) or theirs * ours < 0) and len(lines) > 1:
            nearest = sorted(lines, key=lambda line: abs((line.date - our_date).days))
            repeated = _repeated(nearest, document.figures(self._start, self._end))
            for line in sorted(repeated, key=lines.index):
                yield self._line_twice(document, line, ours, theirs)
        dropped = {line.line_no for line in repeated}
        kept = [line for line in lines if line.line_no not in dropped]
        theirs = sum(map(signed, kept))
        if theirs != ours:
            yield self._other_amount(document, kept, ours, theirs)
        elif abs((min(line.date for line in kept) - our_date).days) > self._rules.date_window_days:
            yield self._other_date(document, kept, ours, our_date)
        else:
            yield matched(tuple(kept), document, ours)

    def _line_twice(self, document: OurDocument, line: StatementLine, ours: int, theirs: int) -> Verdict:
        return Verdict(
            outcome=Outcome.DUPLICATE,
            action=Action.ASK_TO_CORRECT,
            step_minor=-signed(line),
            reason="line_twice",
            arguments={
                "line": str(line.line_no),
                "document": line.document_no,
                "amount": self._wording.amount(abs(signed(line))),
            },
            line=line,
            lines=(line,),
            document=document,
            date=line.date,
            amount_minor=abs(signed(line)),
            ours_minor=ours,
            theirs_minor=theirs,
        )

    def _other_amount(
        self, document: OurDocument, lines: Sequence[StatementLine], ours: int, theirs: int
    ) -> Verdict:
        line, gap = lines[-1], abs(theirs - ours)
        if gap <= self._rules.tolerance_minor:
            action = Action.WRITE_OFF
        elif document.kind is EntryKind.PAYMENT:
            action = Action.ASK_FOR_REMITTANCE
        else:
            action = Action.AGREE_AMOUNT
        return Verdict(
            outcome=Outcome.AMOUNT,
            action=action,
            step_minor=ours - theirs,
            reason="line_amount",
            arguments={
                "line": str(line.line_no),
                "document": line.document_no,
                "theirs": self._wording.signed(theirs),
                "ours": self._wording.signed(ours),
            },
            line=line,
            lines=tuple(lines),
            document=document,
            date=line.date,
            amount_minor=gap,
            ours_minor=ours,
            theirs_minor=theirs,
        )

    def _other_date(
        self, document: OurDocument, lines: Sequence[StatementLine], ours: int, our_date: dt.date
    ) -> Verdict:
        line = min(lines, key=lambda one: one.date)
        return Verdict(
            outcome=Outcome.DATE,
            action=Action.NONE,
            step_minor=0,
            reason="line_date",
            arguments={
                "line": str(line.line_no),
                "document": line.document_no,
                "their_date": line.date.isoformat(),
                "our_date": our_date.isoformat(),
            },
            line=line,
            lines=tuple(lines),
            document=document,
            date=line.date,
            amount_minor=abs(signed(line)),
            ours_minor=ours,
            theirs_minor=ours,
        )

    def _other_period(self, document: OurDocument, line: StatementLine, our_date: dt.date) -> Verdict:
        return Verdict(
            outcome=Outcome.TIMING,
            action=Action.WAIT if our_date > self._end else Action.COMPARE_EARLIER,
            step_minor=-signed(line),
            reason="line_other_period",
            arguments={
                "line": str(line.line_no),
                "document": line.document_no,
                "our_date": our_date.isoformat(),
            },
            line=line,
            lines=(line,),
            document=document,
            date=line.date,
            amount_minor=abs(signed(line)),
            theirs_minor=signed(line),
        )

    def _in_transit(self, document: OurDocument, line: StatementLine) -> Verdict:
        verdict = self._other_period(document, line, min(booked.date for booked in document.lines))
        return msgspec.structs.replace(
            verdict,
            reason="line_in_transit",
            arguments={**verdict.arguments, "other": document.document_no},
        )

    def _other_number(self, group: Group, found: Gathered) -> Verdict:
        line = group.lines[0]
        agreed = _together(group, found)
        return msgspec.structs.replace(
            agreed,
            outcome=Outcome.REFERENCE,
            reason="line_reference",
            arguments={
                "line": str(line.line_no),
                "document": line.document_no,
                "other": ", ".join(document.document_no for document in group.documents),
            },
        )

    def _missing_here(self, line: StatementLine, nearest: Nearest | None) -> Verdict:
        arguments = {
            "line": str(line.line_no),
            "document": line.document_no,
            "amount": self._wording.amount(abs(signed(line))),
        }
        waits = self._progress.awaits(line.date, signed(line), self._rules)
        reason = "line_unknown"
        if waits:
            outcome, action, reason = Outcome.PENDING, Action.WAIT, "line_pending"
        else:
            outcome = Outcome.MISSING_HERE
            action = Action.BOOK_DOCUMENT if signed(line) >= 0 else Action.ASK_FOR_REMITTANCE
            candidate = nearest.document_near(line) if nearest is not None else None
            if candidate is not None:
                reason = "line_unknown_near"
                arguments |= self._gap(candidate, line)
                arguments["other"] = candidate.document_no
        return Verdict(
            outcome=outcome,
            action=action,
            step_minor=-signed(line),
            reason=reason,
            arguments=arguments,
            line=line,
            lines=(line,),
            date=line.date,
            amount_minor=abs(signed(line)),
            theirs_minor=signed(line),
        )

    def _missing_there(self, document: OurDocument, nearest: Nearest, elsewhere: str | None) -> Verdict:
        net = document.net_minor(self._start, self._end)
        date = document.first_date(self._start, self._end) or self._end
        arguments = {"document": document.document_no, "amount": self._wording.amount(abs(net))}
        if elsewhere is not None:
            outcome, reason = Outcome.TIMING, "entry_other_statement"
            action = Action.COMPARE_EARLIER if self._is_earlier(elsewhere) else Action.WAIT
            arguments["other"] = elsewhere
        elif document.kind is EntryKind.WRITE_OFF:
            outcome, action, reason = Outcome.WRITTEN_OFF, Action.NONE, "entry_written_off"
        else:
            outcome, action, reason = Outcome.MISSING_THERE, Action.SEND_COPY, "entry_unlisted"
            line = nearest.line_near(document)
            if line is not None:
                reason = "entry_unlisted_near"
                arguments |= self._gap(document, line)
                arguments["other"], arguments["line"] = line.document_no, str(line.line_no)
        return Verdict(
            outcome=outcome,
            action=action,
            step_minor=net,
            reason=reason,
            arguments=arguments,
            document=document,
            date=date,
            amount_minor=abs(net),
            ours_minor=net,
        )

    def _is_earlier(self, statement_id: str) -> bool:
        return any(
            other.statement_id == statement_id and other.period_end < self._start
            for other in self._side.statements
        )

    def _gap(self, document: OurDocument, line: StatementLine) -> dict[str, str]:
        """How far the nearest candidate is: the predicates that failed, and by how much."""
        net = document.net_minor(self._start, self._end)
        date = document.first_date(self._start, self._end) or self._end
        return {
            "gap": self._wording.amount(abs(net - signed(line))),
            "days": str(abs((date - line.date).days)),
        }


def _repeated(lines: Sequence[StatementLine], ours: Counter[int]) -> list[StatementLine]:
    """The later of ``lines`` that show a figure more often than we do, and more than once."""
    seen: Counter[int] = Counter()
    repeated = []
    for line in lines:
        signed_minor = signed(line)
        seen[signed_minor] += 1
        if seen[signed_minor] > max(1, ours[signed_minor] - ours[-signed_minor]):
            repeated.append(line)
    return repeated
