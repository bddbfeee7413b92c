"""The phone rule: what a person or an exporter wrote becomes an E.164 number, or a code that says why not.

Order and codes are those of the partners README (section 2 "Phone", section 4). The rule is written twice: here, in
Python, with phonenumbers, and as the SQL macros of `phone_macros` that decide nearly all rows; tests show that both say
the same. Whether a number may be used belongs to the judgement, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from unicodedata import category, normalize

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType

from terms.environment import NumberRules
from terms.errors import FiliationError
from terms.reasons import RowReason
from terms.unicode_marks import with_few_marks


@dataclass(frozen=True)
class ReadPhone:
    """What one cell gives: a number with its kind and zone, or the code of what is wrong with it."""

    e164: str | None
    kind: str | None
    zone: str | None
    code: RowReason | None


@dataclass(frozen=True)
class RowPlace:
    """What of the row decides how a number without country code is meant: its country and postcode, if any."""

    country: str | None
    postcode: str | None


#: Of no row: a number that is told without country or postcode.
NOWHERE = RowPlace(None, None)

#: Numbers that people type to get past a form, national form (partners README, section 4).
PLACEHOLDERS = ("0606060606", "0666666666", "0123456789", "0612345678")

#: Overseas mobiles by the first digits of the national number: never mobiles of the mainland (feeds.md 4.2).
OVERSEAS: Mapping[str, str] = MappingProxyType(
    {
        "692": "262",
        "693": "262",
        "639": "262",
        "690": "590",
        "691": "590",
        "694": "594",
        "696": "596",
        "697": "596",
    }
)

#: Overseas landlines that no number of the mainland begins like (feeds.md 4.2); 0596 is told by the row's postcode.
OVERSEAS_LANDLINES: Mapping[str, str] = MappingProxyType({"262": "262", "590": "590", "594": "594"})

#: ARCEP's range for fiction, 06 39 98: in no territory, though 0639 is Mayotte's (partners README).
FICTION = "63998"

#: Zone of a country code of ours; +262 is two zones (see `number_zone`).
ZONES: Mapping[str, str] = MappingProxyType(
    {
        "33": "metropole",
        "262": "reunion",
        "590": "guadeloupe",
        "594": "guyane",
        "596": "martinique",
        "508": "saint_pierre_et_miquelon",
        "687": "nouvelle_caledonie",
        "689": "polynesie",
        "681": "wallis_et_futuna",
    }
)

#: National numbers that are invalid everywhere; under the rules of `bench` they are mobiles (house.md, Clock).
BENCH_MOBILE = r"(?:70[1-7]|71|72|841|843|84[5-9]|87[0-9])"

_SEPARATORS = r" .\-/()\[\]"
_UNICODE_SPACE = "\t\n\v\f\r\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: A label that ends in a mark is one whatever follows; a bare word only before a number, as it may be all there is.
LABEL_WORDS = "t[ée]l|t[ée]l[ée]phone|mobile|portable"
_LABEL = re.compile(rf"^(?:p\s*:|(?:{LABEL_WORDS})\s*[.:][.:\s]*|(?:{LABEL_WORDS})\s*(?=[+(\d]))\s*", re.IGNORECASE)
_MISSING = re.compile(r"^(?:n/?a|[-–—]+)?$", re.IGNORECASE)
_MASK = re.compile(r"[xX]{2,}|\*{2,}")
_SCIENTIFIC = re.compile(r"^\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})$")
_ZERO_LETTER = re.compile(r"(?<![^\W\d_])[oO]+(?![^\W\d_])")
_TWO = re.compile(r";|\bou\b", re.IGNORECASE)
#: Begun where the blanks begin, or a long run of them would be walked from each of its places.
_SPACED_SLASH = re.compile(r"(?<!\s)\s+/\s+")
#: Guards around guards around a number: more of them than this around one thing are no number.
_MOST_GUARDS = 50
_WORDS_AFTER = re.compile(r"^(.*?\d)[^\d]*?[^\W\d_].*$")
_ONLY_NUMBER = re.compile(rf"^(?:[{_SEPARATORS}]*\+)?[\d{_SEPARATORS},_‐‑–—−]+$")
#: Fewer digits than this before a word are not a number (New Caledonia has six).
_FEWEST_DIGITS = 6
#: What makes a number of the digits behind it, however few: "06 39 98 00 42 et 43".
_ALSO = re.compile(r"^\W*(?:et|and|or)\b[^\d]*\d", re.IGNORECASE)


def read_phone(text: str | None, place: RowPlace, rules: NumberRules) -> ReadPhone:
    """Return what one phone cell gives.

    Args:
        text: as delivered.
        place: country and postcode of its row.
        rules: which invented numbers count as mobiles.
    """
    numbers = _numbers_in(text or "")
    if isinstance(numbers, RowReason):
        return _refused(numbers)
    return first_mobile([_read_one(part, place, rules) for part in numbers])


def first_mobile(found: list[ReadPhone]) -> ReadPhone:
    """Return the first that is a mobile, else the first number, else the first code that is not "missing"."""
    numbers = [one for one in found if one.e164 is not None]
    mobiles = [one for one in numbers if one.kind == "mobile"]
    faults = [one for one in found if one.code is not RowReason.PHONE_MISSING]
    return next(iter(mobiles or numbers or faults or found), _refused(RowReason.PHONE_MISSING))


def read_asked_number(text: str, rules: NumberRules) -> str | None:
    """Return the E.164 of the one number that a person gave, in any way they write it; None if it is none, or several.

    Of a partner's cell with two numbers the first is taken; who asks about a person, erases or opts one out must not be
    answered for the first of two.
    """
    numbers = _numbers_in(text)
    told = [] if isinstance(numbers, RowReason) else [part for part in numbers if re.search(r"\d", part)]
    if len(told) != 1 or _tells_of_another(told[0]):
        return None
    return _read_one(told[0], NOWHERE, rules).e164


def _refused(code: RowReason) -> ReadPhone:
    return ReadPhone(None, None, None, code)


def _numbers_in(text: str) -> tuple[str, ...] | RowReason:
    """Return what a text holds, cut into the numbers that it tells, or why it holds none."""
    plain = _unwrap(_fold(text))
    if _MISSING.match(plain):
        return RowReason.PHONE_MISSING
    if "@" in plain or not re.search(r"\d", plain):
        return RowReason.PHONE_UNREADABLE
    if _MASK.search(plain):
        return RowReason.PHONE_MASKED
    restored = _restore(plain)
    return RowReason.PHONE_LOSSY if restored is None else tuple(_split(restored))


def _fold(text: str) -> str:
    """NFKC, format characters and NUL off, every space alike. (U+202F makes phonenumbers raise: feeds.md.)"""
    folded = re.sub(f"[{_UNICODE_SPACE}]", " ", normalize("NFKC", with_few_marks(text)))
    return "".join(char for char in folded if char != "\0" and category(char) != "Cf").strip()


def _unwrap(text: str) -> str:
    """Take off Excel's guards, quotes of a file that is read without quoting, and labels, however nested."""
    for _ in range(_MOST_GUARDS):
        inner = re.sub(r'^=?"(.*)"$', r"\1", text)
        inner = _LABEL.sub("", inner.removeprefix("'")).strip()
        if inner == text:
            break
        text = inner
    return text


def _restore(text: str) -> str | None:
    """Undo what a spreadsheet did: scientific notation, `.0`, letter O for zero; None if digits are lost."""
    scientific = _SCIENTIFIC.match(text)
    if scientific:
        first, rest, exponent = scientific.groups()
        digits = first + (rest or "")
        return digits if len(digits) == int(exponent) + 1 else None
    return _ZERO_LETTER.sub(lambda match: "0" * len(match[0]), re.sub(r"^(\+?\d+)[.,]0$", r"\1", text))


def _split(text: str) -> Iterator[str]:
    """Yield the numbers of one cell: `ou`, `;`, a slash between whole numbers, or 20 glued digits."""
    for part in map(str.strip, _TWO.split(text)):
        spaced, slashed = _SPACED_SLASH.split(part), part.split("/")
        if re.fullmatch(r"(?:\d *){20}", part):
            digits = part.replace(" ", "")
            yield from (digits[:10], digits[10:])
        elif len(spaced) > 1 and all(_looks_whole(half) for half in spaced):
            yield from spaced
        elif len(slashed) > 1 and all(_looks_whole(half) for half in slashed):
            yield from slashed
        elif part:
            yield part


def _looks_whole(text: str) -> bool:
    return len(re.sub(r"\D", "", text)) >= 9


def _tells_of_another(text: str) -> bool:
    """Tell whether the words after a number, which a cell's reading drops, hold another one."""
    words = _WORDS_AFTER.match(text)
    dropped = text[words.end(1) :] if words else ""
    return len(re.sub(r"\D", "", dropped)) >= _FEWEST_DIGITS or _ALSO.match(dropped) is not None


def _read_one(text: str, place: RowPlace, rules: NumberRules) -> ReadPhone:
    """Read a cell that holds one number, words after it dropped."""
    words = _WORDS_AFTER.match(text)
    if words:
        text = words[1]
        if len(re.sub(r"\D", "", text)) < _FEWEST_DIGITS:
            return _refused(RowReason.PHONE_UNREADABLE)
    text = text.replace("(0)", "").strip()
    if not _ONLY_NUMBER.match(text):
        return _refused(RowReason.PHONE_UNREADABLE)
    digits = re.sub(r"\D", "", text)
    if len(set(digits)) == 1 and len(digits) >= _FEWEST_DIGITS:
        return _refused(RowReason.PHONE_PLACEHOLDER)
    international = text.lstrip(" .-/()[]").startswith("+")
    return _read_digits(digits, international, place, rules)


def _read_digits(digits: str, international: bool, place: RowPlace, rules: NumberRules) -> ReadPhone:
    if place.country == "BE" and not international and re.fullmatch(r"04\d{8}", digits):
        return _number("32" + digits[1:], rules)
    national = _national(digits, international)
    if national is not None:
        return _read_national(national, place, rules)
    if international:
        return _read_foreign(digits, rules)
    if digits.startswith("00"):
        return _read_foreign(digits[2:], rules)
    if len(digits) == 6 and (place.postcode or "").startswith("988"):
        return _number("687" + digits, rules)
    return _refused(RowReason.PHONE_LENGTH)


def _national(digits: str, international: bool) -> str | None:
    """Return the national number of a French way of writing (nine digits; M2M has 13), or None."""
    prefix = r"(?:00)?330?" if international else r"(?:(?:00)?330?|0)"
    found = re.fullmatch(rf"{prefix}([1-9]\d{{8}}|700\d{{10}})", digits)
    if found:
        return found[1]
    return digits if not international and re.fullmatch(r"[1-9]\d{8}", digits) else None


def _read_national(national: str, place: RowPlace, rules: NumberRules) -> ReadPhone:
    if "0" + national in PLACEHOLDERS or len(set(national)) == 1:
        return _refused(RowReason.PHONE_PLACEHOLDER)
    return _number(_country_code(national, place) + national, rules)


def _country_code(national: str, place: RowPlace) -> str:
    """Return the country code by territory, before any library (partners README, "Phone")."""
    if national.startswith(FICTION) or len(national) != 9:
        return "33"
    if national.startswith("596") and (place.postcode or "").startswith("972"):
        return "596"
    return OVERSEAS.get(national[:3]) or OVERSEAS_LANDLINES.get(national[:3], "33")


def _read_foreign(digits: str, rules: NumberRules) -> ReadPhone:
    """Read a number with another country code than +33; possible is enough, abroad is not ours to validate."""
    try:
        parsed = phonenumbers.parse("+" + digits, None)
    except NumberParseException as error:
        wrong_country = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        return _refused(RowReason.PHONE_UNREADABLE if wrong_country else RowReason.PHONE_LENGTH)
    if parsed.country_code == 33 or not phonenumbers.is_possible_number(parsed):
        return _refused(RowReason.PHONE_LENGTH)
    return _number(f"{parsed.country_code}{phonenumbers.national_significant_number(parsed)}", rules)


def _number(digits: str, rules: NumberRules) -> ReadPhone:
    e164 = "+" + digits
    return ReadPhone(e164, number_kind(e164, rules), number_zone(e164), None)


def number_kind(e164: str, rules: NumberRules) -> str:
    """Return the kind of a number: mobile, landline, voip, m2m, unassigned, special, foreign."""
    if e164.startswith("+33"):
        return _french_kind(e164[3:], rules)
    parsed = phonenumbers.parse(e164, None)
    if str(parsed.country_code) not in ZONES:
        return "foreign"
    if OVERSEAS.get(e164[4:7]) == str(parsed.country_code):
        return "mobile"
    if e164.startswith("+596596") or OVERSEAS_LANDLINES.get(e164[4:7]) == str(parsed.country_code):
        return "landline"
    return _library_kind(parsed)


def _french_kind(national: str, rules: NumberRules) -> str:
    if len(national) > 9:
        return "m2m"
    if national.startswith(FICTION):
        return "mobile"
    if rules is NumberRules.BENCH and re.match(BENCH_MOBILE, national):
        return "mobile"
    if national[0] in "67":
        return "mobile" if re.fullmatch(french_mobiles(), national) else "unassigned"
    return _FIRST_DIGIT_KINDS[national[0]]


def french_mobiles() -> str:
    """Return the pattern of mainland mobiles (national number) of the pinned phonenumbers metadata.

    A regular expression that Python and DuckDB read alike; new ranges come with a new release of the library.
    """
    metadata = PhoneMetadata.metadata_for_region("FR")
    if metadata is None or metadata.mobile is None or metadata.mobile.national_number_pattern is None:
        raise FiliationError("The library of telephone numbers does not know France.", "Install it again.")
    return str(metadata.mobile.national_number_pattern)


#: Kind of a French national number by its first digit (Arcep's plan; 6, 7 and M2M are told apart before).
_FIRST_DIGIT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "landline",
        "2": "landline",
        "3": "landline",
        "4": "landline",
        "5": "landline",
        "8": "special",
        "9": "voip",
    }
)


def _library_kind(parsed: PhoneNumber) -> str:
    kind = phonenumbers.number_type(parsed)
    if kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
        return "mobile"
    if kind == PhoneNumberType.FIXED_LINE:
        return "landline"
    if kind == PhoneNumberType.VOIP:
        return "voip"
    return "unassigned" if kind == PhoneNumberType.UNKNOWN else "special"


def number_zone(e164: str) -> str | None:
    """Return the zone of the number's country code (Mayotte by its own ranges within +262); None abroad."""
    if re.match(r"\+262(?:639|269|7093[5-7])", e164):
        return "mayotte"
    return next((zone for code, zone in ZONES.items() if e164.startswith("+" + code)), None)
