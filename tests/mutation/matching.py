"""Defects of matching: what settles what."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

REVIEW = "domain/review.py"
SHARED = "domain/matching/shared.py"
ALLOCATE = "domain/matching/allocate.py"
BALANCES = "domain/matching/balances.py"
CREDITS = "domain/matching/credits.py"
FORMS = "domain/matching/forms.py"
POINTED = "domain/matching/pointed.py"
OPEN_NUMBERS = "domain/matching/open_numbers.py"
POINTERS = "domain/matching/pointers.py"
SETTLEMENT = "domain/matching/settlement.py"
STRUCTURED = "domain/matching/structured.py"
SUMS = "domain/matching/sums.py"
UNREFERENCED = "domain/matching/unreferenced.py"
WORDS = "domain/matching/words.py"
DOUBTS = "domain/matching/doubts.py"
OWN = "domain/discrepancies/own_events.py"

MATCHING: Final = (
    Mutation(
        "references are looked up in order of arrival",
        REVIEW,
        "dict(sorted(((key, record.current) for key, record in records.items()), key=order))",
        "{key: record.current for key, record in records.items()}",
    ),
    Mutation(
        "payments are served largest first",
        ALLOCATE,
        "return [item for item in items.values() if item.fact.kind in kinds]",
        "return sorted((i for i in items.values() if i.fact.kind in kinds), key=lambda i: -i.original_minor)",
    ),
    Mutation(
        "documents take more than their amount",
        SETTLEMENT,
        "taken = min(amount, credit.left_minor, debit.left_minor)",
        "taken = min(amount, credit.left_minor)",
    ),
    Mutation(
        "a claim is served beyond the money",
        SETTLEMENT,
        "taken = min(amount, credit.left_minor, debit.left_minor)",
        "taken = min(amount, debit.left_minor)",
    ),
    Mutation(
        "an ambiguous reference is booked",
        ALLOCATE,
        "        elif len(documents) > 1 or claim.doubted:",
        "        elif len(documents) > 9 or claim.doubted:",
    ),
    Mutation(
        "what the figures speak against is booked",
        ALLOCATE,
        "        elif len(documents) > 1 or claim.doubted:",
        "        elif len(documents) > 1:",
    ),
    Mutation(
        "instalments that settle what they name are doubted",
        DOUBTS,
        "if self._settled(payment, documents):",
        "if False:",
    ),
    Mutation(
        "an ambiguous payment is refunded",
        CREDITS,
        "if found and (len(found) == 1 or _exact(found[0], reference)):",
        "if found:",
    ),
    Mutation(
        "on one day a payment comes before the credit note",
        ALLOCATE,
        "(item.fact.business_date, item.fact.kind is EntryKind.PAYMENT)",
        "(item.fact.business_date, item.fact.kind is not EntryKind.PAYMENT)",
    ),
    Mutation(
        "a credit note is netted whatever the figures say",
        CREDITS,
        "if not less or payment.left_minor + less not in (still_open, wanted):",
        "if not less:",
    ),
    Mutation(
        "a credit note that a payment names leaves its own document",
        CREDITS,
        "(d is not original, -spare[d.key], d.due_order)",
        "(-spare[d.key], d.due_order)",
    ),
    Mutation(
        "amounts told after a credit note are taken for amounts before it",
        CREDITS,
        "if not by_text and wanted == payment.left_minor else 0)",
        "if by_text else 0)",
    ),
    Mutation(
        "an allocation larger than its document is never doubted",
        DOUBTS,
        "return self._or_neighbour(payment, claim, document, too_much) if too_much > 0 else claim",
        "return claim",
    ),
    Mutation(
        "an allocation of no more than its document is doubted",
        DOUBTS,
        "self._or_neighbour(payment, claim, document, too_much) if too_much > 0 else claim",
        "self._or_neighbour(payment, claim, document, too_much)",
    ),
    Mutation(
        "what is paid on a cancelled document is offered for any other",
        DOUBTS,
        "if other is None and not was_another:",
        "if other is None:",
    ),
    Mutation(
        "the same money twice is offered for another document",
        UNREFERENCED,
        " or (excess.repeats and not fits):",
        ":",
    ),
    Mutation(
        "money that came twice is not seen to be taken off another document",
        UNREFERENCED,
        "if d.key in excess.taken_off]",
        "if False]",
    ),
    Mutation(
        "money that came twice is taken off what names something else",
        "domain/matching/leftovers.py",
        "if told and document.key",
        "if document.key",
    ),
    Mutation(
        "the youngest of equal documents is offered",
        UNREFERENCED,
        "(d.key in taken, abs(d.open_minor - wanted), d.due_order)",
        "(d.key in taken, abs(d.open_minor - wanted), -d.due_date.toordinal())",
    ),
    Mutation(
        "two payments are offered for one of two equal documents",
        UNREFERENCED,
        "(d.key in taken, abs(d.open_minor - wanted), d.due_order)",
        "(abs(d.open_minor - wanted), d.due_order)",
    ),
    Mutation(
        "a rounding explains no more than any other difference",
        UNREFERENCED,
        "told = [document for document, how in near if how]",
        "told: list[Document] = []",
    ),
    Mutation(
        "round figures that are due are booked as all that was due",
        BALANCES,
        "math.gcd(*(d.open_minor for d in issued))",
        "1",
    ),
    Mutation(
        "documents after the payment are part of its balance",
        BALANCES,
        "issued = [d for d in documents if d.date <= receipt.date]",
        "issued = list(documents)",
    ),
    Mutation(
        "a text pays the youngest document first",
        ALLOCATE,
        "ordered = sorted(clear, key=lambda pair: pair[1].due_order)",
        "ordered = sorted(clear, key=lambda pair: pair[1].due_order, reverse=True)",
    ),
    Mutation("leading zeros count", FORMS, '.lstrip("0")', ""),
    Mutation(
        "dates in a text are references",
        WORDS,
        "bool(_DECIMAL.match(word) or _DATE.match(word))",
        "bool(_DECIMAL.match(word))",
    ),
    Mutation(
        "what is paid exactly of what is named is not looked for",
        "domain/matching/doubts.py",
        "return untouched if len(found) == 1 or len(untouched) > 1 else []",
        "return []",
    ),
    Mutation(
        "what others paid in part is taken for paid exactly",
        "domain/matching/doubts.py",
        "[some for some in found if self._only_by(payment, some)]",
        "found",
    ),
    Mutation(
        "what a text excepts from a range is paid",
        "domain/matching/named.py",
        "elif keys not in excepted:",
        "else:",
    ),
    Mutation(
        "parts are booked on what is dated long after them",
        DOUBTS,
        "too_early = self._too_early(payment, claims, documents)",
        "too_early = False",
    ),
    Mutation(
        "amounts that a text states need not be the payment",
        "domain/matching/stated.py",
        "if whole and len(found) > 1 else []",
        "if len(found) > 1 else []",
    ),
    Mutation(
        "what a text states is shared out by date",
        ALLOCATE,
        "if item.fact.claims or claims[0].stated:",
        "if item.fact.claims:",
    ),
    Mutation(
        "whole units are read as minor ones",
        "domain/matching/stated.py",
        "if wholes and len(last) == decimals:",
        "if False:",
    ),
    Mutation(
        "what a text excepts is a part of sums",
        "domain/matching/candidates.py",
        "[d for d in fitting if d.key not in receipt.without]",
        "list(fitting)",
    ),
    Mutation(
        "who excepts a document names it",
        "domain/matching/leftovers.py",
        "word is not None and not without.intersection(index.resolve(word).keys)",
        "word is not None",
    ),
    Mutation(
        "round figures come to a round one no more often than others",
        SUMS,
        "by_chance = CERTAIN_PPM * search.steps * grain // receipt.left_minor",
        "by_chance = CERTAIN_PPM * search.steps // receipt.left_minor",
    ),
    Mutation(
        "creditor references are read without their check digits",
        STRUCTURED,
        'squeezed.startswith("RF") and iso11649.is_valid(squeezed)',
        'squeezed.startswith("RF")',
    ),
    Mutation(
        "what the text points to is booked whatever the figures say",
        POINTED,
        "sum(left[key] for key in whole) == money",
        "sum(left[key] for key in whole) >= money",
    ),
    Mutation(
        "one of two choices is booked",
        POINTED,
        "if len(found) == 1 else {}",
        "if found else {}",
    ),
    Mutation(
        "one payment's pointer takes what another's has taken",
        POINTED,
        "self._open_minor |= dict.fromkeys(found, 0)",
        "pass",
    ),
    Mutation(
        "a row of payments that are told by one another may be of any length",
        POINTED,
        "for _ in range(ROUNDS_MAX):",
        "while True:",
    ),
    Mutation(
        "a running number of another year is pointed to",
        OPEN_NUMBERS,
        "if (not year or not forms.year or year == forms.year)",
        "if True",
    ),
    Mutation(
        "a pointer that figures do not bear out is no unknown reference",
        OWN,
        "for claim in view.settlement.claims if not claim.vague}",
        "for claim in view.settlement.claims}",
    ),
    Mutation(
        "the first neighbour is shown, not the nearest",
        DOUBTS,
        "min(near, key=lambda pair: pair[0])[1]",
        "near[0][1]",
    ),
    Mutation(
        "a date goes before the document of that number",
        "domain/matching/named.py",
        "if is_figure(word) and not _is_written(word, index):",
        "if is_figure(word):",
    ),
    Mutation(
        "a year is the number 20/26",
        "domain/matching/named.py",
        "if not found.keys or len(figures) != 1 or not is_year(figures[0]):",
        "if True:",
    ),
    Mutation(
        "the year beside a number is a number",
        WORDS,
        "if not is_figure(text) and not (with_year and is_year(text))",
        "if not is_figure(text)",
    ),
    Mutation(
        "an instalment is never a document's number",
        WORDS,
        "return counted if counted and is_number(counted) else",
        "return counted if not counted else",
    ),
    Mutation(
        "a short list does not go on upwards",
        POINTERS,
        "return (above, written) if nearer else (written, above)",
        "return (written, above)",
    ),
    Mutation(
        "the year behind a list says nothing",
        POINTERS,
        "self._numbers.ending(run, (short and year_said) or year, word)",
        "self._numbers.ending(run, year, word)",
    ),
    Mutation(
        "what is excluded is paid",
        "domain/matching/named.py",
        "yield msgspec.structs.replace(mention, aside=True)",
        "yield mention",
    ),
    Mutation(
        "an order number that several documents bear means the first",
        SHARED,
        "return standing, len(standing) > 1",
        "return standing[:1], False",
    ),
    Mutation(
        "of equal documents under one contract one is booked",
        SHARED,
        "if len(exact) != 1 or len(there) > matching.candidates_max:",
        "if not exact:",
    ),
    Mutation(
        "a contract's sums are not looked at before one document is booked",
        SHARED,
        "return exact if search.complete and not search.found else []",
        "return exact",
    ),
    Mutation(
        "a contract's document is shown to every payment",
        SHARED,
        "        promised.update(document.key for document in meant)\n",
        "",
    ),
    Mutation(
        "what was cancelled is meant by its order",
        SHARED,
        "if not items[key].fact.undone] or documents[:1]",
        "if key]",
    ),
    Mutation(
        "a month shows documents of every figure",
        POINTED,
        "found = {key: every[key] for some in sums for key in some}",
        "found = {key: every[key] for some in () for key in some}",
    ),
    Mutation(
        "a payment whose month has its figure is looked at further",
        "domain/matching/leftovers.py",
        "if claim.doubted and not claim.fitting}",
        "if claim.doubted}",
    ),
    Mutation(
        "a month's documents that are not issued yet are paid",
        POINTED,
        "if day <= latest and left[key] <= money:",
        "if left[key] <= money:",
    ),
    Mutation(
        "what is paid on an amended document is offered for any other",
        DOUBTS,
        "document.fact.undone or document.fact.rank[1]",
        "document.fact.undone",
    ),
    Mutation(
        "who rounds what he names is doubted",
        DOUBTS,
        "if -ROUNDED_MAX <= missing <= ROUNDED_MAX or (",
        "if not missing or (",
    ),
    Mutation(
        "who rounds what he points to is doubted",
        POINTED,
        "if strong and 0 < over <= ROUNDED_MAX and",
        "if strong and over < 0 and",
    ),
    Mutation(
        "a month is rounded",
        POINTED,
        " and all(pointer.rule != PERIOD for pointer in strong.values()):",
        ":",
    ),
    Mutation(
        "rests of discounts are part of all that is open",
        BALANCES,
        "balances = _once([*ours, *theirs])",
        "balances = ours",
    ),
    Mutation(
        "what is paid on account is booked on a sum that it hits by chance",
        "domain/matching/sums.py",
        "certain and not is_round(receipt.left_minor)",
        "certain",
    ),
)
