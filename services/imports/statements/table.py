"""A table (CSV or Excel) → drafts of statements, one for each customer, currency and statement number in it.

Three passes over the rows: the headings; what decides dates and decimal marks over whole columns; the lines. A
row that cannot be read becomes a ``Problem`` and the others go on.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.money import is_currency
from domain.parties import Role, SupplierIdError, supplier_party
from services.imports.statements.balances import Shown, debit_positive, rises_with
from services.imports.statements.dates import Order, order_of, parse_date
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft, View
from services.imports.statements.heading import HEADING_ROWS_MAX, find_heading, said_in
from services.imports.statements.numbers import AmountError, Mark, Side, is_empty, side_of, to_minor, votes
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.periods import read_period, start_after
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import stated
from services.imports.statements.sheet import Cell, Row, Sheet, text_of
from services.imports.statements.words import (
    CLOSING_WORDS,
    OPENING_WORDS,
    SUBTOTALS,
    TOTALS,
    Field,
    currency_of,
    plain,
)

#: (rows read, rows in all if that is known)
Tick = Callable[[int, int | None], None]
#: row → heading of the column → the right value
Corrections = Mapping[int, Mapping[str, str]]

_AMOUNTS: Final = (
    Field.DEBIT,
    Field.CREDIT,
    Field.RAISES,
    Field.LOWERS,
    Field.AMOUNT,
    Field.BALANCE,
    Field.OWED,
)
_TICK_ROWS: Final = 1000


@dataclass(slots=True)
class _Group:
    """The rows of one statement, while they are read."""

    draft: StatementDraft
    shown: list[Shown | None] = field(default_factory=list)
    opening: Shown | None = None
    closing: Shown | None = None


class TableReader:
    """Reads one table. ``tick`` hears the number of rows read in the last pass.

    Raises ``FileRefusedError``, at once or by ``read``, when nothing of the table can be understood.
    """

    def __init__(
        self,
        sheet: Sheet,
        options: StatementOptions,
        layout: Layout,
        tick: Tick,
        corrections: Corrections | None = None,
    ) -> None:
        self._sheet = sheet
        self._corrections = corrections or {}
        self._options = options
        self._tick = tick
        self._heading = find_heading(sheet.rows(), layout.columns)
        self._at = self._heading.columns
        self._whose = Field.CUSTOMER if options.role is Role.CUSTOMER else Field.SUPPLIER
        # What bears no side is what is owed: a credit in a customer's books, a debit in a supplier's (``draft``).
        self._unsided = -1 if options.role is Role.CUSTOMER else 1
        self._said = self._heading.said
        self._currency = options.layout.currency or self._currency_said() or layout.currency
        self._marks: set[Mark] = set()
        self._order: Order | None = None
        self._groups: dict[tuple[str | None, str, str | None], _Group] = {}
        self.rows = 0
        self.problems: list[Problem] = []
        """Rows that belong to no statement."""
        self._decide(layout)

    @property
    def fields(self) -> int:
        """How many fields the headings name."""
        return len(self._at)

    def read(self) -> list[StatementDraft]:
        """All statements of the table."""
        tail: deque[Row] = deque(maxlen=HEADING_ROWS_MAX)
        for number, cells in self._body():
            self.rows += 1
            if self.rows % _TICK_ROWS == 0:
                self._tick(self.rows, self._sheet.height)
            if isinstance(cells, str):
                self.problems.append(Problem(number, Reason.BAD_ROW, value=cells))
            elif not self._take(number, cells):
                tail.append((number, cells))
        self._tick(self.rows, self._sheet.height)
        self._said = {**said_in(tail), **self._said}
        if not self._groups and not self.problems:
            self._group([])  # a period without movements has a statement, too
        drafts = [self._finish(group) for group in self._groups.values()]
        if not self.problems and not any(
            d.lines or d.problems or d.opening_minor is not None for d in drafts
        ):
            raise FileRefusedError(Reason.NO_LINES)
        return drafts

    def _body(self) -> Iterator[Row | tuple[int, str]]:
        """The rows below the headings that are not blank and do not repeat the headings."""
        headings = self._heading.cells
        for number, cells in self._sheet.rows():
            if number <= self._heading.row:
                continue
            if isinstance(cells, str):
                yield number, cells
                continue
            right = self._corrections.get(number)
            row = cells if right is None else self._corrected(cells, right)
            if any(row) and not (row[0] == headings[0] and [text_of(cell) for cell in row] == headings):
                yield number, row

    def _corrected(self, cells: list[Cell], right: Mapping[str, str]) -> list[Cell]:
        headings = self._heading.cells
        padded = cells + [""] * (len(headings) - len(cells))
        return [
            right.get(headings[at], cell) if at < len(headings) else cell for at, cell in enumerate(padded)
        ]

    # ---- what whole columns decide

    def _decide(self, layout: Layout) -> None:
        proven: set[Order] = set()
        example: str | None = None
        date_at = self._at[Field.DATE]
        amounts_at = [self._at[what] for what in _AMOUNTS if what in self._at]
        for _, cells in self._body():
            if isinstance(cells, str):
                continue
            if date_at < len(cells) and isinstance(cells[date_at], str):
                orders, left_open = order_of((cells[date_at],))
                proven |= orders
                example = example or left_open
            if len(self._marks) < len(Mark):
                texts = (cells[at] for at in amounts_at if at < len(cells))
                self._marks |= votes(text for text in texts if isinstance(text, str) and text)
        if layout.decimal is not None:
            self._marks = {layout.decimal}
        self._order = layout.date_order or self._order_by(proven, example)

    def _order_by(self, proven: set[Order], example: str | None) -> Order | None:
        if len(proven) == 1:
            return next(iter(proven))
        if example is None:
            return None
        period = self._options.period or read_period(self._said, None)
        if not proven and period is not None:
            fits = [order for order in Order if self._all_within(order, period)]
            if len(fits) == 1:
                return fits[0]
        raise FileRefusedError(Reason.DATE_ORDER_AMBIGUOUS, example)

    def _all_within(self, order: Order, period: tuple[dt.date, dt.date]) -> bool:
        at = self._at[Field.DATE]
        dates = (
            parse_date(cells[at], order)
            for _, cells in self._body()
            if not isinstance(cells, str) and at < len(cells)
        )
        return all(period[0] <= date <= period[1] for date in dates if date is not None)

    def _currency_said(self) -> str | None:
        said = self._said.get(Field.CURRENCY)
        if said is not None:
            code = currency_of(text_of(said))
            return code if is_currency(code) else None
        unit = self._heading.unit
        return unit if unit is not None and is_currency(unit) else None

    # ---- rows

    def _cell(self, cells: list[Cell], what: Field) -> Cell:
        at = self._at.get(what)
        return cells[at] if at is not None and at < len(cells) else ""

    def _text(self, cells: list[Cell], what: Field) -> str:
        return text_of(self._cell(cells, what))

    def _take(self, number: int, cells: list[Cell]) -> bool:
        """Take one row in; ``False`` if it is no line of the table (a footer)."""
        label = self._label(cells)
        if label in SUBTOTALS:
            return True
        document_no = self._text(cells, Field.DOCUMENT)
        date_cell = self._cell(cells, Field.DATE)
        has_date, has_amount = bool(text_of(date_cell)), self._has_amount(cells)
        if label is None and not has_amount and (not has_date or not document_no):
            return False  # words above or below the figures
        group = self._group(cells)
        if isinstance(group, Problem):
            self.problems.append(_at_row(group, number, document_no))
            return True
        draft = group.draft
        try:
            if label is not None:
                self._take_special(label, cells, group)
                return True
            date = parse_date(date_cell, self._order)
            if date is None:
                reason = Reason.BAD_DATE if has_date else Reason.MISSING_DATE
                raise _Bad(reason, Field.DATE, text_of(date_cell))
            signed_minor = self._signed(cells, draft.currency)
            running = self._balance(cells, draft.currency)
            texts = [self._text(cells, what) for what in (Field.REFERENCE, Field.TEXT)]
            if any("\0" in text for text in (document_no, *texts)):
                raise _Bad(Reason.BAD_TEXT, Field.DOCUMENT, "")
        except _Bad as bad:
            draft.problems.append(
                Problem(
                    number,
                    bad.reason,
                    self._heading.cells[self._at[bad.what]] if bad.what in self._at else "",
                    bad.value,
                    document_no,
                    {"currency": draft.currency},
                )
            )
            return True
        reference, text = texts
        draft.lines.append(
            DraftLine(
                number,
                date,
                document_no or reference,
                signed_minor,
                None,
                reference or None,
                text,
                self._payer(cells, document_no),
            )
        )
        group.shown.append(running)
        return True

    def _payer(self, cells: list[Cell], document_no: str) -> PaymentDetails | None:
        """Of tables that are a bank's: who paid."""
        if Field.PAYER not in self._at and Field.PAYER_ACCOUNT not in self._at:
            return None
        return PaymentDetails(
            name=self._text(cells, Field.PAYER) or None,
            account=self._text(cells, Field.PAYER_ACCOUNT) or None,
            bank_reference=stated(document_no),
        )

    def _label(self, cells: list[Cell]) -> str | None:
        """The word by which a row of balances or sums is known."""
        document = self._cell(cells, Field.DOCUMENT)
        if not isinstance(document, str) or any(sign.isdigit() for sign in document):
            return None  # a line; most rows end here
        for cell in cells:
            if isinstance(cell, str) and cell and len(cell) <= 60:
                word = plain(cell)
                if word in OPENING_WORDS or word in CLOSING_WORDS or word in TOTALS or word in SUBTOTALS:
                    return word
        return None

    def _take_special(self, label: str, cells: list[Cell], group: _Group) -> None:
        draft = group.draft
        if label in TOTALS:
            for what, name in ((Field.DEBIT, "total_debit_minor"), (Field.CREDIT, "total_credit_minor")):
                value = self._cell(cells, what)
                if text_of(value) and not is_empty(text_of(value)):
                    setattr(draft, name, self._minor(value, draft.currency, what)[0])
            return
        shown = self._balance(cells, draft.currency)
        if shown is None and self._has_amount(cells):
            shown = Shown(self._signed(cells, draft.currency), sided=True)
        if shown is None:
            return
        date = parse_date(self._cell(cells, Field.DATE), self._order)
        if label in OPENING_WORDS:
            group.opening = shown
            if date is not None and draft.period_start is None:
                draft.period_start = start_after(date)
        else:
            group.closing = shown
            draft.period_end = draft.period_end or date

    def _has_amount(self, cells: list[Cell]) -> bool:
        for what in _AMOUNTS:
            at = self._at.get(what)
            if at is not None and at < len(cells) and not is_empty(text_of(cells[at])):
                return True
        return False

    def _minor(self, value: Cell, currency: str, what: Field) -> tuple[int, Side | None]:
        if isinstance(value, dt.date):
            raise _Bad(Reason.BAD_AMOUNT, what, value.isoformat())
        try:
            return to_minor(value, currency, self._marks)
        except AmountError as error:
            raise _Bad(error.reason, what, text_of(value)) from None

    def _signed(self, cells: list[Cell], currency: str) -> int:
        """The row's amount, debit-positive in the file's view."""
        two = (Field.RAISES, Field.LOWERS) if Field.RAISES in self._at else (Field.DEBIT, Field.CREDIT)
        if two[0] in self._at and two[1] in self._at:
            sides = []
            for what in two:
                value = self._cell(cells, what)
                sides.append(None if is_empty(text_of(value)) else self._minor(value, currency, what)[0])
            debit, credit = sides
            if debit and credit:
                raise _Bad(
                    Reason.BOTH_SIDES, two[1], f"{self._text(cells, two[0])} / {self._text(cells, two[1])}"
                )
            if debit is None and credit is None:
                raise _Bad(Reason.MISSING_AMOUNT, two[0], "")
            return (debit or 0) - (credit or 0)
        value = self._cell(cells, Field.AMOUNT)
        if is_empty(text_of(value)):
            raise _Bad(Reason.MISSING_AMOUNT, Field.AMOUNT, "")
        minor, side = self._minor(value, currency, Field.AMOUNT)
        if Field.DIRECTION in self._at:
            word = self._text(cells, Field.DIRECTION)
            side = side_of(word)
            if side is None:
                raise _Bad(Reason.BAD_DIRECTION, Field.DIRECTION, word)
        return minor * (self._unsided if side is None else side.value)

    def _balance(self, cells: list[Cell], currency: str) -> Shown | None:
        what = Field.OWED if Field.OWED in self._at else Field.BALANCE
        value = self._cell(cells, what)
        if is_empty(text_of(value)):
            return None
        minor, side = self._minor(value, currency, what)
        if Field.DIRECTION in self._at and Field.AMOUNT not in self._at:
            side = side_of(self._text(cells, Field.DIRECTION)) or side
        if what is Field.OWED:
            side = Side.DEBIT
        return Shown(minor, sided=False) if side is None else Shown(minor * side.value, sided=True)

    # ---- statements

    def _group(self, cells: list[Cell]) -> _Group | Problem:
        """The statement that a row belongs to."""
        whose = self._whose
        customer = self._text(cells, whose)
        if whose not in self._at:
            customer = text_of(self._said.get(whose, ""))
        if customer and whose is Field.SUPPLIER:
            try:
                customer = supplier_party(customer)
            except SupplierIdError:
                return Problem(0, Reason.MISSING_CUSTOMER, value=customer)
        if self._options.customer_id is not None:
            customer = self._options.customer_id
        currency = self._currency or ""
        if Field.CURRENCY in self._at and self._text(cells, Field.CURRENCY):
            currency = currency_of(self._text(cells, Field.CURRENCY))
        if not currency:
            raise FileRefusedError(Reason.NO_CURRENCY)
        if not is_currency(currency):
            return Problem(0, Reason.BAD_CURRENCY, value=currency)
        statement_no = self._text(cells, Field.STATEMENT_NO) or text_of(
            self._said.get(Field.STATEMENT_NO, "")
        )
        if not customer and whose in self._at:
            if len(self._groups) != 1 or self._label(cells) is None:
                return Problem(0, Reason.MISSING_CUSTOMER)
            return next(iter(self._groups.values()))  # the balance row of the only statement
        key = (customer or None, currency, statement_no or None)
        group = self._groups.get(key)
        if group is None:
            name = text_of(self._said.get(Field.CUSTOMER_NAME, "")) or None
            draft = StatementDraft(key[0], currency, statement_no=key[2], customer_name=name)
            group = self._groups[key] = _Group(draft)
        return group

    def _finish(self, group: _Group) -> StatementDraft:
        draft = group.draft
        single = len(self._groups) == 1
        for what in (Field.OPENING, Field.CLOSING) if single else ():
            said = self._said.get(what)
            if said is not None and getattr(group, what.value) is None:
                setattr(group, what.value, self._said_balance(said, what, draft))
        if single and self._options.opening is not None:
            group.opening = self._said_balance(self._options.opening, Field.OPENING, draft)
        owed = Field.RAISES in self._at or Field.OWED in self._at
        sign, newest_first = rises_with(draft.lines, group.shown, group.opening, group.closing, self._unsided)
        if owed:
            # what the buyer owes: to us if it is a customer, by us if it is a supplier's
            sign, draft.view = 1, View.OURS if self._options.role is Role.CUSTOMER else View.THEIRS
        lines = [
            DraftLine(
                line.row,
                line.date,
                line.document_no,
                line.signed_minor,
                debit_positive(shown, sign),
                line.reference,
                line.text,
                line.party,
            )
            for line, shown in zip(draft.lines, group.shown, strict=True)
        ]
        draft.lines = lines[::-1] if newest_first else lines
        draft.opening_minor = debit_positive(group.opening, sign)
        draft.closing_minor = debit_positive(group.closing, sign)
        period = self._options.period or (read_period(self._said, self._order) if single else None)
        if period is not None:
            draft.period_start, draft.period_end = period
        return draft

    def _said_balance(self, value: Cell, what: Field, draft: StatementDraft) -> Shown | None:
        try:
            minor, side = self._minor(value, draft.currency, what)
        except _Bad as bad:
            draft.problems.append(Problem(0, Reason.BAD_BALANCE, what.value, bad.value))
            return None
        return Shown(minor, sided=False) if side is None else Shown(minor * side.value, sided=True)


class _Bad(Exception):
    """A cell that cannot be read; caught where the row is."""

    def __init__(self, reason: Reason, what: Field, value: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.what = what
        self.value = value


def _at_row(problem: Problem, row: int, document_no: str) -> Problem:
    return Problem(row, problem.reason, problem.column, problem.value, document_no, problem.arguments)
