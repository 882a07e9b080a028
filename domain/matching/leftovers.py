"""What references leave: the receipts with money left and the documents that are open. These are the candidates."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from domain.facts import EntryKind
from domain.matching.candidates import Document, Excess, Objection, Receipt, name_key, payer_ppm
from domain.matching.forms import DocumentIndex, plain, squeeze
from domain.matching.instalments import part_of
from domain.matching.named import asides
from domain.matching.others import others_of
from domain.matching.periods import periods
from domain.matching.settlement import Item, Settlement
from domain.matching.words import reference_like, reference_words, without_sums
from domain.rules import RulesByDate

#: of a number that was cut off the next ones of a list may differ in so many of its last figures
_NEXT_FIGURES = 2


def open_documents(run: Settlement) -> dict[str, Document]:
    """Invoices and exchanges of which something is open, in canonical order."""
    kinds = (EntryKind.INVOICE, EntryKind.EXCHANGE)
    items = [
        i for i in run.items.values() if i.left_minor and i.fact.kind in kinds and i.fact.signed_minor > 0
    ]
    return {item.key: _document(run, item) for item in items}


def _document(run: Settlement, item: Item) -> Document:
    return Document(
        item.key,
        item.left_minor,
        item.fact.business_date,
        item.due_date,
        item.numbers,
        item.original_minor - item.left_minor,
        run.largest_minor.get(item.key, 0),
    )


def open_receipts(
    run: Settlement,
    payments: Sequence[Item],
    index: DocumentIndex,
    known: Sequence[str],
    payers: Collection[str],
    rules: RulesByDate,
) -> tuple[dict[str, Receipt], dict[str, Receipt]]:
    """The payments with money left that is not held by a suggestion, nor excess without a word of what else it is;
    and, apart, those: what they name was paid before, so it may be misspelt, or be copied from another month.

    ``payers``: the names of those who are known to pay this account's documents.
    """
    left = [payment for payment in payments if payment.left_minor]
    receipts: dict[str, Receipt] = {}
    astray: dict[str, Receipt] = {}
    if not left:
        return receipts, astray
    over = {payment for payment, _ in run.excess_minor}
    doubted = {claim.payment for claim in run.claims if claim.doubted and not claim.fitting}
    taken = {
        credit for (credit, _), allocation in run.allocations.items() if not allocation.confirmed
    } - doubted
    pointing = {claim.payment for claim in run.claims if claim.vague}
    unknown: dict[str, list[str]] = {}
    claiming: set[str] = set()
    named = _named(run)
    repeated = _repeated(named, payments, rules)
    taken_off = _taken_off(run, named, over, index)
    for claim in run.claims:
        claiming.add(claim.payment)
        if not claim.keys:
            unknown.setdefault(claim.payment, []).append(claim.reference)
    transfers = Counter((p.original_minor, r) for p in payments for r in p.fact.own_references)
    for payment in left:
        if payment.key in taken:
            continue
        fact = payment.fact
        remittance = fact.remittance_text or ""
        text = " ".join((remittance, *unknown.get(payment.key, ())))
        own = own_numbers(payment, known)
        word = reference_like(text, own)
        without = frozenset(key for aside in asides(text, index) for key in aside.resolution.keys)
        names_others = word is not None and not without.intersection(index.resolve(word).keys)
        words = reference_words(text, own)
        names = [number for key in named.get(payment.key, ()) for number in run.items[key].numbers]
        strange = without_cut_end(unknown_words(words, index), remittance, names)
        whole = payment.left_minor == payment.original_minor
        twice = any(transfers[payment.original_minor, r] > 1 for r in fact.own_references)
        excess = None
        if payment.key in over and not strange:
            excess = Excess(
                after=tuple(_document(run, run.items[key]) for key in sorted(named[payment.key])),
                others=others_of(remittance),
                repeats=payment.key in repeated,
                taken_off=frozenset(taken_off.get(payment.key, ())),
            )
        if whole and not (payment.key in claiming or names_others or twice):
            objection = Objection.NONE
        elif not (excess or twice or payment.key in pointing or fact.claims):
            objection = Objection.NUMBER
        else:
            objection = Objection.OTHER
        (astray if excess else receipts)[payment.key] = Receipt(
            payment.key,
            payment.left_minor,
            fact.fee_minor,
            fact.business_date,
            tuple(form for forms in strange for form in forms),
            tuple(words if whole else strange),
            payer_ppm(fact.payer_name, payers),
            objection,
            without=without,
            months=frozenset(
                itertools.chain.from_iterable(periods(without_sums(plain(text)), fact.business_date))
            ),
            part=part_of(remittance) if whole else None,
            excess=excess,
        )
    return receipts, astray


def _named(run: Settlement) -> dict[str, set[str]]:
    """The documents that each payment claims."""
    found: dict[str, set[str]] = {}
    for claim in run.claims:
        found.setdefault(claim.payment, set()).update(claim.keys)
    return found


def _repeated(named: Mapping[str, Collection[str]], payments: Sequence[Item], rules: RulesByDate) -> set[str]:
    """Payments that come to what another one came to within a few days, of the same documents: the same money twice."""
    found: set[str] = set()
    last: dict[tuple[int, frozenset[str]], dt.date] = {}
    for payment in payments:
        day = payment.fact.business_date
        what = (payment.original_minor, frozenset(named.get(payment.key, ())))
        if what in last and (day - last[what]).days <= rules.on(day).duplicate_window_days:
            found.add(payment.key)
        last[what] = day
    return found


def _taken_off(
    run: Settlement, named: Mapping[str, Collection[str]], over: Collection[str], index: DocumentIndex
) -> dict[str, list[str]]:
    """For money that is ``over``: the documents that others left open by exactly it and say why, "1042 less 1040"."""
    too_much = {run.items[key].left_minor for key in over} - {0}
    short: dict[int, list[tuple[Item, Item]]] = {}
    for (credit, debit), given in run.allocations.items() if too_much else ():
        document, later = run.items[debit], run.items[credit]
        if given.confirmed and document.left_minor in too_much and not later.left_minor and credit in named:
            short.setdefault(document.left_minor, []).append((later, document))
    found: dict[str, list[str]] = {}
    for key in over if short else ():
        payment = run.items[key]
        for later, document in short.get(payment.left_minor, ()):
            less = {
                k for aside in asides(later.fact.remittance_text or "", index) for k in aside.resolution.keys
            }
            told = not less.union(named[later.key]).isdisjoint(named[key])
            if told and document.key not in named[key] and later.order > payment.order:
                found.setdefault(key, []).append(document.key)
    return found


def own_numbers(payment: Item, known: Sequence[str]) -> tuple[str, ...]:
    """Numbers in the payment's words that name no document: the customer's, the transfer's, its own."""
    return (*known, payment.fact.document_no, *payment.fact.aliases, *payment.fact.own_references)


def unknown_words(words: Sequence[tuple[str, ...]], index: DocumentIndex) -> list[tuple[str, ...]]:
    """Of ``words`` (``reference_words``) the forms that are no document of ours."""
    strange = (tuple(form for form in forms if not index.resolve(form).keys) for forms in words)
    return [forms for forms in strange if forms]


def without_cut_end(
    strange: Sequence[tuple[str, ...]], text: str, numbers: Sequence[str]
) -> list[tuple[str, ...]]:
    """``strange`` without what ends ``text`` and begins as one of ``numbers``, which the text names, but for its last
    two figures: a bank cut off the list that it is in, so it is no misspelt number.
    """
    end = squeeze(text)
    return [
        forms
        for forms in strange
        if not any(
            end.endswith(form) and len(form) < len(number) and number.startswith(form[:-_NEXT_FIGURES])
            for form in forms
            for number in numbers
        )
    ]


def known_payers(run: Settlement) -> set[str]:
    """The names (``name_key``) under which payments came that name documents of the account."""
    names = {
        name_key(run.items[claim.payment].fact.payer_name or "")
        for claim in run.claims
        if claim.keys and not claim.vague
    }
    return names - {""}
