"""How banks dress what a payer wrote, and the words that payers of a language use."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final

LANGUAGES: Final = ("de", "fr", "en", "zh", "es", "it")
CURRENCIES: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("EUR", "EUR", "CHF"),
    "fr": ("EUR", "EUR", "CHF"),
    "en": ("USD", "GBP", "GBP", "USD", "EUR"),
    "zh": ("CNY", "CNY", "USD", "JPY"),
    "es": ("EUR",),
    "it": ("EUR", "CHF"),
}
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("Nordlicht Handels GmbH", "Bäckerei Öztürk e.K.", "Müller & Söhne KG", "Kantonsspital Baden AG"),
    "fr": ("SARL Dupont Frères", "Boulangerie du Marché", "Société Générale des Eaux Minérales SA"),
    "en": ("Blue Harbour Ltd", "Acme Tools Inc", "J & P Whitfield LLP", "St Mary's NHS Trust"),
    "zh": ("上海华星贸易有限公司", "深圳市明达电子有限公司", "株式会社山田商店"),
    "es": ("Hermanos García S.L.", "Construcciones Levante SA"),
    "it": ("Rossi Arredamenti S.r.l.", "Cantina Sociale del Piave"),
}
PARENTS: Final = (
    "HoldCo Treasury Centre B.V.",
    "华星集团财务有限公司",
    "Whitfield Group Shared Services",
    "Peter Maier",
)
INVOICE: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("Rechnung", "Rg.", "Rg", "Re.Nr.", "RG-Nr.", "Rechnungsnr.", "Rechn."),
    "fr": ("facture", "Facture n°", "fact.", "Fact", "règlement facture"),
    "en": ("Invoice", "inv", "Inv.", "invoice no.", "Inv#", "bill"),
    "zh": ("发票", "发票号", "发票号码:", "付发票", "账单"),
    "es": ("factura", "Fra.", "fact. nº", "pago factura"),
    "it": ("fattura", "fatt.", "saldo fattura", "ft.", "fatt. n."),
}
AND: Final[Mapping[str, tuple[str, ...]]] = {
    "de": (", ", "+", " + ", " und ", " u. ", "/", " / ", ";", " "),
    "fr": (", ", " et ", " + ", "/", " "),
    "en": (", ", " and ", " & ", "+", "/", " ", "; "),
    "zh": ("、", ",", "，", "和", "/", " "),
    "es": (", ", " y ", "+", "/"),
    "it": (", ", " e ", "+", " - ", "/"),
}
TO: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("{} bis {}", "{}-{}", "von {} bis {}", "{} - {}", "{} bis einschl. {}"),
    "fr": ("{} à {}", "du {} au {}", "de {} à {}", "{}-{}"),
    "en": ("{} to {}", "{}-{}", "{} thru {}", "from {} through {}", "{} - {}"),
    "zh": ("{}至{}", "{}~{}", "{}到{}", "{}-{}"),
    "es": ("{} a {}", "del {} al {}", "{}-{}"),
    "it": ("da {} a {}", "dal {} al {}", "{}-{}"),
}
BUT: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("ohne", "außer", "nicht enthalten:", "ausgenommen"),
    "fr": ("sauf", "hors", "excepté"),
    "en": ("except", "excl.", "without", "not incl."),
    "zh": ("不含", "除", "未付"),
    "es": ("excepto", "sin", "salvo"),
    "it": ("esclusa", "tranne", "senza"),
}
LESS: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("abzgl.", "abzüglich", "minus", "./.", "verrechnet mit"),
    "fr": ("moins avoir", "déduction faite de", "- avoir"),
    "en": ("less", "less CN", "minus credit", "net of"),
    "zh": ("扣除", "减", "抵扣"),
    "es": ("menos abono", "menos"),
    "it": ("meno nota credito", "al netto di"),
}
NOTHING: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("Zahlung", "Überweisung vielen Dank", "lt. Absprache", "Akonto", ""),
    "fr": ("virement", "règlement", "acompte", "votre facture", ""),
    "en": ("payment", "thank you", "as agreed", "on account", ""),
    "zh": ("货款", "往来款", "转账", "结算款", ""),
    "es": ("pago", "transferencia", "gracias", ""),
    "it": ("pagamento", "bonifico", "saldo", ""),
}
ALL_OPEN: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("alle offenen Rechnungen", "Ausgleich Konto", "Saldo lt. Kontoauszug"),
    "fr": ("solde de tout compte", "toutes factures échues", "solde relevé"),
    "en": ("all open invoices", "account balance in full", "statement balance"),
    "zh": ("结清全部欠款", "付清余额", "全部货款"),
    "es": ("saldo total pendiente", "todas las facturas"),
    "it": ("saldo estratto conto", "tutte le fatture aperte"),
}
_NO_DECIMALS: Final = frozenset({"JPY"})


def money(rng: random.Random, language: str, currency: str, minor: int) -> str:
    """An amount as people of that language write it."""
    if currency in _NO_DECIMALS:
        return f"¥{minor:,}" if rng.random() < 0.5 else f"{minor} JPY"
    whole, cents = divmod(minor, 100)
    point, group = {"en": (".", ","), "zh": (".", ",")}.get(language, (",", "."))
    grouped = f"{whole:,}".replace(",", group if rng.random() < 0.6 else "")
    if not cents and rng.random() < 0.3:
        return f"{grouped}{point}-" if point == "," else f"{currency} {grouped}"
    sign = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥"}.get(currency, currency + " ")
    return rng.choice((f"{grouped}{point}{cents:02} {currency}", f"{sign}{grouped}{point}{cents:02}"))


def date_text(rng: random.Random, language: str, day: object) -> str:
    forms = {
        "de": ("{0:%d.%m.%Y}", "{0:%d.%m.%y}", "{0:%d.%m.}"),
        "fr": ("{0:%d/%m/%Y}", "{0:%d/%m/%y}"),
        "en": ("{0:%d/%m/%Y}", "{0:%d %b %Y}", "{0:%Y-%m-%d}", "{0:%m/%d/%y}"),
        "zh": ("{0:%Y年%m月%d日}", "{0:%Y%m%d}", "{0:%Y.%m.%d}"),
        "es": ("{0:%d/%m/%Y}", "{0:%d-%m-%y}"),
        "it": ("{0:%d/%m/%Y}", "{0:%d.%m.%Y}"),
    }[language]
    return rng.choice(forms).format(day)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def dressed(rng: random.Random, language: str, currency: str, payer: str, message: str, amount: int) -> str:
    """What arrives in ``remittance_text``: ``message`` in the manner of the payer's bank, or bare."""
    if rng.random() < 0.3:
        return message
    reference = rng.choice(("NOTPROVIDED", f"{_digits(rng, 10)}", f"ZV01{_digits(rng, 8)}A"))
    if currency == "CHF" and rng.random() < 0.5:
        return rng.choice(
            (f"GUTSCHRIFT AUFTRAGGEBER: {payer} MITTEILUNGEN: {message}", f"/ROC/{reference}//URI/{message}")
        )
    if language == "de":
        return rng.choice(
            (
                f"SVWZ+{message}",
                f"EREF+{reference} SVWZ+{message}",
                f"EREF+{reference} KREF+{_digits(rng, 12)} SVWZ+{message} ABWA+{payer}",
                f"SEPA-Überweisung {message} {payer}",
            )
        )
    if language == "fr":
        return rng.choice(
            (
                f"VIR SEPA RECU /DE {payer} /MOTIF {message} /REF {reference}",
                f"VIREMENT {payer} {message}",
                f"/RFB/{message}",
            )
        )
    if language == "es":
        return rng.choice((f"TRANSFERENCIA DE {payer}, CONCEPTO {message}", f"TRANSF. A SU FAVOR {message}"))
    if language == "it":
        return rng.choice(
            (
                f"BONIFICO A VOSTRO FAVORE DA {payer} PER {message} TRN {_digits(rng, 14)}",
                f"BON.DA {payer} CAUSALE: {message}",
            )
        )
    if language == "zh":
        return rng.choice(
            (
                f"附言:{message}",
                f"用途:货款 附言:{message}",
                f"网银转账 备注:{message}",
                f"摘要:汇款 用途:{message} 流水号{_digits(rng, 12)}",
            )
        )
    if currency == "USD":
        return rng.choice(
            (
                f"/ORG/{payer} /OBI/{message}",
                f"ACH CREDIT {payer} CCD {message}",
                f"WIRE TYPE:WIRE IN DATE: ORIG:{payer} PMT DET:{message}",
                f"FEDWIRE CREDIT VIA: BANK/{_digits(rng, 9)} B/O: {payer} REF: {message}",
            )
        )
    return rng.choice(
        (f"FASTER PAYMENTS RECEIPT REF.{message} FROM {payer}", f"BGC {message}", f"FPI {payer} {message}")
    )


def bacs(message: str) -> str:
    """UK BACS: 18 characters, capitals."""
    return message.upper()[:18]


def rmr(pairs: Sequence[tuple[str, int]]) -> str:
    """The addenda of a US payment order: one RMR segment per document."""
    return "".join(f"RMR*IV*{number}**{amount // 100}.{amount % 100:02}\\" for number, amount in pairs)


def rf(reference: str) -> str:
    """ISO 11649: RF, two check digits, the reference."""
    turned = "".join(str(int(c, 36)) for c in f"{reference}RF00")
    return f"RF{98 - int(turned) % 97:02}{reference}"


_QR: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def qr(customer: str, running: str) -> str:
    """The 27 digits of a Swiss QR reference: customer, document, check digit (modulo 10, recursive)."""
    body = f"{customer:0>10}{running:0>16}"
    carry = 0
    for digit in body:
        carry = _QR[(carry + int(digit)) % 10]
    return f"{body}{(10 - carry) % 10}"


def in_groups(reference: str) -> str:
    """As printed on a Swiss slip: groups of five from the right."""
    head = len(reference) % 5
    return " ".join(
        filter(None, (reference[:head], *(reference[i : i + 5] for i in range(head, len(reference), 5))))
    )


def ogm(serial: int) -> str:
    """The Belgian structured message: ten digits and their rest modulo 97."""
    check = serial % 97 or 97
    digits = f"{serial:010}{check:02}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
