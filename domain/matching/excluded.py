"""What a payer's text says is not paid, or is of a delivery or an order: in the words of payers' languages.

German, English, French, Spanish, Italian, Dutch, Portuguese, Polish, Czech, Swedish, Danish, Norwegian, Chinese and
Japanese. Every pattern is bounded in what it repeats.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from domain.matching.forms import TEXTS_KEPT
from domain.matching.words import INVOICE_WORDS, NUMBER

#: a number before a word: a whole run of letters or figures, so that few places of a text are looked at
_WHOLE = rf"(?<![0-9A-Za-z]){NUMBER}(?![0-9]|(?<=[A-Za-z])[A-Za-z])"
_NEXT = r"(?:[A-Za-z]{1,8}[-/.]?){0,2}\d[0-9A-Za-z/._-]{0,34}"
#: numbers one after the other
_AND = r"\s?(?:[,;+&、和・]|\b(?:und|and|et|y|e|en|i|oraz|a|och|og|ed)\b)\s?"
_LIST = rf"{NUMBER}(?:{_AND}{_NEXT}){{0,20}}"
_DOCUMENT = rf"{'|'.join(INVOICE_WORDS)}|faktur[ęąy]|facturas|facturen|fakturou|nr|no|發票|发票|請求書"
_OF_A_DOCUMENT = rf"(?:(?:{_DOCUMENT})[.:#]?\s?){{0,3}}"
#: what stands behind one of these is told not to be paid: "10050 ohne 10042"
_NOT = (
    *(
        "ohne",
        "außer",
        "ausser",
        "nicht",
        "exkl",
        "mit ausnahme von",
        "nach zahlung von",
        "ersetzt",
        "storno",
    ),
    *("ausgenommen", "nicht enthalten"),
    *(
        "excl",
        "excluding",
        "except",
        "except for",
        "without",
        "not",
        "not incl",
        "after payment of",
        "replaces",
    ),
    "supersedes",
    *("sauf", "hors", "excepté", "à l'exception de", "après paiement de", "remplace"),
    *(
        "sin",
        "excepto",
        "salvo",
        "a excepción de",
        "con excepción de",
        "excluyendo",
        "sustituye",
        "sustituye a",
    ),
    *("senza", "escluso", "esclus[aei]", "eccetto", "tranne", "ad eccezione di", "sostituisce"),
    *("zonder", "behalve", "exclusief", "uitgezonderd", "met uitzondering van", "niet", "vervangt"),
    *("sem", "exceto", "com exceção d[aeo]", "excluindo", "não", "substitui"),
    *("bez", "oprócz", "z wyjątkiem", "poza", "z pominięciem", "nie licząc", "nie", "zastępuje"),
    *("kromě", "mimo", "vyjma", "s výjimkou", "nahrazuje"),
    *(
        "utan",
        "utom",
        "förutom",
        "exklusive",
        "med undantag (?:av|för)",
        "undantaget",
        "bortsett från",
        "ej",
        "inte",
    ),
    *(
        "uden",
        "uten",
        "undtagen",
        "unntatt",
        "foruden",
        "bortset fra",
        "bortsett fra",
        "ekskl",
        "ikke",
        "erstatter",
    ),
)
#: behind such a word these are what is not taken off, or not in the price: "without discount 10042"
_NO_DOCUMENT = (
    r"(?!\s?(?:abzug|abz[üu]ge|skont\w{1,2}|rabatt?\w{0,2}|discounts?|deductions?|escompte|remise|descuento|desconto|sconto"
    r"|korting|slevy|mwst|ust|vat|tax|tva|iva|btw|moms|mva|dph|podatku)\b)"
)
_NOT_CHINESE = "不含|不包括|扣除|除了?|代替|替换|未付|已支付(?=[^,，;]{1,40}后)"
#: and so is what stands before one of these: "10042 storniert"
_NO_MORE = (
    "storno",
    *(r"stornier\w{0,3}", "ungültig", "(?:bereits|schon) (?:be|ge)zahlt", "ersetzt durch"),
    *(
        r"cancel\w{0,4}",
        r"void\w{0,2}",
        "already paid",
        "paid (?:before|already)",
        "(?:replaced|superseded) by",
    ),
    *(r"annul\w{0,5}", "déjà (?:payée?|réglée?)s?", "remplacée? par"),
    *(r"anulad\w{1,2}", r"cancelad\w{1,2}", r"ya pagad\w{1,2}", "sustituid[ao] por"),
    *(r"annullat\w", r"già pagat\w", r"già saldat\w", "sostituit[ao] da"),
    *("geannuleerd", "vervallen", "(?:reeds|al) (?:betaald|voldaan)", "vervangen door"),
    *(r"já pag\w{1,2}", "substituíd[ao] por"),
    *(
        r"anulowan\w",
        r"wycofan\w",
        r"(?:już|wcześniej) (?:za|o)płacon\w",
        r"zapłacon\w wcześniej",
        r"zastąpion\w przez",
    ),
    *(r"stornov[aá]n\w", r"zrušen\w", r"(?:již|už) (?:za|u)(?:placen|hrazen)\w", r"nahrazen\w"),
    *(r"makulera\w{1,2}", r"(?:redan|tidigare) betal\w{1,2}", "ersatt av"),
    *(r"kanseller\w{1,2}", "(?:allerede|tidligere) betalt", "erstattet af"),
)
_NO_MORE_CHINESE = r"已取消|取消|已?作废|已冲红|冲红(?!\s?[:：]?\s?(?:[A-Za-z]{1,8}[-/. ]?)?\d)|已付|已支付"
#: Japanese says it behind a whole list: "10042、10043を除く"
_EXCLUDED_BEFORE = re.compile(
    rf"(?<![0-9A-Za-z])(?>{_LIST})(?:号|分)?(?:を?除[くきい]|以外|[をは]?含まず|[をは]?含まない|取り?消し?|キャンセル|(?:支払い?|入金|振込)済)"
)
_IS = "ist|wurde|is|was|est|a été|está|fue|è|jest|została?|je|byla?|är|er|blev"
_EXCLUDED = re.compile(
    rf"(?:\b(?:{'|'.join(_NOT)})\b|{_NOT_CHINESE})[.:]?\s?{_NO_DOCUMENT}{_OF_A_DOCUMENT}{_LIST}"
    rf"|{_WHOLE}\s?\(?(?:(?:(?:{_IS}) )?(?:{'|'.join(_NO_MORE)})|{_NO_MORE_CHINESE})",
    re.IGNORECASE,
)
#: what stands before one of these is not paid with the rest: "10050, 10042 on hold"; the plural is said of a whole list
_HELD_BACK = (
    *(
        "nicht (?:be|ge)zahlt",
        "nicht enthalten",
        "unbezahlt",
        "offen",
        "folgt",
        "sp(?:ä|ae)ter",
        "reklamiert",
    ),
    *("beanstandet", "strittig", "gesperrt", "abgelehnt", "zur(?:ü|ue)ck(?:gehalten|gestellt)"),
    *("in kl(?:ä|ae)rung", "in pr(?:ü|ue)fung", "in reklamation"),
    *(
        "not (?:yet )?paid",
        "unpaid",
        "not incl(?:uded)?",
        "to follow",
        "follows",
        "later",
        "on hold",
        "held back",
    ),
    *("withheld", "disputed", "in dispute", "pending", "queried", "under query", "rejected"),
    *("non payée?", "impayée?", "en attente", "suit", "suivra", "(?:en )?litige", "contestée?", "bloquée?"),
    *(
        "no pagad[ao]",
        "impagad[ao]",
        "no incluid[ao]",
        "pendiente",
        "reclamad[ao]",
        "en disputa",
        "en reclamación",
    ),
    *("retenid[ao]", "bloquead[ao]"),
    *("non pagat[ao]", "in sospeso", "contestat[ao]", "in contestazione", "bloccat[ao]"),
    *(
        "niet betaald",
        "onbetaald",
        "volgt",
        "in dispuut",
        "in geschil",
        "betwist",
        "in behandeling",
        "in onderzoek",
    ),
    *("aangehouden", "geblokkeerd"),
    *("não pag[ao]", "por pagar", "pendente", "em disputa", "em litígio", "em análise", "retid[ao]"),
    *(
        r"nie ?zapłacon\w",
        r"nie ?opłacon\w",
        r"wstrzyman\w",
        r"sporn\w",
        "w sporze",
        "w reklamacji",
        r"reklamowan\w",
    ),
    *("później", r"zablokowan\w"),
    *(r"nezaplacen\w", r"neuhrazen\w", "v reklamaci", r"reklamován\w", "později", r"pozastaven\w"),
    *("obetald", "ej betald", "bestridd", "tvistig", "senare", "reklamerad", "spärrad"),
    *("ubetalt", "ikke betalt", "omtvistet", "bestridt", "senere", "reklameret", "reklamert", "tilbageholdt"),
)
_HELD_BACK_CHINESE = "暂不付|暂缓|暂扣|有争议|未付|未支付|待付|待定|除外|不付|后付"
_HELD_BACK_JAPANESE = "[はが]?(?:保留|未払い?|後日|次回|係争中)"
_STILL = "ist|wird|noch|is|still|sera|est|está|è|wordt|jest|je|är|er"
#: with a number behind it such a word may be of that one: "10050 on hold 10042"
_LEFT_OUT = re.compile(
    rf"{_WHOLE}\s?[-–(]?\s?"
    rf"(?:(?:(?:{_STILL}) )?(?:{'|'.join(_HELD_BACK)})\b|{_HELD_BACK_CHINESE}|{_HELD_BACK_JAPANESE})\)?"
    rf"(?!\s?[:：]|[.]?\s?(?:[A-Za-z]{{1,8}}[-/. ]?)?\d)",
    re.IGNORECASE,
)
_A_NUMBER = re.compile(r"\d{3}|\d[-/.]\d")
#: what stands behind one of these is the number of a delivery or of an order
_DELIVERIES_AND_ORDERS = (
    *(
        "lieferscheine?",
        "lieferung",
        "ls",
        "delivery(?: note)?",
        "packing slip",
        "dn",
        "bl",
        "bon de livraison",
        "ddt",
    ),
    *("bolla", "albar[aá]n", "pakbon"),
    *(
        "bestellung",
        "bestell",
        "auftrag",
        "order",
        "purchase order",
        "work order",
        "po",
        "so",
        "wo",
        "commande",
        "cde",
    ),
    *("pedido", "ordine", "opdracht"),
)
_BESIDE = re.compile(
    rf"(?:\b(?:{'|'.join(_DELIVERIES_AND_ORDERS)})|送货单|订单|采购单)"
    rf"(?:号|-?nr|-?no|-?nummer| number)?[.:#]{{0,2}}\s?{_LIST}",
    re.IGNORECASE,
)


#: a telephone's number in its groups: of any country, with an area code, or as one
_TELEPHONE = re.compile(
    r"(?:(?<![^\W\d_])(?:tel|t[eé]l|telefon|tel[eé]fono|telefoon|t[eé]l[eé]phone|tlf|phone|fax|mobile?|handy)\b|电话|手机|電話)"
    r"[.:：]{0,2}\s?"
    r"(?:\+\d{1,3}(?:[ /().-]{1,3}\d+){1,4}|\(?0\d*\)?(?:[ /.-]{1,2}\d+){0,4}|\d[\d/.-]*)",
    re.IGNORECASE,
)


class Parted(NamedTuple):
    """A text in three: what names documents; what is told not to be paid, and telephones; and numbers of deliveries and
    orders.
    """

    named: str
    excluded: str
    beside: str


@functools.lru_cache(maxsize=TEXTS_KEPT)
def parted(text: str) -> Parted:
    """``text`` in its parts; where one is taken out, a sign stays that joins nothing.

    What is held back is so beside something else that is paid: alone it says why its document is paid now, or in part.
    """
    left_out, rest = _taken(_LEFT_OUT, text)
    if not _A_NUMBER.search(rest):
        left_out, rest = [], text
    excluded, rest = _taken(_EXCLUDED, rest)
    if not rest.isascii():
        before, rest = _taken(_EXCLUDED_BEFORE, rest)
        excluded += before
    telephones, rest = _taken(_TELEPHONE, rest)
    excluded += telephones
    beside, rest = _taken(_BESIDE, rest)
    return Parted(rest, " | ".join((*left_out, *excluded)), " | ".join(beside))


def _taken(pattern: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """What ``pattern`` takes out of ``text``, and what is left."""
    return [match.group() for match in pattern.finditer(text)], pattern.sub("|", text)
