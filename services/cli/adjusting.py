"""adjustments: entries, write-offs and instructions about matching, proposed by one person, approved by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from domain.events import AdjustmentType
from domain.money import MoneyError, from_text, to_text
from domain.work.adjustments import AdjustmentAction
from services.cli.asking import CurrencyOption, parse_date
from services.cli.output import out, plain, print_json, print_rows
from services.cli.parties import CustomerOption, RoleOption, SupplierOption, named_party, party_of
from services.cli.running import JsonOption
from services.cli.working import AsOption, CommentOption, Place, now, place
from services.queries.filters import AccountFilter
from services.work.adjustments import AdjustmentDesk
from services.work.proposals import LineReading, Proposal
from services.work.trail import AdjustmentRow, Trail
from services.work.users import user_named

adjustments = typer.Typer(help="What one person proposes and another approves.", no_args_is_help=True)

AdjustmentArgument = Annotated[str, typer.Argument(metavar="ADJUSTMENT", help="Its id.")]
_COLUMNS = ["adjustment_id", "state", "adjustment_type", "customer_id", "currency", "amount_minor"]
_MORE = ["target_document_no", "proposed_by", "approved_by", "reason"]


def _desk(here: Place) -> AdjustmentDesk:
    return AdjustmentDesk(here.log(), here.policy, now)


def _money(text: str, currency: str) -> int:
    try:
        return from_text(text, currency)
    except MoneyError as error:
        raise typer.BadParameter(str(error)) from None


@adjustments.command("propose")
def propose(
    kind: Annotated[AdjustmentType, typer.Argument(metavar="TYPE", help="debit, credit, write_off, …")],
    currency: Annotated[str, typer.Option("--currency", help="ISO 4217.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in words.")],
    customer: Annotated[str | None, typer.Option("--customer", help="Whose account.")] = None,
    supplier: Annotated[
        str | None, typer.Option("--supplier", help="The same of a supplier, by its number.")
    ] = None,
    amount: Annotated[str | None, typer.Option(help="Like 0.50; a write-off takes what is open.")] = None,
    target: Annotated[
        str | None, typer.Option(help="The document to close, or the payment to rematch.")
    ] = None,
    bars: Annotated[str | None, typer.Option(help="unmatch: the document that it does not pay.")] = None,
    pays: Annotated[list[str] | None, typer.Option(help="reallocation: DOCUMENT=AMOUNT.")] = None,
    date: Annotated[
        Any, typer.Option(parser=parse_date, metavar="DATE", help="Business date; today without.")
    ] = None,
    statement: Annotated[
        str | None, typer.Option(help="statement_line: the customer's statement, by id.")
    ] = None,
    line: Annotated[int | None, typer.Option(help="statement_line: its line.")] = None,
    reads_document: Annotated[
        str | None, typer.Option(help="The line's document as it is to be read.")
    ] = None,
    reads_date: Annotated[Any, typer.Option(parser=parse_date, metavar="DATE", help="Its date.")] = None,
    reads_amount: Annotated[
        str | None, typer.Option(help="Its amount, in our view: a debit is above 0.")
    ] = None,
    strike: Annotated[bool, typer.Option("--strike", help="The line is none: it is left out.")] = False,
    case: Annotated[str | None, typer.Option(help="The case that it is for.")] = None,
    acting: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for an adjustment. Nothing changes until another person approves it."""
    party = named_party(customer, supplier)
    links = [pair.rpartition("=") for pair in pays or ()]
    reading = LineReading(
        reads_document, reads_date, None if reads_amount is None else _money(reads_amount, currency)
    )
    if kind is AdjustmentType.STATEMENT_LINE and strike == (reading != LineReading()):
        raise typer.BadParameter("say how the line reads (--reads-document, …) or --strike it")
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        proposal = Proposal(
            adjustment_type=kind,
            customer_id=party,
            currency=currency,
            reason=reason,
            business_date=date or here.today(),
            amount_minor=None if amount is None else _money(amount, currency),
            target_document_no=target,
            barred_document_no=bars,
            allocations=[(document, _money(text, currency)) for document, _, text in links],
            statement_id=statement,
            line_no=line,
            reading=None if strike else reading,
            case_id=case,
        )
        _print(_desk(here).propose(user, proposal), as_json=as_json)


def _print(row: AdjustmentRow, *, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        print_rows([row], [*_COLUMNS, *_MORE], as_json=False)


def _act(
    adjustment: str,
    acting: str | None,
    action: AdjustmentAction,
    comment: str | None,
    as_json: bool,
    date: dt.date | None = None,
) -> None:
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        if action is AdjustmentAction.PROPOSE_REVERSAL:
            date = date or here.today()
        _print(_desk(here).act(user, adjustment, action, comment=comment, date=date), as_json=as_json)


@adjustments.command("approve")
def approve(
    adjustment: AdjustmentArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to what another person proposed: it is posted to the books."""
    _act(adjustment, acting, AdjustmentAction.APPROVE, comment, as_json)


@adjustments.command("reject")
def reject(
    adjustment: AdjustmentArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say no to it."""
    _act(adjustment, acting, AdjustmentAction.REJECT, comment, as_json)


@adjustments.command("withdraw")
def withdraw(
    adjustment: AdjustmentArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back what you proposed, before anybody decided."""
    _act(adjustment, acting, AdjustmentAction.WITHDRAW, comment, as_json)


@adjustments.command("reverse")
def reverse(
    adjustment: AdjustmentArgument,
    date: Annotated[
        Any, typer.Option(parser=parse_date, metavar="DATE", help="Business date; today without.")
    ] = None,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose to take a posted adjustment back; another person approves that, too."""
    _act(adjustment, acting, AdjustmentAction.PROPOSE_REVERSAL, comment, as_json, date)


@adjustments.command("list")
def list_adjustments(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    role: RoleOption = None,
    currency: CurrencyOption = None,
    pending: Annotated[bool, typer.Option(help="Only what waits for a decision.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Adjustments by time of proposal."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    with place() as here, here.engine.connect() as connection:
        rows = _desk(here).iterate(connection, accounts, pending_only=pending)
        print_rows(rows, [*_COLUMNS, *_MORE], as_json=as_json)


def _correction(row: AdjustmentRow, sent: Mapping[str, Any]) -> str:
    """A corrected line as it was sent and as it is to be read."""
    told = f"{sent['document_no']} {to_text(sent['signed_minor'], row.currency)} {sent['date']}"
    line = row.corrected_line
    if line is None:
        return f"Line {row.line_no} of {row.statement_id}, sent as {told}, is struck out"
    signed = to_text(line["debit_minor"] - line["credit_minor"], row.currency)
    reads = f"{line['document_no']} {signed} {line['date']}"
    return f"Line {row.line_no} of {row.statement_id}: sent as {told}, reads {reads}"


@adjustments.command("show")
def show(adjustment: AdjustmentArgument, as_json: JsonOption = False) -> None:
    """The whole trail: proposal, decisions, ledger entries, discrepancies settled, statements that show it."""
    with place() as here, here.engine.connect() as connection:
        trail: Trail = _desk(here).trail(connection, adjustment)
    if as_json:
        print_json(trail)
        return
    _print(trail.adjustment, as_json=False)
    if trail.adjustment.sent_line is not None:
        out.print(_correction(trail.adjustment, trail.adjustment.sent_line), markup=False, highlight=False)
    for action in trail.history:
        line = (f"{action.occurred_at:%Y-%m-%d %H:%M}", action.actor, action.action, action.comment or "")
        out.print("  ".join(part for part in line if part), markup=False, highlight=False)
    currency = trail.adjustment.currency
    entries = [{**entry, "currency": currency} for entry in trail.entries]
    print_rows(entries, ["business_date", "kind", "role", "side", "amount_minor", "entry_id"], as_json=False)
    settled = [{**plain(one), "currency": currency} for one in trail.discrepancies]
    print_rows(settled, ["state", "kind", "document_no", "amount_minor", "discrepancy_id"], as_json=False)
    for name, numbers in (
        ("Statements of ours", trail.statements),
        ("Statements of theirs", trail.compared_statements),
    ):
        out.print(f"{name}: {', '.join(numbers) or 'none yet'}", markup=False, highlight=False)
