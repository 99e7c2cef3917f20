"""Texts that people type into a phone field, taken apart: the digits that may be a number, and what objects to that.

What a number is, is not known here; see `integrations/phone_numbers.py`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

TRUNK_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
SHORTEST = 7
"""Digits and separators; what is shorter is no number of a contact."""
LONGEST_TYPED_TEXT = 500
"""A phone field holds a few numbers. Of a longer text the beginning is read, without the word and number at the cut."""
_LOOKALIKES = {"−": "-", "·": ".", "⁄": "/", "∕": "/", "﹢": "+", "➕": "+", "。": ".", "、": ","}
_PLAIN_CATEGORIES = {"Zs": " ", "Pd": "-", "Zl": "\n", "Zp": "\n", "Cf": "", "Mn": "", "Me": ""}
_CONTEXT_URI = re.compile(r"tel:([0-9().-]+)[^\s]*?;phone-context=(\+[0-9]+)\S*", re.IGNORECASE)
"""`tel:070-1234567;phone-context=+46`: https://www.rfc-editor.org/rfc/rfc3966#section-5.1.5."""
_SIP_URI = re.compile(r"sips?:(\+[0-9]+)@\S+", re.IGNORECASE)
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_DATE = re.compile(
    rf"(?<![0-9])(?<![0-9+][./]){_DAY}([./-]){_MONTH}\1(?:19|20)[0-9]{{2}}(?![0-9]|[./][0-9])"
    rf"|(?<![0-9])(?<![0-9+][ .()/-]){_DAY}([./-]){_MONTH}\2[0-9]{{2}}(?![0-9]|[./-][0-9]|[ ][1-9])"
    rf"|(?<![0-9])(?:19|20)[0-9]{{2}}([./-]){_MONTH}\3{_DAY}(?![0-9]|[./][0-9])"
)
_AMONG_WORDS = re.compile(
    r"""
      (?<![^\s@,;<>()])[^\s@,;<>()]+@[^\s,;<>()]+                                   # email
    | (?:https?://|www\.)\S+ | \b[\w-]+(?:\.[\w-]+){0,3}\.(?:fi|com|net|org|info|io|me|eu|se|ee|no|dk|de|uk)\b(?:/\S*)?
    | \b(?-i:[A-Z]{2})[0-9]{2}(?:[ ]?(?-i:[0-9A-Z]){4}){2,7}(?:[ ]?(?-i:[0-9A-Z]){1,3})?\b    # IBAN
    | [*#][0-9]{2}[*#]                                                               # *31# hides the caller's number
    | (?<![^\W\d_])(?:tai|ja|or|and|eller|och|oder|und|või|ou|или)(?![^\W\d_])       # between two numbers
    | (?<![^\W\d_])(?:ext(?:ension|n)?|ala(?:nro|numero)?|ankn(?:ytning)?|sise|dw|durchwahl|poste|доб)\s*[.:=]*\s*
      (?:[0-9]{1,6}(?![0-9]|\s?[-.]?\s?[0-9])|[1-9][0-9]{0,5}(?=\s+\(?0))            # extension
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RUN = re.compile(r"[(\[]?(?:\+[+ \t(\[]*)?[0-9](?:[ \t()\[\]]{0,3}[._/-]?[ \t()\[\]]{0,3}[0-9])*")
"""Digits, and what may stand between the digits of a number."""
_GLUED_BEFORE = re.compile(r"[^\W\d_]+\Z")
_PHONE_WORD = re.compile(r"(?i:p|puh|puhelin|tel|telefon|phone|ph|gsm|m|mob|mobile|mobil|matkap|t|tlf|fax|faksi|wa)")
_CODE_BEFORE = re.compile(r"(?<!\w)(?!GSM|TEL|PUH|MOB|FAX)[A-Z]{1,5}[-_/]\Z|[#*@$€£%_\\^~=]\s*\Z")
_COUNTRY_BEFORE = re.compile(r"(?<!\w)[A-Z]{2}\s+\Z")
_OTHER_NUMBER_BEFORE = re.compile(
    r"""(?<![^\W_])(?:
        (?:y-?tunnu[sk]\w*|ly|alv|vat|moms|tin|ein|iban|bic|swift|tili|viite\w*|ref|ocr|hetu|ssn|cvr|kvk|siret|nip|pesel
          |id|sku|ean|isbn|imei|pl|box|eur|usd|sek|gbp|hinta|price|pin|puk|henkilötunnus|postinumero|zip|pnro)(?!\w)
      | (?:asiaka[sn]|tilau[sk]|lasku|sopimu[sk]|tuote|sarja|jäsen|rekisteri|customer|client|order|invoice|account
          |contract|business|company|organi[sz]ation|reference|member|serial|kund|kunden|konto|faktura?|org|reg)\w{0,3}\W{0,2}
        (?:n:?o|nro|nr|num|number|numero|nummer|id|tunnus|code|koodi)
    )(?:[\s.:\#-]|n:?o|nro|nr|numero|number|num|nummer|id|tunnus)*\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_OTHER_THING_BEFORE = re.compile(
    r"(?<![^\W_])(?i:asiakas|tilaus|lasku|sopimus|tuote|customer|order|invoice|account|contract|ext|ala)[\s.:-]*\Z"
)
_MASKED_BEFORE = re.compile(r"(?:[x*?_•]{2,}|\.{2,}|…|[*?•])[\s-]*\Z", re.IGNORECASE)
_EXTENSION_X = re.compile(r"\s?x\s?[.:]?\s?[0-9]{1,6}(?![0-9x])", re.IGNORECASE)
_MASKED_AFTER = re.compile(r"(?i)\s*(?:[x*?_•]{2,}|\.{2,}|…)|--|[*?_•]|([^\W\d_])\1+(?![^\W\d_])|\s?x(?![^\W\d_])")
_AMOUNT_AFTER = re.compile(r"(?i)(?:,[0-9]{1,2}|,-)?\s*(?:[€$£%°]|(?:eur|euroa?|kr|sek|nok|dkk|usd|gbp|kpl|km|kg)\b)")
_GLUED_AFTER = re.compile(r"([^\W\d_]+)([0-9]?)")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Digits in a text, with what may stand between the digits of a number.

    Attributes:
        parts: cut at brackets, each cut at slashes; empty where the characters around say that it is no number.
        allows_bare: whether it may be a number though it has neither `+` nor a zero in front.
    """

    parts: list[list[str]]
    allows_bare: bool


def runs_in(text: str) -> list[Run]:
    """Every run of digits in a text that is long enough for a number."""
    readable = _readable(text)
    return [_run(found, readable) for found in _RUN.finditer(readable) if len(found[0]) >= SHORTEST]


def _run(found: re.Match[str], readable: str) -> Run:
    before = readable[max(0, found.start() - 40) : found.start()].rpartition("\n")[2]
    after = readable[found.end() : found.end() + 16].partition("\n")[0]
    if _objects_before(found[0], before):
        return Run(parts=[], allows_bare=False)
    allows_bare = not (_COUNTRY_BEFORE.search(before) or _OTHER_THING_BEFORE.search(before))
    parts = [part.split("/") for part in _at_brackets(found[0])]
    if _objects_after(found[0], after):
        parts[-1].pop()
    return Run(parts=parts, allows_bare=allows_bare)


def digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _readable(text: str) -> str:
    """The text in plain characters; what has digits and is no telephone number has become a line break."""
    plain = text[:LONGEST_TYPED_TEXT]
    if not plain.isascii():
        plain = "".join(map(_plain_character, plain))
    if len(text) > LONGEST_TYPED_TEXT:
        plain = plain[: max(map(plain.rfind, " \n;")) + 1].rstrip("0123456789+-./()[]_ \t")
    if re.search(r"[^\W\d_]|[*#]", plain):
        plain = _AMONG_WORDS.sub("\n", _SIP_URI.sub(r"\1 ", _CONTEXT_URI.sub(r"\2\1", plain)))
    return _DATE.sub("\n", plain)


@lru_cache(maxsize=4096)
def _plain_character(char: str) -> str:
    """Web pages and word processors bring spaces, dashes, digits and invisible marks of many kinds."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if "！" <= char <= "～":
        return unicodedata.normalize("NFKC", char)
    return _LOOKALIKES.get(char) or _PLAIN_CATEGORIES.get(unicodedata.category(char), char)


def _objects_before(run: str, before: str) -> bool:
    """Whether what stands before the digits says that they are another number, or a part of something."""
    if not before or "+" in run:
        return False
    glued = _GLUED_BEFORE.search(before)
    if len(run) == len("01234567") and run.isdecimal() and _COUNTRY_BEFORE.search(before):
        return True  # a VAT number: FI 01234567
    if glued and not _PHONE_WORD.fullmatch(glued[0]) and not (len(glued[0]) > 2 and glued[0][-1].islower()):
        return True
    return any(pattern.search(before) for pattern in (_CODE_BEFORE, _MASKED_BEFORE, _OTHER_NUMBER_BEFORE))


def _objects_after(run: str, after: str) -> bool:
    """Whether what follows the digits says that some are missing, or that they are an amount or part of a code."""
    if extension := _EXTENSION_X.match(after):
        could_be_a_digit = 11  # of `0457 123 45x7`
        return not extension[0][0].isspace() and len(digits_of(run)) + len(extension[0]) <= could_be_a_digit
    if _MASKED_AFTER.match(after) or _AMOUNT_AFTER.match(after):
        return True
    glued = _GLUED_AFTER.match(after)
    return glued is not None and (len(glued[1]) == 1 or bool(glued[2]))


def _at_brackets(run: str) -> list[str]:
    """`(040) 012 4387` and `+358 (0)40 …` are in one piece, `0400 124 387 (9-16)` is not."""
    parts, start = [], 0
    for bracket in re.finditer(r"[()\[\]]", run):
        part = run[start : bracket.start()]
        longest = 6 + ("+" in part) + 2 * part.startswith("00") + 2 * (bracket[0] in ")]")
        if len(digits_of(part)) >= longest:
            parts.append(part)
            start = bracket.start()
    return [*parts, run[start:]]
