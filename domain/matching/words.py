"""The words of a payer's text, and which of them are no numbers of documents: money, dates, others' numbers.

Every pattern is bounded in what it repeats: the cost of a text grows with its length alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from domain.matching.forms import BARE_DIGITS_MIN, FORMS_KEPT, TEXTS_KEPT, plain, squeeze

#: Runs of ASCII letters and digits with the joints that document numbers use; Chinese text separates them.
WORD = re.compile(r"[0-9A-Za-z]+(?:[-_/.#][0-9A-Za-z]+)*")
_PART = re.compile(r"[^-_/.#]+")
_DECIMAL = re.compile(r"^\d+\.\d{1,3}$")
#: a year of documents that are paid, a month and a day as they may be written
_YEAR = "(?:199\\d|20\\d\\d)"
_DATE = re.compile(rf"^{_YEAR}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?$")
#: "27-10-2025", "27/10/25", "10.27.2025"
_DAY_FIRST = re.compile(
    rf"(?:(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.](?:[12]\d|3[01]))[-/.](?:{_YEAR}|\d\d)"
)
_A_YEAR = re.compile(_YEAR)
_REFERENCE_LIKE = re.compile(r"^[A-Z]{1,8}\d[0-9A-Z]{2,}$")
_CURRENCIES = frozenset({"AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "RMB", "SGD", "USD"})
#: "1.250,00", "10 042,00", "10042": figures, with or without signs between thousands
_AMOUNT = r"(?:\d{1,3}(?:[.,'’ ]\d{3}){1,4}|\d{1,12})"
_CODE = rf"(?:{'|'.join(sorted(_CURRENCIES))})"
#: "€10042", "EUR10.042", "EUR 10042,00", "10042 €"; "10042,00 EUR", "1250.00"; "1.250,-". Not "10042 EUR": see
#: ``is_money``. A currency between two figures is that of the amount that it is written at, or else in front of.
_MONEY = re.compile(
    rf"(?:[€$£¥]\s?|(?<![0-9A-Za-z]){_CODE}){_AMOUNT}(?:[.,](?:\d\d?|-{{1,2}}))?(?![0-9A-Za-z])"
    rf"|(?<![0-9A-Za-z]){_CODE}\s{_AMOUNT}[.,]\d\d?(?![0-9A-Za-z]|[.,/-]\d)"
    rf"|(?<![0-9A-Za-z.,/_-]){_AMOUNT}(?:[€£¥元]|\s[€£¥元](?!\d|\s{_AMOUNT}[.,]\d\d(?!\d)))"
    rf"|(?<![0-9A-Za-z.,/_-]){_AMOUNT}[.,](?:\d\d|[-–—]{{1,2}})(?![0-9A-Za-z]|[.,/-]\d)"
)
#: three figures and a space before what may be an amount by itself; a word, or the sign of a new row, before them
_BEFORE_AMOUNT = re.compile(r"(?<![0-9A-Za-z.,/_-])(\d{3}) (?=\d{3}[.,]\d\d(?![0-9A-Za-z]|[.,/-]\d))")
_LAST_WORD = re.compile(r"([A-Za-z]+)[.:#]{0,2}\s?$")
_ROW_BEGINS = re.compile(r"(?:^|[;,+&|\n]|[.,]\d\d)\s?$")
_AFTER_CODE = re.compile(rf"(?<![0-9A-Za-z]){_CODE}\s?{_AMOUNT}(?![0-9A-Za-z])")
_BEFORE_CODE = re.compile(rf"(?<![0-9A-Za-z.,/_-]){_AMOUNT}\s?{_CODE}(?![0-9A-Za-z])")
#: an amount of its own behind a number: "EUR 1.157,10", "110.10", "500 EUR"; its figures are the group that matches
_ITS_AMOUNT = re.compile(
    rf"(?:(?<![0-9A-Za-z])(?:{_CODE}|[€$£¥])\s?({_AMOUNT}(?:[.,]\d\d)?)|(?<![0-9A-Za-z.,/_-])({_AMOUNT}[.,]\d\d)"
    rf"|(?<![0-9A-Za-z.,/_-])({_AMOUNT})\s?(?:[€$£¥元]|{_CODE})(?!\s?\d))(?![0-9A-Za-z]|[.,/-]\d)"
)
#: a word before a number that is longer than this is no prefix of it
PREFIX_MAX = 8
#: a number that spaces or joints split into more pieces than this is none
PIECES_MAX = 4
#: a word before bare figures that makes them look like the number of a document, or of an order
_KEYWORDS = frozenset({"INV", "INVOICE", "ORDER", "SO", "PO", "BILL", "REF", "NO", "DOC", "DOCUMENT"})
#: an invoice in the languages of payers
INVOICE_WORDS = (
    *("rechnung", "rechnungen", "rg", "re", "invoice", "invoices", "inv"),
    *("factuur", "facture", "factures", "fact", "factura", "fra", "fattura", "fatture", "fatt", "ft"),
    *("fatura", "faturas", "faktura", "fakturan", "faktury", "faktur", "fakt", "fv"),
)
#: a word before a document's number, however short that is
_DOCUMENT_WORDS = frozenset(map(str.upper, INVOICE_WORDS)) | {
    *("BILL", "DOC", "DOCUMENT", "FATT", "FC", "FT", "NO", "NR", "RECHN", "RECHNG", "RNR")
}
#: figures with their letters and joints
NUMBER = r"(?:[A-Za-z]{1,8}[-/. ]?){0,2}\d[0-9A-Za-z/._-]{0,34}"
#: a number after one of these is the payer's, the contract's or a telephone's, also with "no" between them
_OTHER_NUMBERS = frozenset(
    {
        "ACCOUNT",
        "CLIENT",
        "CONTRACT",
        "CONTRAT",
        "CUST",
        "CUSTOMER",
        "DEBITOR",
        "DEBITORENNR",
        "KD",
        "KDNR",
        "KUNDE",
        "KUNDEN",
        "KUNDENNR",
        "KUNDENNUMMER",
        "MIETVERTRAG",
        "PHONE",
        "TEL",
        "TELEFON",
        "VERTRAG",
        "VERTRAGSNR",
        "VERTRAGSNUMMER",
    }
)
_NUMBER_WORDS = frozenset({"ID", "NO", "NR", "NUMBER", "NUMMER"})


@functools.lru_cache(maxsize=TEXTS_KEPT)
def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text`` in their order, without what is money by its form."""
    return tuple(WORD.findall(without_money(plain(text))))


@functools.lru_cache(maxsize=TEXTS_KEPT)
def without_money(text: str) -> str:
    """``text`` with a sign that joins nothing in place of each amount."""
    return _MONEY.sub("|", apart(text))


def without_money_but(text: str, is_number: Callable[[str], bool]) -> str:
    """``text`` without its amounts, except where ``is_number`` says that one is a document's number as written."""
    return _MONEY.sub(
        lambda match: match.group() if is_number(match.group()) else "|", apart(text, is_number)
    )


def apart(text: str, is_number: Callable[[str], bool] = lambda _: False) -> str:
    """``text`` with a sign between three figures that are a number and the amount behind: "349 169,87" is one amount,
    but not behind a word for documents, nor in a row of a list where ``is_number`` says that a document has it.
    """

    def parting(match: re.Match[str]) -> str:
        before = text[max(match.start() - 16, 0) : match.start()]
        word = _LAST_WORD.search(before)
        if word is not None:
            behind = is_document_word(word[1])
        else:
            behind = _ROW_BEGINS.search(before) is not None and is_number(match[1])
        return f"{match[1]} | " if behind else match.group()

    return _BEFORE_AMOUNT.sub(parting, text)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def without_sums(text: str) -> str:
    """``text`` without money, bare figures beside a currency code too: "EUR 500", and "500 EUR"."""
    return _BEFORE_CODE.sub("|", _AFTER_CODE.sub("|", without_money(text)))


@functools.lru_cache(maxsize=TEXTS_KEPT)
def around_amounts(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before, between and behind the amounts of ``text``, and the figures of each amount."""
    found = list(_ITS_AMOUNT.finditer(text))
    starts, ends = [match.start() for match in found], [match.end() for match in found]
    between = (text[end:start] for end, start in zip((0, *ends), (*starts, len(text)), strict=True))
    return tuple(between), tuple(match[match.lastindex or 0] for match in found)


def is_money(words: Sequence[str], position: int) -> bool:
    """Whether bare figures stand beside a currency code: "1001 EUR", whatever document has that number."""
    beside = {
        word.upper()
        for word in (*words[max(position - 1, 0) : position], *words[position + 1 : position + 2])
    }
    return words[position].isdigit() and bool(_CURRENCIES & beside)


#: "05.01.26", "2026-01-05", "01.01.", "3月5日", "10:42"
_DAY = re.compile(
    r"(?<!\d)(?:[0-2]?\d|3[01])[./-](?:[0-2]?\d|3[01])[./-](?:(?:20)?\d\d(?!\d)|(?!\d))"
    r"(?!\s?(?i:del|anno|dell'anno)\s20\d\d)"
    r"|(?<![0-9/._-])20\d\d[./-](?:0?\d|1[0-2])[./-](?:[0-2]?\d|3[01])(?!\d)"
    r"|\d{1,2}月\d{1,2}[日号]|(?<!\d)[0-2]?\d:[0-5]\d(?!\d)"
)
_OTHERS = re.compile(
    rf"(?:(?<![A-Za-z])(?:{'|'.join(sorted(_OTHER_NUMBERS, key=lambda w: (-len(w), w)))})|客户编?号?|合同编?号?|电话)"
    rf"[-.:# ]{{0,3}}(?:(?:id|nr|no|nummer|number)[-.:# ]{{0,3}})?{NUMBER}",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def without_dates(text: str) -> str:
    """``text`` with a sign that joins nothing in place of each day and hour."""
    return _DAY.sub("|", text)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def without_others(text: str, known: tuple[str, ...]) -> str:
    """``text`` without the numbers that it says are the payer's or another's, and without those that are ``known``."""
    ignored = {squeeze(word) for word in known}
    text = _OTHERS.sub("|", text)
    return WORD.sub(lambda match: "|" if squeeze(match.group()) in ignored else match.group(), text)


#: "Rate 1/2", "1/2", "Rate 1 von 2", "2. Rate", "part 2/3", "第2期"
INSTALMENT_WORD = (
    "raten?|raty|rata|part|instal?ments?|tranche|acompte|cuota|teil|teilzahlung|abschlag|abschlagszahlung"
    "|termijn|échéance|parcela|plazo|prestação|splátka|delbetalning|delbetaling|deelbetaling"
)
OF = r"\s?(?:/|\b(?:von|of|di|de|sur|van)\b)\s?"
_INSTALMENT = re.compile(
    rf"\b(?:{INSTALMENT_WORD})\b\.?\s?(?:(?:nr|no)\b\.?\s?)?\d{{1,2}}(?:{OF}\d{{1,2}})?(?![\w/-])"
    rf"|(?<![\w./-])\d{{1,2}}\s?(?:[.ªº°]|st|nd|rd|th|e|ère)\s?(?:{INSTALMENT_WORD})\b"
    r"|(?<![\w./-])\d{1,2}\s(?:rata|raty|tranche|cuota)\b(?!\.?\s?\d)"
    r"|第?\d{1,2}期"
    rf"|(?<![\w./-])(?P<counted>(?P<which>\d{{1,2}}){OF}(?P<all>\d{{1,2}}))(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
#: "del 02/2026": the month of a document, which is no number of another
_OF_A_MONTH = re.compile(
    rf"\b(?:del|dell'|of|vom|v\.|du|from|van|de)\s?(?P<month>(?:0?[1-9]|1[0-2])[/.-]{_YEAR})(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
#: of more parts than this nobody pays
INSTALMENTS_MAX = 12


def without_months(text: str, is_number: Callable[[str], bool]) -> str:
    """``text`` without the months that documents are of, except where ``is_number`` says that it is a document's.

    Behind a number it is a month, whatever document has that number: "17/2026 del 2/2026".
    """

    def kept(match: re.Match[str]) -> str:
        behind_number = text[max(match.start() - 2, 0) : match.start()].rstrip()[-1:].isdigit()
        return match.group() if is_number(match["month"]) and not behind_number else "|"

    return _OF_A_MONTH.sub(kept, text)


def without_instalments(text: str, is_number: Callable[[str], bool]) -> str:
    """``text`` without which part of something is paid, except where ``is_number`` says that it is a document's."""

    def kept(match: re.Match[str]) -> str:
        counted = match["counted"]
        if counted and (int(match["which"]) > int(match["all"]) or int(match["all"]) > INSTALMENTS_MAX):
            return counted
        return counted if counted and is_number(counted) else "|"

    return _INSTALMENT.sub(kept, text)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def asks_for_numbers(text: str) -> bool:
    """Whether there is anything in ``text`` that the functions above leave where a document has such a number."""
    return any(pattern.search(text) for pattern in (_MONEY, _OF_A_MONTH, _INSTALMENT))


def is_document_word(word: str) -> bool:
    """Whether ``word`` says that a document's number follows."""
    return word.upper() in _DOCUMENT_WORDS


def is_year(word: str) -> bool:
    """Whether a word is a year in which documents may be."""
    return _A_YEAR.fullmatch(word) is not None


def is_figure(word: str) -> bool:
    """Whether a word looks like an amount or a date."""
    return bool(_DECIMAL.match(word) or _DATE.match(word))


def stretches(word: str) -> Iterator[tuple[range, str]]:
    """What stands between joints of ``word``, one part or a few with their joints, the most first; not the whole."""
    parts = list(_PART.finditer(word))
    for length in range(min(len(parts) - 1, PIECES_MAX), 0, -1):
        for first in range(len(parts) - length + 1):
            last = first + length - 1
            yield range(first, last + 1), word[parts[first].start() : parts[last].end()]


@functools.lru_cache(maxsize=FORMS_KEPT)
def numbers_inside(word: str) -> tuple[tuple[range, str], ...]:
    """Of ``stretches`` those that may be numbers: no dates or amounts, and not the year beside a running number."""
    figures = [part for part in _PART.findall(word) if part.isdigit()]
    with_year = not all(map(is_year, figures))
    return tuple(
        (places, text)
        for places, text in stretches(word)
        if not is_figure(text) and not (with_year and is_year(text))
    )


@functools.lru_cache(maxsize=TEXTS_KEPT)
def reference_like(text: str, known: tuple[str, ...]) -> str | None:
    """The first word of ``text`` that looks like a document number, or ``None``.

    ``known``: references that are something else (the transfer's own ids, the customer's number).
    """
    ignored = {squeeze(word) for word in known}
    words = words_of(text)
    for position, word in enumerate(words):
        if is_figure(word) or _DAY_FIRST.fullmatch(word) or squeeze(word) in ignored:
            continue
        squeezed = squeeze(word)
        digits = sum(c.isdigit() for c in squeezed)
        if _REFERENCE_LIKE.match(squeezed) and digits >= BARE_DIGITS_MIN:
            return word
        before = words[position - 1].upper() if position else ""
        if squeezed.isdigit() and digits >= BARE_DIGITS_MIN and before in _KEYWORDS:
            return f"{words[position - 1]} {word}"
    return None


@functools.lru_cache(maxsize=TEXTS_KEPT)
def reference_words(text: str, known: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Words of ``text`` that may be misspelt document numbers: with digits, no amounts, no dates, no customer numbers.

    Each as the forms that it may have, squeezed: alone and with the word before it as its prefix.
    """
    ignored = {squeeze(word) for word in known}
    found: dict[tuple[str, ...], None] = {}
    words = words_of(text)
    for position, word in enumerate(words):
        if is_figure(word) or _DAY_FIRST.fullmatch(word) or is_other_number(words, position):
            continue
        before = words[position - 1] if position else ""
        if is_year(word) and not is_document_word(before):
            continue
        joined = squeeze(before + word) if before.isalpha() and len(before) <= PREFIX_MAX else ""
        forms = tuple(
            form
            for form in (squeeze(word), joined)
            if sum(c.isdigit() for c in form) >= BARE_DIGITS_MIN and form not in ignored
        )
        if forms:
            found[forms] = None
    return tuple(found)


def is_other_number(words: Sequence[str], position: int) -> bool:
    """Whether the figures at ``position`` are told to be something else: "Kunde 10042", "customer no. 10042"."""
    if not words[position].isdigit():
        return False
    before = [squeeze(word) for word in words[max(position - 2, 0) : position]]
    if before and before[-1] in _NUMBER_WORDS:
        before.pop()
    return bool(before) and before[-1] in _OTHER_NUMBERS


def words_of_parts(text: str, parts: Collection[str]) -> set[str]:
    """The words of ``text`` of which a stretch between joints is one of ``parts``; all squeezed."""
    return {
        squeeze(word) for word in words_of(text) if any(squeeze(part) in parts for _, part in stretches(word))
    }
