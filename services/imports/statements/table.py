"""A sheet (CSV or Excel) → drafts of statements, one for each table, customer, currency and statement number in it.

Three passes over the rows: the headings; what decides dates and decimal marks over whole columns; the lines. A
row that cannot be read becomes a ``Problem`` and the others go on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from domain.money import is_currency
from domain.parties import Role, SupplierIdError, own_id, supplier_party
from services.imports.notes import Note, NoteCode
from services.imports.statements.balances import Readings, Shown, readings_of
from services.imports.statements.columns import BadCellError, Columns
from services.imports.statements.dates import Order
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft, View
from services.imports.statements.gathered import (
    Gathered,
    LabelledBalance,
    finished,
    place_balances,
    sort_by_date,
)
from services.imports.statements.heading import (
    HEADING_ROWS_MAX,
    Heading,
    begins_with_label,
    find_headings,
    said_in,
)
from services.imports.statements.numbers import Mark
from services.imports.statements.options import Corrections, Layout, StatementOptions
from services.imports.statements.periods import read_period
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import stated
from services.imports.statements.sheet import Cell, Row, Sheet, text_of
from services.imports.statements.whole_columns import told_by
from services.imports.statements.wordless import opens, stands, sums_up
from services.imports.statements.words import Field, RowWord, currency_of, plain, row_word

#: (rows read, rows in all if that is known)
Tick = Callable[[int, int | None], None]

_TICK_ROWS: Final = 1000
#: columns of which one tells the document of a line
_NAMES: Final = frozenset({Field.DOCUMENT, Field.REFERENCE, Field.TEXT})
#: a table, and whose statement, in which currency, of which number
_Key: TypeAlias = tuple[Heading, str | None, str, str | None]


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
        self._kept = layout
        self._headings = find_headings(sheet.rows, layout.columns)
        self._whose = Field.CUSTOMER if options.role is Role.CUSTOMER else Field.SUPPLIER
        # What bears no side is what is owed: a credit in a customer's books, a debit in a supplier's (``draft``),
        # and the other side in ours.
        self._unsided = -1 if (options.role is Role.CUSTOMER) is not (layout.view is View.OURS) else 1
        self.debit_lead = 0
        """By how much more figures follow from one another if balances rise in debit; of sheets before, too."""
        self._marks: set[Mark] = set()
        self._order: Order | None = None
        self._told_currency: str | None = None
        """The currency of rows that name none, where only one is named anywhere."""
        self._names_currencies = False
        self._enter(self._headings[0])
        self._in_our_ids = False
        """Whether the column of customers holds the id that was asked for, beside others: the file says whose it is."""
        self._groups: dict[_Key, Gathered] = {}
        self.rows = 0
        self.problems: list[Problem] = []
        """Rows that belong to no statement."""
        self._decide(layout)

    def _enter(self, heading: Heading) -> None:
        """Read on below this heading."""
        self._heading = heading
        heading.month = ""  # of the last row of a pass before
        self._at = heading.columns
        self._said = heading.said
        self._columns = Columns(heading, self._marks, self._order, self._unsided)
        self._currency = self._options.layout.currency or self._currency_said() or self._kept.currency

    @property
    def fields(self) -> int:
        """How many fields the headings name."""
        return len(self._at)

    def read(self) -> list[StatementDraft]:
        """All statements of the table."""
        tails: dict[Heading, deque[Row]] = {}
        for number, cells in self._body():
            self.rows += 1
            if self.rows % _TICK_ROWS == 0:
                self._tick(self.rows, self._sheet.height)
            if isinstance(cells, str):
                self.problems.append(Problem(number, Reason.BAD_ROW, value=cells))
            elif not self._take(number, cells):
                tails.setdefault(self._heading, deque(maxlen=HEADING_ROWS_MAX)).append((number, cells))
        self._tick(self.rows, self._sheet.height)
        for heading, tail in tails.items():
            heading.said = {**said_in(tail), **heading.said}
        if not self._groups and not self.problems:
            self._group([])  # a period without movements has a statement, too
        if len(self._groups) == 1:  # whose rows they are is plain
            [only] = self._groups.values()
            only.draft.problems[:0], self.problems = self.problems, []
        drafts = self._finished([*self._groups.values()])
        if not self.problems and not any(
            d.lines or d.problems or d.opening_minor is not None for d in drafts
        ):
            raise FileRefusedError(Reason.NO_LINES)
        return drafts

    def _body(self) -> Iterator[Row | tuple[int, str]]:
        """The rows below the headings that are not blank and do not repeat the headings."""
        following = iter(self._headings)
        self._enter(next(following))
        after = next(following, None)
        for number, cells in self._sheet.rows():
            if after is not None and number > after.row:
                self._enter(after)
                after = next(following, None)
            if number <= self._heading.row or (after is not None and number >= after.top):
                continue
            if isinstance(cells, str):
                yield number, cells
                continue
            right = self._corrections.get(number)
            row = cells if right is None else self._corrected(cells, right)
            headings = self._heading.cells
            if any(row) and not (row[0] == headings[0] and [text_of(cell) for cell in row] == headings):
                yield number, self._heading.dated(row)

    def _corrected(self, cells: list[Cell], right: Mapping[str, str]) -> list[Cell]:
        headings = self._heading.cells
        padded = cells + [""] * (len(headings) - len(cells))
        return [
            right.get(headings[at], cell) if at < len(headings) else cell for at, cell in enumerate(padded)
        ]

    # ---- what whole columns decide

    def _decide(self, layout: Layout) -> None:
        told = told_by(self._read_cells, self._whose)
        self._marks |= {layout.decimal} if layout.decimal is not None else told.marks
        period = self._options.period or read_period(self._headings[0].said, None)
        self._order = layout.date_order or told.order(self._read_cells, period)
        self._told_currency = told.currency
        self._names_currencies = bool(told.in_column)
        asked = own_id(self._options.customer_id or "")
        self._in_our_ids = asked in told.parties and bool(told.parties - {"", asked})

    def _read_cells(self) -> Iterator[tuple[Columns, list[Cell]]]:
        for _, cells in self._body():
            if not isinstance(cells, str):
                yield self._columns, cells

    def _currency_said(self) -> str | None:
        said = self._said.get(Field.CURRENCY)
        if said is not None:
            code = currency_of(text_of(said))
            return code if is_currency(code) else None
        unit = self._heading.unit
        return unit if unit is not None and is_currency(unit) else None

    # ---- rows

    def _take(self, number: int, cells: list[Cell]) -> bool:
        """Take one row in; ``False`` if it is no line of the table (a footer)."""
        label = self._label(cells)
        if label is RowWord.SUBTOTAL:
            return True
        document_no = self._columns.text(cells, Field.DOCUMENT)
        date_cell = self._columns.cell(cells, Field.DATE)
        has_date, has_amount = bool(text_of(date_cell)), self._columns.has_amount(cells)
        if label is None and not has_amount and self._is_footer(cells, date_cell, document_no):
            return False
        group = self._group(cells)
        if isinstance(group, Problem):
            if label is None:  # a sum over several statements is none of them
                self.problems.append(_at_row(group, number, document_no))
            return True
        draft = group.draft
        try:
            if label is None and not (document_no and has_date):
                if stands(self._columns, cells, group):
                    return True
                if not (document_no or has_date) and sums_up(self._columns, cells, group):
                    return True
                if Field.OPENING not in self._said and not document_no and opens(self._columns, cells, group):
                    label = RowWord.OPENING
            if label is not None:
                self._take_special(label, cells, group)
                return True
            if self._overflows(cells):
                raise BadCellError(Reason.BAD_ROW, Field.DATE, "it has more cells than the headings")
            date = self._columns.date(cells)
            if date is None:
                reason = Reason.BAD_DATE if has_date else Reason.MISSING_DATE
                raise BadCellError(reason, Field.DATE, text_of(date_cell))
            signed_minor = self._columns.signed(cells, draft.currency)
            running = self._columns.balance(cells, draft.currency)
            texts = [self._columns.text(cells, what) for what in (Field.REFERENCE, Field.TEXT)]
            if any("\0" in text for text in (document_no, *texts)):
                raise BadCellError(Reason.BAD_TEXT, Field.DOCUMENT, "")
        except BadCellError as bad:
            column = self._heading.cells[self._at[bad.what]] if bad.what in self._at else ""
            draft.problems.append(
                Problem(number, bad.reason, column, bad.value, document_no, {"currency": draft.currency})
            )
            if label is None and bad.reason is not Reason.BAD_ROW:
                group.figures.append(self._columns.readable(cells, draft.currency))
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
        group.figures.append((date, signed_minor, running))
        return True

    def _is_footer(self, cells: list[Cell], date_cell: Cell, document_no: str) -> bool:
        """Whether a row without an amount is words above or below the figures, and no line that has lost its amount."""
        if begins_with_label(cells):
            return True
        date = self._columns.date(cells)
        if date is None:
            return not document_no or not any(sign.isdigit() for sign in text_of(date_cell))
        return sum(bool(text_of(cell)) for cell in cells) < 2  # a date alone

    def _overflows(self, cells: list[Cell]) -> bool:
        """Whether a mark within a value has cut it in two, so that the cells behind it stand in wrong columns."""
        return self._sheet.ragged and any(map(text_of, cells[len(self._heading.cells) :]))

    def _payer(self, cells: list[Cell], document_no: str) -> PaymentDetails | None:
        """Of tables that are a bank's: who paid."""
        if Field.PAYER not in self._at and Field.PAYER_ACCOUNT not in self._at:
            return None
        return PaymentDetails(
            name=self._columns.text(cells, Field.PAYER) or None,
            account=self._columns.text(cells, Field.PAYER_ACCOUNT) or None,
            bank_reference=stated(document_no),
        )

    def _label(self, cells: list[Cell]) -> RowWord | None:
        """The word by which a row of balances or sums is known."""
        document = self._columns.cell(cells, Field.DOCUMENT)
        if not isinstance(document, str):
            return None
        if any(sign.isdigit() for sign in document):  # a line; most rows end here
            return row_word(document) if " " in document else None
        for cell in cells:
            if isinstance(cell, str) and cell and len(cell) <= 60 and (word := row_word(cell)) is not None:
                return word
        return None

    def _take_special(self, label: RowWord, cells: list[Cell], group: Gathered) -> None:
        draft = group.draft
        if label is RowWord.TOTAL:
            debit, credit = (
                self._columns.side(cells, what, draft.currency) for what in (Field.DEBIT, Field.CREDIT)
            )
            group.totals.append((debit, credit))
            return
        shown = self._columns.balance(cells, draft.currency)
        in_column = shown is None and self._columns.has_amount(cells)
        if in_column:
            shown = Shown(self._columns.signed(cells, draft.currency), sided=True)
        if shown is None:
            return
        date = self._columns.date(cells)
        group.balances.append(LabelledBalance(label, len(group.figures), shown, date, in_column))

    # ---- statements

    def _group(self, cells: list[Cell]) -> Gathered | Problem:
        """The statement that a row belongs to."""
        whose = self._whose
        customer = self._columns.text(cells, whose)
        if whose not in self._at:
            customer = text_of(self._said.get(whose, ""))
        if customer and whose is Field.SUPPLIER:
            try:
                customer = supplier_party(customer)
            except SupplierIdError:
                return Problem(0, Reason.MISSING_CUSTOMER, value=customer)
        said, asked = customer, self._options.customer_id
        if asked is not None and not self._in_our_ids:
            customer = asked
        currency = self._currency or self._told_currency or ""
        if Field.CURRENCY in self._at and self._columns.text(cells, Field.CURRENCY):
            currency = currency_of(self._columns.text(cells, Field.CURRENCY))
        if not currency:
            if self._names_currencies:  # other rows do, several
                return Problem(0, Reason.NO_CURRENCY)
            raise FileRefusedError(Reason.NO_CURRENCY)
        if not is_currency(currency):
            return Problem(0, Reason.BAD_CURRENCY, value=currency)
        statement_no = self._columns.text(cells, Field.STATEMENT_NO) or text_of(
            self._said.get(Field.STATEMENT_NO, "")
        )
        if not customer and whose in self._at:
            if len(self._groups) != 1 or self._label(cells) is None:
                return Problem(0, Reason.MISSING_CUSTOMER)
            return next(iter(self._groups.values()))  # the balance row of the only statement
        key = (self._heading, customer or None, currency, statement_no or None)
        group = self._groups.get(key)
        if group is None:
            name = text_of(self._said.get(Field.CUSTOMER_NAME, "")) or None
            draft = StatementDraft(key[1], currency, statement_no=key[3], customer_name=name)
            group = self._groups[key] = Gathered(draft, self._heading)
            for what, told in self._kept.columns.items():
                if plain(told) not in map(plain, self._heading.cells):
                    read = self._heading.cells[self._at[what]] if what in self._at else "nothing"
                    about = {"told": told[:60], "read": read, "field": what.value}
                    draft.notes.append(Note(NoteCode.COLUMN_NOT_THERE, about))
            if not self._currency and not self._names_currencies:
                draft.notes.append(Note(NoteCode.CURRENCY_TAKEN, {"currency": currency}))
            if not _NAMES & self._at.keys():
                draft.notes.append(Note(NoteCode.NO_DOCUMENT_COLUMN))
            if said and said != customer:
                about = {"said": said[:60], "taken": customer}
                draft.notes.append(Note(NoteCode.OTHER_PARTY_NAMED, about))
        return group

    def _finished(self, groups: list[Gathered]) -> list[StatementDraft]:
        of_table = Counter(
            group.heading for group in groups
        )  # what is said beside a table is said of its only one
        for group in groups:
            place_balances(group)
            self._take_said(group, alone=of_table[group.heading] == 1)
            sort_by_date(group)
        readings = [readings_of(group.figures, group.opening, group.closing) for group in groups]
        self.debit_lead += sum(reading.debit_lead for reading in readings)
        return [
            self._finish(group, reading, alone=of_table[group.heading] == 1)
            for group, reading in zip(groups, readings, strict=True)
        ]

    def _take_said(self, group: Gathered, *, alone: bool) -> None:
        """The balances that are said above or below the table, and the one that was asked for."""
        said: dict[Field, Cell] = {}
        if alone:
            given = {Field.OPENING: group.opening, Field.CLOSING: group.closing}
            said = {
                what: group.heading.said[what]
                for what in given
                if given[what] is None and what in group.heading.said
            }
        if len(self._groups) == 1 and self._options.opening is not None:
            said[Field.OPENING] = self._options.opening
        for what, value in said.items():
            try:
                shown = self._columns.said_balance(value, group.draft.currency, what)
            except BadCellError as bad:
                if value == self._options.opening:
                    raise FileRefusedError(Reason.BAD_BALANCE, bad.value) from bad
                group.draft.problems.append(Problem(0, Reason.BAD_BALANCE, what.value, bad.value))
                continue
            if what is Field.OPENING:
                group.opening = shown
            else:
                group.closing = shown

    def _finish(self, group: Gathered, readings: Readings, *, alone: bool) -> StatementDraft:
        stated = read_period(group.heading.said, self._order) if alone else None
        sign = (self.debit_lead > 0) - (self.debit_lead < 0) or self._unsided
        draft = finished(group, readings, self._options.role, sign, self._options.period or stated)
        if not self.debit_lead and self._kept.view is View.AUTO and draft.view is View.AUTO and group.unsided:
            draft.notes.append(Note(NoteCode.BALANCES_WITHOUT_SIDE))
        return draft


def _at_row(problem: Problem, row: int, document_no: str) -> Problem:
    return Problem(row, problem.reason, problem.column, problem.value, document_no, problem.arguments)
